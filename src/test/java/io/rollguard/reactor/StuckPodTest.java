package io.rollguard.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.ClusterObjects;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The pods of a StatefulSet of 3 after the restore of its template, by ordinal: {@code G} good, {@code B} bad, small where
 * not ready, {@code x} bad and being deleted, {@code -} not there.
 */
class StuckPodTest {

    private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");
    private static final RevisionHash GOOD = new RevisionHash("good");
    private static final RevisionHash BAD = new RevisionHash("bad");
    private static final WorkloadRef DB = new WorkloadRef("test", "shop", Kind.STATEFULSET, "db");

    private final ClusterObjects objects = new ClusterObjects("test");

    @ParameterizedTest
    @CsvSource({
        "GGG, ",
        "GGB, ", // moves by itself
        "GGb, db-2",
        "bbb, db-0",
        "gbb, ", // the good one comes first
        "Gbb, db-1",
        "xbb, ", // one at a time
        "xGb, ",
        "Bbb, db-1",
        "BBB, "
    })
    void theLowestOfTheBadReleaseThatIsNotReady(String pods, @Nullable String stuck) {
        put(pods);

        assertThat(stuck(restored(Strategy.ROLLING, true, GOOD, Trait.ORDERED))).isEqualTo(stuck);
    }

    @ParameterizedTest
    @CsvSource({
        "ROLLING,   true,  good, true,  db-2",
        "ROLLING,   true,  good, false, ", // Parallel
        "ROLLING,   false, good, true,  ",
        "ROLLING,   true,  bad,  true,  ",
        "ROLLING,   true,  next, true,  ",
        "ON_DELETE, true,  good, true,  "
    })
    void onlyOnceTheRestoreOfAnOrderedOneIsObserved(
            Strategy strategy, boolean observed, String current, boolean ordered, @Nullable String stuck) {
        put("GGb");
        var traits = ordered ? new Trait[] {Trait.ORDERED} : new Trait[0];

        assertThat(stuck(restored(strategy, observed, new RevisionHash(current), traits)))
                .isEqualTo(stuck);
    }

    @ParameterizedTest
    @CsvSource({"GGG, Reached", "GGb, Stuck", "GGg, NotYet", "GGx, NotYet", "GGB, NotYet", "GG-, NotYet"})
    void isVerifiedWithAllPodsBack(String pods, String verification) {
        put(pods);
        var workload = restored(Strategy.ROLLING, true, GOOD, Trait.ORDERED);

        var state = Verification.of(Act.RESTORE, workload, BAD, GOOD, objects);

        assertThat(state.getClass().getSimpleName()).isEqualTo(verification);
    }

    private @Nullable String stuck(WorkloadFacts workload) {
        return StuckPod.of(workload, BAD, GOOD, objects).map(PodFacts::name).orElse(null);
    }

    private void put(String pods) {
        revision(GOOD, 3);
        revision(BAD, 2);
        for (int ordinal = 0; ordinal < pods.length(); ordinal++) {
            char pod = pods.charAt(ordinal);
            if (pod != '-') {
                var hash = Character.toLowerCase(pod) == 'g' ? GOOD : BAD;
                objects.put(new PodFacts(
                        "shop",
                        "db-" + ordinal,
                        "db-" + hash,
                        "node-a",
                        Character.isUpperCase(pod),
                        pod == 'x',
                        START));
            }
        }
    }

    private void revision(RevisionHash hash, int number) {
        objects.put(new RevisionFacts(
                "shop", "db-" + hash, "uid", hash, number, false, START, 0, 0, Map.of("app", "db"), "t-" + hash, "c"));
    }

    private static WorkloadFacts restored(Strategy strategy, boolean observed, RevisionHash current, Trait... traits) {
        return WorkloadFacts.of(DB, "uid", strategy)
                .observed(observed)
                .pods(3, 3, 3, 3)
                .revisions(current, GOOD)
                .complete(true, null)
                .traits(Set.of(traits))
                .build();
    }
}
