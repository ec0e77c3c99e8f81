package io.rollguard.policy;

import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.util.Optional;

/**
 * How a release is taken back, by what it is and the state that its workload is in: the decision table of acting, kind by
 * kind. What no row of it covers is refused.
 */
public final class WayBack {

    private WayBack() {}

    /** The act that takes this release back. Whether it can be done safely in this state is another question. */
    public static Act act(Release release, WorkloadFacts workload) {
        return switch (workload.ref().kind()) {
            case ROLLOUT ->
                switch (workload.strategy()) {
                    case BLUE_GREEN -> blueGreen(release, workload);
                    case CANARY, ROLLING, RECREATE, ON_DELETE -> canary(release, workload);
                };
            case DEPLOYMENT, STATEFULSET, DAEMONSET -> Act.RESTORE;
        };
    }

    /** What speaks against the act in this state; empty where nothing does. */
    static Optional<Reason> against(Act act, WorkloadFacts workload) {
        return switch (workload.ref().kind()) {
            case ROLLOUT -> act == Act.ABORT ? againstAbort(workload) : againstRestoreOfRollout(workload);
            case DEPLOYMENT, STATEFULSET, DAEMONSET ->
                when(workload.isGitOpsOwned(), Reason.GITOPS_OWNED).or(() -> whyNoPodWouldMove(workload));
        };
    }

    /**
     * Whether the act can't come to its end without a change of the spec. A canary that moves pods, and that a person
     * paused, stands still until it is unpaused; where a router shifts the traffic, that moves all the same, and so does the
     * preview of a blue-green.
     */
    static boolean changesSpec(Act act, WorkloadFacts workload) {
        return act == Act.RESTORE
                || (act == Act.ABORT
                        && workload.strategy() == Strategy.CANARY
                        && workload.is(Trait.PAUSED)
                        && !workload.is(Trait.TRAFFIC_ROUTING));
    }

    // --- Deployment, StatefulSet, DaemonSet

    /**
     * Where a restored template stays a template: half an act, that says "rolled back" while users still suffer. What is left
     * to do, people do at their own pace, which is what they chose these settings for.
     */
    private static Optional<Reason> whyNoPodWouldMove(WorkloadFacts workload) {
        // with all pods on the release, one below the partition comes back with the release even when it is deleted
        boolean isHeld = workload.is(Trait.PARTITIONED) && workload.complete();
        return when(workload.is(Trait.PAUSED), Reason.WORKLOAD_PAUSED)
                .or(() -> when(workload.strategy() == Strategy.ON_DELETE, Reason.ON_DELETE))
                .or(() -> when(isHeld, Reason.PARTITION_RAISED));
    }

    // --- Rollout, canary

    private static Act canary(Release release, WorkloadFacts workload) {
        if (release.stage() == Stage.BAKING) {
            return Act.RESTORE;
        }
        if (isWithinWindow(release, workload)) {
            return Act.RESTORE;
        }
        return workload.is(Trait.DYNAMIC_STABLE_SCALE)
                        && (!workload.isGitOpsOwned() || workload.is(Trait.ABORT_DELAY_SET))
                ? Act.RESTORE // one scale-up, where an abort goes back step by step, or with a delay never ends
                : Act.ABORT;
    }

    private static Optional<Reason> againstAbort(WorkloadFacts workload) {
        boolean staysPaused = changesSpec(Act.ABORT, workload) && workload.isGitOpsOwned();
        return againstRollout(workload).or(() -> when(staysPaused, Reason.WORKLOAD_PAUSED));
    }

    private static Optional<Reason> againstRestoreOfRollout(WorkloadFacts workload) {
        // the pause is in the Rollout, the template is not: no one patch changes both
        boolean staysPaused = workload.is(Trait.WORKLOAD_REF) && workload.is(Trait.PAUSED);
        return againstRollout(workload)
                .or(() -> when(workload.isGitOpsOwned(), Reason.GITOPS_OWNED))
                .or(() -> when(staysPaused, Reason.WORKLOAD_PAUSED));
    }

    /** Its controller does nothing before the spec is valid, and of a template elsewhere we see only a Deployment's. */
    private static Optional<Reason> againstRollout(WorkloadFacts workload) {
        boolean isUnknown = workload.is(Trait.INVALID) || workload.is(Trait.FOREIGN_TEMPLATE);
        return when(isUnknown, Reason.STATE_UNSUPPORTED);
    }

    /** Where the controller takes every abort back. */
    private static boolean isWithinWindow(Release release, WorkloadFacts workload) {
        return workload.is(Trait.ROLLBACK_WINDOW) && release.cameBack();
    }

    // --- Rollout, blue-green

    /**
     * Before the switch an abort ends what only testers see. After it a restore takes users back whatever state the new pods
     * are in. An abort does so only where each of them serves, so it is for specs that Git owns, and never a risk.
     */
    private static Act blueGreen(Release release, WorkloadFacts workload) {
        if (release.stage() == Stage.BAKING || isWithinWindow(release, workload)) {
            return Act.RESTORE;
        }
        boolean abortGoesBack =
                !workload.is(Trait.SWITCHED) || (workload.isGitOpsOwned() && !workload.strandsOnAbort());
        return abortGoesBack ? Act.ABORT : Act.RESTORE;
    }

    private static Optional<Reason> when(boolean holds, Reason reason) {
        return holds ? Optional.of(reason) : Optional.empty();
    }
}
