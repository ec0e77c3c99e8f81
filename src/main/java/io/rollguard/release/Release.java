package io.rollguard.release;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A workload's move from one revision to another.
 *
 * @param uid of the workload
 * @param revision the new one
 * @param stable the revision that its pods are compared with: the stable one of a Rollout, else the one before; null where none is left
 * @param startedAt when the revision's object was made, or when an old revision became current again; never when first seen
 * @param completedAt when it took all traffic; null while it has not
 * @param exposures when pods of the new revision appeared, oldest first; before them stands startedAt, which can be the same
 *     second as that of the first pod
 * @param target the good revision to go back to; null where none is known
 * @param cameBack the new revision is older than one that was current before it
 * @param movesToGood the new revision is itself known to be good: somebody, or Rollguard, went back
 * @param configOnly it differs from the one before in checksums of configuration only
 * @param number the place of the revision in the order in which revisions became current, as its controller counts them: the
 *     same for as long as it stays current, and another once it comes back; 0 where it does not count
 */
public record Release(
        WorkloadRef workload,
        String uid,
        Strategy strategy,
        Stage stage,
        RevisionHash revision,
        @Nullable RevisionHash stable,
        Instant startedAt,
        @Nullable Instant completedAt,
        List<Instant> exposures,
        @Nullable Target target,
        boolean cameBack,
        boolean movesToGood,
        boolean configOnly,
        long number) {

    public enum Stage {
        IN_PROGRESS("in-progress"),
        /** It has taken all traffic, and its bake time has not passed. */
        BAKING("baking"),
        /** Rollout: it was aborted, by whomever. */
        ABORTED("aborted");

        private final String label;

        Stage(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** Where to go back to, and why that revision counts as good. */
    public record Target(RevisionHash revision, Basis basis) {

        public enum Basis {
            /** It completed and baked under Rollguard's eyes. */
            PROVEN("proven"),
            /** It was complete before Rollguard saw the workload, or is the stable revision of a canary. */
            ASSUMED("assumed"),
            /** A person named it, and nothing else speaks for it. */
            NAMED("named");

            private final String label;

            Basis(String label) {
                this.label = label;
            }

            public String label() {
                return label;
            }
        }
    }

    public Release {
        exposures = List.copyOf(exposures);
    }

    /** The same with another place to go back to. */
    public Release to(@Nullable Target other) {
        return new Release(
                workload,
                uid,
                strategy,
                stage,
                revision,
                stable,
                startedAt,
                completedAt,
                exposures,
                other,
                cameBack,
                movesToGood,
                configOnly,
                number);
    }

    /**
     * Whether what it goes back to serves beside it, as it does until a Rollout is promoted: going back then costs little,
     * and little evidence is needed for it.
     */
    public boolean isBesideStable() {
        return workload.kind() == Kind.ROLLOUT && stage != Stage.BAKING;
    }

    /** The last time, not after {@code time}, at which more pods of the new revision came to serve. */
    public Instant exposedBefore(Instant time) {
        var last = startedAt;
        for (var exposure : exposures) {
            if (!exposure.isAfter(time)) {
                last = exposure;
            }
        }
        return last;
    }
}
