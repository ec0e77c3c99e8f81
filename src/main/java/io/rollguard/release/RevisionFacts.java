package io.rollguard.release;

import java.time.Instant;
import java.util.Map;

/**
 * One revision of a workload, reduced from its ReplicaSet or ControllerRevision.
 *
 * @param name of that object
 * @param workloadUid of the workload that controls it
 * @param number its place in the order in which revisions were current; higher is newer; 0 where unknown
 * @param reused whether it was current before and came back, so that createdAt does not tell when it became current
 * @param readyReplicas its ready pods
 * @param podLabels the labels that its pods have, hash label included
 * @param templateDigest of the pod template without what a restart changes
 * @param configDigest of the same without annotations that carry checksums of configuration
 */
public record RevisionFacts(
        String namespace,
        String name,
        String workloadUid,
        RevisionHash hash,
        long number,
        boolean reused,
        Instant createdAt,
        int replicas,
        int readyReplicas,
        Map<String, String> podLabels,
        String templateDigest,
        String configDigest) {

    public RevisionFacts {
        podLabels = Map.copyOf(podLabels);
    }

    /** Whether it tells of an earlier time at which this revision was current, since a revision that comes back is numbered anew. */
    boolean isBehind(RevisionHash hash, long number) {
        return this.hash.equals(hash) && this.number < number;
    }
}
