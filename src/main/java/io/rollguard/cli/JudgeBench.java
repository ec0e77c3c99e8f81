package io.rollguard.cli;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.policy.Mode;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.policy.Triggers;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.Release;
import io.rollguard.release.Releases;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.ServiceFacts;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.sandbox.bench.Bench;
import io.rollguard.sandbox.bench.Progress;
import io.rollguard.sandbox.bench.Report;
import io.rollguard.sandbox.bench.Samples;
import io.rollguard.sandbox.bench.Table;
import io.rollguard.sandbox.bench.Target;
import io.rollguard.verdict.Attribution;
import io.rollguard.verdict.Cases;
import io.rollguard.verdict.Judge;
import io.rollguard.wire.IncidentEvents;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a delivery costs from the table to the verdict, and whether that grows with the number of releases. Each size has the same
 * 11,000 workloads and as many alerts; only how many of the workloads roll differs.
 */
final class JudgeBench implements Bench {

    private static final int[] SIZES = {10, 100, 1_000, 10_000};
    private static final int WORKLOADS = 11_000;
    private static final int NAMES = 20;
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration DAY = Duration.ofHours(24);

    /** One in so many deliveries is about a workload that rolls. */
    private static final int ABOUT_RELEASES = 20;

    /** So many releases at most are alerted about: where more are, a storm holds everything anyway. */
    private static final int ALERTED = 20;

    private final int alerts;
    private final int rounds;
    private final int deliveries;

    JudgeBench(int alerts, int rounds, int deliveries) {
        this.alerts = alerts;
        this.rounds = rounds;
        this.deliveries = deliveries;
    }

    private enum Layout {
        SPREAD("200 namespaces", 200),
        CROWDED("5 namespaces", 5);

        private final String label;
        private final int namespaces;

        Layout(String label, int namespaces) {
            this.label = label;
            this.namespaces = namespaces;
        }
    }

    @Override
    public Report run(Progress progress) {
        var table = new Table("workloads in", "releases", "us per delivery", "us per judged one", "ms per sweep");
        var targets = new ArrayList<Target>();
        var raw = new LinkedHashMap<String, Object>();
        for (var layout : Layout.values()) {
            var worlds = new ArrayList<World>();
            for (int size : SIZES) {
                progress.say("%s: %,d of %,d workloads roll, %,d alerts fire", layout.label, size, WORKLOADS, alerts);
                worlds.add(new World(layout.namespaces, size, alerts));
            }
            worlds.forEach(world -> world.round(deliveries)); // warms up
            var figures = measure(progress, worlds);
            for (var figure : figures) {
                table.row(layout.label, figure.world.releases, figure.mix(), figure.judged(), figure.sweep());
                raw.put(layout.label + ", " + figure.world.releases + " releases", figure.raw());
            }
            targets.add(Target.atMost(
                    2,
                    "cost per delivery in %s, the dearest of all sizes to the cheapest".formatted(layout.label),
                    Samples.of(figures.stream().map(Figures::mix).toList()).max()
                            / Samples.of(figures.stream().map(Figures::mix).toList())
                                    .min()));
        }
        return new Report("judge", targets, table.toString(), raw);
    }

    private List<Figures> measure(Progress progress, List<World> worlds) {
        var figures = worlds.stream().map(Figures::new).toList();
        for (int round = 1; round <= rounds; round++) {
            progress.say("round %d of %d", round, rounds);
            for (var figure : figures) {
                figure.rounds.add(figure.world.round(deliveries));
                figure.sweeps.add(figure.world.sweep());
            }
        }
        return figures;
    }

    private record Round(double mix, double judged) {}

    private record Figures(World world, List<Round> rounds, List<Double> sweeps) {

        Figures(World world) {
            this(world, new ArrayList<>(), new ArrayList<>());
        }

        double mix() {
            return Samples.of(rounds.stream().map(Round::mix).toList()).median();
        }

        double judged() {
            return Samples.of(rounds.stream().map(Round::judged).toList()).median();
        }

        double sweep() {
            return Samples.of(sweeps).median();
        }

        Map<String, Object> raw() {
            return Map.of(
                    "usPerDelivery",
                    rounds.stream().map(Round::mix).toList(),
                    "usPerJudged",
                    rounds.stream().map(Round::judged).toList(),
                    "msPerSweep",
                    List.copyOf(sweeps));
        }
    }

    /** A cluster, its alerts, and what the reactor does about them: the same calls in the same order. */
    private static final class World {

        private final int namespaces;
        private final int releases;
        private final int alerts;
        private final ClusterObjects objects = new ClusterObjects("bench");
        private final AlertTable table = new AlertTable(Integer.MAX_VALUE);
        private final Releases active = new Releases(objects, Duration.ofMinutes(30));
        private final Attribution attribution = new Attribution(objects);
        private final RollbackPolicy policy = new RollbackPolicy(Mode.AUTO, Set.of());
        private final Cases cases = new Cases(
                objects,
                table,
                active,
                new Cases.Terms(Duration.ofSeconds(30), DAY, Duration.ofHours(12), Triggers::isTrigger));
        private final Random random = new Random(7);
        private Instant heard = NOW;
        private int guilty;
        private int aboutNoRelease;

        World(int namespaces, int releases, int alerts) {
            this.namespaces = namespaces;
            this.releases = releases;
            this.alerts = alerts;
            for (int workload = 0; workload < WORKLOADS; workload++) {
                add(workload);
            }
            for (int alert = 0; alert < alerts; alert++) {
                table.apply(noise(alert, heard));
            }
            for (int release = 0; release < Math.min(ALERTED, releases); release++) {
                table.apply(aboutRelease(release, heard));
            }
        }

        // --- what is measured

        Round round(int deliveries) {
            var about = new ArrayList<Alert>();
            var noise = new ArrayList<Alert>();
            for (int i = 0; i < deliveries; i++) {
                heard = heard.plusMillis(1);
                if (i % ABOUT_RELEASES == 0) {
                    about.add(aboutRelease(random.nextInt(Math.min(ALERTED, releases)), heard));
                } else {
                    noise.add(noise(random.nextInt(alerts), heard));
                }
            }
            long began = cpu();
            noise.forEach(this::deliver);
            long then = cpu();
            about.forEach(this::deliver);
            long ended = cpu();
            if (guilty == 0 || aboutNoRelease == 0) {
                throw new IllegalStateException("nothing was guilty, or nothing noise: this measures something else");
            }
            return new Round((ended - began) / 1e3 / deliveries, (ended - then) / 1e3 / about.size());
        }

        /** Of this thread, in ns: other programs on the machine don't count. */
        private static long cpu() {
            return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        }

        private void deliver(Alert alert) {
            var targets = attribution.of(table.apply(alert).latest());
            boolean concernsNoRelease = targets.stream()
                    .noneMatch(target -> release(target.workload()).isPresent());
            aboutNoRelease += concernsNoRelease ? 1 : 0;
            targets.forEach(target -> look(target.workload()));
        }

        private Optional<Release> release(WorkloadRef ref) {
            return objects.workload(ref).flatMap(workload -> active.of(workload, heard));
        }

        private void look(WorkloadRef ref) {
            objects.workload(ref)
                    .ifPresent(workload -> active.of(workload, heard).ifPresent(release -> judge(workload, release)));
        }

        private void judge(WorkloadFacts workload, Release release) {
            var input = cases.of(workload, release, Set.of(), false, heard);
            if (!input.hits().isEmpty() && !IncidentEvents.fits(input)) {
                throw new IllegalStateException("a case of the benchmark is larger than a verdict may carry");
            }
            var verdict = Judge.judge(input);
            if (policy.decide(verdict, release, workload, RollbackPolicy.Now.CLEAR)
                    .acts(false)) {
                guilty++;
            }
        }

        /** Looks at every release once, as the reactor does every five seconds. In milliseconds of CPU time. */
        double sweep() {
            long began = cpu();
            active.active(heard).toList().forEach(release -> look(release.workload()));
            return (cpu() - began) / 1e6;
        }

        // --- alerts

        private Alert aboutRelease(int release, Instant at) {
            var labels = labels("CanaryErrors" + release % NAMES, release);
            labels.put("pod", pod(release, "new", 0));
            return alert(labels, NOW.minusSeconds(30), at);
        }

        /** About nothing that rolls: pods and Services of other workloads, namespaces, nodes. */
        private Alert noise(int number, Instant at) {
            int workload = releases + number % Math.max(1, WORKLOADS - releases);
            var labels = labels("Noise" + number % NAMES, workload);
            labels.put("number", String.valueOf(number));
            switch (number % 4) {
                case 0 -> labels.put("pod", pod(workload, "old", number % 3));
                case 1 -> labels.put("service", "app" + workload);
                case 2 -> labels.put("node", "node-" + number % 500);
                default -> labels.put("pod", "job-" + number);
            }
            return alert(labels, NOW.minus(Duration.ofMinutes(number % 600)), at);
        }

        private TreeMap<String, String> labels(String name, int workload) {
            var labels = new TreeMap<String, String>();
            labels.put("alertname", name);
            labels.put("namespace", namespace(workload));
            labels.put("severity", "critical");
            return labels;
        }

        private static Alert alert(Map<String, String> values, Instant startsAt, Instant heard) {
            var labels = Labels.of(values);
            return new Alert(
                    Fingerprint.of(labels),
                    Alert.Status.FIRING,
                    "bench",
                    labels,
                    Map.of("rollguard_for", "0s"),
                    startsAt,
                    null,
                    "",
                    heard);
        }

        // --- the cluster

        /** The first ones roll, canaries and Deployments by turns; the others have been complete for a day. */
        private void add(int number) {
            boolean rolls = number < releases;
            var kind = number % 2 == 0 ? Kind.ROLLOUT : Kind.DEPLOYMENT;
            var name = "app" + number;
            var current = new RevisionHash((rolls ? "new" : "old") + number);
            objects.put(workload(number, kind, current, rolls));
            objects.put(new ServiceFacts(namespace(number), name, Map.of("app", name)));
            revision(number, "older", 1, NOW.minus(Duration.ofDays(9)), 0);
            revision(number, "old", 2, NOW.minus(Duration.ofDays(3)), 3);
            if (rolls) {
                revision(number, "new", 3, NOW.minus(Duration.ofMinutes(5)), 1);
            }
        }

        private WorkloadFacts workload(int number, Kind kind, RevisionHash current, boolean rolls) {
            var rollout = kind == Kind.ROLLOUT;
            return WorkloadFacts.of(
                            new WorkloadRef("bench", namespace(number), kind, "app" + number),
                            "uid-" + number,
                            rollout ? Strategy.CANARY : Strategy.ROLLING)
                    .pods(5, 2, 5, 5)
                    .revisions(current, rollout ? new RevisionHash("old" + number) : null)
                    .complete(!rolls, rolls ? null : NOW.minus(DAY))
                    .build();
        }

        private void revision(int workload, String age, int order, Instant at, int pods) {
            var app = "app" + workload;
            var hash = age + workload;
            objects.put(new RevisionFacts(
                    namespace(workload),
                    app + "-" + hash,
                    "uid-" + workload,
                    new RevisionHash(hash),
                    order,
                    false,
                    at,
                    pods,
                    pods,
                    Map.of("app", app, "pod-template-hash", hash, "team", "team" + workload % 50),
                    hash,
                    hash));
            for (int pod = 0; pod < pods; pod++) {
                objects.put(new PodFacts(
                        namespace(workload),
                        pod(workload, age, pod),
                        app + "-" + hash,
                        null,
                        true,
                        false,
                        at.plusSeconds(1)));
            }
        }

        private String namespace(int workload) {
            return "namespace-" + workload % namespaces;
        }

        private static String pod(int workload, String age, int number) {
            return "app%d-%s%d-%05d".formatted(workload, age, workload, number);
        }
    }
}
