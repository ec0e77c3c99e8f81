package io.rollguard.cli;

import io.rollguard.policy.Allowed;
import io.rollguard.release.Release;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * A release with its verdict and what would be done about it.
 *
 * @param command what a person would type where a GitOps tool holds the spec; null otherwise
 */
record Judged(
        Release release,
        Verdict verdict,
        Allowed allowed,
        @Nullable String command) {

    static final Comparator<Judged> MOST_SUSPECT_FIRST = Comparator.comparing(
                    (Judged each) -> each.verdict().outcome())
            .thenComparing(each -> -each.verdict().score())
            .thenComparing(each -> each.verdict().reason() == Reason.NO_ALERT)
            .thenComparing(each -> each.release().workload());
}
