package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.ClusterObjects;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What these commands do is shown where they are typed: RealKindsIT. */
class ByHandTest {

    private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");
    private static final RevisionHash GOOD = new RevisionHash("good");
    private static final RevisionHash BAD = new RevisionHash("bad");
    private static final String UNDO = "kubectl rollout undo statefulset/db -n shop --to-revision=1";

    private final ClusterObjects objects = new ClusterObjects("test");

    @Test
    void namesTheRevision() {
        revision(GOOD, 1);
        revision(BAD, 2);

        assertThat(restore(set(BAD, GOOD, Strategy.ROLLING, Trait.ORDERED))).contains(UNDO);
    }

    @Test
    void resumesWhatIsPausedFirst() {
        revision(GOOD, 1);
        revision(BAD, 2);

        assertThat(restore(workload(Kind.DEPLOYMENT, BAD, null, Strategy.ROLLING, Trait.PAUSED)))
                .contains("kubectl rollout resume deployment/db -n shop"
                        + " && kubectl rollout undo deployment/db -n shop --to-revision=1");
    }

    @Test
    void takesWhatIsKeptWhereTheHistoryHasLostTheRevision() {
        revision(BAD, 2);
        objects.put(new GoodRevision("uid", GOOD, "digest", START, false, null));

        assertThat(restore(set(BAD, BAD, Strategy.ROLLING)))
                .contains("kubectl patch statefulset db -n shop --type=json -p"
                        + " '[{\"op\":\"replace\",\"path\":\"/spec/template\",\"value\":'\"$(kubectl get controllerrevision"
                        + " db-good-good -n shop -o jsonpath={.data.template} | base64 -d | gunzip)\"'}]'");
    }

    @Test
    void hasNoneWhereNoTemplateIsLeft() {
        revision(BAD, 2);

        assertThat(restore(set(BAD, BAD, Strategy.ROLLING))).isEmpty();
    }

    @Test
    void lowersAPartitionThatTheTargetIsHeldBackBy() {
        revision(GOOD, 1);
        revision(BAD, 2);
        var partition = " && kubectl patch statefulset db -n shop --type=merge -p"
                + " '{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}'";

        assertThat(restore(set(BAD, BAD, Strategy.ROLLING, Trait.PARTITIONED))).contains(UNDO + partition);
        assertThat(restore(set(BAD, GOOD, Strategy.ROLLING, Trait.PARTITIONED)))
                .as("held back is the release, as its owner wants it")
                .contains(UNDO);
    }

    @Test
    void deletesWhatHoldsTheOthersBackTheLowestFirst() {
        revision(GOOD, 3);
        revision(BAD, 2);
        for (int ordinal : new int[] {10, 2, 9}) {
            pod(BAD, ordinal, false);
        }
        pod(BAD, 1, true);
        pod(GOOD, 0, false);

        assertThat(restore(set(GOOD, BAD, Strategy.ROLLING, Trait.ORDERED)))
                .contains("kubectl delete pod -n shop db-2 db-9 db-10");
    }

    @Test
    void deletesEveryPodThatWaitsForIt() {
        revision(GOOD, 1);
        revision(BAD, 2);
        pod(BAD, 1, true);
        pod(GOOD, 0, true);

        assertThat(restore(set(BAD, null, Strategy.ON_DELETE, Trait.ORDERED)))
                .contains(UNDO + " && kubectl delete pod -n shop db-1");
    }

    @Test
    void tellsManyPodsByTheirLabels() {
        revision(GOOD, 1);
        revision(BAD, 2);
        for (int ordinal = 0; ordinal < 16; ordinal++) {
            pod(BAD, ordinal, true);
        }

        assertThat(restore(set(BAD, null, Strategy.ON_DELETE)))
                .contains(UNDO + " && kubectl delete pod -n shop -l app=db,controller-revision-hash=db-bad");
    }

    private Optional<String> restore(WorkloadFacts workload) {
        return ByHand.restore(objects, workload, GOOD);
    }

    private void revision(RevisionHash hash, int number) {
        var labels = Map.of("app", "db", "controller-revision-hash", "db-" + hash);
        objects.put(new RevisionFacts(
                "shop", "db-" + hash, "uid", hash, number, false, START, 0, 0, labels, "t-" + hash, "c"));
    }

    private void pod(RevisionHash hash, int ordinal, boolean ready) {
        objects.put(new PodFacts("shop", "db-" + ordinal, "db-" + hash, "node-a", ready, false, START));
    }

    private static WorkloadFacts set(
            RevisionHash current, @Nullable RevisionHash stable, Strategy strategy, Trait... traits) {
        return workload(Kind.STATEFULSET, current, stable, strategy, traits);
    }

    private static WorkloadFacts workload(
            Kind kind, RevisionHash current, @Nullable RevisionHash stable, Strategy strategy, Trait... traits) {
        var ref = new WorkloadRef("test", "shop", kind, "db");
        return WorkloadFacts.of(ref, "uid", strategy)
                .pods(3, 3, 3, 3)
                .revisions(current, stable)
                .traits(Set.of(traits))
                .build();
    }
}
