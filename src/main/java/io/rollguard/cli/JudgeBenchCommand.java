package io.rollguard.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./rollguard bench judge}. */
@Command(
        name = "judge",
        mixinStandardHelpOptions = true,
        description = {
            "What one delivery of an alert costs from the table to the verdict, with 10",
            "to 10,000 releases under way and a table full of firing alerts. In this",
            "process, on the code that the service runs, in CPU time."
        })
final class JudgeBenchCommand extends BenchCommand.Measuring implements Callable<Integer> {

    @Option(
            names = "--alerts",
            paramLabel = "N",
            description = "firing alerts in the table (default: ${DEFAULT-VALUE})")
    private int alerts = 100_000;

    @Option(names = "--rounds", paramLabel = "N", description = "rounds of every size (default: ${DEFAULT-VALUE})")
    private int rounds = 5;

    @Option(names = "--deliveries", paramLabel = "N", description = "in a round of a size (default: ${DEFAULT-VALUE})")
    private int deliveries = 4_000;

    @Override
    public Integer call() throws Exception {
        return new JudgeBench(
                        atLeast(1_000, "--alerts", alerts),
                        atLeast(1, "--rounds", rounds),
                        atLeast(100, "--deliveries", deliveries))
                .show(json(), out());
    }
}
