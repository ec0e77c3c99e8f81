package io.rollguard.reactor;

import io.rollguard.release.ClusterObjects;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.verdict.Act;

/**
 * Whether pods and traffic are back on the target. "The request was accepted" is never enough, and the phase that a
 * controller shows is not evidence either.
 */
sealed interface Verification {

    record Reached(String detail) implements Verification {}

    record NotYet(String detail) implements Verification {}

    /** The workload went another way: the act will not reach its target any more. */
    record Lost(String detail) implements Verification {}

    static Verification of(
            Act act, WorkloadFacts workload, RevisionHash bad, RevisionHash target, ClusterObjects objects) {
        return act == Act.ABORT ? ofAbort(workload, bad, target, objects) : ofRestore(workload, bad, target, objects);
    }

    private static Verification ofAbort(
            WorkloadFacts workload, RevisionHash bad, RevisionHash target, ClusterObjects objects) {
        if (!workload.observed()) {
            return new NotYet("the controller has not observed the present spec");
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
        var weight = workload.canaryWeight();
        if (workload.is(Trait.TRAFFIC_ROUTING)) {
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
        if (!workload.observed() || workload.current() == null) {
            return new NotYet("the controller has not observed the restored template");
        }
        if (!target.equals(workload.current())) {
            return bad.equals(workload.current())
                    ? new Lost("revision %s came back".formatted(bad))
                    : new Lost("revision %s is current now".formatted(workload.current()));
        }
        int serving = ready(workload, target, objects);
        return workload.complete() && serving >= workload.replicas()
                ? new Reached("restored, %d of %d pods of %s serve".formatted(serving, workload.replicas(), target))
                : new NotYet("%d of %d pods of %s serve".formatted(serving, workload.replicas(), target));
    }

    private static int ready(WorkloadFacts workload, RevisionHash hash, ClusterObjects objects) {
        return (int) objects.revisionsOf(workload).stream()
                .filter(revision -> revision.hash().equals(hash))
                .flatMap(revision -> objects.podsOf(revision).stream())
                .filter(PodFacts::ready)
                .filter(pod -> !pod.terminating())
                .count();
    }

    /** Whether what was asked for has been done already, by this process before a crash or by somebody else. */
    static boolean isDone(Act act, WorkloadFacts workload, RevisionHash bad, RevisionHash target) {
        return switch (act) {
            case ABORT -> bad.equals(workload.current()) ? workload.aborted() : target.equals(workload.current());
            case RESTORE ->
                bad.value().equals(workload.settings().rolledBackFrom()) || target.equals(workload.current());
            case NONE -> true;
        };
    }
}
