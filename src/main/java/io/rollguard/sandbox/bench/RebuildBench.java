package io.rollguard.sandbox.bench;

import io.rollguard.sandbox.bench.AlertRecords.About;
import io.rollguard.sandbox.cluster.SimulatedClusterMain;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Broker;
import io.rollguard.sandbox.stage.Closing;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Jvm;
import io.rollguard.sandbox.stage.Service;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * From the start of the service to the moment at which it decides, with many alerts to read back; beside {@link RebuildFloor} on
 * the same topic, each side in a new JVM with the same heap. The alerts are all firing: once of as many fingerprints as 2 GiB are
 * to hold, and once of a tenth of them, by turns.
 *
 * @param alerts records on the topic
 * @param rounds of each side, for both kinds
 * @param pods in the cluster, all of Deployments that do not roll
 * @param heap of the service, as {@code -Xmx} takes it
 */
public record RebuildBench(int alerts, int rounds, int pods, String heap) implements Bench {

    private static final int REPLICAS = 50;
    private static final int NAMESPACES = 20;
    private static final int MANY = 1_000_000;
    private static final int FEW = 100_000;
    private static final Duration PATIENCE = Duration.ofMinutes(20);
    private static final double LEAST = 0.5;

    /** What the service and the floor say of their reading: records and milliseconds. */
    private static final Pattern SERVICE_READ = Pattern.compile(
            Pattern.quote(Topics.ALERT) + " was read as it stood at the start: (\\d+) records in (\\d+) ms");

    private static final Pattern FLOOR_READ = Pattern.compile(RebuildFloor.READ + "(\\d+) (\\d+)");
    private static final Pattern DROPPED = Pattern.compile("rollguard_alerts_dropped_total\\{[^}]*}");
    private static final Pattern BYTES = Pattern.compile("rollguard_alerts_bytes");

    /**
     * One reading.
     *
     * @param readyMs from the start of the process to the moment at which the service decides; 0 for the floor
     * @param residentKiB then
     * @param liveBytes of its heap after a full collection
     * @param tableBytes what the table of alerts takes by its own account
     * @param dropped alerts that the table gave up
     */
    private record Reading(
            long records,
            long readMs,
            long readyMs,
            long residentKiB,
            long liveBytes,
            double tableBytes,
            double dropped) {

        double perSecond() {
            return records * 1e3 / readMs;
        }

        Map<String, Object> figures() {
            return Map.of(
                    "records", records,
                    "read_ms", readMs,
                    "ready_ms", readyMs,
                    "resident_kib", residentKiB,
                    "live_heap_bytes", liveBytes,
                    "table_bytes", tableBytes,
                    "dropped", dropped);
        }
    }

    @Override
    public Report run(Progress progress) throws Exception {
        try (var closing = new Closing()) {
            progress.say("making %d pods ...", pods);
            var cluster = closing.add(Jvm.start(List.of("-Xmx2g"), SimulatedClusterMain.class, List.of(), line -> {}));
            var fleet = new Fleet(cluster.where(), NAMESPACES);
            int workloads = pods / REPLICAS;
            fleet.createDeployments("still-", workloads, REPLICAS);
            fleet.awaitAvailable(workloads * REPLICAS);
            var abouts = IntStream.range(0, workloads)
                    .mapToObj(number -> "still-" + number)
                    .map(workload -> new About(fleet.namespaceOf(workload), workload))
                    .toList();
            var measured = new LinkedHashMap<String, Rounds<Reading>>();
            measured.put("many", measure(progress, cluster.where(), abouts, Math.min(alerts, MANY)));
            measured.put("few", measure(progress, cluster.where(), abouts, Math.min(alerts, FEW)));
            return report(measured);
        }
    }

    private Rounds<Reading> measure(Progress progress, String cluster, List<About> abouts, int fingerprints)
            throws Exception {
        try (var closing = new Closing()) {
            var data = closing.temporaryDirectory("rollguard-rebuild-");
            progress.say("writing %d records of %d fingerprints ...", alerts, fingerprints);
            var broker = closing.add(Broker.start(
                    Home.current(),
                    List.of("-Xmx1g", "-Drollguard.sandbox.broker.retention-bytes=-1"),
                    data,
                    Service.freePort()));
            template(data, broker, cluster).fill(broker.bootstrapServers(), Topics.ALERT, alerts, fingerprints, abouts);
            return Rounds.alternate(
                    rounds, () -> service(progress, data, broker, cluster), () -> floor(progress, broker));
        }
    }

    /** As the service makes the topics and writes an alert. */
    private AlertRecords template(Path data, Broker broker, String cluster) throws Exception {
        try (var service = start(data, broker, cluster, line -> {})) {
            service.awaitDecides();
            var body = Bodies.crashLooping(1, Instant.now()).getFirst();
            var answer = service.post("/api/v1/alertmanager", new String(body, StandardCharsets.UTF_8));
            if (answer.statusCode() != 200) {
                throw new IllegalStateException("the webhook answered " + answer.statusCode());
            }
            return AlertRecords.find(broker.bootstrapServers(), Topics.ALERT);
        }
    }

    private Service start(Path data, Broker broker, String cluster, Consumer<String> lines) throws Exception {
        var kubeconfig = Files.writeString(data.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: bench, cluster: {server: "%s"}}]
                users: [{name: bench, user: {}}]
                contexts: [{name: bench, context: {cluster: bench, user: bench, namespace: default}}]
                current-context: bench
                """.formatted(cluster));
        return Service.start(
                Home.current(),
                List.of("-Xmx" + heap),
                Service.freePort(),
                Map.of(
                        "KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                        "KUBECONFIG", kubeconfig.toString(),
                        "ROLLGUARD_DATA_DIR", data.toString(),
                        "ROLLGUARD_NAMESPACE", "rollguard"),
                lines);
    }

    private Reading service(Progress progress, Path data, Broker broker, String cluster) throws Exception {
        var log = new LogFile(data.resolve("service.log"));
        var read = new CompletableFuture<long[]>();
        long began = System.nanoTime();
        try (var service = start(data, broker, cluster, line -> {
            log.accept(line);
            complete(read, SERVICE_READ, line);
        })) {
            service.awaitDecides(PATIENCE);
            long ready = (System.nanoTime() - began) / 1_000_000;
            var figures = read.get(1, TimeUnit.SECONDS);
            long resident = Memory.residentKiB(service.pid());
            double dropped = metric(service, DROPPED);
            double table = metric(service, BYTES);
            long live = Memory.of(service.pid()).liveBytes();
            var reading = new Reading(figures[0], figures[1], ready, resident, live, table, dropped);
            progress.say(
                    "service  %,.0f records/s, ready after %.1f s, resident %d MiB, live heap %d MiB, table %.0f MiB, dropped %.0f",
                    reading.perSecond(), ready / 1e3, resident >> 10, live >> 20, table / 1048576, dropped);
            return reading;
        }
    }

    private static long metric(Service service, Pattern series) {
        Await.until(
                "the service tells its metrics",
                Duration.ofSeconds(30),
                () -> !Metrics.of(service, series).isEmpty());
        return Metrics.sum(Metrics.of(service, series));
    }

    private Reading floor(Progress progress, Broker broker) throws Exception {
        var read = new CompletableFuture<long[]>();
        try (var floor = Jvm.start(
                List.of("-Xmx" + heap),
                RebuildFloor.class,
                List.of(broker.bootstrapServers(), Topics.ALERT),
                line -> complete(read, FLOOR_READ, line))) {
            var figures = read.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            var reading = new Reading(figures[0], figures[1], 0, 0, 0, 0, 0);
            progress.say("floor    %,.0f records/s", reading.perSecond());
            return reading;
        }
    }

    private static void complete(CompletableFuture<long[]> read, Pattern pattern, String line) {
        var matcher = pattern.matcher(line);
        if (matcher.find()) {
            read.complete(new long[] {Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))});
        }
    }

    private Report report(Map<String, Rounds<Reading>> measured) {
        var table = new Table(
                "fingerprints",
                "floor/s",
                "service/s",
                "ratio",
                "by round",
                "ready s",
                "resident MiB",
                "live heap MiB",
                "table MiB",
                "given up");
        var targets = new ArrayList<Target>();
        var raw = new LinkedHashMap<String, Object>();
        raw.put("alerts", alerts);
        raw.put("pods", pods);
        raw.put("heap", heap);
        measured.forEach((kind, of) -> {
            var ratios = of.ratios(Reading::perSecond);
            double ratio = of.ratio(Reading::perSecond);
            table.row(
                    kind,
                    of.ofFloor(Reading::perSecond).median(),
                    of.ofSubject(Reading::perSecond).median(),
                    ratio,
                    Table.number(ratios.min()) + " to " + Table.number(ratios.max()),
                    of.ofSubject(Reading::readyMs).median() / 1e3,
                    of.ofSubject(Reading::residentKiB).max() / 1024,
                    of.ofSubject(Reading::liveBytes).median() / 1048576,
                    of.ofSubject(Reading::tableBytes).median() / 1048576,
                    of.ofSubject(Reading::dropped).max());
            targets.add(Target.atLeast(LEAST, "records/s, the service's to the bare consumer's, " + kind, ratio));
            raw.put(
                    kind,
                    Map.of(
                            "service",
                                    of.subject().stream().map(Reading::figures).toList(),
                            "floor", of.floor().stream().map(Reading::figures).toList()));
        });
        for (var kind : measured.entrySet()) {
            targets.add(Target.atMost(
                    0,
                    "firing alerts given up for lack of room, " + kind.getKey(),
                    kind.getValue().ofSubject(Reading::dropped).max()));
        }
        var text = "%s%n%,d records, all firing; %d rounds; %,d pods; -Xmx%s%n"
                .formatted(table, alerts, rounds, pods, heap);
        return new Report("rebuild", targets, text, raw);
    }
}
