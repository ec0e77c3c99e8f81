package io.rollguard.cli;

import io.rollguard.sandbox.bench.ReactBench;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./rollguard bench react}. */
@Command(
        name = "react",
        mixinStandardHelpOptions = true,
        description = {
            "From the alert being accepted to the abort being with the API server, for",
            "alerts that need no settling, beside bare clients that make the same",
            "awaited writes and reads. 95 %% of the alerts are about nothing that rolls."
        })
final class ReactBenchCommand extends BenchCommand.Measuring implements Callable<Integer> {

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "rounds of each side; each aborts every canary once (default: ${DEFAULT-VALUE})")
    private int rounds = 8;

    @Option(names = "--workloads", paramLabel = "N", description = "in the cluster (default: ${DEFAULT-VALUE})")
    private int workloads = 1_000;

    @Option(
            names = "--namespaces",
            paramLabel = "N",
            description = "that the workloads are spread over (default: ${DEFAULT-VALUE})")
    private int namespaces = 20;

    @Option(names = "--canaries", paramLabel = "N", description = "of them roll (default: ${DEFAULT-VALUE})")
    private int canaries = 50;

    @Option(names = "--rate", paramLabel = "N", description = "alerts a second (default: ${DEFAULT-VALUE})")
    private int rate = 100;

    @Override
    public Integer call() throws Exception {
        atLeast(1, "--canaries", canaries);
        return new ReactBench(
                        atLeast(1, "--rounds", rounds),
                        atLeast(canaries + 1, "--workloads", workloads),
                        atLeast(1, "--namespaces", namespaces),
                        canaries,
                        atLeast(1, "--rate", rate))
                .show(json(), out());
    }
}
