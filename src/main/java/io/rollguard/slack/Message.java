package io.rollguard.slack;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What a message says.
 *
 * @param text what notifications show, and what stands there where blocks are not; mrkdwn
 * @param digest says whether two messages are the same, in few characters: it is kept in the incident log
 */
record Message(Text text, List<Block> blocks, String digest) {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    Message {
        blocks = List.copyOf(blocks);
        if (blocks.size() > BlockKitLimits.BLOCKS) {
            throw new IllegalArgumentException("too many blocks");
        }
    }

    Message(Text text, List<Block> blocks) {
        this(text, blocks, digest(text, blocks));
    }

    private static String digest(Text text, List<Block> blocks) {
        try {
            var sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(text.slack().getBytes(UTF_8));
            sha256.update(asJson(blocks).toString().getBytes(UTF_8));
            return HexFormat.of().formatHex(sha256.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    ArrayNode blocksAsJson() {
        return asJson(blocks);
    }

    private static ArrayNode asJson(List<Block> blocks) {
        var array = JSON.arrayNode();
        blocks.forEach(block -> array.add(json(block)));
        return array;
    }

    private static ObjectNode json(Block block) {
        var node = JSON.objectNode();
        switch (block) {
            case Block.Header header -> node.put("type", "header").set("text", json(header.text()));
            case Block.Section section -> node.put("type", "section").set("text", json(section.text()));
            case Block.Fields fields -> node.put("type", "section").set("fields", json(fields.fields()));
            case Block.Context context -> node.put("type", "context").set("elements", json(context.elements()));
        }
        return node;
    }

    private static ArrayNode json(List<Text> texts) {
        var array = JSON.arrayNode();
        texts.forEach(text -> array.add(json(text)));
        return array;
    }

    /** {@code verbatim} keeps Slack from turning what looks like a link, a channel or a person into one. */
    private static ObjectNode json(Text text) {
        var node = JSON.objectNode();
        return text.plain()
                ? node.put("type", "plain_text").put("text", text.slack()).put("emoji", false)
                : node.put("type", "mrkdwn").put("text", text.slack()).put("verbatim", true);
    }

    /** As lines, for the log. */
    List<String> lines() {
        var lines = new ArrayList<String>();
        for (var block : blocks) {
            switch (block) {
                case Block.Header header -> lines.add(header.text().shown());
                case Block.Section section -> section.text().shown().lines().forEach(lines::add);
                case Block.Fields fields ->
                    lines.add(String.join(
                            "; ",
                            fields.fields().stream()
                                    .map(field -> field.shown().replace("\n", ": "))
                                    .toList()));
                case Block.Context context ->
                    lines.add(String.join(
                            "; ", context.elements().stream().map(Text::shown).toList()));
            }
        }
        return lines;
    }
}
