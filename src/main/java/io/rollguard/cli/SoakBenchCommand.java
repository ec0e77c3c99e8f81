package io.rollguard.cli;

import io.rollguard.sandbox.bench.SoakBench;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./rollguard bench soak}. */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = {
            "Alerts through kills of the service, kills and restarts of the broker and",
            "faults of the API server, with bad canaries among them. Counted at the end:",
            "what was accepted is on the topic, and every canary was aborted once."
        })
final class SoakBenchCommand extends BenchCommand.Measuring implements Callable<Integer> {

    @Option(names = "--alerts", paramLabel = "N", description = "to send (default: ${DEFAULT-VALUE})")
    private int alerts = 1_000_000;

    @Option(names = "--canaries", paramLabel = "N", description = "bad ones (default: ${DEFAULT-VALUE})")
    private int canaries = 14;

    @Override
    public Integer call() throws Exception {
        return new SoakBench(atLeast(1, "--alerts", alerts), atLeast(1, "--canaries", canaries)).show(json(), out());
    }
}
