package io.rollguard.sandbox.cluster;

import io.rollguard.sandbox.stage.Leash;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Runs a simulated cluster in a JVM of its own: prints {@code READY <url>} and ends when standard input does, so that it
 * never outlives the process that started it. Arguments: {@code --port N}, {@code --token T}, {@code --without-rollouts},
 * and {@code --tell-patches}, which prints {@code PATCH <microseconds since 1970> <code> <path>} for each.
 */
public final class SimulatedClusterMain {

    private SimulatedClusterMain() {}

    public static void main(String[] args) throws IOException {
        SimulatedCluster.Options options = SimulatedCluster.Options.defaults();
        boolean tellPatches = false;
        for (int i = 0; i < args.length; i++) {
            options = switch (args[i]) {
                case "--port" -> options.withPort(Integer.parseInt(args[++i]));
                case "--token" -> options.withToken(args[++i]);
                case "--without-rollouts" -> options.withoutRollouts();
                case "--tell-patches" -> {
                    tellPatches = true;
                    yield options;
                }
                default -> throw new IllegalArgumentException("unknown argument " + args[i]);
            };
        }
        try (SimulatedCluster cluster = SimulatedCluster.start(options)) {
            if (tellPatches) {
                cluster.requestLog().onEntry(SimulatedClusterMain::tell);
            }
            System.out.println("READY " + cluster.url());
            System.out.flush();
            Leash.awaitParentsEnd();
        }
    }

    private static void tell(RequestLog.Entry entry) {
        if (entry.verb().equals("patch")) {
            System.out.printf(
                    "PATCH %d %d %s%n",
                    ChronoUnit.MICROS.between(Instant.EPOCH, entry.at()), entry.code(), entry.path());
        }
    }
}
