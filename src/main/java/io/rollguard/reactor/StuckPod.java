package io.rollguard.reactor;

import io.rollguard.release.ClusterObjects;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import java.util.Comparator;
import java.util.Optional;

/**
 * The trap of ordered StatefulSets (kubernetes#67250): a pod of the bad release that is not ready holds back even the
 * template that would cure it. Deleted, it comes back good; with several, only the lowest one's deletion moves anything, since
 * a higher one is not even made again before that.
 */
final class StuckPod {

    private StuckPod() {}

    /** The pod that must go next; empty where none must, or where another change must come to its end first. */
    static Optional<PodFacts> of(
            WorkloadFacts workload, RevisionHash bad, RevisionHash target, ClusterObjects objects) {
        boolean isRestored = workload.observed() && target.equals(workload.current());
        if (!workload.is(Trait.ORDERED) || workload.strategy() == Strategy.ON_DELETE || !isRestored) {
            return Optional.empty();
        }
        return objects.revisionsOf(workload).stream()
                .flatMap(revision -> objects.podsOf(revision).stream()
                        .filter(pod -> !pod.ready() || pod.terminating())
                        .map(pod -> new Waiting(pod, revision.hash())))
                .min(Comparator.comparingInt(waiting -> waiting.pod().ordinal()))
                .filter(waiting ->
                        waiting.revision().equals(bad) && !waiting.pod().terminating())
                .map(Waiting::pod);
    }

    private record Waiting(PodFacts pod, RevisionHash revision) {}
}
