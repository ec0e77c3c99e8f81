package io.rollguard.sandbox.bench;

import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Broker;
import io.rollguard.sandbox.stage.Closing;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The service from the start of its process to ready, with a broker whose topics are empty: from a cache of loaded classes, as
 * {@code ./rollguard serve} starts it on JDK 25, beside the same without. Each starts in turn on the same broker.
 */
public record StartBench(int rounds) implements Bench {

    private static final List<String> FLAGS = List.of("-Xmx256m");
    private static final Duration SETTLED = Duration.ofSeconds(4);

    /** What would not be worth the time that making the cache takes. */
    private static final double WORTH_IT = 0.7;

    /**
     * One start.
     *
     * @param millis to ready
     * @param cpuMillis of the process until then
     * @param idle resident MiB a few seconds later
     */
    private record Start(double millis, double cpuMillis, double idle) {}

    @Override
    public Report run(Progress progress) throws Exception {
        if (Runtime.version().feature() < 25) {
            throw new IllegalStateException("a cache of loaded classes needs JDK 25 or newer");
        }
        try (var closing = new Closing()) {
            var data = closing.temporaryDirectory("rollguard-bench-");
            progress.say("starting a broker ...");
            var broker = closing.add(Broker.start(Home.current(), FLAGS, data, Service.freePort()));
            var cache = data.resolve("app.aot");
            progress.say("making the cache ...");
            long began = System.nanoTime();
            makeCache(data, broker, cache);
            double making = (System.nanoTime() - began) / 1e9;
            if (!Files.exists(cache)) {
                throw new IllegalStateException("no cache was made: is this JDK one that can? (JEP 514)");
            }
            var starts = Rounds.alternate(
                    rounds,
                    () -> told(progress, "cache", start(data, broker, List.of("-XX:AOTCache=" + cache))),
                    () -> told(progress, "plain", start(data, broker, List.of())));
            return report(starts, making, Files.size(cache) / 1048576.0);
        }
    }

    private static Start told(Progress progress, String side, Start start) {
        progress.say(
                "%s: ready after %.0f ms, %.0f ms of CPU, %.0f MiB", side, start.millis, start.cpuMillis, start.idle);
        return start;
    }

    /** It is written as the process ends, which must not be hurried. */
    private static void makeCache(Path data, Broker broker, Path cache) throws Exception {
        try (var service = service(data, broker, List.of("-XX:AOTCacheOutput=" + cache))) {
            Await.until("the service is ready", Duration.ofSeconds(90), service::ingests);
            var process = ProcessHandle.of(service.pid()).orElseThrow();
            process.destroy();
            process.onExit().get(90, TimeUnit.SECONDS);
        }
    }

    private static Start start(Path data, Broker broker, List<String> more) throws Exception {
        long began = System.nanoTime();
        try (var service = service(data, broker, more)) {
            Await.until("the service is ready", Duration.ofSeconds(90), service::ingests);
            double millis = (System.nanoTime() - began) / 1e6;
            double cpu = IngestBench.cpuNanos(service.pid()) / 1e6;
            Thread.sleep(SETTLED); // what it does of itself after a start is part of being idle
            return new Start(millis, cpu, residentMiB(service.pid()));
        }
    }

    private static Service service(Path data, Broker broker, List<String> more) {
        var flags = new ArrayList<>(FLAGS);
        flags.addAll(more);
        var environment = Map.of(
                "KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                "KUBECONFIG", data.resolve("none").toString(),
                "ROLLGUARD_DATA_DIR", data.toString());
        return Service.start(Home.current(), flags, Service.freePort(), environment, line -> {});
    }

    private static double residentMiB(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/%d/status".formatted(pid))).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElse(Double.NaN);
    }

    private static Report report(Rounds<Start> starts, double making, double size) {
        var table = new Table("", "ready ms", "least", "most", "CPU ms", "idle MiB");
        row(
                table,
                "with the cache",
                starts.ofSubject(Start::millis),
                starts.ofSubject(Start::cpuMillis),
                starts.ofSubject(Start::idle));
        row(
                table,
                "without",
                starts.ofFloor(Start::millis),
                starts.ofFloor(Start::cpuMillis),
                starts.ofFloor(Start::idle));
        var raw = new LinkedHashMap<String, Object>();
        raw.put("rounds", starts.subject().size());
        raw.put("readyMs", starts.ofSubject(Start::millis).median());
        raw.put("plainReadyMs", starts.ofFloor(Start::millis).median());
        raw.put("cpuMs", starts.ofSubject(Start::cpuMillis).median());
        raw.put("plainCpuMs", starts.ofFloor(Start::cpuMillis).median());
        raw.put("idleMiB", starts.ofSubject(Start::idle).median());
        raw.put("plainIdleMiB", starts.ofFloor(Start::idle).median());
        raw.put("makingSeconds", making);
        raw.put("cacheMiB", size);
        var text = table
                + "%nThe cache has %.0f MiB; making it took %.0f s, once for each build.%n".formatted(size, making);
        return new Report(
                "start",
                List.of(Target.atMost(WORTH_IT, "ready, with the cache over without", starts.ratio(Start::millis))),
                text,
                raw);
    }

    private static void row(Table table, String name, Samples millis, Samples cpu, Samples idle) {
        table.row(name, millis.median(), millis.min(), millis.max(), cpu.median(), idle.median());
    }
}
