package io.rollguard.reactor;

import io.rollguard.release.Release;
import java.time.Instant;

/** Tells other teams what releases do. Loses nothing that it was able to send; never delays the reactor. */
public interface ReleaseEvents {

    enum Step {
        STARTED("started"),
        EXPOSED("exposed"),
        COMPLETED("completed"),
        PROVEN("proven"),
        ABORTED("aborted"),
        SUPERSEDED("superseded");

        private final String label;

        Step(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** @param at when it happened, as far as the cluster tells; part of the event's identity */
    void happened(Step step, Release release, Instant at);
}
