package io.rollguard.sandbox.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rollguard.sandbox.cluster.SimulatedClusterMain;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Broker;
import io.rollguard.sandbox.stage.Closing;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Jvm;
import io.rollguard.sandbox.stage.Service;
import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Webhook.Alert;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.jspecify.annotations.Nullable;

/**
 * From the moment at which a sender knows that its alert is accepted to the moment at which the API server has the abort,
 * for alerts that name the only pod of a canary and so need no settling; beside {@link ReactFloor}. Of the alerts 95 % are
 * about workloads that do not roll. The service watches them all and does all that it always does; the limits that would
 * hold it back (breaker, cool-down, storm) are out of the way.
 *
 * <p>A service is measured as it is while nothing else goes on: what a round rolled back is closed before the next one
 * ships, so that nobody still watches a cure, and the firings of one round are over before the releases of the next begin.
 *
 * @param rounds of each side that count; {@value #WARM_UP} more warm up
 * @param workloads in the cluster
 * @param namespaces that they are spread over
 * @param canaries of them roll, and are aborted in each round
 * @param rate alerts a second
 */
public record ReactBench(int rounds, int workloads, int namespaces, int canaries, int rate) implements Bench {

    /** One alert in so many is about a canary. */
    private static final int ONE_IN = 20;

    /** A JVM that has seen 50 aborts is still being compiled. */
    private static final int WARM_UP = 2;

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /** For the cure of a round: its dwell, and the sweep that notices. */
    private static final Duration UNTIL_CLOSED = Duration.ofMinutes(1);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double MOST = 2.0;

    /** Takes an alert; completes when the sender would know that it is kept. */
    private interface Accept {
        CompletableFuture<Void> accept(byte[] body);
    }

    @Override
    public Report run(Progress progress) throws Exception {
        try (var closing = new Closing()) {
            var data = closing.temporaryDirectory("rollguard-bench-");
            progress.say("starting a broker and a cluster ...");
            var broker = closing.add(Broker.start(Home.current(), SMALL_POD, data, Service.freePort()));
            var patched = new ConcurrentHashMap<String, Long>();
            var cluster = closing.add(cluster(patched));
            var shop = new Fleet(cluster.where(), namespaces);
            var patchedElsewhere = new ConcurrentHashMap<String, Long>();
            var elsewhere = new Fleet(closing.add(cluster(patchedElsewhere)).where(), namespaces);
            progress.say("making %d workloads ...", workloads);
            shop.createDeployments("still-", workloads - canaries, 1);
            shop.createRollouts("moving-", canaries);
            elsewhere.createRollouts("moving-", canaries);
            shop.awaitSettled(workloads - canaries + 2 * canaries);
            elsewhere.awaitSettled(2 * canaries);
            progress.say("starting the service ...");
            var service = closing.add(service(data, broker, cluster.where()));
            service.awaitDecides();
            var admin = closing.add(
                    Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers())));
            Topics.createLike(admin, Topics.ALERT, "floor.alert");
            Topics.createLike(admin, Topics.INCIDENT, "floor.incident");
            var floor = closing.add(new ReactFloor(
                    elsewhere,
                    broker.bootstrapServers(),
                    "floor.alert",
                    Topics.partitions(admin, Topics.ALERT),
                    "floor.incident"));
            var http = closing.add(
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
            var real = new Side("service", shop, body -> post(http, service, body), service, patched);
            var bare = new Side("floor", elsewhere, floor::accept, null, patchedElsewhere);
            for (int round = 0; round < WARM_UP; round++) {
                bare.round(progress);
                real.round(progress);
            }
            real.untilInLog.clear();
            return report(
                    Rounds.alternate(rounds, () -> real.round(progress), () -> bare.round(progress)),
                    Samples.of(real.untilInLog));
        }
    }

    private static Jvm cluster(Map<String, Long> patched) {
        return Jvm.start(
                List.of("-Xmx1g"), SimulatedClusterMain.class, List.of("--tell-patches"), line -> note(patched, line));
    }

    private static void note(Map<String, Long> patched, String line) {
        var words = line.split(" ", -1);
        if (words[0].equals("PATCH")) {
            patched.putIfAbsent(words[3], Long.parseLong(words[1]));
        }
    }

    private static Service service(Path data, Broker broker, String cluster) throws Exception {
        var kubeconfig = Files.writeString(data.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: bench, cluster: {server: "%s"}}]
                users: [{name: bench, user: {token: as-a-pod-has}}]
                contexts: [{name: bench, context: {cluster: bench, user: bench, namespace: default}}]
                current-context: bench
                """.formatted(cluster));
        return Service.start(
                Home.current(),
                SMALL_POD,
                Service.freePort(),
                Map.ofEntries(
                        Map.entry("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers()),
                        Map.entry("KUBECONFIG", kubeconfig.toString()),
                        Map.entry("ROLLGUARD_DATA_DIR", data.toString()),
                        Map.entry("ROLLGUARD_MODE", "auto"),
                        Map.entry("ROLLGUARD_NAMESPACE", "rollguard"),
                        Map.entry("ROLLGUARD_CURE_DWELL", "PT1S"),
                        Map.entry("ROLLGUARD_COOL_DOWN", "PT0S"),
                        Map.entry("ROLLGUARD_BREAKER_MAX", "1000000"),
                        Map.entry("ROLLGUARD_STORM_MAX_WORKLOADS", "1000000")),
                new LogFile(data.resolve("service.log")));
    }

    private static CompletableFuture<Void> post(HttpClient http, Service service, byte[] body) {
        var request = HttpRequest.newBuilder(URI.create(service.url() + "/api/v1/alertmanager"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(body))
                .build();
        return http.sendAsync(request, BodyHandlers.discarding()).thenAccept(answer -> {
            if (answer.statusCode() != 200) {
                throw new IllegalStateException("the webhook answered " + answer.statusCode());
            }
        });
    }

    private static long micros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    /** One of the two; each has Rollouts of its own, for a canary can be aborted once. */
    private final class Side {

        private final String name;
        private final Fleet fleet;
        private final Accept to;
        private final @Nullable Service seenBy;
        private final Map<String, Long> patched;
        /** Of each abort, how long from accepted to when the broker had the incident's first entries, in ms. */
        private final List<Double> untilInLog = new ArrayList<>();

        private int version = 1;

        Side(String name, Fleet fleet, Accept to, @Nullable Service seenBy, Map<String, Long> patched) {
            this.name = name;
            this.fleet = fleet;
            this.to = to;
            this.seenBy = seenBy;
            this.patched = patched;
        }

        /** Ships to every Rollout, lets the alerts come, and waits for the aborts; latencies in ms. */
        Samples round(Progress progress) throws Exception {
            version++;
            IntStream.range(0, canaries).forEach(number -> fleet.ship("moving-" + number, Integer.toString(version)));
            var waiting = List.copyOf(fleet.awaitCanaries(canaries).values());
            awaitSeen(waiting);
            patched.clear();
            var about = new ArrayList<Alert>();
            var accepted = send(waiting, about);
            Await.until("all answers", PATIENCE, () -> accepted.size() == canaries * ONE_IN);
            var latencies = new ArrayList<Double>();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            for (var canary : waiting) {
                var path = fleet.path(canary.rollout()) + "/status";
                while (!patched.containsKey(path) && System.nanoTime() < deadline) {
                    LockSupport.parkNanos(10_000_000);
                }
                var at = patched.get(path);
                latencies.add(
                        at == null
                                ? Double.POSITIVE_INFINITY
                                : (at - accepted.getOrDefault(canary.rollout(), at)) / 1e3);
            }
            end(about, waiting, accepted);
            var samples = Samples.of(latencies);
            progress.say(
                    "%-8s p50 %.1f ms, p90 %.1f ms, p99 %.1f ms%s",
                    name,
                    samples.median(),
                    samples.percentile(90),
                    samples.percentile(99),
                    late(latencies) == 0 ? "" : ", %d of %d did not come".formatted(late(latencies), canaries));
            return samples;
        }

        /** The watches have told of every canary. */
        private void awaitSeen(List<Fleet.Canary> waiting) {
            if (seenBy != null) {
                Await.until("the service knows every canary", PATIENCE, () -> {
                    var releases = seenBy.get("/api/v1/releases").body();
                    return waiting.stream().allMatch(canary -> releases.contains("\"" + canary.hash() + "\""));
                });
            }
        }

        /** At the rate, whatever becomes of those before; says when each was accepted, by what it is about. */
        private Map<String, Long> send(List<Fleet.Canary> waiting, List<Alert> about) {
            var accepted = new ConcurrentHashMap<String, Long>();
            var startsAt = Instant.now();
            long began = System.nanoTime();
            for (int i = 0; i < waiting.size() * ONE_IN; i++) {
                var canary = i % ONE_IN == ONE_IN / 2 ? waiting.get(i / ONE_IN) : null;
                var alert = canary == null
                        ? busy("still-" + i % (workloads - canaries), startsAt)
                        : about(
                                "CanaryErrors",
                                canary.namespace(),
                                Map.of("pod", canary.pod()),
                                canary.rollout(),
                                startsAt);
                if (canary != null) {
                    about.add(alert);
                }
                var key = canary == null ? "noise " + i : canary.rollout();
                var body = Webhook.body(alert).getBytes(StandardCharsets.UTF_8);
                long due = began + i * 1_000_000_000L / rate;
                for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                to.accept(body).thenRun(() -> accepted.put(key, micros()));
            }
            return accepted;
        }

        private Alert busy(String deployment, Instant startsAt) {
            return about("StillBusy", fleet.namespaceOf(deployment), Map.of("deployment", deployment), "", startsAt);
        }

        private static Alert about(
                String alertname, String namespace, Map<String, String> labels, String rollout, Instant startsAt) {
            var all = new LinkedHashMap<String, String>();
            all.put("alertname", alertname);
            all.put("namespace", namespace);
            all.putAll(labels);
            all.put("severity", "critical");
            var annotations = new LinkedHashMap<String, String>();
            annotations.put("summary", alertname + " fires");
            annotations.put("rollguard_for", "0s");
            if (!rollout.isEmpty()) {
                annotations.put(ReactFloor.ROLLOUT, rollout);
            }
            return new Alert(all, annotations, startsAt, null);
        }

        /** Resolves the alerts, and waits until the service is done with all that was. */
        private void end(List<Alert> about, List<Fleet.Canary> waiting, Map<String, Long> accepted) {
            if (seenBy == null) {
                return;
            }
            about.forEach(alert -> to.accept(
                            Webhook.body(alert.resolved(Instant.now())).getBytes(StandardCharsets.UTF_8))
                    .join());
            Await.until(
                    "all incidents are closed",
                    UNTIL_CLOSED,
                    () -> incidents(seenBy).stream()
                            .allMatch(
                                    incident -> incident.path("state").asText().equals("closed")));
            var hashes = waiting.stream().map(Fleet.Canary::hash).toList();
            for (var incident : incidents(seenBy)) {
                var since = accepted.get(incident.path("workload").path("name").asText());
                if (since != null && hashes.contains(incident.path("revision").asText())) {
                    var opened = Instant.parse(incident.path("openedAt").asText());
                    untilInLog.add((ChronoUnit.MICROS.between(Instant.EPOCH, opened) - since) / 1e3);
                }
            }
        }

        private static List<JsonNode> incidents(Service service) {
            try {
                var items = new ArrayList<JsonNode>();
                JSON.readTree(service.get("/api/v1/incidents?limit=1000").body())
                        .path("items")
                        .forEach(items::add);
                return items;
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("the service's list of incidents is no JSON", e);
            }
        }
    }

    private static long late(Collection<Double> latencies) {
        return latencies.stream().filter(latency -> latency.isInfinite()).count();
    }

    private Report report(Rounds<Samples> measured, Samples untilInLog) {
        var service = Samples.together(measured.subject());
        var floor = Samples.together(measured.floor());
        var table = new Table("side", "aborts", "p50 ms", "p90 ms", "p99 ms", "max ms");
        for (var side : List.of(Map.entry("floor", floor), Map.entry("service", service))) {
            var of = side.getValue();
            table.row(side.getKey(), of.size(), of.median(), of.percentile(90), of.percentile(99), of.max());
        }
        ToDoubleFunction<Samples> median = Samples::median;
        var text =
                "%s%n%d rounds of %d aborts among %d alerts at %d/s, %d workloads in %d namespaces; ratio of medians %s, by round %s to %s%nof the service's median, %s ms until its intent is in the log%n"
                        .formatted(
                                table,
                                rounds,
                                canaries,
                                canaries * ONE_IN,
                                rate,
                                workloads,
                                namespaces,
                                Table.number(service.median() / floor.median()),
                                Table.number(measured.ratios(median).min()),
                                Table.number(measured.ratios(median).max()),
                                Table.number(untilInLog.median()));
        return new Report(
                "react",
                List.of(Target.atMost(
                        MOST,
                        "p99 from accepted to abort, the service's to the floor's",
                        service.percentile(99) / floor.percentile(99))),
                text,
                Map.of(
                        "workloads", workloads,
                        "namespaces", namespaces,
                        "canaries", canaries,
                        "rate", rate,
                        "service_ms", figures(service),
                        "floor_ms", figures(floor),
                        "service_until_in_log_ms", figures(untilInLog),
                        "service_rounds_ms",
                                measured.subject().stream()
                                        .map(ReactBench::figures)
                                        .toList(),
                        "floor_rounds_ms",
                                measured.floor().stream()
                                        .map(ReactBench::figures)
                                        .toList()));
    }

    /** Where an abort did not come, a figure may be endless, for which JSON has no number. */
    private static Map<String, @Nullable Object> figures(Samples of) {
        var figures = new LinkedHashMap<String, @Nullable Object>();
        figures.put("samples", of.size());
        figures.put("p50", orNull(of.median()));
        figures.put("p90", orNull(of.percentile(90)));
        figures.put("p99", orNull(of.percentile(99)));
        figures.put("max", orNull(of.max()));
        return figures;
    }

    private static @Nullable Double orNull(double figure) {
        return Double.isFinite(figure) ? figure : null;
    }
}
