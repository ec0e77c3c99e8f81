package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object being read. What is wrong becomes an {@link Unreadable} that names the field by its path; fields that are not
 * asked for are ignored, so a newer writer may add some.
 */
record Fields(JsonNode node, String path) {

    Fields {
        if (!node.isObject()) {
            throw new Unreadable(path, node.isMissingNode() || node.isNull() ? "missing" : "not an object");
        }
    }

    String text(String name) {
        var value = optionalText(name);
        if (value == null) {
            throw new Unreadable(at(name), "missing");
        }
        return value;
    }

    @Nullable
    String optionalText(String name) {
        var value = value(name);
        if (value.isMissingNode()) {
            return null;
        }
        if (!value.isTextual()) {
            throw new Unreadable(at(name), "not a string");
        }
        return value.textValue();
    }

    boolean flag(String name) {
        var value = value(name);
        if (!value.isBoolean()) {
            throw new Unreadable(at(name), value.isMissingNode() ? "missing" : "not true or false");
        }
        return value.booleanValue();
    }

    int whole(String name) {
        return Math.toIntExact(longNumber(name, Integer.MAX_VALUE));
    }

    long longNumber(String name, long max) {
        var value = value(name);
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() > max
                || value.longValue() < 0) {
            throw new Unreadable(at(name), value.isMissingNode() ? "missing" : "not a whole number in range");
        }
        return value.longValue();
    }

    double number(String name) {
        var value = value(name);
        if (!value.isNumber()) {
            throw new Unreadable(at(name), value.isMissingNode() ? "missing" : "not a number");
        }
        return value.doubleValue();
    }

    Instant time(String name) {
        var time = optionalTime(name);
        if (time == null) {
            throw new Unreadable(at(name), "missing");
        }
        return time;
    }

    /** RFC 3339 with any offset and 0 to 9 digits of a fraction. */
    @Nullable
    Instant optionalTime(String name) {
        var text = optionalText(name);
        if (text == null) {
            return null;
        }
        try {
            var utc = Times.utc(text);
            return utc == null ? OffsetDateTime.parse(text).toInstant() : utc;
        } catch (DateTimeException e) {
            throw new Unreadable(at(name), "not an RFC 3339 time");
        }
    }

    Duration duration(String name) {
        try {
            return Duration.parse(text(name));
        } catch (DateTimeException e) {
            throw new Unreadable(at(name), "not an ISO 8601 duration");
        }
    }

    Fields object(String name) {
        return new Fields(value(name), at(name));
    }

    boolean has(String name) {
        return !value(name).isMissingNode();
    }

    /** Absent and null count as empty. */
    <T> List<T> objects(String name, Function<Fields, T> form) {
        return elements(name, (element, path) -> form.apply(new Fields(element, path)));
    }

    <T> List<T> texts(String name, Function<String, T> form) {
        return elements(name, (element, path) -> {
            if (!element.isTextual()) {
                throw new Unreadable(path, "not a string");
            }
            return checked(path, element.textValue(), form);
        });
    }

    private <T> List<T> elements(String name, Element<T> form) {
        var value = value(name);
        if (!value.isMissingNode() && !value.isArray()) {
            throw new Unreadable(at(name), "not a list");
        }
        var list = new ArrayList<T>(value.size());
        for (int i = 0; i < value.size(); i++) {
            list.add(form.read(value.get(i), at(name) + "[" + i + "]"));
        }
        return list;
    }

    private interface Element<T> {
        T read(JsonNode element, String path);
    }

    /** A value that its constructor may refuse. */
    <T> T as(String name, Function<String, T> form) {
        return checked(at(name), text(name), form);
    }

    <T> @Nullable T optional(String name, Function<String, T> form) {
        var text = optionalText(name);
        return text == null ? null : checked(at(name), text, form);
    }

    private static <T> T checked(String path, String text, Function<String, T> form) {
        try {
            return form.apply(text);
        } catch (IllegalArgumentException e) {
            throw new Unreadable(path, "not such a name");
        }
    }

    /** The constant with this label. */
    <T> T oneOf(String name, T[] constants, Function<T, String> label) {
        return as(name, text -> {
            for (var each : constants) {
                if (label.apply(each).equals(text)) {
                    return each;
                }
            }
            throw new IllegalArgumentException(name);
        });
    }

    private JsonNode value(String name) {
        var value = node.path(name);
        return value.isNull() ? JsonNodeFactory.instance.missingNode() : value;
    }

    private String at(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
