package io.rollguard.incident;

import io.rollguard.verdict.Case;

/**
 * How much of the incident log is held in memory; the topic has the rest for as long as it is kept. Open incidents are
 * always held. What is given up follows from the log alone, so every instance gives up the same.
 *
 * @param inputParts of judgements' inputs, which are only shown: of closed incidents the one that changed longest ago goes
 *     first, then of open ones
 * @param closed incidents of each {@link Kind}; of each, the one that changed longest ago goes first, and whole
 */
public record Room(int inputParts, int closed) {

    /** About 25 MB of inputs (a part takes 150 to 250 bytes), and 15,000 closed incidents of some KB each. */
    public static final Room USUAL = new Room(100_000, 5_000);

    /** What decisions may yet stand on a closed incident for. Each has its own room, so that no other pushes it out. */
    enum Kind {
        /** One act a release, cool-down, breaker, spent firings, what was rolled back from, what people want left alone. */
        ACTED,
        /** A revision found guilty is no target. */
        GUILTY,
        OTHER;

        static Kind of(Incident incident) {
            if (!incident.attempts().isEmpty() || incident.isDismissed()) {
                return ACTED;
            }
            var judged = incident.judged();
            return judged != null && judged.verdict().isGuilty() ? GUILTY : OTHER;
        }
    }

    public Room {
        if (inputParts < 0 || closed < 1) {
            throw new IllegalArgumentException("no room: " + inputParts + ", " + closed);
        }
    }

    /** Everything that a case lists, and the case. */
    static int parts(Case input) {
        int hits = input.hits().stream()
                .mapToInt(hit -> 1 + hit.spans().size() + hit.sharedWith().size())
                .sum();
        return 1
                + hits
                + input.elsewhere().size()
                + input.pods().size()
                + input.nodes().size()
                + input.otherReleases().size()
                + input.findings().size()
                + input.failingElsewhere().size();
    }
}
