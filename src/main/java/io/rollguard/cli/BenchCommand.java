package io.rollguard.cli;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./rollguard bench}: the benchmarks. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measures Rollguard beside the least that could do the same work, in one",
            "run, and says whether the ratio is what it should be. How far it is goes",
            "to stderr. docs/benchmarks.md has tables and what they depend on."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {"0:every target is held", "1:one is not", "2:wrong usage"},
        subcommands = {
            FuzzBenchCommand.class,
            IngestBenchCommand.class,
            JudgeBenchCommand.class,
            ReactBenchCommand.class,
            RebuildBenchCommand.class,
            SoakBenchCommand.class,
            StartBenchCommand.class
        })
final class BenchCommand implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "Which benchmark? There are: "
                        + String.join(", ", spec.subcommands().keySet()));
    }

    /**
     * What every benchmark's command has. The sandbox is on the class path for {@code bench} and {@code demo} only, so no
     * signature of a command may name a class of it: picocli looks at them whichever command was asked for.
     */
    abstract static class Measuring {

        @Option(
                names = "--output",
                paramLabel = "text|json",
                description = "tables for people (default), or one line of JSON for scripts")
        private JudgeCommand.Output output = JudgeCommand.Output.text;

        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        final boolean json() {
            return output == JudgeCommand.Output.json;
        }

        final PrintWriter out() {
            return spec.commandLine().getOut();
        }

        /** @throws ParameterException where a number is below what makes sense */
        final int atLeast(int least, String option, int value) {
            if (value < least) {
                throw new ParameterException(
                        spec.commandLine(), "%s must be at least %d, not %d".formatted(option, least, value));
            }
            return value;
        }
    }
}
