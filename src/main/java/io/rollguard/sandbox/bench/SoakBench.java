package io.rollguard.sandbox.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.rollguard.sandbox.cluster.RequestLog;
import io.rollguard.sandbox.cluster.SimulatedCluster;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Broker;
import io.rollguard.sandbox.stage.Closing;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Service;
import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Webhook.Alert;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A stream of alerts through whatever goes wrong: the service is killed, the broker is killed and restarted, the API server
 * closes its connections, and each abort of a bad canary meets a fault of its own. Counted at the end on the topic and in the
 * API server's log of requests, never by what the service says of itself: every accepted alert is there, no release was
 * aborted twice, and every bad canary once.
 *
 * @param alerts that are sent
 * @param canaries bad ones, one after another while the alerts come
 */
public record SoakBench(int alerts, int canaries) implements Bench {

    private static final int A_REQUEST = 20;
    private static final int SENDERS = 16;
    private static final int SERIES = 2_000;

    /** Alerts a second at most: so that even a short run meets every misfortune. */
    private static final int FASTEST = 4_000;

    private static final Duration AT_LEAST = Duration.ofSeconds(60);

    /** Between two misfortunes, counted from when the last one was over. */
    private static final Duration CALM = Duration.ofSeconds(5);

    /** An intent that is older than two minutes goes to a person, so what takes longer will never come. */
    private static final Duration ABORTED_WITHIN = Duration.ofMinutes(3);

    private static final String NUMBER = "soak_number";
    private static final List<String> FLAGS = List.of("-Xmx768m");

    @Override
    public Report run(Progress progress) throws Exception {
        try (var closing = new Closing()) {
            return new Run(closing, progress).play();
        }
    }

    /** What goes wrong with the first abort of a canary. */
    private enum ApiFault {
        NONE,
        CONFLICT,
        TOO_MANY,
        INTERNAL,
        DROPPED,
        DROPPED_AFTER_APPLYING,
        HANGS_AFTER_APPLYING
    }

    private final class Run {

        private final Closing closing;
        private final Progress progress;
        private final Path data;
        private final int brokerPort = Service.freePort();
        private final int servicePort = Service.freePort();
        private final SimulatedCluster cluster;
        private final Map<String, String> environment;
        private final LogFile log;
        private final Alertmanager alertmanager;
        private final BitSet accepted = new BitSet();
        private final AtomicInteger next = new AtomicInteger();
        private final Map<String, AtomicInteger> applied = new ConcurrentHashMap<>();
        private final Map<String, Integer> misfortunes = new HashMap<>();
        private Broker broker;
        private Service service;
        private volatile boolean sent;

        Run(Closing closing, Progress progress) throws IOException {
            this.closing = closing;
            this.progress = progress;
            data = closing.temporaryDirectory("rollguard-bench-");
            log = new LogFile(data.resolve("service.log"));
            cluster = closing.add(SimulatedCluster.start());
            cluster.requestLog().onEntry(this::note);
            var kubeconfig = data.resolve("kubeconfig");
            cluster.writeKubeconfig(kubeconfig);
            progress.say("starting a broker and the service ...");
            broker = Broker.start(Home.current(), data, brokerPort);
            closing.add(() -> broker.close());
            environment = Map.ofEntries(
                    Map.entry("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers()),
                    Map.entry("KUBECONFIG", kubeconfig.toString()),
                    Map.entry("ROLLGUARD_DATA_DIR", data.toString()),
                    Map.entry("ROLLGUARD_MODE", "auto"),
                    Map.entry("ROLLGUARD_NAMESPACE", "rollguard"),
                    Map.entry("ROLLGUARD_CURE_DWELL", "PT1S"),
                    Map.entry("ROLLGUARD_COOL_DOWN", "PT0S"),
                    Map.entry("ROLLGUARD_BREAKER_MAX", "1000000"),
                    Map.entry("ROLLGUARD_STORM_MAX_WORKLOADS", "1000000"));
            service = startService();
            closing.add(() -> service.close());
            alertmanager = closing.add(new Alertmanager(URI.create(service.url() + "/api/v1/alertmanager")));
        }

        private Service startService() {
            var started = Service.start(Home.current(), FLAGS, servicePort, environment, log);
            started.awaitDecides();
            return started;
        }

        Report play() throws Exception {
            var fleet = new Fleet(cluster.url(), 1);
            fleet.createRollouts("canary-", canaries);
            fleet.awaitSettled(2 * canaries);
            progress.say("%d alerts, %d bad canaries", alerts, canaries);
            try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
                var senders = new ArrayList<Future<?>>();
                long began = System.nanoTime();
                for (int sender = 0; sender < SENDERS; sender++) {
                    senders.add(tasks.submit(() -> {
                        send(began);
                        return true;
                    }));
                }
                var bad = tasks.submit(() -> playCanaries(fleet));
                var trouble = tasks.submit(() -> {
                    try {
                        misfortunes();
                    } catch (RuntimeException | Error e) {
                        tasks.shutdownNow(); // what does not come up again would be waited for without end
                        throw e;
                    }
                    return true;
                });
                for (var sender : senders) {
                    sender.get();
                }
                progress.say("all alerts are answered");
                int aborted = bad.get();
                sent = true;
                trouble.get();
                return count(aborted);
            }
        }

        // --- alerts

        private void send(long began) throws InterruptedException {
            double perSecond = Math.min(FASTEST, alerts / (double) AT_LEAST.toSeconds());
            while (true) {
                int from = next.getAndAdd(A_REQUEST);
                if (from >= alerts) {
                    return;
                }
                int to = Math.min(alerts, from + A_REQUEST);
                long due = began + (long) (from / perSecond * 1e9);
                for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                if (alertmanager.send(body(from, to))) {
                    synchronized (accepted) {
                        accepted.set(from, to);
                    }
                }
                if (from % (alerts / 10 / A_REQUEST * A_REQUEST + A_REQUEST) == 0) {
                    progress.say("%d alerts accepted, %d sent again so far", from, alertmanager.again());
                }
            }
        }

        private byte[] body(int from, int to) {
            var now = Instant.now();
            var some = IntStream.range(from, to)
                    .mapToObj(number -> new Alert(
                            Map.of(
                                    "alertname", "DiskFillsUp",
                                    "namespace", "storage",
                                    "volume", "volume-" + number % SERIES,
                                    "severity", "warning"),
                            Map.of(NUMBER, Integer.toString(number), "rollguard_for", "0s"),
                            now,
                            null))
                    .toList();
            return Webhook.body(some).getBytes(StandardCharsets.UTF_8);
        }

        // --- bad canaries

        /** One after another, spread over the stream of alerts; how many were aborted in time. */
        private int playCanaries(Fleet fleet) throws InterruptedException {
            int aborted = 0;
            for (int number = 0; number < canaries; number++) {
                var name = "canary-" + number;
                while (next.get() < (long) alerts * number / canaries) {
                    Thread.sleep(100);
                }
                fleet.ship(name, "2");
                var canary = Await.value(name + " waits at its pause", ABORTED_WITHIN, () -> fleet.canary(name));
                fault(fleet.path(name) + "/status", ApiFault.values()[number % ApiFault.values().length]);
                var alert = Alert.firing(
                        "CanaryErrors", Map.of("namespace", canary.namespace(), "pod", canary.pod()), Instant.now());
                alertmanager.send(Webhook.body(alert).getBytes(StandardCharsets.UTF_8));
                if (isAborted(fleet, name)) {
                    aborted++;
                } else {
                    progress.say("%s was not aborted; the service's log: %s", name, log.file());
                }
                alertmanager.send(Webhook.body(alert.resolved(Instant.now())).getBytes(StandardCharsets.UTF_8));
            }
            progress.say("%d of %d bad canaries aborted", aborted, canaries);
            return aborted;
        }

        private boolean isAborted(Fleet fleet, String name) {
            long deadline = System.nanoTime() + ABORTED_WITHIN.toNanos();
            while (System.nanoTime() < deadline) {
                if (fleet.get(fleet.path(name)).path("status").path("abort").asBoolean(false)) {
                    return true;
                }
                LockSupport.parkNanos(50_000_000);
            }
            return false;
        }

        private void fault(String path, ApiFault fault) {
            var first = cluster.faults().on("patch", path);
            switch (fault) {
                case NONE -> {}
                case CONFLICT -> first.answer(409);
                case TOO_MANY -> first.answer(429, Duration.ofSeconds(1));
                case INTERNAL -> first.answer(500);
                case DROPPED -> first.dropConnection();
                case DROPPED_AFTER_APPLYING -> first.dropConnectionAfterApplying();
                case HANGS_AFTER_APPLYING -> first.hangAfterApplying();
            }
        }

        /** Counts the aborts that took effect, answered or not. */
        private void note(RequestLog.Entry entry) {
            if (entry.verb().equals("patch")
                    && entry.applied()
                    && entry.path().endsWith("/status")
                    && entry.body().contains("/status/abort")) {
                applied.computeIfAbsent(entry.path(), absent -> new AtomicInteger())
                        .incrementAndGet();
            }
        }

        // --- what goes wrong

        private void misfortunes() throws InterruptedException {
            for (int turn = 0; !sent; turn++) {
                long calm = System.nanoTime() + CALM.toNanos();
                while (!sent && System.nanoTime() < calm) {
                    Thread.sleep(100);
                }
                if (!sent) {
                    misfortune(turn);
                }
            }
        }

        private void misfortune(int turn) {
            var what = switch (turn % 4) {
                case 0 -> {
                    service.kill();
                    service = startService();
                    yield "service killed";
                }
                case 1 -> {
                    broker.close();
                    broker = Broker.start(Home.current(), data, brokerPort);
                    yield "broker restarted";
                }
                case 2 -> {
                    cluster.faults().dropConnections();
                    yield "connections to the API server dropped";
                }
                default -> {
                    broker.kill();
                    broker = Broker.start(Home.current(), data, brokerPort);
                    yield "broker killed";
                }
            };
            misfortunes.merge(what, 1, Integer::sum);
            progress.say("%s", what);
        }

        // --- counting

        private Report count(int aborted) throws InterruptedException, ExecutionException {
            progress.say("counting ...");
            var onTopic = new BitSet();
            long records = read(onTopic);
            int kept = accepted.cardinality();
            var lost = (BitSet) accepted.clone();
            lost.andNot(onTopic);
            long doubled = applied.values().stream()
                    .mapToLong(times -> Math.max(0, times.get() - 1))
                    .sum();
            var table = new Table("what", "count")
                    .row("alerts sent", alerts)
                    .row("accepted", kept)
                    .row("of these on the topic", kept - lost.cardinality())
                    .row("lost", lost.cardinality())
                    .row("records on the topic", records)
                    .row("requests sent again", alertmanager.again())
                    .row("requests refused with 4xx", alertmanager.refused())
                    .row("bad canaries", canaries)
                    .row("of these aborted", aborted)
                    .row("aborts doubled", doubled);
            misfortunes.forEach(table::row);
            return new Report(
                    "soak",
                    List.of(
                            Target.atLeast(
                                    1, "accepted alerts on the topic", (kept - lost.cardinality()) / (double) kept),
                            Target.atLeast(1, "sent alerts accepted in the end", kept / (double) alerts),
                            Target.atMost(0, "aborts done twice", doubled),
                            Target.atLeast(1, "bad canaries aborted", aborted / (double) canaries)),
                    table.toString(),
                    Map.of(
                            "alerts", alerts,
                            "accepted", kept,
                            "lost", lost.cardinality(),
                            "records", records,
                            "sent_again", alertmanager.again(),
                            "refused", alertmanager.refused(),
                            "canaries", canaries,
                            "aborted", aborted,
                            "aborts_doubled", doubled,
                            "misfortunes", misfortunes));
        }

        /** Reads the alert topic from its beginning to its end of now; sets what it finds, by number. */
        private long read(BitSet found) {
            var json = new ObjectMapper();
            long records = 0;
            try (var consumer = new KafkaConsumer<>(
                    Map.<String, Object>of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers()),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer())) {
                var partitions = consumer.partitionsFor(Topics.ALERT).stream()
                        .map(info -> new TopicPartition(info.topic(), info.partition()))
                        .toList();
                consumer.assign(partitions);
                consumer.seekToBeginning(partitions);
                var ends = consumer.endOffsets(partitions);
                while (partitions.stream()
                        .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                    for (var record : consumer.poll(Duration.ofSeconds(1))) {
                        records++;
                        var number = json.readTree(record.value())
                                .path("annotations")
                                .path(NUMBER);
                        if (number.isTextual()) {
                            found.set(Integer.parseInt(number.textValue()));
                        }
                    }
                }
                return records;
            } catch (IOException e) {
                throw new IllegalStateException("the topic holds what is no JSON", e);
            }
        }
    }
}
