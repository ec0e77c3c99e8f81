package io.rollguard.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What Rollguard may do in a namespace, or in all.
 *
 * @param missing what the next tier needs besides; empty at the last
 * @param deletesPods whether stuck pods of a StatefulSet may be deleted, too
 */
public record Rights(Tier tier, List<Right> missing, boolean deletesPods) {

    public Rights {
        missing = List.copyOf(missing);
    }

    /**
     * The highest tier whose rights, and those of all tiers before it, are among the ones allowed. That of looking is where
     * it begins: what may not be looked at is missing from the picture, and nothing is decided without that.
     */
    public static Rights of(Set<Right> allowed) {
        var reached = Tier.OBSERVE;
        boolean deletesPods = allowed.containsAll(Tier.ofStuckPods());
        for (var next : List.of(Tier.ABORT_ONLY, Tier.FULL)) {
            var missing = new ArrayList<>(next.needs());
            missing.removeAll(allowed);
            if (!missing.isEmpty()) {
                return new Rights(reached, missing, deletesPods);
            }
            reached = next;
        }
        return new Rights(reached, List.of(), deletesPods);
    }

    /** As in {@code abort-only in shop; for full: patch deployments.apps}. */
    public String in(String where) {
        return tier.label() + " in " + where + (missing.isEmpty() ? "" : wanting());
    }

    private String wanting() {
        var next = Tier.values()[tier.ordinal() + 1];
        return missing.stream()
                .map(Right::toString)
                .collect(Collectors.joining(", ", "; for " + next.label() + ": ", ""));
    }
}
