package io.rollguard.release;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A revision known to be good: it completed and then baked without suspicion.
 *
 * @param workloadUid of the workload
 * @param templateDigest as in {@link RevisionFacts}
 * @param since when it was proven
 * @param assumed it was complete when Rollguard first saw the workload, and nothing more is known
 * @param configDigest as in {@link RevisionFacts}; null where it was not written down
 */
public record GoodRevision(
        String workloadUid,
        RevisionHash hash,
        String templateDigest,
        Instant since,
        boolean assumed,
        @Nullable String configDigest) {

    /** One of which nothing is known about its configuration. */
    public GoodRevision(String workloadUid, RevisionHash hash, String templateDigest, Instant since, boolean assumed) {
        this(workloadUid, hash, templateDigest, since, assumed, null);
    }
}
