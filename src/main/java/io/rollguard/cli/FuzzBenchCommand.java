package io.rollguard.cli;

import io.rollguard.sandbox.bench.FuzzBench;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./rollguard bench fuzz}. */
@Command(
        name = "fuzz",
        mixinStandardHelpOptions = true,
        description = {
            "Bodies that nobody should send, derived from real ones, to the real service",
            "with a real broker: no 5xx, no error in the log, memory that does not grow,",
            "and on the topics what was said to be kept."
        })
final class FuzzBenchCommand extends BenchCommand.Measuring implements Callable<Integer> {

    @Option(names = "--bodies", paramLabel = "N", description = "how many (default: ${DEFAULT-VALUE})")
    private int bodies = 1_000_000;

    @Option(names = "--seed", paramLabel = "N", description = "decides them all (default: another each time, printed)")
    private @Nullable Long seed;

    @Override
    public Integer call() throws Exception {
        return new FuzzBench(atLeast(5, "--bodies", bodies), seed == null ? System.nanoTime() : seed)
                .show(json(), out());
    }
}
