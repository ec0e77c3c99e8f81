package io.rollguard.cli;

import io.rollguard.sandbox.bench.StartBench;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./rollguard bench start}. */
@Command(
        name = "start",
        mixinStandardHelpOptions = true,
        description = {
            "From the start of the process to ready with empty topics, and the memory",
            "it then takes: with the cache of loaded classes that ./rollguard serve",
            "makes (JDK 25 or newer), beside the same without."
        })
final class StartBenchCommand extends BenchCommand.Measuring implements Callable<Integer> {

    @Option(names = "--rounds", paramLabel = "N", description = "starts of each (default: ${DEFAULT-VALUE})")
    private int rounds = 5;

    @Override
    public Integer call() throws Exception {
        return new StartBench(atLeast(1, "--rounds", rounds)).show(json(), out());
    }
}
