package io.rollguard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Holds every act of a running service, or lets it act again. Takes effect before the next act, on every instance. */
abstract sealed class AutomationCommand implements Callable<Integer> {

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private RunningService service;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    abstract String path();

    abstract JsonNode body();

    abstract String done(JsonNode now);

    @Override
    public Integer call() throws UnreadableInput {
        var reply = service.post("/automation/" + path(), body());
        if (!reply.isSuccess()) {
            throw new UnreadableInput(RunningService.refused(reply)
                    + ". With kubectl: create or edit the ConfigMap rollguard-automation in Rollguard's namespace");
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(VerdictText.printable(done(reply.json())));
        return 0;
    }

    /** {@code ./rollguard pause}. */
    @Command(
            name = "pause",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description =
                    "Holds every automatic act of a running service, until `resume`. Alerts are still judged and told.",
            exitCodeListHeading = "%nExit status:%n",
            exitCodeList = {"0:held", "2:wrong usage, no service, or the cluster did not take it"})
    static final class Pause extends AutomationCommand {

        @Option(names = "--reason", required = true, paramLabel = "WHY", description = "what people are told")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String reason;

        @Override
        String path() {
            return "pause";
        }

        @Override
        ObjectNode body() {
            return JsonNodeFactory.instance.objectNode().put("reason", reason);
        }

        @Override
        String done(JsonNode now) {
            return "Held by %s: %s"
                    .formatted(now.path("by").asText(), now.path("reason").asText());
        }
    }

    /** {@code ./rollguard resume}. */
    @Command(
            name = "resume",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Lets a running service act again.",
            exitCodeListHeading = "%nExit status:%n",
            exitCodeList = {"0:it may act", "2:wrong usage, no service, or the cluster did not take it"})
    static final class Resume extends AutomationCommand {

        @Override
        String path() {
            return "resume";
        }

        @Override
        ObjectNode body() {
            return JsonNodeFactory.instance.objectNode();
        }

        @Override
        String done(JsonNode now) {
            return "Rollguard may act again.";
        }
    }
}
