package io.rollguard.sandbox.slack;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** What Slack accepts as blocks: the limits of the Block Kit reference, for the blocks that Rollguard sends. */
public final class BlockRules {

    private static final int BLOCKS = 50;
    private static final int BLOCK_ID = 255;
    private static final int HEADER = 150;
    private static final int SECTION_TEXT = 3000;
    private static final int FIELDS = 10;
    private static final int FIELD = 2000;
    private static final int CONTEXT_ELEMENTS = 10;
    private static final int CONTEXT_TEXT = 3000;

    private BlockRules() {}

    /** What is wrong with the blocks; empty where nothing is. */
    public static List<String> violations(JsonNode blocks) {
        var found = new ArrayList<String>();
        if (!blocks.isArray()) {
            found.add("blocks are not an array");
            return found;
        }
        if (blocks.size() > BLOCKS) {
            found.add("more than %d blocks: %d".formatted(BLOCKS, blocks.size()));
        }
        var ids = new HashSet<String>();
        for (int i = 0; i < blocks.size(); i++) {
            var block = blocks.get(i);
            var at = "/blocks/" + i;
            if (block.has("block_id")) {
                text(found, at + "/block_id", block.get("block_id").asText(), BLOCK_ID);
                if (!ids.add(block.get("block_id").asText())) {
                    found.add(at + "/block_id: used twice");
                }
            }
            switch (block.path("type").asText()) {
                case "header" -> textObject(found, at + "/text", block.path("text"), HEADER, true);
                case "section" -> section(found, at, block);
                case "context" -> {
                    var elements = block.path("elements");
                    if (!elements.isArray() || elements.isEmpty() || elements.size() > CONTEXT_ELEMENTS) {
                        found.add(at + "/elements: from 1 to %d".formatted(CONTEXT_ELEMENTS));
                    }
                    for (int e = 0; e < elements.size(); e++) {
                        textObject(found, at + "/elements/" + e, elements.get(e), CONTEXT_TEXT, false);
                    }
                }
                case "divider" -> {}
                default -> found.add(at + "/type: unknown");
            }
        }
        return found;
    }

    private static void section(List<String> found, String at, JsonNode block) {
        if (!block.has("text") && !block.has("fields")) {
            found.add(at + ": neither text nor fields");
        }
        if (block.has("text")) {
            textObject(found, at + "/text", block.get("text"), SECTION_TEXT, false);
        }
        if (block.has("fields")) {
            var fields = block.get("fields");
            if (!fields.isArray() || fields.isEmpty() || fields.size() > FIELDS) {
                found.add(at + "/fields: from 1 to %d".formatted(FIELDS));
            }
            for (int f = 0; f < fields.size(); f++) {
                textObject(found, at + "/fields/" + f, fields.get(f), FIELD, false);
            }
        }
    }

    private static void textObject(List<String> found, String at, JsonNode text, int longest, boolean plainOnly) {
        var type = text.path("type").asText();
        if (!type.equals("plain_text") && (plainOnly || !type.equals("mrkdwn"))) {
            found.add(at + "/type: '" + type + "'");
        }
        if (type.equals("mrkdwn") && text.has("emoji")) {
            found.add(at + "/emoji: only of plain_text");
        }
        if (type.equals("plain_text") && text.has("verbatim")) {
            found.add(at + "/verbatim: only of mrkdwn");
        }
        text(found, at + "/text", text.path("text").asText(), longest);
    }

    private static void text(List<String> found, String at, String value, int longest) {
        if (value.isEmpty() || value.length() > longest) {
            found.add(at + ": from 1 to %d characters, not %d".formatted(longest, value.length()));
        }
        for (int i = 0; i < value.length(); i++) {
            boolean half = Character.isHighSurrogate(value.charAt(i))
                    ? i + 1 == value.length() || !Character.isLowSurrogate(value.charAt(i + 1))
                    : Character.isLowSurrogate(value.charAt(i))
                            && (i == 0 || !Character.isHighSurrogate(value.charAt(i - 1)));
            if (half) {
                found.add(at + ": half a character at " + i);
            }
        }
    }
}
