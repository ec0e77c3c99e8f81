package io.rollguard.release;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.incident.IncidentId;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.Release.Target;
import io.rollguard.release.Release.Target.Basis;
import io.rollguard.release.WorkloadFacts.Settings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Times are minutes after T0; a revision's template is named like its hash, but for restarts. */
class ReleasesTest {

    private static final Instant T0 = Instant.parse("2026-11-20T10:00:00Z");
    private static final Duration BAKE = Duration.ofMinutes(30);
    private static final String UID = "uid";

    private final ClusterObjects objects = new ClusterObjects("default");
    private int lastNumber;

    // --- none

    @Test
    void aFirstDeploymentIsNone() {
        revision("a", 0, 2);

        assertThat(release(deployment("a").completed(1), 2)).isEmpty();
    }

    @Test
    void aStatusThatDoesNotDescribeTheSpecTellsNothing() {
        revision("a", 0, 0);
        revision("b", 100, 2);

        assertThat(release(deployment("b").completed(101).unobserved(), 102)).isEmpty();
        assertThat(release(deployment(null).completed(101), 102)).isEmpty();
        assertThat(release(deployment("not-there-yet"), 102)).isEmpty();
    }

    /** What comes back is numbered anew. Where that is not seen yet, its object tells of its first release only. */
    @Test
    void whatIsCurrentAndNotYetTheNewestTellsNothing() {
        revision("a", 0, 1);
        revision("b", 100, 1);
        revision("c", 110, 0);

        assertThat(release(rollout("b", "a"), 151)).isEmpty();
        assertThat(new Releases(objects, BAKE).latest(rollout("b", "a").build()))
                .isEmpty();
        put("b", "b", 100, 1, true);
        assertThat(release(rollout("b", "a").leftCompletenessAt(150), 151)
                        .orElseThrow()
                        .startedAt())
                .isEqualTo(at(150));
    }

    /** Where nothing newer is seen either, the number tells that the workload itself has. */
    @ParameterizedTest
    @CsvSource({"2, true", "3, false", "1, true", "0, true"})
    void whatIsNotNumberedAsItsWorkloadSaysTellsNothing(long number, boolean tells) {
        revision("a", 0, 1);
        revision("b", 100, 1);
        objects.put(rollout("b", "a").build(), new Links(number, null, 0, 0));
        var workload = objects.workloads().findFirst().orElseThrow();

        assertThat(new Releases(objects, BAKE).of(workload, at(151))).matches(release -> release.isPresent() == tells);
    }

    /** The cache knows nothing of its going away and coming back: what is read tells, by its number. */
    @ParameterizedTest
    @CsvSource({"2, true", "4, false"})
    void whatIsReadIsOfNoReleaseThatIsKnownWhereItCameBackSince(long number, boolean known) {
        revision("a", 0, 1);
        revision("b", 100, 1);
        var facts = rollout("b", "a").build();
        var read = objects.revisionsOf(facts).getFirst();
        var renumbered = new RevisionFacts(
                read.namespace(),
                read.name(),
                read.workloadUid(),
                read.hash(),
                number,
                number > 2,
                read.createdAt(),
                1,
                1,
                read.podLabels(),
                read.templateDigest(),
                read.configDigest());

        var namesItsOwn = objects.join(facts, new Links(number, null, 0, 0), List.of(), null);
        var readWithIt = objects.join(facts, Links.NONE, List.of(renumbered), null);

        for (var fresh : List.of(namesItsOwn, readWithIt)) {
            assertThat(fresh.current()).isEqualTo(known ? read.hash() : null);
            assertThat(new Releases(objects, BAKE).of(fresh, at(151)).isPresent())
                    .isEqualTo(known);
        }
    }

    @Test
    void aRestartIsNoneWhileItRunsAndAfterIt() {
        revision("a", 0, 0);
        revision("b", 100, 1);
        put("b2", "b", 500, 1, false);

        assertThat(release(deployment("b2"), 501)).isEmpty();
        assertThat(release(deployment("b2").completed(502), 503)).isEmpty();
    }

    @Test
    void aRestartWhileBakingGoesOnWithTheRelease() {
        revision("a", 0, 0);
        revision("b", 100, 1);
        put("b2", "b", 110, 1, false);

        var release = release(deployment("b2").completed(112), 113).orElseThrow();

        assertThat(release.startedAt()).isEqualTo(at(100));
        assertThat(release.revision()).hasToString("b2");
        assertThat(release.target()).isEqualTo(assumed("a"));
    }

    @Test
    void newPodsOfAnOldRevisionAreNone() {
        revision("a", 0, 0);
        revision("b", 100, 3);
        pod("b", 101);
        pod("b", 5000);

        assertThat(release(deployment("b").complete(), 5001)).isEmpty();
        assertThat(release(deployment("b").completed(101), 5001)).isEmpty();
        assertThat(release(deployment("b").complete(), 102)).isPresent();
    }

    @Test
    void whatWaitsForPeopleIsNoneBeforeTheyMovedAPod() {
        revision("a", 0, 0);
        revision("b", 100, 0);

        assertThat(release(onDelete("b").updated(0), 200)).isEmpty();
        assertThat(release(onDelete("b").updated(1), 200)).isPresent();
        pod("b", 150);
        assertThat(release(onDelete("b").updated(0), 200))
                .as("its pods are seen before its status tells of them")
                .isPresent();
    }

    @Test
    void whatPeopleMoveLongAfterItsTemplateBakesFromThenOn() {
        revision("a", 0, 0);
        revision("b", 100, 0);
        pod("b", 500);
        pod("b", 502);

        assertThat(release(onDelete("b").complete(), 531)).isPresent();
        assertThat(release(onDelete("b").complete(), 533)).isEmpty();
    }

    // --- stages

    @ParameterizedTest
    @CsvSource({"-1, true", "0, true", "1, false"})
    void aReleaseIsActiveUntilItHasBaked(long millis, boolean active) {
        revision("a", 0, 0);
        revision("b", 100, 2);
        var workload = deployment("b").completed(105).build();

        var release =
                new Releases(objects, BAKE).of(workload, at(105).plus(BAKE).plusMillis(millis));

        assertThat(release.isPresent()).isEqualTo(active);
    }

    @Test
    void aReleaseBeginsWithItsRevisionsObjectAndIsExposedWithItsPods() {
        revision("a", 0, 1);
        revision("b", 100, 1);
        pod("b", 102);
        pod("b", 101);

        var release = release(rollout("b", "a"), 103).orElseThrow();

        assertThat(release.stage()).isEqualTo(Stage.IN_PROGRESS);
        assertThat(release.exposures()).containsExactly(at(100), at(101), at(102));
        assertThat(release.exposedBefore(at(101))).isEqualTo(at(101));
        assertThat(release.completedAt()).isNull();
    }

    /** Else the second pod, which may be minutes away, would count as the first that could do harm. */
    @Test
    void aPodOfTheSecondInWhichItBeginsIsItsFirst() {
        revision("a", 0, 1);
        revision("b", 100, 1);
        pod("b", 100);
        pod("b", 400);

        var release = release(rollout("b", "a"), 401).orElseThrow();

        assertThat(release.exposures()).containsExactly(at(100), at(100), at(400));
        assertThat(release.exposedBefore(at(399))).isEqualTo(at(100));
    }

    @Test
    void anAbortedCanaryIsAborted() {
        revision("a", 0, 1);
        revision("b", 100, 1);

        assertThat(release(rollout("b", "a").aborted(), 103).orElseThrow().stage())
                .isEqualTo(Stage.ABORTED);
    }

    @Test
    void aWorkloadMayNameItsOwnBakeTime() {
        revision("a", 0, 0);
        revision("b", 100, 2);

        assertThat(release(deployment("b").completed(101).bakes(Duration.ofMinutes(5)), 106))
                .isPresent();
        assertThat(release(deployment("b").completed(101).bakes(Duration.ofMinutes(5)), 107))
                .isEmpty();
    }

    // --- targets

    @Test
    void aCanaryGoesBackToWhatIsStableWhateverCameBetween() {
        revision("a", 0, 1);
        revision("aborted", 50, 0);
        revision("b", 100, 1);

        assertThat(target(rollout("b", "a"), 101)).contains(assumed("a"));
    }

    @Test
    void aRecordedGoodRevisionBeatsTheOneBefore() {
        revision("a", 0, 0);
        revision("never-good", 50, 0);
        revision("b", 100, 2);
        good("a", 40, false);

        assertThat(target(deployment("b").completed(101), 102))
                .contains(new Target(new RevisionHash("a"), Basis.PROVEN));
    }

    @ParameterizedTest
    @CsvSource({"70, true", "71, false"})
    void withoutARecordTheOneBeforeIsAssumedGoodIfItCouldBake(int made, boolean assumed) {
        revision("a", made, 0);
        revision("b", 100, 2);

        assertThat(target(deployment("b").completed(101), 102).isPresent()).isEqualTo(assumed);
    }

    @Test
    void withoutARecordWhatServesIsAssumedGoodAndNotWhatNeverDid() {
        revision("a", 0, 2);
        revision("never-ready", 100, 0);
        revision("b", 200, 1);

        assertThat(target(deployment("b"), 201)).contains(assumed("a"));
    }

    @Test
    void whatWasRolledBackFromIsNoTarget() {
        revision("a", 0, 0);
        revision("bad", 50, 0);
        revision("b", 100, 2);

        assertThat(target(deployment("b").completed(101).rolledBackFrom("bad"), 102))
                .contains(assumed("a"));
    }

    @Test
    void whatPeopleWentBackFromIsNoTargetEvenWhereItWasProvenOnce() {
        revision("a", 0, 0);
        revision("left", 50, 0);
        put("a", "a", 0, 0, true);
        revision("b", 200, 2);
        good("a", 40, false);
        good("left", 90, false);

        assertThat(target(deployment("b").completed(201), 202))
                .contains(new Target(new RevisionHash("a"), Basis.PROVEN));
    }

    @Test
    void whereEveryRecordedOneIsOutNobodyGuesses() {
        revision("z", 0, 0);
        revision("a", 10, 0);
        revision("b", 100, 2);
        good("a", 50, false);

        assertThat(target(deployment("b").completed(101).rolledBackFrom("a"), 102))
                .isEmpty();
    }

    @Test
    void goingBackIsAMoveToGoodAndNeverGoesOnToTheOneBefore() {
        revision("z", 0, 0);
        revision("a", 50, 0);
        revision("bad", 100, 0);
        put("a", "a", 50, 2, true);
        good("a", 90, true);

        var release = release(deployment("a").completed(120).setAt(118), 121).orElseThrow();

        assertThat(release.cameBack()).isTrue();
        assertThat(release.movesToGood()).isTrue();
        assertThat(release.startedAt()).isEqualTo(at(118));
        assertThat(release.target()).isNull();
    }

    @Test
    void aRevisionThatComesBackIsAReleaseOfItsOwnThoughItsObjectIsOld() {
        revision("a", 0, 0);
        revision("b", 100, 1);

        var first = release(rollout("b", "a").leftCompletenessAt(100), 101).orElseThrow();
        var again = release(rollout("b", "a").leftCompletenessAt(130), 131).orElseThrow();

        assertThat(first.startedAt()).isEqualTo(at(100));
        assertThat(first.cameBack()).isFalse();
        assertThat(again.startedAt()).isEqualTo(at(130));
        assertThat(again.cameBack()).isTrue();
    }

    /** What alerts since the one in between was shipped is that one's doing. */
    @Test
    void aRevisionThatComesBackWhileAnotherIsInProgressBeginsWithItsTemplate() {
        revision("a", 0, 1);
        revision("c", 120, 0);
        put("b", "b", 60, 1, true); // numbered anew

        var afterAnother = release(rollout("b", "a").leftCompletenessAt(120).setAt(130), 131)
                .orElseThrow();
        var unknown = release(rollout("b", "a").leftCompletenessAt(120), 131).orElseThrow();

        assertThat(afterAnother.startedAt()).isEqualTo(at(130));
        assertThat(unknown.startedAt()).isEqualTo(at(120));
    }

    /** Whoever set the template may write anything else later, which moves that time. */
    @Test
    void aRevisionThatComesBackOnWhatIsStableBeginsAsItsControllerSays() {
        revision("c", 30, 0);
        revision("a", 0, 1);
        put("b", "b", 60, 1, true);

        var release = release(rollout("b", "a").leftCompletenessAt(120).setAt(130), 131)
                .orElseThrow();

        assertThat(release.startedAt()).isEqualTo(at(120));
    }

    @Test
    void goingBackWithoutARecordHasNoTarget() {
        revision("z", 0, 0);
        revision("a", 50, 0);
        revision("bad", 100, 0);
        put("a", "a", 50, 2, true);

        var release = release(deployment("a").completed(120), 121).orElseThrow();

        assertThat(release.cameBack()).isTrue();
        assertThat(release.target()).isNull();
    }

    @Test
    void onlyChecksumsDifferFromWhatWouldBeGoneBackTo() {
        config("a", "image:1", 0);
        config("b", "image:2", 100);
        assertThat(release(deployment("b").completed(101), 102).orElseThrow().configOnly())
                .isFalse();

        config("c", "image:2", 200);
        assertThat(release(deployment("c").completed(201), 202).orElseThrow().configOnly())
                .isTrue();
    }

    // --- where no history is kept

    @Test
    void aReleaseIsOneThoughNothingOlderIsLeft() {
        revision("b", 100, 2);
        good("a", 50, false);

        var release = release(deployment("b").completed(101), 102).orElseThrow();

        assertThat(release.stage()).isEqualTo(Stage.BAKING);
        assertThat(release.startedAt()).isEqualTo(at(100));
        assertThat(release.stable()).isNull();
        assertThat(release.target()).isEqualTo(new Target(new RevisionHash("a"), Basis.PROVEN));
        assertThat(release.movesToGood()).isFalse();
    }

    @Test
    void aFirstDeploymentThatIsKnownToBeGoodIsNone() {
        revision("a", 0, 2);
        good("a", 50, true);

        assertThat(release(deployment("a").completed(1), 2)).isEmpty();
    }

    @Test
    void aRestartOfWhatIsGoodIsNoneThoughNothingOlderIsLeft() {
        put("b2", "b", 500, 1, false);
        good("a", 50, false);
        objects.put(new GoodRevision(UID, new RevisionHash("b"), "b", at(200), false));

        assertThat(release(deployment("b2"), 501)).isEmpty();
        assertThat(release(deployment("b2").completed(502), 503)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"same, true", "other, false", ", false"})
    void whatWasKeptTellsWhetherOnlyChecksumsDiffer(String config, boolean configOnly) {
        config("b", "same", 100);
        objects.put(new GoodRevision(UID, new RevisionHash("a"), "a", at(50), false, config));

        assertThat(release(deployment("b").completed(101), 102).orElseThrow().configOnly())
                .isEqualTo(configOnly);
    }

    // --- making facts

    /** Argo Rollouts writes no sign on a ReplicaSet that comes back, and times are by the second: only the number moves. */
    @Test
    void whatComesBackWithinASecondIsTakenForANewReleaseByItsNumber() {
        revision("a", 0, 2);
        revision("b", 100, 2);
        var first = release(rollout("b", "a").leftCompletenessAt(100), 101).orElseThrow();
        put("a", "a", 0, 2, false); // went back to it
        put("b", "b", 100, 2, false);

        var second = release(rollout("b", "a").leftCompletenessAt(100), 101).orElseThrow();

        assertThat(second.startedAt()).isEqualTo(first.startedAt());
        assertThat(second.number()).isGreaterThan(first.number());
        assertThat(IncidentId.of(second)).isNotEqualTo(IncidentId.of(first));
        assertThat(IncidentId.of(second))
                .as("and whoever looks again sees the same")
                .isEqualTo(IncidentId.of(
                        release(rollout("b", "a").leftCompletenessAt(100), 105).orElseThrow()));
    }

    private Optional<Release> release(Building workload, int minutes) {
        return new Releases(objects, BAKE).of(workload.build(), at(minutes));
    }

    private Optional<Target> target(Building workload, int minutes) {
        return Optional.ofNullable(release(workload, minutes).orElseThrow().target());
    }

    private static Target assumed(String hash) {
        return new Target(new RevisionHash(hash), Basis.ASSUMED);
    }

    private static Instant at(int minutes) {
        return T0.plus(Duration.ofMinutes(minutes));
    }

    private void revision(String hash, int made, int replicas) {
        put(hash, hash, made, replicas, false);
    }

    private void put(String hash, String template, int made, int replicas, boolean reused) {
        put(hash, template, "config-of-" + template, made, replicas, reused);
    }

    private void config(String hash, String config, int made) {
        put(hash, hash, config, made, 1, false);
    }

    private void put(String hash, String template, String config, int made, int replicas, boolean reused) {
        objects.put(new RevisionFacts(
                "shop",
                "w-" + hash,
                UID,
                new RevisionHash(hash),
                ++lastNumber,
                reused,
                at(made),
                replicas,
                replicas,
                Map.of("app", "w"),
                template,
                config));
    }

    private void pod(String hash, int made) {
        objects.put(new PodFacts("shop", "w-" + hash + "-" + made, "w-" + hash, "node", true, false, at(made)));
    }

    private void good(String hash, int since, boolean assumed) {
        objects.put(new GoodRevision(UID, new RevisionHash(hash), hash, at(since), assumed));
    }

    private static Building deployment(@Nullable String current) {
        return new Building(Kind.DEPLOYMENT, Strategy.ROLLING, current, null);
    }

    private static Building onDelete(String current) {
        return new Building(Kind.STATEFULSET, Strategy.ON_DELETE, current, null);
    }

    private static Building rollout(String current, String stable) {
        return new Building(Kind.ROLLOUT, Strategy.CANARY, current, stable);
    }

    private static final class Building {
        private final Kind kind;
        private final Strategy strategy;
        private final @Nullable String current;
        private final @Nullable String stable;
        private boolean observed = true;
        private int updated = 2;
        private boolean complete;
        private boolean aborted;
        private @Nullable Instant completedAt;
        private @Nullable Instant setAt;
        private @Nullable Instant changedAt;
        private @Nullable Duration bakeTime;
        private @Nullable String rolledBackFrom;

        Building(Kind kind, Strategy strategy, @Nullable String current, @Nullable String stable) {
            this.kind = kind;
            this.strategy = strategy;
            this.current = current;
            this.stable = stable;
        }

        Building complete() {
            complete = true;
            return this;
        }

        Building updated(int pods) {
            updated = pods;
            return this;
        }

        Building completed(int minutes) {
            completedAt = at(minutes);
            return complete();
        }

        Building unobserved() {
            observed = false;
            return this;
        }

        Building aborted() {
            aborted = true;
            return this;
        }

        Building setAt(int minutes) {
            setAt = at(minutes);
            return this;
        }

        Building leftCompletenessAt(int minutes) {
            changedAt = at(minutes);
            return this;
        }

        Building bakes(Duration time) {
            bakeTime = time;
            return this;
        }

        Building rolledBackFrom(String hash) {
            rolledBackFrom = hash;
            return this;
        }

        WorkloadFacts build() {
            return WorkloadFacts.of(new WorkloadRef("default", "shop", kind, "w"), UID, strategy)
                    .observed(observed)
                    .pods(2, updated, 2, 2)
                    .revisions(
                            current == null ? null : new RevisionHash(current),
                            stable == null ? null : new RevisionHash(stable))
                    .aborted(aborted, null)
                    .changedAt(changedAt)
                    .complete(complete, completedAt)
                    .templateSetAt(setAt)
                    .settings(new Settings(null, bakeTime, null, rolledBackFrom))
                    .build();
        }
    }
}
