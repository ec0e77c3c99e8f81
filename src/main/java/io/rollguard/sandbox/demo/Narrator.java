package io.rollguard.sandbox.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.sandbox.slack.FakeSlack.Change;
import io.rollguard.sandbox.slack.StoredMessage;
import io.rollguard.sandbox.slack.Terminal;
import io.rollguard.sandbox.stage.Tap;
import java.io.PrintStream;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Tells the story on a terminal: one line a happening, with its time and where it was seen. Safe for many threads. */
final class Narrator {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());
    private static final String INDENT = " ".repeat(24);
    private static final int WIDTH = 118;

    private final PrintStream out;
    private final boolean colour;

    Narrator(PrintStream out, boolean colour) {
        this.out = out;
        this.colour = colour;
    }

    /** Who says it decides the colour. */
    private enum Voice {
        PEOPLE("36"),
        TOPIC("90"),
        EVIDENCE("33"),
        SLACK("35"),
        GOOD("32"),
        BAD("31"),
        TITLE("1");

        private final String code;

        Voice(String code) {
            this.code = code;
        }
    }

    private String in(Voice voice, String text) {
        return colour ? "\u001b[" + voice.code + "m" + text + "\u001b[0m" : text;
    }

    private synchronized void line(Voice voice, String source, String text) {
        var wrapped = wrap(text);
        out.printf("%s  %s  %s%n", TIME.format(Instant.now()), in(voice, "%-8s".formatted(source)), wrapped.getFirst());
        wrapped.stream().skip(1).forEach(rest -> out.println(INDENT + rest));
        out.flush();
    }

    private static List<String> wrap(String text) {
        var lines = new ArrayList<String>();
        for (var paragraph : text.lines().toList()) {
            var line = new StringBuilder();
            for (var word : paragraph.split(" ")) {
                if (!line.isEmpty() && line.length() + 1 + word.length() > WIDTH - INDENT.length()) {
                    lines.add(line.toString());
                    line = new StringBuilder("  ");
                }
                if (!line.isEmpty() && !line.toString().isBlank()) {
                    line.append(' ');
                }
                line.append(word);
            }
            lines.add(line.toString());
        }
        return lines.isEmpty() ? List.of("") : lines;
    }

    // --- the play

    synchronized void title(String text) {
        out.println();
        out.println(in(Voice.TITLE, text));
        out.flush();
    }

    synchronized void plain(String text) {
        out.println(text);
        out.flush();
    }

    /** What people and their tools do. */
    void people(String text) {
        line(Voice.PEOPLE, "people", text);
    }

    void cluster(String text) {
        line(Voice.PEOPLE, "cluster", text);
    }

    void good(String text) {
        line(Voice.GOOD, "ok", text);
    }

    void bad(String text) {
        line(Voice.BAD, "WRONG", text);
    }

    // --- what is seen

    void slack(Change change, StoredMessage message) {
        var lines = Terminal.lines(message);
        var where = (message.isRoot() ? "" : "thread, ") + change.name().toLowerCase(Locale.ROOT);
        line(Voice.SLACK, "slack", where + ": " + String.join("\n", lines));
    }

    void topic(Tap.Event event) {
        var type = event.type();
        if (type.equals("incident.told")) {
            return; // bookkeeping of what the slack lines show
        }
        line(Voice.TOPIC, "topic", "%s  %s%s".formatted(event.topic(), type, about(event)));
        if (type.equals("incident.judged")) {
            evidence(event.value());
        }
    }

    private static String about(Tap.Event event) {
        var value = event.value();
        var subject = event.subject().replaceFirst("^[^/]*/", "");
        if (event.type().startsWith("alert.")) {
            return "  " + value.path("labels").path("alertname").asText() + labels(value.path("labels"));
        }
        var text = new StringBuilder("  ").append(subject);
        if (value.hasNonNull("revision")) {
            text.append("  revision ").append(value.path("revision").asText());
        }
        if (value.hasNonNull("detail")) {
            text.append("  ").append(value.path("detail").asText());
        }
        return text.toString();
    }

    private static String labels(JsonNode labels) {
        for (var name : List.of("pod", "deployment", "service")) {
            if (labels.has(name)) {
                return "  " + name + "=" + labels.get(name).asText();
            }
        }
        return "";
    }

    private void evidence(JsonNode judged) {
        var verdict = "%s, score %s: %s"
                .formatted(
                        judged.path("verdict").asText(),
                        judged.path("score").asText(),
                        judged.path("reason").path("text").asText());
        line(Voice.EVIDENCE, "verdict", verdict);
        judged.path("evidence")
                .forEach(each -> line(
                        Voice.EVIDENCE,
                        "  " + each.path("kind").asText(),
                        "%s %s  %s"
                                .formatted(
                                        each.path("name").asText(),
                                        each.path("kind").asText().equals("vote")
                                                ? "+" + each.path("weight").asText()
                                                : "",
                                        each.path("text").asText())));
        var allowed = judged.path("allowed");
        var refusal = allowed.path("reason").hasNonNull("text")
                ? ", because " + allowed.path("reason").path("text").asText()
                : "";
        line(
                Voice.EVIDENCE,
                "so",
                "%s (mode %s)%s"
                        .formatted(
                                switch (allowed.path("act").asText()) {
                                    case "abort" -> "abort the canary";
                                    case "restore" -> "restore the good template";
                                    default -> "nothing is done";
                                },
                                allowed.path("mode").asText(),
                                refusal));
    }
}
