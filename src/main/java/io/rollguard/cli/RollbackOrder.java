package io.rollguard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.release.Kind;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One rollback by hand: asks what would be done, shows it, has it done and follows it to its end. */
final class RollbackOrder {

    private static final Duration EVERY = Duration.ofMillis(250);

    /** The owner calls a person five minutes after the cluster's acceptance. */
    private static final Duration AT_MOST = Duration.ofMinutes(8);

    private static final Set<String> UNTOLD = Set.of("told", "judged", "suspected");

    private final RunningService service;
    private final String path;

    RollbackOrder(RunningService service, String namespace, Kind kind, String name) {
        this.service = service;
        this.path = "/workloads/%s/%s/%s/rollback".formatted(namespace, kind.alertLabel(), name);
    }

    /** @return the exit status */
    int run(ObjectNode wish, boolean dryRun, boolean json, PrintWriter out) throws UnreadableInput {
        long began = System.nanoTime();
        var plan = found(service.post(path, wish.deepCopy().put("dryRun", true)));
        var text = new RollbackText(out, json);
        text.plan(plan, wish);
        if (plan.path("refused").isObject()) {
            return text.end(result(plan, null, false), "Nothing was done.");
        }
        if (dryRun) {
            boolean passes = plan.path("passes").asBoolean();
            return text.end(result(plan, null, passes), "A dry run: nothing was done.");
        }
        var reply = service.post(path, wish);
        if (reply.status() == 409) {
            return text.end(result(plan, null, false).put("problem", reply.problem()), "Refused: " + reply.problem());
        }
        if (!reply.isSuccess()) {
            text.byHand(plan);
        }
        var asked = found(reply);
        return follow(asked, text, began);
    }

    private int follow(JsonNode asked, RollbackText text, long began) throws UnreadableInput {
        text.asked(asked);
        long told = asked.path("version").asLong();
        while (true) {
            var reply = service.get("/incidents/" + asked.path("incident").asText());
            var sheet = reply.isSuccess() ? reply.json() : JsonNodeFactory.instance.objectNode();
            for (var entry : sheet.path("timeline")) {
                if (entry.path("version").asLong() > told) {
                    told = entry.path("version").asLong();
                    if (!UNTOLD.contains(entry.path("step").asText())) {
                        text.step(entry);
                    }
                }
            }
            var outcome = outcome(asked, sheet);
            var took = Duration.ofNanos(System.nanoTime() - began);
            if (outcome != Outcome.OPEN || took.compareTo(AT_MOST) > 0) {
                var result = result(asked, sheet, outcome == Outcome.DONE)
                        .put("seconds", Math.round(took.toMillis() / 100.0) / 10.0);
                return text.end(result, said(outcome, asked, sheet, took));
            }
            pause();
        }
    }

    private enum Outcome {
        OPEN,
        DONE,
        NOT_DONE
    }

    /** What became of the attempts that were ordered now. */
    private static Outcome outcome(JsonNode asked, JsonNode sheet) {
        var ordered = sheet.path("ordered");
        boolean isOurs =
                ordered.path("command").asText().equals(asked.path("command").asText());
        if (!isOurs) {
            return answered(asked, sheet).path("refusal").isObject() ? Outcome.NOT_DONE : Outcome.OPEN;
        }
        for (var attempt : sheet.path("attempts")) {
            if (attempt.path("number").asInt() >= ordered.path("from").asInt()) {
                if (attempt.path("verifiedAt").isTextual()) {
                    return Outcome.DONE;
                }
                if (attempt.path("void").isObject()) {
                    return Outcome.NOT_DONE;
                }
            }
        }
        var state = sheet.path("state").asText();
        return state.equals("escalated") || state.equals("closed") ? Outcome.NOT_DONE : Outcome.OPEN;
    }

    private static JsonNode answered(JsonNode asked, JsonNode sheet) {
        for (var answer : sheet.path("answers")) {
            if (answer.path("id").asText().equals(asked.path("command").asText())) {
                return answer;
            }
        }
        return JsonNodeFactory.instance.missingNode();
    }

    private static String said(Outcome outcome, JsonNode asked, JsonNode sheet, Duration took) {
        var where =
                "./rollguard incidents show " + asked.path("incident").asText().substring(0, 8);
        var last = sheet.path("attempts").path(sheet.path("attempts").size() - 1);
        return switch (outcome) {
            case DONE ->
                "Done in %.1f s: pods and traffic are on %s."
                        .formatted(
                                took.toMillis() / 1000.0, asked.path("target").asText());
            case OPEN -> "Not verified yet, and it goes on without you: " + where;
            case NOT_DONE -> {
                var reason = last.path("void").isObject()
                        ? last.path("void")
                        : last.path("failure").path("reason");
                var refusal = answered(asked, sheet).path("refusal");
                var why = refusal.isObject() ? refusal : reason.isObject() ? reason : sheet.path("closedFor");
                var detail = last.path("failure").path("detail").asText("");
                yield "NOT done: " + RollbackCommand.words(why) + (detail.isEmpty() ? "" : ": " + detail) + "\nMore: "
                        + where;
            }
        };
    }

    private static ObjectNode result(JsonNode plan, @Nullable JsonNode sheet, boolean done) {
        var result = JsonNodeFactory.instance.objectNode().put("done", done);
        for (var name : new String[] {
            "workload",
            "incident",
            "act",
            "revision",
            "target",
            "basis",
            "refused",
            "yieldsToForce",
            "command",
            "snapshot",
            "undo",
            "revisions",
            "passes",
            "said",
            "by"
        }) {
            if (plan.has(name)) {
                result.set(name, plan.path(name));
            }
        }
        if (sheet != null) {
            result.put("state", sheet.path("state").asText());
            result.set("attempts", sheet.path("attempts"));
        }
        return result;
    }

    private static JsonNode found(RunningService.Reply reply) throws UnreadableInput {
        if (!reply.isSuccess()) {
            throw new UnreadableInput(RunningService.refused(reply));
        }
        return reply.json();
    }

    private static void pause() throws UnreadableInput {
        try {
            Thread.sleep(EVERY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnreadableInput("interrupted");
        }
    }
}
