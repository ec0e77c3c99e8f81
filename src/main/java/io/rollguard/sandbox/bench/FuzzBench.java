package io.rollguard.sandbox.bench;

import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Broker;
import io.rollguard.sandbox.stage.Closing;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Service;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * Posts {@link FuzzBodies} to the real service with a real broker, and asks of it: no 5xx, no error in its log, no memory that
 * grows, and on the topics exactly what it said that it kept.
 */
public final class FuzzBench implements Bench {

    private static final String PATH = "/api/v1/alertmanager";
    private static final List<String> TOPICS = List.of("rollguard.alert.v1", "rollguard.dead-letter.v1");

    /** What a line of the service's log must not hold. */
    private static final Pattern TROUBLE = Pattern.compile("\\bERROR\\b|\\bFATAL\\b|Exception\\b|^\\s+at \\S+\\(");

    /** What it says of a 503 that is Kafka's doing. */
    private static final Pattern REFUSED = Pattern.compile("records are not kept");

    private static final int SENDERS = 16;
    private static final double MIB = 1024 * 1024;
    private static final int TROUBLE_TOLD = 5;

    /** Memory is looked at after each fifth. */
    private static final int PARTS = 5;

    private static final Duration SETTLE = Duration.ofSeconds(3);

    private final long bodies;
    private final long seed;

    public FuzzBench(long bodies, long seed) {
        this.bodies = bodies;
        this.seed = seed;
    }

    @Override
    public Report run(Progress progress) throws Exception {
        try (var closing = new Closing()) {
            var data = closing.temporaryDirectory("rollguard-fuzz-");
            progress.say("%d bodies from seed %d; starting a broker and the service ...", bodies, seed);
            var broker = closing.add(Broker.start(Home.current(), List.of("-Xmx512m"), data, Service.freePort()));
            var log = new Log();
            var service = closing.add(Service.start(
                    Home.current(),
                    SMALL_POD,
                    Service.freePort(),
                    Map.of(
                            "KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                            "KUBECONFIG", data.resolve("none").toString(),
                            "ROLLGUARD_DATA_DIR", data.toString()),
                    log::take));
            Await.until("the service takes alerts", Duration.ofSeconds(120), service::ingests);
            log.begin();
            var client = closing.add(
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
            var fuzz = new FuzzBodies(Home.current().root().resolve("src/test/resources/payloads"), seed);
            var statuses = new ConcurrentSkipListMap<Integer, LongAdder>();
            var held = new ArrayList<Held>();
            for (int part = 0; part < PARTS; part++) {
                send(client, service, fuzz, bodies * part / PARTS, bodies * (part + 1) / PARTS, statuses);
                Thread.sleep(SETTLE); // what the table of alerts has still to read back lies in buffers
                held.add(Held.by(service));
                progress.say("%d sent: %s, %s", bodies * (part + 1) / PARTS, statuses, held.getLast());
            }
            var said = Metrics.of(service, COUNTED);
            try (var admin =
                    Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers()))) {
                return report(statuses, held, said, records(admin), log);
            }
        }
    }

    private static void send(
            HttpClient client,
            Service service,
            FuzzBodies fuzz,
            long from,
            long to,
            ConcurrentSkipListMap<Integer, LongAdder> statuses)
            throws Exception {
        var next = new AtomicLong(from);
        Callable<Void> sender = () -> {
            for (long number = next.getAndIncrement(); number < to; number = next.getAndIncrement()) {
                int status = post(client, service, fuzz.body(number));
                statuses.computeIfAbsent(status, key -> new LongAdder()).increment();
            }
            return null;
        };
        var senders = new ArrayList<Callable<Void>>();
        for (int each = 0; each < SENDERS; each++) {
            senders.add(sender);
        }
        try (var threads = Executors.newFixedThreadPool(SENDERS)) {
            for (var done : threads.invokeAll(senders)) {
                done.get();
            }
        }
    }

    /** The status; 0 where there was no answer. */
    private static int post(HttpClient client, Service service, byte[] body) throws InterruptedException {
        try {
            var request = HttpRequest.newBuilder(URI.create(service.url() + PATH))
                    .timeout(Duration.ofSeconds(30))
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofByteArray(body))
                    .build();
            return client.send(request, BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    /**
     * What the service holds, and of that the alerts.
     *
     * @param alerts how many its table keeps, as it must for its lookback
     * @param alertBytes of live heap, by the table's own account
     */
    private record Held(Memory memory, long alerts, long alertBytes) {

        static Held by(Service service) throws IOException {
            var memory = Memory.of(service.pid());
            var table = Metrics.of(service, TABLE);
            long alertBytes = table.getOrDefault("rollguard_alerts_bytes", 0L);
            return new Held(memory, Metrics.sum(table) - alertBytes, alertBytes);
        }

        long othersBytes() {
            return memory.liveBytes() - alertBytes;
        }

        @Override
        public String toString() {
            return "%s; %d alerts %.1f MiB".formatted(memory, alerts, alertBytes / MIB);
        }
    }

    /** The service's log, after it has started. */
    private static final class Log {
        private final LongAdder lines = new LongAdder();
        private final LongAdder trouble = new LongAdder();
        private final ConcurrentLinkedQueue<String> first = new ConcurrentLinkedQueue<>();
        private volatile boolean begun;

        void begin() {
            begun = true;
        }

        void take(String line) {
            if (!begun) {
                return;
            }
            lines.increment();
            boolean isTrouble = TROUBLE.matcher(line).find();
            if (isTrouble) {
                trouble.increment();
            }
            if ((isTrouble || REFUSED.matcher(line).find()) && first.size() < TROUBLE_TOLD) {
                first.add(line);
            }
        }
    }

    private static final Pattern COUNTED = Pattern.compile("rollguard_(?:alerts_received|dead_letters)_total\\{[^}]*}");

    private static final Pattern TABLE = Pattern.compile("rollguard_alerts(?:_bytes|\\{[^}]*})");

    private static Map<String, Long> records(Admin admin) throws Exception {
        var records = new LinkedHashMap<String, Long>();
        for (var topic : TOPICS) {
            records.put(topic, Topics.records(admin, topic));
        }
        return records;
    }

    private Report report(
            Map<Integer, LongAdder> statuses,
            List<Held> held,
            Map<String, Long> said,
            Map<String, Long> records,
            Log log) {
        long failed = statuses.entrySet().stream()
                .filter(each -> each.getKey() == 0 || each.getKey() >= 500)
                .mapToLong(each -> each.getValue().sum())
                .sum();
        long refused = statuses.getOrDefault(400, new LongAdder()).sum();
        long keptAsNoJson = said.entrySet().stream()
                .filter(each -> each.getKey().contains("not-json"))
                .mapToLong(Map.Entry::getValue)
                .sum();
        double kept = Metrics.sum(said);
        double there = Metrics.sum(records);
        double resident = held.getLast().memory().residentKiB()
                / (double) held.getFirst().memory().residentKiB();
        double others = held.getLast().othersBytes() / (double) held.getFirst().othersBytes();

        var table = new Table("sent", "live heap MiB", "alerts kept", "of them MiB", "all else MiB", "resident MiB");
        for (int part = 0; part < held.size(); part++) {
            var each = held.get(part);
            table.row(
                    bodies * (part + 1) / PARTS,
                    each.memory().liveBytes() / MIB,
                    each.alerts(),
                    each.alertBytes() / MIB,
                    each.othersBytes() / MIB,
                    each.memory().residentKiB() / 1024.0);
        }
        var text = new StringBuilder(table.toString());
        text.append("\nseed %d; answers by status: %s\ncounted by the service: %s\non the topics: %s\n"
                .formatted(seed, statuses, said, records));
        text.append("%d lines of log\n".formatted(log.lines.sum()));
        log.first.forEach(line -> text.append("  ").append(line).append('\n'));

        var raw = new LinkedHashMap<String, Object>();
        raw.put("bodies", bodies);
        raw.put("seed", seed);
        statuses.forEach((status, count) -> raw.put("status_" + status, count.sum()));
        raw.put("log_lines", log.lines.sum());
        raw.put("log_trouble", log.trouble.sum());
        raw.put("log_first", List.copyOf(log.first));
        raw.put(
                "live_heap_bytes",
                held.stream().map(each -> each.memory().liveBytes()).toList());
        raw.put("alerts", held.stream().map(Held::alerts).toList());
        raw.put("alert_bytes", held.stream().map(Held::alertBytes).toList());
        raw.put(
                "resident_kib",
                held.stream().map(each -> each.memory().residentKiB()).toList());
        raw.put("counted", said);
        raw.put("records", records);
        return new Report(
                "fuzz",
                List.of(
                        Target.atMost(0, "bodies answered 5xx or not at all, of all", failed / (double) bodies),
                        Target.atMost(0, "lines of log that tell of an error", log.trouble.sum()),
                        Target.atMost(0, "records missing on the topics, of those said to be kept", 1 - there / kept),
                        Target.atMost(
                                0,
                                "bodies answered 400 that are no dead letter",
                                refused == 0 ? 0 : (refused - keptAsNoJson) / (double) refused),
                        Target.atMost(
                                1.25, "live heap without the alerts kept, after all bodies to after a fifth", others),
                        Target.atMost(1.25, "resident memory after all bodies to that after a fifth", resident)),
                text.toString(),
                raw);
    }
}
