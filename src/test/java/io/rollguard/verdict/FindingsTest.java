package io.rollguard.verdict;

import static io.rollguard.release.Trouble.CRASH_LOOP;
import static io.rollguard.release.Trouble.IMAGE_PULL;
import static io.rollguard.release.Trouble.NOT_CREATED;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.AlertTable;
import io.rollguard.policy.Triggers;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.PodFacts;
import io.rollguard.release.PodTrouble;
import io.rollguard.release.Releases;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.Trouble;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the cluster itself shows against a release, from the objects to the verdict. No alert speaks anywhere. */
class FindingsTest {

    private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");
    private static final Instant FAILED = START.plusSeconds(60);
    private static final Duration SETTLE = Duration.ofSeconds(30);
    private static final RevisionHash OLD = new RevisionHash("good");
    private static final RevisionHash NEW = new RevisionHash("bad");

    /** A workload of four pods; whose first is of the old revision and ready, unless a test says otherwise. */
    private static final class World {
        private final ClusterObjects objects = new ClusterObjects("eu");
        private final Kind kind;
        private final String uid;
        private final EnumSet<Trait> traits = EnumSet.noneOf(Trait.class);
        private boolean aborted;
        private boolean complete;
        private boolean stuck;
        private boolean storm;
        private Instant at = FAILED.plus(SETTLE);

        World(Kind kind) {
            this.kind = kind;
            this.uid = "uid";
            objects.put(new NodeFacts("live", true, null));
            objects.put(new NodeFacts("dead", false, null));
            revision("shop", uid, "cart", OLD, 1, START.minus(Duration.ofDays(2)));
            revision("shop", uid, "cart", NEW, 2, START);
            objects.put(new GoodRevision(uid, OLD, "t-good", START.minus(Duration.ofDays(1)), false));
        }

        private void revision(
                String namespace, String uid, String name, RevisionHash hash, long number, Instant created) {
            objects.put(new RevisionFacts(
                    namespace,
                    name + "-" + hash,
                    uid,
                    hash,
                    number,
                    false,
                    created,
                    1,
                    1,
                    Map.of("app", name),
                    "t-" + hash,
                    "c-" + hash));
        }

        World stable(String... names) {
            return pods(OLD, null, "live", names);
        }

        World failing(RevisionHash hash, Trouble trouble, String... names) {
            return pods(hash, trouble, "live", names);
        }

        World failingSince(Instant since, RevisionHash hash, Trouble trouble, String name) {
            objects.put(new PodFacts(
                    "shop",
                    name,
                    "cart-" + hash,
                    "live",
                    false,
                    false,
                    since.minusSeconds(5),
                    new PodTrouble(trouble, since, null)));
            return this;
        }

        World fresh(String... names) {
            return pods(NEW, null, "live", names);
        }

        World pods(RevisionHash hash, @Nullable Trouble trouble, @Nullable String node, String... names) {
            for (var name : names) {
                objects.put(new PodFacts(
                        "shop",
                        name,
                        "cart-" + hash,
                        node,
                        trouble == null,
                        false,
                        hash.equals(NEW) ? START.plusSeconds(5) : START.minus(Duration.ofDays(1)),
                        trouble == null ? null : new PodTrouble(trouble, FAILED, null)));
            }
            return this;
        }

        /** Not ready, and nothing else is known of it. */
        World unready(RevisionHash hash, @Nullable String node, String... names) {
            for (var name : names) {
                objects.put(new PodFacts("shop", name, "cart-" + hash, node, false, false, START.plusSeconds(5)));
            }
            return this;
        }

        /** Another workload that is in trouble. */
        World elsewhere(Trouble trouble, Instant since) {
            put(new WorkloadRef("eu", "pay", Kind.DEPLOYMENT, "ledger"), "other", OLD, true, false, false, Set.of());
            revision("pay", "other", "ledger", OLD, 1, START.minus(Duration.ofDays(9)));
            objects.put(new PodFacts(
                    "pay", "l1", "ledger-good", "live", false, false, since, new PodTrouble(trouble, since, null)));
            return this;
        }

        /** Another release in the namespace. */
        World released() {
            var other = new WorkloadRef("eu", "shop", Kind.DEPLOYMENT, "search");
            put(other, "search", NEW, false, false, false, Set.of());
            revision("shop", "search", "search", OLD, 1, START.minus(Duration.ofDays(9)));
            revision("shop", "search", "search", NEW, 2, START);
            return this;
        }

        World aborted(Trait... why) {
            aborted = true;
            return with(why);
        }

        World with(Trait... more) {
            traits.addAll(Set.of(more));
            return this;
        }

        World promoted() {
            complete = true;
            return this;
        }

        World stuck() {
            stuck = true;
            return this;
        }

        World storm() {
            storm = true;
            return this;
        }

        World at(Instant time) {
            at = time;
            return this;
        }

        private void put(
                WorkloadRef ref,
                String uid,
                RevisionHash current,
                boolean complete,
                boolean aborted,
                boolean stuck,
                Set<Trait> traits) {
            boolean isRollout = ref.kind() == Kind.ROLLOUT;
            objects.put(WorkloadFacts.of(ref, uid, isRollout ? Strategy.CANARY : Strategy.ROLLING)
                    .pods(4, 1, 4, 4)
                    .revisions(current, isRollout ? (complete ? NEW : OLD) : null)
                    .aborted(aborted, null)
                    .changedAt(isRollout && !complete ? START : null)
                    .complete(complete, complete ? START.plusSeconds(30) : null)
                    .stuck(stuck)
                    .traits(traits)
                    .build());
        }

        Case build() {
            var ref = new WorkloadRef("eu", "shop", kind, "cart");
            put(ref, uid, NEW, complete, aborted, stuck, traits);
            var releases = new Releases(objects, Duration.ofMinutes(30));
            var terms = new Cases.Terms(SETTLE, Duration.ofHours(24), Duration.ofHours(12), Triggers::isTrigger);
            var workload = objects.workload(ref).orElseThrow();
            var release = releases.of(workload, at).orElseThrow();
            return new Cases(objects, new AlertTable(10), releases, terms).of(workload, release, Set.of(), storm, at);
        }

        Verdict judge() {
            return Judge.judge(build());
        }
    }

    private static World canary() {
        return new World(Kind.ROLLOUT).stable("s1", "s2", "s3");
    }

    private static World deployment() {
        return new World(Kind.DEPLOYMENT);
    }

    static Stream<Arguments> decisions() {
        return Stream.of(
                row("all is well", canary().fresh("n1"), Outcome.INNOCENT, Reason.NO_ALERT),
                row("its only pod", canary().failing(NEW, CRASH_LOOP, "n1"), Outcome.GUILTY, Reason.NEW_PODS_FAIL),
                row(
                        "its only pod, at once",
                        canary().failing(NEW, CRASH_LOOP, "n1").at(FAILED),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "two of its pods, at once",
                        canary().fresh("n3")
                                .failing(NEW, CRASH_LOOP, "n1", "n2")
                                .at(FAILED),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "one of several, not settled",
                        canary().fresh("n2").failing(NEW, CRASH_LOOP, "n1").at(FAILED),
                        Outcome.SUSPECT,
                        Reason.SETTLING),
                row(
                        "one of several",
                        canary().fresh("n2").failing(NEW, CRASH_LOOP, "n1"),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "an image",
                        canary().failing(NEW, IMAGE_PULL, "n1").at(FAILED),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "a container",
                        canary().failing(NEW, NOT_CREATED, "n1").at(FAILED),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "not yet",
                        canary().failing(NEW, CRASH_LOOP, "n1").at(FAILED.minusSeconds(1)),
                        Outcome.INNOCENT,
                        Reason.NO_ALERT),
                row(
                        "only stable pods fail",
                        canary().fresh("n1").failing(OLD, CRASH_LOOP, "s4"),
                        Outcome.INNOCENT,
                        Reason.NO_ALERT),
                row(
                        "stable pods fail as much",
                        deployment()
                                .failing(OLD, CRASH_LOOP, "s1", "s2")
                                .failing(NEW, CRASH_LOOP, "n1", "n2")
                                .stable("s3", "s4")
                                .fresh("n3", "n4"),
                        Outcome.INNOCENT,
                        Reason.STABLE_FAIL_TOO),
                row(
                        "a stable pod fails too",
                        canary().failing(OLD, CRASH_LOOP, "s4").failing(NEW, CRASH_LOOP, "n1", "n2"),
                        Outcome.SUSPECT,
                        Reason.STABLE_FAIL_TOO),
                row(
                        "a stable pod has failed for days",
                        canary().failingSince(START.minus(Duration.ofDays(2)), OLD, CRASH_LOOP, "s4")
                                .failing(NEW, CRASH_LOOP, "n1"),
                        Outcome.SUSPECT,
                        Reason.STABLE_FAIL_TOO),
                row(
                        "stable pods have failed as much for a minute",
                        deployment()
                                .failingSince(START.minusSeconds(60), OLD, CRASH_LOOP, "s1")
                                .failing(NEW, CRASH_LOOP, "n1")
                                .stable("s2")
                                .fresh("n2"),
                        Outcome.INNOCENT,
                        Reason.STABLE_FAIL_TOO),
                row(
                        "its pods are older than the release, and failed before it",
                        canary().failingSince(START.minusSeconds(60), NEW, CRASH_LOOP, "n1"),
                        Outcome.INNOCENT,
                        Reason.FIRED_BEFORE),
                row(
                        "a stable pod that moved can't pull either",
                        canary().failing(OLD, IMAGE_PULL, "s4").failing(NEW, IMAGE_PULL, "n1", "n2"),
                        Outcome.INNOCENT,
                        Reason.STABLE_FAIL_TOO),
                row(
                        "another workload can't pull either",
                        canary().failing(NEW, IMAGE_PULL, "n1").elsewhere(IMAGE_PULL, FAILED.plusSeconds(2)),
                        Outcome.INCONCLUSIVE,
                        Reason.REGISTRY_TROUBLE),
                row(
                        "another workload has never pulled",
                        canary().failing(NEW, IMAGE_PULL, "n1").elsewhere(IMAGE_PULL, START.minus(Duration.ofDays(3))),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "another workload crashes, and stable pods do not",
                        canary().failing(NEW, CRASH_LOOP, "n1").elsewhere(CRASH_LOOP, FAILED),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "another workload crashes, and nothing is left to compare with",
                        deployment()
                                .promoted()
                                .failing(NEW, CRASH_LOOP, "n1", "n2")
                                .elsewhere(CRASH_LOOP, FAILED),
                        Outcome.SUSPECT,
                        Reason.OTHERS_HIT),
                row(
                        "on a dead node",
                        canary().pods(NEW, CRASH_LOOP, "dead", "n1", "n2"),
                        Outcome.INCONCLUSIVE,
                        Reason.NODES_NOT_READY),
                row(
                        "one on a dead node, one of several on a live one",
                        canary().fresh("n3")
                                .pods(NEW, CRASH_LOOP, "dead", "n1")
                                .failing(NEW, CRASH_LOOP, "n2")
                                .at(FAILED),
                        Outcome.SUSPECT,
                        Reason.SETTLING),
                row("a storm", canary().failing(NEW, CRASH_LOOP, "n1").storm(), Outcome.INCONCLUSIVE, Reason.STORM),
                row(
                        "promoted",
                        deployment().promoted().failing(NEW, CRASH_LOOP, "n1", "n2"),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "promoted, not settled",
                        deployment()
                                .promoted()
                                .failing(NEW, CRASH_LOOP, "n1", "n2")
                                .at(FAILED),
                        Outcome.SUSPECT,
                        Reason.SETTLING),
                row(
                        "promoted, beside another release",
                        deployment()
                                .promoted()
                                .failing(NEW, CRASH_LOOP, "n1", "n2")
                                .released(),
                        Outcome.INCONCLUSIVE,
                        Reason.OVERLAP),
                row(
                        "a StatefulSet's pods are of the revision that they are of",
                        new World(Kind.STATEFULSET)
                                .stable("s-0", "s-1")
                                .failing(NEW, CRASH_LOOP, "s-2")
                                .at(FAILED),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "a DaemonSet",
                        new World(Kind.DAEMONSET)
                                .stable("s1", "s2")
                                .failing(NEW, CRASH_LOOP, "n1")
                                .at(FAILED),
                        Outcome.GUILTY,
                        Reason.NEW_PODS_FAIL),
                row(
                        "the deadline passed",
                        deployment()
                                .stable("s1", "s2", "s3")
                                .unready(NEW, "live", "n1", "n2")
                                .stuck(),
                        Outcome.GUILTY,
                        Reason.DEADLINE_PASSED),
                row(
                        "no deadline passed",
                        deployment().stable("s1", "s2", "s3").unready(NEW, "live", "n1", "n2"),
                        Outcome.INNOCENT,
                        Reason.NO_ALERT),
                row(
                        "the deadline passed, and stable pods are not ready either",
                        deployment()
                                .unready(OLD, "live", "s1", "s2")
                                .unready(NEW, "live", "n1", "n2")
                                .stuck(),
                        Outcome.SUSPECT,
                        Reason.STABLE_FAIL_TOO),
                row(
                        "the deadline passed, and as many stable pods are not ready",
                        deployment()
                                .stable("s3")
                                .unready(OLD, "live", "s1", "s2")
                                .unready(NEW, "live", "n1")
                                .fresh("n2", "n3")
                                .stuck(),
                        Outcome.INNOCENT,
                        Reason.STABLE_FAIL_TOO),
                row(
                        "the deadline passed for a quota",
                        deployment()
                                .stable("s1", "s2", "s3")
                                .unready(NEW, "live", "n1")
                                .stuck()
                                .with(Trait.QUOTA_EXCEEDED),
                        Outcome.INCONCLUSIVE,
                        Reason.QUOTA_EXCEEDED),
                row(
                        "a quota that slows a release is nothing",
                        deployment().stable("s1", "s2").fresh("n1").with(Trait.QUOTA_EXCEEDED),
                        Outcome.INNOCENT,
                        Reason.NO_ALERT),
                row(
                        "the deadline passed without a node for its pods",
                        deployment()
                                .stable("s1", "s2", "s3")
                                .unready(NEW, null, "n1", "n2")
                                .stuck(),
                        Outcome.INCONCLUSIVE,
                        Reason.NOT_PLACED),
                row(
                        "the deadline passed without a pod",
                        deployment().stable("s1", "s2", "s3").stuck(),
                        Outcome.INCONCLUSIVE,
                        Reason.NOT_PLACED),
                row(
                        "the deadline passed, and the controller aborts by itself",
                        canary().unready(NEW, "live", "n1").stuck().with(Trait.ABORTS_AT_DEADLINE),
                        Outcome.INNOCENT,
                        Reason.NO_ALERT),
                row(
                        "a promoted one that gets nowhere is no roll-out",
                        new World(Kind.ROLLOUT)
                                .unready(NEW, "live", "n1")
                                .promoted()
                                .stuck(),
                        Outcome.INNOCENT,
                        Reason.NO_ALERT),
                row(
                        "aborted for its analysis",
                        canary().fresh("n1").aborted(Trait.ANALYSIS_FAILED),
                        Outcome.GUILTY,
                        Reason.ANALYSIS_FAILED),
                row(
                        "the controller is about to abort",
                        canary().fresh("n1").with(Trait.ANALYSIS_FAILED),
                        Outcome.INNOCENT,
                        Reason.NO_ALERT));
    }

    private static Arguments row(String why, World world, Outcome outcome, Reason reason) {
        return Arguments.of(why, world, outcome, reason);
    }

    @ParameterizedTest(name = "{0}: {2} {3}")
    @MethodSource("decisions")
    void decides(String why, World world, Outcome outcome, Reason reason) {
        var verdict = world.judge();

        assertThat(verdict.outcome()).as(verdict.toString()).isEqualTo(outcome);
        assertThat(verdict.reason()).as(verdict.toString()).isEqualTo(reason);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("decisions")
    void nothingThatTheClusterShowsIsTakenForAnAlert(String why, World world, Outcome outcome, Reason reason) {
        assertThat(world.judge().evidence()).allSatisfy(each -> {
            assertThat(each.alert()).isNull();
            assertThat(each.relation()).isEqualTo(Relation.NEW_REVISION);
        });
    }

    @Test
    void theEvidenceTellsTheNumbers() {
        var verdict = canary().fresh("n3").failing(NEW, CRASH_LOOP, "n1", "n2").judge();

        assertThat(verdict.evidence())
                .containsExactly(Evidence.vote(
                        "crash-loop",
                        Relation.NEW_REVISION,
                        0.9,
                        null,
                        "2 of the 3 pods of revision bad crash again and again"));
    }

    @Test
    void theCauseOfAnActIsTheSameForEveryPodAndEveryInstance() {
        var one = canary().failing(NEW, CRASH_LOOP, "n1").build();
        var two = canary().failing(NEW, CRASH_LOOP, "n2", "n3")
                .at(FAILED.plusSeconds(600))
                .build();

        assertThat(one.causes()).hasSize(1).isEqualTo(two.causes());
        var cause = one.causes().getFirst();
        assertThat(cause.startsAt()).isEqualTo(START);
        assertThat(Finding.in(cause, "uid", NEW)).contains(CRASH_LOOP);
        assertThat(Finding.in(cause, "uid", OLD)).as("of another release").isEmpty();
    }

    @Test
    void aQuotaIsHeldAgainstNobody() {
        var input = deployment().stable("s1").stuck().with(Trait.QUOTA_EXCEEDED).build();

        assertThat(input.findings()).extracting(Finding::kind).contains(Trouble.QUOTA);
        assertThat(input.causes()).containsExactly(Finding.episode(Trouble.PROGRESS_DEADLINE, "uid", NEW, START));
    }
}
