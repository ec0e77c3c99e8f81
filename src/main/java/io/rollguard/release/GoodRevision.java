package io.rollguard.release;

import java.time.Instant;

/**
 * A revision known to be good: it completed and then baked without suspicion.
 *
 * @param workloadUid of the workload
 * @param templateDigest as in {@link RevisionFacts}
 * @param since when it was proven
 * @param assumed it was complete when Rollguard first saw the workload, and nothing more is known
 */
public record GoodRevision(
        String workloadUid, RevisionHash hash, String templateDigest, Instant since, boolean assumed) {}
