package io.rollguard.cli;

import io.rollguard.sandbox.bench.IngestBench;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./rollguard bench ingest}. */
@Command(
        name = "ingest",
        mixinStandardHelpOptions = true,
        description = {
            "The webhook beside a hand-written Vert.x server with a KafkaProducer: five",
            "alerts a request, all of them acknowledged before the answer. Requests a",
            "second at saturation, and latency at a fixed rate."
        })
final class IngestBenchCommand extends BenchCommand.Measuring implements Callable<Integer> {

    @Option(names = "--rounds", paramLabel = "N", description = "rounds of each load (default: ${DEFAULT-VALUE})")
    private int rounds = 5;

    @Option(names = "--seconds", paramLabel = "N", description = "a round of one side (default: ${DEFAULT-VALUE})")
    private int seconds = 8;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "seconds of saturation before anything counts (default: ${DEFAULT-VALUE})")
    private int warmUp = 20;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description = "requests a second where latency is measured (default: ${DEFAULT-VALUE})")
    private int rate = 400;

    @Option(names = "--connections", paramLabel = "N", description = "kept open (default: ${DEFAULT-VALUE})")
    private int connections = 64;

    @Override
    public Integer call() throws Exception {
        return new IngestBench(
                        atLeast(1, "--rounds", rounds),
                        Duration.ofSeconds(atLeast(1, "--seconds", seconds)),
                        Duration.ofSeconds(atLeast(1, "--warm-up", warmUp)),
                        atLeast(1, "--rate", rate),
                        atLeast(1, "--connections", connections))
                .show(json(), out());
    }
}
