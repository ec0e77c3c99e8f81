package io.rollguard.reactor;

import io.rollguard.release.ClusterObjects;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.BlueGreen;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.verdict.Act;
import org.jspecify.annotations.Nullable;

/**
 * Whether pods and traffic are back on the target. "The request was accepted" is never enough, and the phase that a
 * controller shows is not evidence either.
 */
sealed interface Verification {

    String detail();

    record Reached(String detail) implements Verification {}

    record NotYet(String detail) implements Verification {}

    /** A pod holds the others back, and stays until somebody deletes it. */
    record Stuck(String detail) implements Verification {}

    /** The workload went another way: the act will not reach its target any more. */
    record Lost(String detail) implements Verification {}

    /** The workload is not there any more. */
    record Gone(String detail) implements Verification {}

    static Verification of(
            Act act, WorkloadFacts workload, RevisionHash bad, RevisionHash target, ClusterObjects objects) {
        return act == Act.ABORT ? ofAbort(workload, bad, target, objects) : ofRestore(workload, bad, target, objects);
    }

    private static Verification ofAbort(
            WorkloadFacts workload, RevisionHash bad, RevisionHash target, ClusterObjects objects) {
        if (!workload.observed()) {
            return new NotYet("the controller has not observed the present spec");
        }
        if (!workload.tellsItsRevision()) {
            return new NotYet("it is not known yet which revision is there");
        }
        if (!bad.equals(workload.current())) {
            return target.equals(workload.current())
                    ? ofRestore(workload, bad, target, objects)
                    : new Lost("revision %s is current now".formatted(workload.current()));
        }
        if (workload.complete()) {
            return new Lost("revision %s was promoted in between".formatted(bad));
        }
        if (!workload.aborted()) {
            return new Lost("the abort was taken back");
        }
        if (workload.abortedAt() == null) {
            return new NotYet("the controller has not acknowledged the abort");
        }
        if (workload.isStranded()) {
            return new Lost(
                    "its controller does not take users back from revision %s, and will end its pods".formatted(bad));
        }
        var weight = workload.canaryWeight();
        if (workload.blueGreen() != null) {
            var elsewhere = usersElsewhere(workload.blueGreen(), workload, target, objects);
            if (elsewhere != null) {
                return new NotYet(elsewhere);
            }
        } else if (workload.is(Trait.TRAFFIC_ROUTING)) {
            if (weight == null || weight > 0) {
                return new NotYet("%s %% of the traffic is on the canary"
                        .formatted(weight == null ? "an unknown share" : weight));
            }
        } else if (ready(workload, bad, objects) > 0) {
            return new NotYet("%d pods of the canary still serve".formatted(ready(workload, bad, objects)));
        }
        int serving = ready(workload, target, objects);
        return serving >= workload.replicas()
                ? new Reached("aborted, %d of %d pods of %s serve".formatted(serving, workload.replicas(), target))
                : new NotYet("%d of %d pods of %s serve".formatted(serving, workload.replicas(), target));
    }

    private static Verification ofRestore(
            WorkloadFacts workload, RevisionHash bad, RevisionHash target, ClusterObjects objects) {
        if (!workload.tellsItsRevision()) {
            return new NotYet("the controller has not observed the restored template");
        }
        if (!target.equals(workload.current())) {
            return bad.equals(workload.current())
                    ? new Lost("revision %s came back".formatted(bad))
                    : new Lost("revision %s is current now".formatted(workload.current()));
        }
        if (workload.aborted() && !workload.is(Trait.ABORTED_BY_CONTROLLER)) {
            return new Lost("somebody aborted the way back to revision %s".formatted(target));
        }
        var weight = workload.canaryWeight();
        boolean isShifted = workload.is(Trait.TRAFFIC_ROUTING) && workload.strategy() == Strategy.CANARY;
        if (workload.complete() && isShifted && (weight == null || weight > 0)) {
            return new NotYet(
                    "%s %% of the traffic is elsewhere yet".formatted(weight == null ? "an unknown share" : weight));
        }
        if (workload.complete() && workload.blueGreen() != null) {
            var elsewhere = usersElsewhere(workload.blueGreen(), workload, target, objects);
            if (elsewhere != null) {
                return new NotYet(elsewhere);
            }
        }
        var stuck = StuckPod.of(workload, bad, target, objects);
        if (stuck.isPresent()) {
            return new Stuck("%s of %s is not ready, and holds the others back"
                    .formatted(stuck.get().name(), bad));
        }
        int serving = ready(workload, target, objects);
        return workload.complete() && isAvailable(workload) && serving >= workload.replicas()
                ? new Reached("restored, %d of %d pods of %s serve".formatted(serving, workload.replicas(), target))
                : new NotYet("%d of %d pods of %s serve".formatted(serving, workload.replicas(), target));
    }

    /** A DaemonSet counts as complete while nodes wait for their first pod, and its pods may have to be ready for a while. */
    private static boolean isAvailable(WorkloadFacts workload) {
        return workload.ref().kind() != Kind.DAEMONSET
                || (workload.updatedReplicas() >= workload.replicas()
                        && workload.availableReplicas() >= workload.replicas());
    }

    /** Why it can't be said that the users of a blue-green Rollout are on this revision; null where it can. */
    private static @Nullable String usersElsewhere(
            BlueGreen blueGreen, WorkloadFacts workload, RevisionHash target, ClusterObjects objects) {
        var name = blueGreen.activeService();
        if (!target.equals(blueGreen.active())) {
            return "the active Service %s selects %s, as the status says".formatted(name, blueGreen.active());
        }
        var service = objects.service(workload.ref().namespace(), name);
        if (service.isEmpty()) {
            return "the active Service %s is not seen".formatted(name);
        }
        boolean selects = service.get().selectsRevision(target)
                && objects.revisionsOf(workload).stream()
                        .filter(revision -> revision.hash().equals(target))
                        .anyMatch(revision -> service.get().selects(revision.podLabels()));
        return selects ? null : "the active Service %s does not select %s yet".formatted(name, target);
    }

    private static int ready(WorkloadFacts workload, RevisionHash hash, ClusterObjects objects) {
        return (int) objects.revisionsOf(workload).stream()
                .filter(revision -> revision.hash().equals(hash))
                .flatMap(revision -> objects.podsOf(revision).stream())
                .filter(PodFacts::ready)
                .filter(pod -> !pod.terminating())
                .count();
    }

    /**
     * Whether what was asked for has been done already, by this process before a crash or by somebody else.
     *
     * @param byHand people go back from what was gone back from before, so then the mark alone tells nothing
     */
    static boolean isDone(Act act, WorkloadFacts workload, RevisionHash bad, RevisionHash target, boolean byHand) {
        return switch (act) {
            case ABORT -> bad.equals(workload.current()) ? workload.aborted() : target.equals(workload.current());
            case RESTORE ->
                target.equals(workload.current())
                        || (bad.value().equals(workload.settings().rolledBackFrom())
                                && !(byHand && bad.equals(workload.current())));
            case NONE -> true;
        };
    }
}
