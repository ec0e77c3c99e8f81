package io.rollguard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Incidents as the API shows them, for a person at three in the morning. */
final class IncidentText {

    private IncidentText() {}

    static String list(JsonNode incidents, boolean all, Instant now) {
        if (incidents.isEmpty()) {
            return all ? "No incident is known.\n" : "No incident is open.\n";
        }
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("INCIDENT", "STATE", "WORKLOAD", "REVISION", "AGE", "WHAT"));
        for (var incident : incidents) {
            rows.add(List.of(
                    incident.path("id").asText().substring(0, 8),
                    incident.path("state").asText(),
                    workload(incident),
                    incident.path("revision").asText(),
                    age(incident.path("openedAt").asText(), now),
                    what(incident)));
        }
        return table(rows);
    }

    /** What it is about and what it asks for, in a line. */
    static String summary(JsonNode sheet) {
        var judged = sheet.path("judged");
        return printable("%s of %s (version %d): %s%s"
                .formatted(
                        sheet.path("revision").asText(),
                        workload(sheet),
                        sheet.path("version").asLong(),
                        verdict(judged),
                        would(sheet, judged)));
    }

    static String sheet(JsonNode sheet) {
        var text = new StringBuilder();
        line(text, "incident", sheet.path("id").asText() + ", version " + sheet.path("version"));
        line(text, "state", sheet.path("state").asText() + reason(sheet.path("closedFor"), ": "));
        line(
                text,
                "workload",
                sheet.path("workload").path("kind").asText() + " " + workload(sheet) + ", cluster "
                        + sheet.path("workload").path("cluster").asText());
        line(text, "revision", sheet.path("revision").asText() + back(sheet));
        var ordered = sheet.path("ordered");
        if (ordered.isObject()) {
            line(
                    text,
                    "asked",
                    "by %s%s: %s"
                            .formatted(
                                    ordered.path("by").asText(),
                                    ordered.path("force").asBoolean() ? ", who insisted" : "",
                                    ordered.path("why").asText()));
        }
        var judged = sheet.path("judged");
        if (judged.isObject()) {
            line(text, "verdict", verdict(judged));
            judged.path("evidence").forEach(each -> line(text, "", evidence(each)));
            line(text, "allowed", allowed(judged.path("allowed")));
            if (judged.path("noInput").isTextual()) {
                line(text, "input", judged.path("noInput").asText());
                line(text, "recorded", recorded(judged.path("recorded")));
            }
            if (judged.hasNonNull("command")) {
                byHand(text, judged.path("command").asText());
            }
        }
        sheet.path("attempts").forEach(each -> line(text, "attempt " + each.path("number"), attempt(each)));
        var returned = sheet.path("returned");
        if (returned.isObject()) {
            line(text, "came back", "put back by " + who(returned.path("who")));
            byHand(text, returned.path("command").asText());
        }
        if (sheet.hasNonNull("forward")) {
            line(text, "forward", sheet.path("forward").asText());
        }
        for (var entry : sheet.path("timeline")) {
            if (!entry.path("step").asText().equals("told")) {
                line(text, time(entry.path("at").asText()), entry(entry));
            }
        }
        return text.toString();
    }

    /** A command a line. */
    private static void byHand(StringBuilder text, String commands) {
        var label = "by hand";
        for (var command : commands.lines().toList()) {
            line(text, label, command);
            label = "";
        }
    }

    private static String who(JsonNode who) {
        return who.isObject()
                ? "%s (%s, at %s)"
                        .formatted(
                                who.path("manager").asText(),
                                who.path("operation").asText(),
                                who.path("at").asText())
                : "somebody whom the object does not name";
    }

    /** What became of a command. */
    static String asked(String command, JsonNode answer) {
        var by = printable(answer.path("by").asText());
        return answer.path("followed").asBoolean()
                ? "Followed: %s, by %s.".formatted(command, by)
                : "Asked: %s, by %s. No instance has answered yet; it stands until %s."
                        .formatted(command, by, answer.path("expiresAt").asText());
    }

    // --- words

    private static String workload(JsonNode incident) {
        var workload = incident.path("workload");
        return workload.path("namespace").asText() + "/" + workload.path("name").asText();
    }

    private static String what(JsonNode incident) {
        var refusal = incident.path("refusal");
        var verdict = incident.path("verdict").asText("not judged yet").toLowerCase(Locale.ROOT);
        if (incident.path("awaitsApproval").asBoolean()) {
            return verdict + ": waits for an approval";
        }
        var closedFor = incident.path("closedFor");
        return closedFor.isObject()
                ? closedFor.path("text").asText()
                : verdict + reason(refusal.isObject() ? refusal : incident.path("reason"), ": ");
    }

    private static String verdict(JsonNode judged) {
        return judged.isObject()
                ? "%s, score %.2f%s"
                        .formatted(
                                judged.path("verdict").asText().toLowerCase(Locale.ROOT),
                                judged.path("score").asDouble(),
                                reason(judged.path("reason"), ": "))
                : "not judged yet";
    }

    private static String would(JsonNode sheet, JsonNode judged) {
        var act = judged.path("allowed").path("act").asText("none");
        return act.equals("none") ? "" : "; " + act + back(sheet);
    }

    private static String back(JsonNode sheet) {
        var target = sheet.path("target").asText("");
        return target.isEmpty() ? "" : " back to " + target;
    }

    private static String allowed(JsonNode allowed) {
        return "%s, mode %s%s"
                .formatted(
                        allowed.path("act").asText(),
                        allowed.path("mode").asText(),
                        reason(allowed.path("reason"), ": "));
    }

    private static String recorded(JsonNode recorded) {
        return "topic %s, partition %d, offset %d"
                .formatted(
                        recorded.path("topic").asText(),
                        recorded.path("partition").asInt(),
                        recorded.path("offset").asLong());
    }

    private static String evidence(JsonNode evidence) {
        var weight = evidence.path("kind").asText().equals("vote")
                ? String.format(Locale.ROOT, "%+.2f", evidence.path("weight").asDouble())
                : "veto ";
        return weight + "  " + evidence.path("text").asText();
    }

    private static String attempt(JsonNode attempt) {
        var failure = attempt.path("failure");
        var outcome = attempt.path("void").isObject()
                ? "held" + reason(attempt.path("void"), ": ")
                : failure.isObject()
                        ? "failed" + reason(failure.path("reason"), ": ") + ": "
                                + failure.path("detail").asText()
                        : attempt.path("verifiedAt").isTextual()
                                ? "pods and traffic are on the target"
                                : attempt.path("acceptedAt").isTextual() ? "accepted, on its way" : "begun";
        var command = failure.path("command").asText("");
        return attempt.path("act").asText() + " to " + attempt.path("target").asText() + ": " + outcome
                + (command.isEmpty() ? "" : "; by hand: " + command)
                + (attempt.path("snapshot").isTextual()
                        ? "; replaced template in ControllerRevision "
                                + attempt.path("snapshot").asText()
                        : "");
    }

    private static String entry(JsonNode entry) {
        return "%-10s by %s%s"
                .formatted(entry.path("step").asText(), entry.path("by").asText(), reason(entry.path("reason"), ": "));
    }

    private static String reason(JsonNode reason, String before) {
        return reason.isObject() ? before + reason.path("text").asText() : "";
    }

    private static String time(String at) {
        return at.length() > 19 ? at.substring(11, 19) : at;
    }

    static String age(String since, Instant now) {
        try {
            var age = Duration.between(Instant.parse(since), now);
            return age.toMinutes() < 2
                    ? Math.max(0, age.toSeconds()) + "s"
                    : age.toHours() < 2 ? age.toMinutes() + "m" : age.toHours() + "h";
        } catch (DateTimeException e) {
            return "?";
        }
    }

    private static void line(StringBuilder text, String label, String content) {
        text.append("%-10s %s\n".formatted(label, printable(content)));
    }

    static String table(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        var widths = new int[columns];
        for (var row : rows) {
            for (int column = 0; column < columns; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        var text = new StringBuilder();
        for (var row : rows) {
            for (int column = 0; column < columns - 1; column++) {
                text.append(("%-" + (widths[column] + 2) + "s").formatted(printable(row.get(column))));
            }
            text.append(printable(row.getLast())).append('\n');
        }
        return text.toString();
    }

    static String printable(String text) {
        return VerdictText.printable(text);
    }
}
