package io.rollguard.slack;

import java.util.List;

/** The blocks that we send. Their constructors keep Slack's limits. */
sealed interface Block {

    record Header(Text text) implements Block {
        public Header {
            require(text.plain() && text.slack().length() <= BlockKitLimits.HEADER, "a header is too long");
        }
    }

    record Section(Text text) implements Block {
        public Section {
            require(text.slack().length() <= BlockKitLimits.SECTION_TEXT, "a section is too long");
        }
    }

    record Fields(List<Text> fields) implements Block {
        public Fields {
            fields = List.copyOf(fields);
            require(!fields.isEmpty() && fields.size() <= BlockKitLimits.SECTION_FIELDS, "too many fields");
            require(
                    fields.stream().allMatch(field -> field.slack().length() <= BlockKitLimits.SECTION_FIELD),
                    "a field is too long");
        }
    }

    record Context(List<Text> elements) implements Block {
        public Context {
            elements = List.copyOf(elements);
            require(
                    !elements.isEmpty() && elements.size() <= BlockKitLimits.CONTEXT_ELEMENTS,
                    "too many elements of a context");
            require(
                    elements.stream().allMatch(each -> each.slack().length() <= BlockKitLimits.CONTEXT_TEXT),
                    "an element of a context is too long");
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
