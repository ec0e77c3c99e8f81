package io.rollguard.release;

import java.util.Collection;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * What a workload says only by pointing at other objects. {@link ClusterObjects} joins it whenever the workload is read, so
 * that neither of the two has to arrive first.
 *
 * @param currentNumber the number of the current revision, where the workload names it so, be it beside its hash;
 *     {@link #BY_HASH} where it names its hash only, {@link #NEWEST} where it names none
 * @param templateFrom the Deployment that a Rollout takes its template from (workloadRef)
 * @param generation of this object
 * @param templateGeneration the generation of that Deployment which the status is about
 */
public record Links(long currentNumber, @Nullable String templateFrom, long generation, long templateGeneration) {

    public static final long BY_HASH = 0;
    public static final long NEWEST = Long.MAX_VALUE;
    public static final Links NONE = new Links(BY_HASH);

    Links(long currentNumber) {
        this(currentNumber, null, 0, 0);
    }

    /**
     * The current revision's hash; null while its object is not known as such: a revision that comes back is numbered anew,
     * and before that is seen its object tells of its first release only. Also null where more than one has its number.
     */
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
        if (named != null) {
            return revisions.stream().anyMatch(each -> each.isBehind(named, currentNumber)) ? null : named;
        }
        var numbered = revisions.stream()
                .filter(each -> each.number() == currentNumber)
                .toList();
        return numbered.size() == 1 ? numbered.getFirst().hash() : null;
    }
}
