package io.rollguard.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.AlertHistory.Span;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Onset;
import io.rollguard.release.Kind;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class JudgeTest {

    private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");
    private static final Instant FIRST_POD = START.plusSeconds(10);
    private static final Instant FIRED = START.plusSeconds(120);
    private static final Duration SETTLE = Duration.ofSeconds(30);
    private static final RevisionHash NEW = new RevisionHash("bad");
    private static final RevisionHash OLD = new RevisionHash("good");
    private static final WorkloadRef API = new WorkloadRef("default", "shop", Kind.ROLLOUT, "api");
    private static final WorkloadRef OTHER = new WorkloadRef("default", "shop", Kind.DEPLOYMENT, "other");

    // --- the decision table: a row for each reason that a judgement can give

    static Stream<Arguments> decisions() {
        return Stream.of(
                row("no alert", canary(), Outcome.INNOCENT, Reason.NO_ALERT),
                row("hash", canary().hit(hash(NEW)), Outcome.GUILTY, Reason.NAMES_NEW_REVISION),
                row("two pods", canary().hit(pod("n1"), pod("n2")), Outcome.GUILTY, Reason.NAMES_NEW_REVISION),
                row("its only pod", canary().newPods(1).hit(pod("n1")), Outcome.GUILTY, Reason.NAMES_NEW_REVISION),
                row("one of two pods", canary().hit(pod("n1")), Outcome.GUILTY, Reason.BEGAN_WITH_RELEASE),
                row("one pod, not settled", canary().hit(pod("n1")).at(FIRED), Outcome.SUSPECT, Reason.SETTLING),
                row(
                        "hash needs no settling",
                        canary().hit(hash(NEW)).at(FIRED),
                        Outcome.GUILTY,
                        Reason.NAMES_NEW_REVISION),
                row("workload", canary().hit(workload()), Outcome.GUILTY, Reason.BEGAN_WITH_RELEASE),
                row("ended", canary().hit(hash(NEW).ended(FIRED.plusSeconds(9))), Outcome.INNOCENT, Reason.RESOLVED),
                row(
                        "unknown",
                        canary().hit(hash(NEW).state(State.UNKNOWN)),
                        Outcome.INCONCLUSIVE,
                        Reason.ALERT_UNKNOWN),
                row("context", canary().hit(hash(NEW).context()), Outcome.INCONCLUSIVE, Reason.NO_TRIGGER),
                row(
                        "fired before",
                        canary().hit(hash(NEW).onset(START.minusSeconds(1))),
                        Outcome.INNOCENT,
                        Reason.FIRED_BEFORE),
                row(
                        "fired at the start",
                        canary().hit(hash(NEW).earlier(-600, 5)),
                        Outcome.INNOCENT,
                        Reason.FIRED_BEFORE),
                row(
                        "ended long before, but names the revision",
                        canary().hit(hash(NEW).earlier(-3600, -3000)),
                        Outcome.GUILTY,
                        Reason.NAMES_NEW_REVISION),
                row(
                        "ended long before",
                        canary().hit(workload().earlier(-3600, -3000)),
                        Outcome.INNOCENT,
                        Reason.FIRED_BEFORE),
                row(
                        "stable fires as much",
                        canary().ready("s1", "s2").hit(pod("n1"), pod("n2"), stable("s1"), stable("s2")),
                        Outcome.INNOCENT,
                        Reason.FIRES_ON_STABLE),
                row(
                        "stable hash fires",
                        canary().stablePods(2).hit(hash(NEW), hash(OLD)),
                        Outcome.INNOCENT,
                        Reason.FIRES_ON_STABLE),
                row(
                        "stable fires less",
                        canary().ready("s1", "s2").hit(pod("n1"), pod("n2"), stable("s1")),
                        Outcome.SUSPECT,
                        Reason.STABLE_FIRES_TOO),
                row(
                        "stable fires, and none is ready",
                        canary().stablePods(0).hit(pod("n1"), pod("n2"), stable("s1")),
                        Outcome.SUSPECT,
                        Reason.STABLE_FIRES_TOO),
                row(
                        "only stable fires",
                        canary().stablePods(0).hit(stable("s1")),
                        Outcome.INNOCENT,
                        Reason.FIRES_ON_STABLE),
                row(
                        "node down",
                        canary().on("dead", "n1", "n2").hit(pod("n1"), pod("n2")),
                        Outcome.INCONCLUSIVE,
                        Reason.NODES_NOT_READY),
                row(
                        "lease not renewed",
                        canary().on("silent", "n1", "n2").hit(pod("n1"), pod("n2")),
                        Outcome.INCONCLUSIVE,
                        Reason.NODES_NOT_READY),
                row(
                        "unready pods on a dead node",
                        canary().on("dead", "n1").hit(workload()),
                        Outcome.INCONCLUSIVE,
                        Reason.NODES_NOT_READY),
                row(
                        "one on a live node",
                        canary().on("dead", "n1").on("live", "n2").hit(pod("n1"), pod("n2")),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row(
                        "flapping",
                        canary().hit(hash(NEW).earlier(20, 30).earlier(40, 50)),
                        Outcome.INCONCLUSIVE,
                        Reason.FLAPPING),
                row("storm", canary().storm().hit(hash(NEW)), Outcome.INCONCLUSIVE, Reason.STORM),
                row("shared", canary().hit(workload().sharedWith(OTHER)), Outcome.INCONCLUSIVE, Reason.OVERLAP),
                row(
                        "shared, but told apart",
                        canary().stablePods(2).hit(pod("n1").sharedWith(OTHER)),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row("others hit", canary().elsewhere(FIRED).hit(workload()), Outcome.SUSPECT, Reason.OTHERS_HIT),
                row(
                        "others hit, but told apart",
                        canary().stablePods(2).elsewhere(FIRED).hit(pod("n1")),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row(
                        "others hit later",
                        canary().elsewhere(FIRED.plusSeconds(1)).hit(workload()),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row(
                        "others hit long before",
                        canary().elsewhere(FIRED.minusSeconds(601)).hit(workload()),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row(
                        "onset straddles, abort",
                        canary().hit(workload().between(-180, 120)),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row(
                        "onset straddles, restore",
                        promoted().hit(workload().between(-180, 120)),
                        Outcome.SUSPECT,
                        Reason.ONSET_UNCLEAR),
                row(
                        "onset straddles, names pods",
                        promoted().hit(pod("n1").between(-180, 120)),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row(
                        "before the first pod",
                        canary().hit(workload().between(5, 9)),
                        Outcome.SUSPECT,
                        Reason.ONSET_UNCLEAR),
                row(
                        "with the first pod",
                        promoted().hit(workload().between(10, 10)),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row(
                        "promoted, names the revision",
                        promoted().hit(pod("n1"), pod("n2")),
                        Outcome.GUILTY,
                        Reason.NAMES_NEW_REVISION),
                row("promoted, not settled", promoted().hit(hash(NEW)).at(FIRED), Outcome.SUSPECT, Reason.SETTLING),
                row(
                        "promoted, fired in the day before",
                        promoted().hit(hash(NEW).earlier(-3600, -3000)),
                        Outcome.INNOCENT,
                        Reason.FIRED_BEFORE),
                row(
                        "promoted, another release",
                        promoted().others(OTHER).hit(pod("n1"), pod("n2")),
                        Outcome.INCONCLUSIVE,
                        Reason.OVERLAP),
                row(
                        "canary, another release",
                        canary().others(OTHER).hit(workload()),
                        Outcome.GUILTY,
                        Reason.BEGAN_WITH_RELEASE),
                row("too much", canary().cut(1).hit(hash(NEW)), Outcome.INCONCLUSIVE, Reason.TOO_MUCH_EVIDENCE),
                row(
                        "pods that keep their names",
                        statefulSet().hit(pod("n1").between(-180, 120), pod("n2")),
                        Outcome.SUSPECT,
                        Reason.ONSET_UNCLEAR));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("decisions")
    void decides(String name, Case input, Outcome outcome, Reason reason) {
        var verdict = Judge.judge(input);

        assertThat(verdict.outcome()).isEqualTo(outcome);
        assertThat(verdict.reason()).isEqualTo(reason);
        assertThat(verdict.isGuilty() ? verdict.score() > 0 : verdict.score() < 1)
                .isTrue();
    }

    @Test
    void everyReasonOfAJudgementHasARow() {
        var given = Stream.concat(decisions(), FindingsTest.decisions())
                .map(row -> (Reason) row.get()[3])
                .collect(Collectors.toSet());
        var ofJudging = EnumSet.range(Reason.NAMES_NEW_REVISION, Reason.JUDGE_FAILED);
        ofJudging.remove(Reason.JUDGE_FAILED); // the reactor's, where a judgement throws

        assertThat(given).isEqualTo(ofJudging);
    }

    @ParameterizedTest
    @CsvSource({"-1, SETTLING", "0, BEGAN_WITH_RELEASE", "1, BEGAN_WITH_RELEASE"})
    void waitsForContraryEvidenceAsLongAsItShould(long millis, Reason expected) {
        var input = canary().hit(workload())
                .at(FIRED.plus(SETTLE).plusMillis(millis))
                .build();

        assertThat(Judge.judge(input).reason()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"-1, FIRED_BEFORE", "0, ONSET_UNCLEAR", "1, ONSET_UNCLEAR"})
    void whatBeganBeforeTheReleaseIsNotItsDoing(long millis, Reason expected) {
        var input = canary().hit(workload().onset(START.plusMillis(millis))).build();

        assertThat(Judge.judge(input).reason()).isEqualTo(expected);
    }

    @Test
    void alertsOfOneNameAddUpToNoMoreAndOthersDo() {
        var one = Judge.judge(canary().hit(hash(NEW)).build());
        var severities =
                Judge.judge(canary().hit(hash(NEW), hash(NEW).number(7)).build());
        var another = Judge.judge(
                canary().hit(hash(NEW), hash(NEW).named("Latency").number(8)).build());

        assertThat(severities.score()).isEqualTo(one.score());
        assertThat(another.score()).isGreaterThan(one.score());
    }

    @Test
    void oldNoiseHidesNoNewTrouble() {
        var verdict = Judge.judge(canary().hit(
                        workload().named("Noise").onset(START.minusSeconds(9000)),
                        hash(NEW).number(8))
                .build());

        assertThat(verdict.reason()).isEqualTo(Reason.NAMES_NEW_REVISION);
    }

    // --- properties over random cases

    @Property(tries = 1000)
    void everyCaseGetsAVerdictAndTheOrderOfItsPartsDecidesNothing(@ForAll("cases") Case input, @ForAll long seed) {
        var verdict = Judge.judge(input);

        assertThat(Judge.judge(shuffled(input, new Random(seed)))).isEqualTo(verdict);
    }

    @Property(tries = 1000)
    void aVetoBeatsEveryVoteOfItsAlert(@ForAll("cases") Case input) {
        var verdict = Judge.judge(oneName(input));

        if (verdict.evidence().stream().anyMatch(each -> each.kind() == Evidence.Kind.VETO)) {
            assertThat(verdict.isGuilty()).isFalse();
        }
    }

    @Property(tries = 1000)
    void whatFiresOnEveryStablePodIsNeverGuilty(@ForAll("cases") Case input) {
        var oneName = oneName(input);
        var hits = new ArrayList<>(oneName.hits());
        hits.add(hash(OLD).build());

        assertThat(Judge.judge(with(oneName, hits, oneName.storm())).isGuilty()).isFalse();
    }

    @Property(tries = 500)
    void aStormOrAnEarlierOnsetMakesNobodyGuilty(@ForAll("cases") Case input) {
        assertThat(Judge.judge(with(input, input.hits(), true)).isGuilty()).isFalse();

        var before = oneName(input).hits().stream()
                .map(hit -> copy(hit, new Onset(START.minusSeconds(60), START.minusSeconds(60))))
                .toList();
        assertThat(Judge.judge(with(input, before, false)).isGuilty()).isFalse();
    }

    @Property(tries = 500)
    void withoutATriggerNobodyIsGuilty(@ForAll("cases") Case input) {
        var context = input.hits().stream().map(JudgeTest::asContext).toList();

        assertThat(Judge.judge(with(input, context, input.storm())).isGuilty()).isFalse();
    }

    @Provide
    Arbitrary<Case> cases() {
        return Arbitraries.longs().map(seed -> random(new Random(seed)));
    }

    private static Case random(Random random) {
        var building = switch (random.nextInt(3)) {
            case 0 -> canary();
            case 1 -> promoted();
            default -> statefulSet();
        };
        building.newPods(random.nextInt(4)).stablePods(random.nextInt(4));
        building.at(FIRED.plusSeconds(random.nextInt(90)));
        for (int i = random.nextInt(6); i > 0; i--) {
            var hit = switch (random.nextInt(5)) {
                case 0 -> hash(NEW);
                case 1 -> pod("n" + random.nextInt(3));
                case 2 -> stable("s" + random.nextInt(3));
                case 3 -> hash(OLD);
                default -> workload();
            };
            hit.named("A" + random.nextInt(3)).number(i);
            if (random.nextInt(4) == 0) {
                hit.state(State.values()[random.nextInt(3)]);
            }
            if (random.nextInt(4) == 0) {
                int from = random.nextInt(600) - 300;
                hit.between(from, from + random.nextInt(300));
            }
            if (random.nextInt(4) == 0) {
                hit.earlier(random.nextInt(4000) - 4000, random.nextInt(200) - 100);
            }
            if (random.nextInt(5) == 0) {
                hit.sharedWith(OTHER);
            }
            if (random.nextInt(6) == 0) {
                hit.withoutSpans();
            }
            building.hit(hit);
        }
        for (var node : List.of("dead", "silent", "live")) {
            if (random.nextInt(3) == 0) {
                building.on(node, "n" + random.nextInt(3), "s" + random.nextInt(3));
            }
        }
        if (random.nextInt(4) == 0) {
            building.elsewhere(FIRED.plusSeconds(random.nextInt(1200) - 600));
        }
        if (random.nextInt(6) == 0) {
            building.others(OTHER);
        }
        return building.build();
    }

    private static Case shuffled(Case input, Random random) {
        return new Case(
                input.at(),
                input.settle(),
                input.release(),
                shuffled(input.hits(), random),
                shuffled(input.elsewhere(), random),
                shuffled(input.pods(), random),
                shuffled(input.nodes(), random),
                input.newPods(),
                input.stablePods(),
                shuffled(input.otherReleases(), random),
                input.storm(),
                input.cut());
    }

    private static <T> List<T> shuffled(List<T> list, Random random) {
        var copy = new ArrayList<>(list);
        Collections.shuffle(copy, random);
        return copy;
    }

    private static Case with(Case input, List<Case.Hit> hits, boolean storm) {
        return new Case(
                input.at(),
                input.settle(),
                input.release(),
                hits,
                input.elsewhere(),
                input.pods(),
                input.nodes(),
                input.newPods(),
                input.stablePods(),
                input.otherReleases(),
                storm,
                input.cut());
    }

    private static Case oneName(Case input) {
        return with(
                input,
                input.hits().stream()
                        .map(hit -> new Case.Hit(
                                hit.fingerprint(),
                                "Errors",
                                hit.severity(),
                                hit.trigger(),
                                hit.relation(),
                                hit.revision(),
                                hit.pod(),
                                hit.state(),
                                hit.onset(),
                                hit.spans(),
                                hit.sharedWith()))
                        .toList(),
                input.storm());
    }

    private static Case.Hit copy(Case.Hit hit, Onset onset) {
        return new Case.Hit(
                hit.fingerprint(),
                hit.name(),
                hit.severity(),
                hit.trigger(),
                hit.relation(),
                hit.revision(),
                hit.pod(),
                hit.state(),
                onset,
                hit.spans(),
                hit.sharedWith());
    }

    private static Case.Hit asContext(Case.Hit hit) {
        return new Case.Hit(
                hit.fingerprint(),
                hit.name(),
                hit.severity(),
                false,
                hit.relation(),
                hit.revision(),
                hit.pod(),
                hit.state(),
                hit.onset(),
                hit.spans(),
                hit.sharedWith());
    }

    // --- making cases

    private static Arguments row(String name, Building building, Outcome outcome, Reason reason) {
        return Arguments.of(name, building.build(), outcome, reason);
    }

    private static Building canary() {
        return new Building(API, Strategy.CANARY, Stage.IN_PROGRESS);
    }

    private static Building promoted() {
        var cart = new WorkloadRef("default", "shop", Kind.DEPLOYMENT, "cart");
        return new Building(cart, Strategy.ROLLING, Stage.BAKING);
    }

    private static Building statefulSet() {
        var redis = new WorkloadRef("default", "shop", Kind.STATEFULSET, "redis");
        return new Building(redis, Strategy.ROLLING, Stage.IN_PROGRESS);
    }

    private static HitBuilding hash(RevisionHash revision) {
        return new HitBuilding(revision.equals(NEW) ? Relation.NEW_REVISION : Relation.POD_OWNER, revision, null);
    }

    private static HitBuilding pod(String name) {
        return new HitBuilding(Relation.NEW_REVISION, NEW, name);
    }

    private static HitBuilding stable(String name) {
        return new HitBuilding(Relation.POD_OWNER, OLD, name);
    }

    private static HitBuilding workload() {
        return new HitBuilding(Relation.KIND_LABEL, null, null);
    }

    /** An alert that began with its first delivery two minutes after the release. */
    private static final class HitBuilding {
        private final Relation relation;
        private final @Nullable RevisionHash revision;
        private final @Nullable String pod;
        private final List<Span> earlier = new ArrayList<>();
        private String name = "Errors";
        private int number = 1;
        private boolean trigger = true;
        private boolean spans = true;
        private State state = State.FIRING;
        private @Nullable Instant ended;
        private Onset onset = new Onset(FIRED, FIRED);
        private List<WorkloadRef> shared = List.of();

        HitBuilding(Relation relation, @Nullable RevisionHash revision, @Nullable String pod) {
            this.relation = relation;
            this.revision = revision;
            this.pod = pod;
        }

        HitBuilding named(String alertname) {
            name = alertname;
            return this;
        }

        HitBuilding number(int fingerprint) {
            number = fingerprint;
            return this;
        }

        HitBuilding context() {
            trigger = false;
            return this;
        }

        HitBuilding state(State known) {
            state = known;
            return this;
        }

        HitBuilding ended(Instant at) {
            ended = at;
            return state(State.RESOLVED);
        }

        HitBuilding onset(Instant at) {
            onset = new Onset(at, at);
            return this;
        }

        /** Seconds from the release's start. */
        HitBuilding between(int earliest, int latest) {
            onset = new Onset(START.plusSeconds(earliest), START.plusSeconds(latest));
            return this;
        }

        HitBuilding earlier(int from, int until) {
            var startsAt = START.plusSeconds(from);
            earlier.add(new Span(startsAt, START.plusSeconds(until), startsAt, START.plusSeconds(until)));
            return this;
        }

        HitBuilding sharedWith(WorkloadRef... others) {
            shared = List.of(others);
            return this;
        }

        HitBuilding withoutSpans() {
            spans = false;
            return this;
        }

        Case.Hit build() {
            var all = new ArrayList<>(earlier);
            all.add(new Span(FIRED, ended, FIRED, FIRED));
            return new Case.Hit(
                    new Fingerprint("%016x".formatted(31L * name.hashCode() + number)),
                    name,
                    "warning",
                    trigger,
                    relation,
                    revision,
                    pod,
                    state,
                    onset,
                    spans ? all : List.of(),
                    shared);
        }
    }

    private static final class Building {
        private final WorkloadRef workload;
        private final Strategy strategy;
        private final Stage stage;
        private final List<Case.Hit> hits = new ArrayList<>();
        private final List<Case.Elsewhere> elsewhere = new ArrayList<>();
        private final List<Case.Pod> pods = new ArrayList<>();
        private List<WorkloadRef> others = List.of();
        private Instant at = FIRED.plus(SETTLE);
        private int newPods = 2;
        private int stablePods;
        private boolean storm;
        private int cut;

        Building(WorkloadRef workload, Strategy strategy, Stage stage) {
            this.workload = workload;
            this.strategy = strategy;
            this.stage = stage;
        }

        Building hit(HitBuilding... more) {
            Arrays.stream(more).map(HitBuilding::build).forEach(hits::add);
            return this;
        }

        Building newPods(int count) {
            newPods = count;
            return this;
        }

        Building stablePods(int count) {
            stablePods = count;
            return this;
        }

        Building ready(String... stable) {
            Arrays.stream(stable).forEach(name -> pods.add(new Case.Pod(name, OLD, false, true, "live")));
            return stablePods(stable.length);
        }

        Building on(String node, String... names) {
            for (var name : names) {
                boolean isNew = name.startsWith("n");
                if (pods.stream().noneMatch(pod -> pod.name().equals(name))) {
                    pods.add(new Case.Pod(name, isNew ? NEW : OLD, isNew, false, node));
                }
            }
            return this;
        }

        Building elsewhere(Instant onset) {
            elsewhere.add(
                    new Case.Elsewhere(new Fingerprint("00000000000000ee"), "Errors", OTHER, new Onset(onset, onset)));
            return this;
        }

        Building others(WorkloadRef... active) {
            others = List.of(active);
            return this;
        }

        Building at(Instant time) {
            at = time;
            return this;
        }

        Building storm() {
            storm = true;
            return this;
        }

        Building cut(int left) {
            cut = left;
            return this;
        }

        Case build() {
            var completed = stage == Stage.BAKING ? START.plusSeconds(60) : null;
            var release = new Release(
                    workload,
                    "uid",
                    strategy,
                    stage,
                    NEW,
                    OLD,
                    START,
                    completed,
                    List.of(START, FIRST_POD),
                    new Release.Target(OLD, Release.Target.Basis.PROVEN),
                    false,
                    false,
                    false,
                    0);
            var nodes = List.of(
                    new NodeFacts("dead", false, null),
                    new NodeFacts("silent", true, FIRED.minusSeconds(60)),
                    new NodeFacts("live", true, FIRED.plusSeconds(5)));
            return new Case(at, SETTLE, release, hits, elsewhere, pods, nodes, newPods, stablePods, others, storm, cut);
        }
    }
}
