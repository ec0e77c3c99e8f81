package io.rollguard.sandbox.bench;

import io.rollguard.sandbox.bench.HttpLoad.Measured;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Broker;
import io.rollguard.sandbox.stage.Closing;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Jvm;
import io.rollguard.sandbox.stage.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * The webhook beside {@link IngestFloor}: requests a second where both are given all they can take, and latency at a rate
 * that both have room for. Each in a JVM of its own with the same flags, on one broker, in turn. The service does all that it
 * always does: it asks for a token, and it reads what it wrote back into its table of alerts.
 *
 * @param rounds of each kind of load
 * @param time that a round of one side lasts
 * @param warmUp how long each side is saturated before anything counts
 * @param rate requests a second where latency is measured
 */
public record IngestBench(int rounds, Duration time, Duration warmUp, int rate, int connections) implements Bench {

    private static final String FLOOR_TOPIC = "floor.alert";
    private static final String TOKEN = "a-token-for-the-benchmark-only";
    private static final int BODIES = 64;

    /** A process that uses less than this share of one core is done with what it was given. */
    private static final double CALM = 0.1;

    @Override
    public Report run(Progress progress) throws Exception {
        try (var closing = new Closing()) {
            var data = closing.temporaryDirectory("rollguard-bench-");
            progress.say("starting a broker, the service and its floor ...");
            var broker = closing.add(Broker.start(Home.current(), SMALL_POD, data, Service.freePort()));
            var service = closing.add(service(data, broker));
            Await.until("the service takes alerts", Duration.ofSeconds(60), service::ingests);
            var admin = closing.add(
                    Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers())));
            Topics.createLike(admin, Topics.ALERT, FLOOR_TOPIC);
            int port = Service.freePort();
            var floor = closing.add(Jvm.start(
                    SMALL_POD,
                    IngestFloor.class,
                    List.of(Integer.toString(port), broker.bootstrapServers(), FLOOR_TOPIC),
                    line -> progress.say("floor: %s", line)));
            var bodies = Bodies.crashLooping(BODIES, Instant.now());
            var authorization = "Authorization: Bearer " + TOKEN + "\r\n";
            var real = new Side(
                    "service",
                    service.pid(),
                    broker.pid(),
                    closing.add(
                            new HttpLoad(service.port(), "/api/v1/alertmanager", authorization, bodies, connections)),
                    new ArrayList<>());
            var bare = new Side(
                    "floor",
                    floor.pid(),
                    broker.pid(),
                    closing.add(new HttpLoad(port, "/", "", bodies, connections)),
                    new ArrayList<>());
            return measure(real, bare, admin, progress);
        }
    }

    private static Service service(Path data, Broker broker) throws IOException {
        var tokens = Files.writeString(data.resolve("tokens"), TOKEN + "\n");
        return Service.start(
                Home.current(),
                SMALL_POD,
                Service.freePort(),
                Map.of(
                        "KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                        "KUBECONFIG", data.resolve("none").toString(),
                        "ROLLGUARD_DATA_DIR", data.toString(),
                        "ROLLGUARD_WEBHOOK_TOKEN_FILE", tokens.toString()),
                new LogFile(data.resolve("service.log")));
    }

    /** One of the two. */
    private record Side(String name, long pid, long broker, HttpLoad load, List<Round> all) {}

    /**
     * A round of one side.
     *
     * @param cpuMicros of the process for each request, what it did for it afterwards included
     * @param brokerMicros of the broker for each request
     * @param after seconds that it went on working after the last answer
     */
    private record Round(Measured measured, double cpuMicros, double brokerMicros, double after) {
        double perSecond() {
            return measured.perSecond();
        }

        double p50() {
            return measured.latencies().percentile(50);
        }

        double p99() {
            return measured.latencies().percentile(99);
        }
    }

    private interface Load {
        Measured on(HttpLoad load) throws InterruptedException;
    }

    private Report measure(Side service, Side floor, Admin admin, Progress progress) throws Exception {
        progress.say("warming up, %d s each ...", warmUp.toSeconds());
        for (var side : List.of(floor, service)) {
            round(side, "warm", progress, load -> load.saturate(warmUp));
        }
        var full = Rounds.alternate(
                rounds,
                () -> round(service, "saturated", progress, load -> load.saturate(time)),
                () -> round(floor, "saturated", progress, load -> load.saturate(time)));
        var paced = Rounds.alternate(
                rounds,
                () -> round(service, "paced", progress, load -> load.atRate(rate, time)),
                () -> round(floor, "paced", progress, load -> load.atRate(rate, time)));
        checkKept(admin, Topics.ALERT, service);
        checkKept(admin, FLOOR_TOPIC, floor);
        return report(full, paced);
    }

    private Round round(Side side, String what, Progress progress, Load load) throws InterruptedException {
        long before = cpuNanos(side.pid());
        long brokerBefore = cpuNanos(side.broker());
        var measured = load.on(side.load());
        long ended = System.nanoTime();
        awaitCalm(side.pid());
        double after = Math.max(0, (System.nanoTime() - ended) / 1e9 - 0.25);
        double requests = Math.max(1, measured.answered());
        var round = new Round(
                measured,
                (cpuNanos(side.pid()) - before) / 1e3 / requests,
                (cpuNanos(side.broker()) - brokerBefore) / 1e3 / requests,
                after);
        side.all().add(round);
        progress.say(
                "%-9s %-8s %6.0f requests/s, p50 %.1f ms, p99 %.1f ms",
                what, side.name(), round.perSecond(), round.p50(), round.p99());
        if (measured.refused() > 0) {
            throw new IllegalStateException(
                    "%s refused %d requests, so its figures say nothing".formatted(side.name(), measured.refused()));
        }
        return round;
    }

    static long cpuNanos(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().totalCpuDuration())
                .map(Duration::toNanos)
                .orElse(0L);
    }

    /** What one side still does would slow the other down. */
    private static void awaitCalm(long pid) throws InterruptedException {
        long before = cpuNanos(pid);
        while (true) {
            Thread.sleep(250);
            long now = cpuNanos(pid);
            if (now - before < CALM * 250e6) {
                return;
            }
            before = now;
        }
    }

    /** Faster because something was left out is no result. */
    private void checkKept(Admin admin, String topic, Side side) throws Exception {
        long answered = side.all().stream()
                .mapToLong(round -> round.measured().answered())
                .sum();
        long kept = Topics.records(admin, topic);
        // requests that were under way when a round of saturation ended were answered but not counted
        long uncounted = (long) (rounds + 1) * connections;
        if (kept < answered * Bodies.ALERTS || kept > (answered + uncounted) * Bodies.ALERTS) {
            throw new IllegalStateException("%s answered 200 to %d requests of %d alerts, but %s holds %d records"
                    .formatted(side.name(), answered, Bodies.ALERTS, topic, kept));
        }
    }

    private Report report(Rounds<Round> full, Rounds<Round> paced) {
        var table =
                new Table("load", "side", "requests/s", "p50 ms", "p99 ms", "CPU us/request", "broker's", "goes on s");
        var raw = new LinkedHashMap<String, Object>();
        raw.put("alerts_per_request", Bodies.ALERTS);
        raw.put("body_bytes", Bodies.crashLooping(1, Instant.EPOCH).getFirst().length);
        raw.put("connections", connections);
        raw.put("round_seconds", time.toSeconds());
        add("saturated", full, table, raw);
        add(rate + "/s", paced, table, raw);
        var text = table
                + "\nmedians of %d rounds; ratio of throughput by round %s, of p99 at %d/s %s\n"
                        .formatted(
                                rounds, spread(full.ratios(Round::perSecond)), rate, spread(paced.ratios(Round::p99)));
        raw.put("throughput_ratio_min", full.ratios(Round::perSecond).min());
        raw.put("throughput_ratio_max", full.ratios(Round::perSecond).max());
        raw.put("p99_ratio_min", paced.ratios(Round::p99).min());
        raw.put("p99_ratio_max", paced.ratios(Round::p99).max());
        return new Report(
                "ingest",
                List.of(
                        Target.atLeast(0.85, "requests/s of the service to the floor's", full.ratio(Round::perSecond)),
                        Target.atMost(
                                1.5,
                                "p99 of the service to the floor's at %d requests/s".formatted(rate),
                                paced.ratio(Round::p99))),
                text,
                raw);
    }

    private static String spread(Samples ratios) {
        return "%s to %s".formatted(Table.number(ratios.min()), Table.number(ratios.max()));
    }

    private static void add(String load, Rounds<Round> rounds, Table table, Map<String, Object> raw) {
        for (var side :
                Map.of("service", rounds.subject(), "floor", rounds.floor()).entrySet()) {
            var of = new Medians(side.getValue());
            table.row(load, side.getKey(), of.perSecond(), of.p50(), of.p99(), of.cpu(), of.broker(), of.after());
            raw.put(load.replace("/s", "") + "_" + side.getKey(), of.raw());
        }
    }

    private record Medians(List<Round> rounds) {
        private double of(ToDoubleFunction<Round> figure) {
            return Samples.of(rounds.stream().mapToDouble(figure).toArray()).median();
        }

        double perSecond() {
            return of(Round::perSecond);
        }

        double p50() {
            return of(Round::p50);
        }

        double p99() {
            return of(Round::p99);
        }

        double cpu() {
            return of(Round::cpuMicros);
        }

        double broker() {
            return of(Round::brokerMicros);
        }

        double after() {
            return of(Round::after);
        }

        Map<String, Object> raw() {
            return Map.of(
                    "requests_per_second",
                    rounds.stream().map(Round::perSecond).toList(),
                    "p50_ms",
                    rounds.stream().map(Round::p50).toList(),
                    "p99_ms",
                    rounds.stream().map(Round::p99).toList(),
                    "cpu_us_per_request",
                    cpu(),
                    "broker_cpu_us_per_request",
                    broker(),
                    "goes_on_s",
                    after());
        }
    }
}
