package io.rollguard.cli;

import io.rollguard.sandbox.bench.RebuildBench;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./rollguard bench rebuild}. */
@Command(
        name = "rebuild",
        mixinStandardHelpOptions = true,
        description = {
            "From the start of the service to the moment at which it decides, with many",
            "alerts to read back and many pods: records/s beside a bare consumer of the",
            "same topic, and the memory that the alerts take."
        })
final class RebuildBenchCommand extends BenchCommand.Measuring implements Callable<Integer> {

    @Option(
            names = "--alerts",
            paramLabel = "N",
            description = "records on the topic, of each kind (default: ${DEFAULT-VALUE})")
    private int alerts = 1_000_000;

    @Option(names = "--rounds", paramLabel = "N", description = "of each side and kind (default: ${DEFAULT-VALUE})")
    private int rounds = 3;

    @Option(names = "--pods", paramLabel = "N", description = "in the cluster (default: ${DEFAULT-VALUE})")
    private int pods = 10_000;

    @Option(names = "--heap", paramLabel = "SIZE", description = "the service's -Xmx (default: ${DEFAULT-VALUE})")
    private String heap = "2g";

    @Override
    public Integer call() throws Exception {
        return new RebuildBench(
                        atLeast(1, "--alerts", alerts),
                        atLeast(1, "--rounds", rounds),
                        atLeast(50, "--pods", pods),
                        heap)
                .show(json(), out());
    }
}
