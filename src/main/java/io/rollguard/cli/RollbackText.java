package io.rollguard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;

/** A rollback by hand as it goes on, for the person who waits for it; or, for a script, its end. */
final class RollbackText {

    private final PrintWriter out;
    private final boolean json;

    RollbackText(PrintWriter out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** What would be done, and what forbids it. */
    void plan(JsonNode plan, JsonNode wish) {
        var workload = plan.path("workload");
        line("%s %s/%s: %s"
                .formatted(
                        workload.path("kind").asText(),
                        workload.path("namespace").asText(),
                        workload.path("name").asText(),
                        deed(plan)));
        row(
                "release",
                "%s, %s, began %s"
                        .formatted(
                                plan.path("revision").asText(),
                                plan.path("stage").asText().replace('-', ' '),
                                plan.path("startedAt").asText()));
        if (wish.hasNonNull("reason")) {
            row("reason", wish.path("reason").asText());
        }
        var refused = plan.path("refused");
        if (refused.isObject()) {
            row("refused", RollbackCommand.words(refused));
            if (plan.path("yieldsToForce").asBoolean()) {
                row("", "--force does it all the same, and the log says so");
            }
            revisions(plan);
            byHand(plan);
        } else {
            row(
                    "dry run",
                    plan.path("passes").asBoolean()
                            ? "the API server takes it"
                            : "NOT taken: " + plan.path("said").asText());
        }
    }

    /** What a person types where Rollguard does not do it. */
    void byHand(JsonNode plan) {
        if (!plan.path("command").asText("").isEmpty()) {
            row("by hand", plan.path("command").asText());
        }
    }

    private static String deed(JsonNode plan) {
        var to = plan.path("target").isTextual()
                ? " " + plan.path("revision").asText() + " -> "
                        + plan.path("target").asText() + " ("
                        + basis(plan.path("basis").asText()) + ")"
                : " " + plan.path("revision").asText() + ": no revision is known to go back to";
        return plan.path("act").asText() + to;
    }

    private static String basis(String basis) {
        return basis.equals("named") ? "as you name it" : basis + " good";
    }

    private void revisions(JsonNode plan) {
        for (var each : plan.path("revisions")) {
            row(
                    "revision",
                    "%s%s, since %s%s%s"
                            .formatted(
                                    each.path("revision").asText(),
                                    each.path("number").asLong() > 0
                                            ? " (" + each.path("number").asLong() + ")"
                                            : "",
                                    each.path("since").asText(),
                                    each.path("good").isTextual()
                                            ? ", " + each.path("good").asText() + " good"
                                            : "",
                                    each.path("current").asBoolean() ? ", current" : ""));
        }
    }

    void asked(JsonNode asked) {
        row("incident", asked.path("incident").asText());
        if (!asked.path("followed").asBoolean()) {
            row(
                    "",
                    "no instance has answered yet; it stands until "
                            + asked.path("expiresAt").asText());
        }
    }

    void step(JsonNode entry) {
        var at = entry.path("at").asText();
        var reason = entry.path("reason");
        row(
                at.length() > 19 ? at.substring(11, 19) : at,
                "%-10s by %s%s"
                        .formatted(
                                entry.path("step").asText(),
                                entry.path("by").asText(),
                                reason.isObject() ? ": " + reason.path("text").asText() : ""));
    }

    /** @return the exit status */
    int end(JsonNode result, String said) {
        boolean done = result.path("done").asBoolean();
        if (json) {
            out.println(result);
        } else {
            said.lines().forEach(this::line);
            if (done && result.has("state")) {
                if (result.path("snapshot").isTextual()) {
                    row("snapshot", result.path("snapshot").asText() + ", of what was replaced");
                }
                row("undo", result.path("undo").asText());
            }
        }
        out.flush();
        return done ? 0 : 1;
    }

    private void row(String label, String content) {
        line("  %-9s %s".formatted(label, content));
    }

    private void line(String text) {
        if (!json) {
            out.println(VerdictText.printable(text));
            out.flush();
        }
    }
}
