package io.rollguard.verdict;

import java.util.List;

/**
 * What the evidence says of one release.
 *
 * @param score how suspect it is, 0 to 1, two decimals
 * @param reason what decided it
 */
public record Verdict(Outcome outcome, double score, Reason reason, List<Evidence> evidence) {

    /** In the order of suspicion, most first. */
    public enum Outcome {
        GUILTY,
        SUSPECT,
        INCONCLUSIVE,
        INNOCENT
    }

    public Verdict {
        evidence = List.copyOf(evidence);
        if (score < 0 || score > 1) {
            throw new IllegalArgumentException("a score is between 0 and 1, not " + score);
        }
    }

    /** Whether it stands on what the cluster itself shows, and on no alert. */
    public boolean isWithoutAlerts() {
        return !evidence.isEmpty() && evidence.stream().allMatch(each -> each.alert() == null);
    }

    public boolean isGuilty() {
        return outcome == Outcome.GUILTY;
    }

    /** Where judging itself went wrong: never a rollback. */
    public static Verdict inconclusive(Reason reason) {
        return new Verdict(Outcome.INCONCLUSIVE, 0, reason, List.of());
    }
}
