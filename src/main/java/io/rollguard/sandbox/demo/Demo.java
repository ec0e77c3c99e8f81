package io.rollguard.sandbox.demo;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.cluster.SimulatedCluster;
import io.rollguard.sandbox.stage.Closing;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Stage;
import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Workloads;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Sets the stage, plays the five acts and tells how they ended.
 *
 * @param once end after the last act; else the service stays up for the audience
 * @param onCluster play on the cluster of KUBECONFIG, in a namespace of its own, and not on a simulated one
 */
public record Demo(boolean once, boolean onCluster, PrintStream out, boolean colour) {

    /** The service's, where the switch lies that holds everything. */
    private static final String OWN_NAMESPACE = "rollguard";

    private static final String SETTLE = "PT3S";
    private static final String CURE_DWELL = "PT2S";

    /** How an act ended; {@code difference} is null where it was as expected. */
    private record Ending(
            String title, String outcome, @Nullable String difference, Duration took) {}

    /** @return the exit status: 0 where every act was as expected */
    public int play() {
        var narrator = new Narrator(out, colour);
        try (var closing = new Closing()) {
            return play(narrator, closing);
        }
    }

    private int play(Narrator narrator, Closing closing) {
        narrator.plain("Rollguard demo: a real Kafka broker, the real service in mode auto, real webhook posts.");
        narrator.plain("Shortened for the show: settle %s (30 s by default), cure dwell %s (30 s)."
                .formatted(SETTLE, CURE_DWELL));
        narrator.plain("");
        var data = closing.temporaryDirectory("rollguard-demo-");
        var kubeconfig = onCluster ? kubeconfigOfTheUser() : simulated(data, closing);
        var client = closing.add(client(kubeconfig));
        var namespace =
                onCluster ? "rollguard-demo-" + Long.toString(Instant.now().getEpochSecond(), 36) : "shop";
        var workloads = new Workloads(client, namespace);
        workloads.createNamespace();
        if (onCluster) {
            closing.add(workloads::removeNamespace);
        } else {
            new Workloads(client, OWN_NAMESPACE).createNamespace();
        }
        var logFile = data.resolve("rollguard.log");
        var log = closing.add(open(logFile));
        narrator.plain("  starting Kafka ...");
        var stage = closing.add(
                new Stage(Home.current(), data, kubeconfig, configuration(namespace), line -> write(log, line)));
        narrator.plain(
                "  broker     %s   (its data: %s)".formatted(stage.broker().bootstrapServers(), data));
        narrator.plain("  cluster    %s, namespace %s".formatted(client.getMasterUrl(), namespace));
        narrator.plain("  slack      %s   (shown here)".formatted(stage.slack().apiUrl()));
        narrator.plain("  starting Rollguard ...");
        var service = stage.startService();
        narrator.plain("  rollguard  %s   (its log: %s)".formatted(service.url(), logFile));
        stage.tap().onEvent(narrator::topic);
        stage.slack().onChange(narrator::slack);

        var story = new Story(workloads, service, stage.tap(), narrator);
        var endings = new ArrayList<Ending>();
        var acts = story.acts();
        for (var act : acts) {
            narrator.title("Act %d of %d: %s".formatted(endings.size() + 1, acts.size(), act.title()));
            endings.add(perform(act, narrator));
        }
        boolean asExpected = summarize(endings, narrator, stage, logFile);
        if (!once) {
            stayUp(narrator, workloads, stage);
        }
        return asExpected ? 0 : 1;
    }

    private static Ending perform(Act act, Narrator narrator) {
        var began = Instant.now();
        try {
            var outcome = act.play().run();
            narrator.good(outcome);
            return new Ending(act.title(), outcome, null, Duration.between(began, Instant.now()));
        } catch (AssertionError | RuntimeException e) {
            var difference = e.getMessage() == null ? e.toString() : e.getMessage();
            narrator.bad(difference);
            return new Ending(act.title(), "not as expected", difference, Duration.between(began, Instant.now()));
        }
    }

    private static boolean summarize(List<Ending> endings, Narrator narrator, Stage stage, Path logFile) {
        narrator.title("What happened");
        for (var ending : endings) {
            narrator.plain("  %-5s %s".formatted(ending.difference() == null ? "ok" : "WRONG", ending.title()));
            narrator.plain("        %s (%d s)"
                    .formatted(
                            ending.difference() == null ? ending.outcome() : ending.difference(),
                            ending.took().toSeconds()));
        }
        long wrong =
                endings.stream().filter(ending -> ending.difference() != null).count();
        narrator.plain("");
        narrator.plain("  %d of %d acts were as expected; %d events on the topics, %d messages in Slack"
                .formatted(
                        endings.size() - wrong,
                        endings.size(),
                        stage.tap().events().count(),
                        stage.slack().all(Stage.CHANNEL).size()));
        narrator.plain(
                "  Where to look next: README.md (run it on your cluster), docs/architecture.md (how an alert travels).");
        if (wrong > 0) {
            tail(logFile).forEach(line -> narrator.plain("  log: " + line));
        }
        return wrong == 0;
    }

    /** Leaves a canary to play with, and tells how, until the process is ended. */
    private static void stayUp(Narrator narrator, Workloads workloads, Stage stage) {
        workloads.ship(Kind.ROLLOUT, "cart", "v3");
        var canary = workloads.awaitCanary("cart");
        var pod = workloads.readyPods(Kind.ROLLOUT, "cart", canary).getFirst();
        var alert = Webhook.Alert.firing(
                "CartErrors",
                Map.of("namespace", workloads.namespace(), "pod", pod),
                Instant.now().truncatedTo(ChronoUnit.SECONDS));
        var url = stage.service().url();
        narrator.title("Now you");
        narrator.plain("A canary of cart (v3) waits at 20 %. Make its pod alert, and see it aborted:");
        narrator.plain("");
        narrator.plain("  curl -s %s/api/v1/alertmanager -H 'Content-Type: application/json' -d '%s'"
                .formatted(url, Webhook.body(alert).strip()));
        narrator.plain("");
        narrator.plain("  export ROLLGUARD_URL=" + url);
        narrator.plain("  ./rollguard incidents list       what Rollguard suspects and does; show has the evidence");
        narrator.plain("  ./rollguard pause --reason why   hold every act; resume lets it act again");
        narrator.plain("  curl -s %s/q/health    how it is".formatted(url));
        narrator.plain("  curl -s %s/q/metrics   what it counts".formatted(url));
        narrator.plain("");
        narrator.plain("Ctrl-C ends everything and leaves nothing behind.");
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Map<String, String> configuration(String namespace) {
        var configuration = new HashMap<>(Map.of(
                "ROLLGUARD_MODE", "auto",
                "ROLLGUARD_CLUSTER", onCluster ? "demo" : "simulated",
                "ROLLGUARD_SETTLE", SETTLE,
                "ROLLGUARD_CURE_DWELL", CURE_DWELL,
                "ROLLGUARD_NAMESPACES", namespace));
        if (!onCluster) {
            configuration.put("ROLLGUARD_NAMESPACE", OWN_NAMESPACE);
        }
        return configuration;
    }

    // --- the stage's parts

    private static Path kubeconfigOfTheUser() {
        var named = System.getenv("KUBECONFIG");
        if (named == null || named.isBlank() || !Files.isReadable(Path.of(named))) {
            throw new IllegalArgumentException(
                    "demo --cluster plays on the cluster of KUBECONFIG, which must name a readable file; it is "
                            + (named == null ? "unset" : "'" + named + "'"));
        }
        return Path.of(named).toAbsolutePath();
    }

    private static Path simulated(Path data, Closing closing) {
        try {
            var cluster = closing.add(SimulatedCluster.start());
            var kubeconfig = data.resolve("kubeconfig");
            cluster.writeKubeconfig(kubeconfig);
            return kubeconfig;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static KubernetesClient client(Path kubeconfig) {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                .build();
    }

    private static BufferedWriter open(Path file) {
        try {
            return Files.newBufferedWriter(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(BufferedWriter log, String line) {
        try {
            log.write(line);
            log.newLine();
            log.flush();
        } catch (IOException e) {
            // the show goes on without its log
        }
    }

    private static List<String> tail(Path file) {
        try {
            var lines = Files.readAllLines(file);
            return lines.subList(Math.max(0, lines.size() - 40), lines.size());
        } catch (IOException e) {
            return List.of("no log: " + e.getMessage());
        }
    }
}
