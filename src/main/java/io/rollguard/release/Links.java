package io.rollguard.release;

import java.util.Collection;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * What a workload says only by pointing at other objects. {@link ClusterObjects} joins it whenever the workload is read, so
 * that neither of the two has to arrive first.
 *
 * @param currentNumber the number of the current revision, where the workload names it so; {@link #BY_HASH} where it names
 *     its hash, {@link #NEWEST} where it names none
 * @param templateFrom the Deployment that a Rollout takes its template from (workloadRef)
 */
public record Links(long currentNumber, @Nullable String templateFrom) {

    public static final long BY_HASH = 0;
    public static final long NEWEST = Long.MAX_VALUE;
    public static final Links NONE = new Links(BY_HASH, null);

    /** The current revision's hash; null while its object is not known, or more than one has its number. */
    @Nullable
    RevisionHash current(@Nullable RevisionHash named, Collection<RevisionFacts> revisions) {
        if (currentNumber == BY_HASH) {
            return named;
        }
        if (currentNumber == NEWEST) {
            return revisions.stream()
                    .max(Comparator.comparingLong(RevisionFacts::number).thenComparing(RevisionFacts::createdAt))
                    .map(RevisionFacts::hash)
                    .orElse(null);
        }
        var numbered = revisions.stream()
                .filter(each -> each.number() == currentNumber)
                .toList();
        return numbered.size() == 1 ? numbered.getFirst().hash() : null;
    }
}
