package io.rollguard.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How a person wants a rollback, whichever command asks for it. */
final class RollbackWish {

    @Spec(Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--reason", paramLabel = "WHY", description = "what the log and people are told")
    private @Nullable String reason;

    @Option(names = "--dry-run", description = "says what would be done, and does nothing")
    private boolean dryRun;

    @Option(
            names = "--force",
            description =
                    "in spite of a pause, the breaker, a cool-down, mode observe, a dismissal, rollguard.io/no-rollback,"
                            + " or of what was rolled back from before; it is in the log")
    private boolean force;

    @Option(names = "--output", paramLabel = "text|json", description = "for people (default) or for scripts")
    private JudgeCommand.@Nullable Output output;

    void check() {
        if (reason == null && !dryRun) {
            throw new ParameterException(spec.commandLine(), "say why, with --reason");
        }
    }

    /** @param to where to go; null for the last revision known to be good */
    int carryOut(RollbackOrder order, @Nullable String to) throws UnreadableInput {
        return order.run(
                wish(to),
                dryRun,
                output == JudgeCommand.Output.json,
                spec.commandLine().getOut());
    }

    private ObjectNode wish(@Nullable String to) {
        var wish = JsonNodeFactory.instance.objectNode().put("force", force);
        if (reason != null) {
            wish.put("reason", reason);
        }
        return to == null ? wish : wish.put("to", to);
    }
}
