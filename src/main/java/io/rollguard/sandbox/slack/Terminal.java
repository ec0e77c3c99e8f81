package io.rollguard.sandbox.slack;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Shows a message as lines of text, about as a person sees it in Slack. */
public final class Terminal {

    private static final Pattern DATE = Pattern.compile("<!date\\^\\d+\\^[^|>]*\\|([^>]*)>");
    private static final Pattern LINK = Pattern.compile("<(?:https?|mailto):[^|>]*\\|([^>]*)>");

    private Terminal() {}

    /** The lines of a message; without blocks, those of its text. */
    public static List<String> lines(StoredMessage message) {
        var lines = new ArrayList<String>();
        for (var block : message.blocks()) {
            switch (block.path("type").asText()) {
                case "header", "section" -> {
                    if (block.has("text")) {
                        add(lines, block.get("text"));
                    }
                    block.path("fields").forEach(field -> lines.add(shown(field).replace("\n", ": ")));
                }
                case "context" -> {
                    var parts = new ArrayList<String>();
                    block.path("elements").forEach(element -> parts.add(shown(element)));
                    lines.add(String.join("  ", parts));
                }
                case "divider" -> lines.add("---");
                default -> {}
            }
        }
        if (lines.isEmpty()) {
            message.text().lines().map(Terminal::unescaped).forEach(lines::add);
        }
        return lines;
    }

    private static void add(List<String> lines, JsonNode text) {
        shown(text).lines().forEach(lines::add);
    }

    private static String shown(JsonNode text) {
        var raw = text.path("text").asText();
        if (text.path("type").asText().equals("plain_text")) {
            return unescaped(raw);
        }
        var dated = DATE.matcher(raw).replaceAll("$1");
        var linked = LINK.matcher(dated).replaceAll("$1");
        return unescaped(linked.replace("```", "").replaceAll("(?<![\\w])[*_`](?=\\S)|(?<=\\S)[*_`](?![\\w])", ""));
    }

    static String unescaped(String text) {
        return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    }
}
