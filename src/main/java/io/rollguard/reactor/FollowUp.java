package io.rollguard.reactor;

import io.rollguard.incident.Attempt;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What an act still needs of its kind after the cluster took it, until pods and traffic are back: part of the same attempt,
 * and no second act. It follows from the object as it is now, so that whoever comes after a crash does what is left.
 */
public sealed interface FollowUp {

    /** Says what it does, for the log. */
    String label();

    /**
     * Lets an aborted Rollout move that a person had paused. Never before its controller has acknowledged the abort: till
     * then it would go on with the canary.
     */
    record Unpause() implements FollowUp {
        @Override
        public String label() {
            return "unpause";
        }
    }

    /**
     * Takes a restored Rollout to its target without steps, pauses and analysis, which would expose it step by step as if it
     * were new. Takes back the abort by which an analysis of the restore, that still measures the bad revision, may end it.
     */
    record Promote() implements FollowUp {
        @Override
        public String label() {
            return "promote";
        }
    }

    /**
     * Any write, so that its controller looks again. Argo Rollouts before 1.10 does not see what was written while it was
     * writing itself, until something else is.
     */
    record Nudge() implements FollowUp {
        @Override
        public String label() {
            return "nudge";
        }
    }

    /**
     * Deletes the pod that holds an ordered StatefulSet back after its restore, so that it comes back good. Only where that is
     * configured and allowed, and never another pod before this one is back.
     */
    record DeletePod(String pod) implements FollowUp {
        @Override
        public String label() {
            return "delete pod " + pod;
        }
    }

    /**
     * Restores the template of the stable revision of a blue-green Rollout that was aborted and whose users were not taken
     * back. The pods that they are on end at the abort's delay, whether or not anybody is on them.
     */
    record GoBack() implements FollowUp {
        @Override
        public String label() {
            return "go-back";
        }
    }

    /** How long a controller may take to see what was asked of it; it takes a twentieth of a second. */
    Duration SEEN_WITHIN = Duration.ofSeconds(2);

    /**
     * What is known of the workload now.
     *
     * @param mayChangeSpec whether rights and owner of its spec allow more than a change of its status
     * @param stuckPod the pod that holds all others back, where Rollguard may delete it
     */
    record Seen(WorkloadFacts workload, boolean mayChangeSpec, Optional<String> stuckPod) {}

    /** The next one; empty where nothing is left to do but wait, or where the attempt has not been accepted. */
    static Optional<FollowUp> next(Attempt attempt, RevisionHash bad, Seen seen, Instant now) {
        var workload = seen.workload();
        var target = attempt.target();
        if (attempt.acceptedAt() == null || target == null) {
            return Optional.empty();
        }
        boolean isLate = attempt.acceptedAt().plus(SEEN_WITHIN).isBefore(now);
        if (!workload.observed()) {
            return isLate && workload.ref().kind() == Kind.ROLLOUT ? Optional.of(new Nudge()) : Optional.empty();
        }
        return switch (attempt.act()) {
            case ABORT -> ofAbort(bad, seen, isLate);
            case RESTORE ->
                workload.ref().kind() == Kind.ROLLOUT
                        ? ofRestoredRollout(target, workload, isLate)
                        : seen.stuckPod().map(DeletePod::new);
            case NONE -> Optional.empty();
        };
    }

    private static Optional<FollowUp> ofAbort(RevisionHash bad, Seen seen, boolean isLate) {
        var workload = seen.workload();
        if (!bad.equals(workload.current()) || !workload.aborted() || workload.complete()) {
            return Optional.empty();
        }
        if (workload.abortedAt() == null) {
            return isLate ? Optional.of(new Nudge()) : Optional.empty();
        }
        if (!seen.mayChangeSpec()) {
            return Optional.empty();
        }
        if (workload.blueGreen() != null) {
            boolean goBack = workload.isStranded() || (workload.is(Trait.SWITCHED) && isLate);
            return goBack ? Optional.of(new GoBack()) : Optional.empty();
        }
        return workload.is(Trait.PAUSED) ? Optional.of(new Unpause()) : Optional.empty();
    }

    private static Optional<FollowUp> ofRestoredRollout(RevisionHash target, WorkloadFacts workload, boolean isLate) {
        if (!target.equals(workload.current()) || target.equals(workload.stable())) {
            return Optional.empty(); // not observed yet, or it goes to its end by itself
        }
        if (workload.aborted() && !workload.is(Trait.ABORTED_BY_CONTROLLER)) {
            return Optional.empty(); // a person wants it so
        }
        if (!workload.is(Trait.PROMOTE_FULL)) {
            return Optional.of(new Promote());
        }
        boolean isOverlooked = workload.aborted() || workload.is(Trait.WAITING);
        return isOverlooked && isLate ? Optional.of(new Nudge()) : Optional.empty();
    }
}
