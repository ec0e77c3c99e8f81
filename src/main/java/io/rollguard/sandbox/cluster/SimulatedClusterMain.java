package io.rollguard.sandbox.cluster;

import io.rollguard.sandbox.stage.Leash;
import java.io.IOException;

/**
 * Runs a simulated cluster in a JVM of its own: prints {@code READY <url>} and ends when standard input does, so that it
 * never outlives the process that started it. Arguments: {@code --port N}, {@code --token T}, {@code --without-rollouts}.
 */
public final class SimulatedClusterMain {

    private SimulatedClusterMain() {}

    public static void main(String[] args) throws IOException {
        SimulatedCluster.Options options = SimulatedCluster.Options.defaults();
        for (int i = 0; i < args.length; i++) {
            options = switch (args[i]) {
                case "--port" -> options.withPort(Integer.parseInt(args[++i]));
                case "--token" -> options.withToken(args[++i]);
                case "--without-rollouts" -> options.withoutRollouts();
                default -> throw new IllegalArgumentException("unknown argument " + args[i]);
            };
        }
        try (SimulatedCluster cluster = SimulatedCluster.start(options)) {
            System.out.println("READY " + cluster.url());
            System.out.flush();
            Leash.awaitParentsEnd();
        }
    }
}
