package io.rollguard.reactor;

import io.rollguard.incident.Incident;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.verdict.Reason;
import java.util.List;
import java.util.Optional;

/**
 * Whether a revision that was rolled back from is back, after the act was done: a tool synced it, a person retried or undid,
 * the steps were edited. It is told once for each time, and not taken away again: whoever put it back would win in the end, or
 * knows something. Pure.
 */
final class Comeback {

    private Comeback() {}

    /** The incident that is to tell of it; empty where nothing came back, or it was told. */
    static Optional<Incident> untold(List<Incident> ofWorkload, WorkloadFacts workload, Optional<Release> release) {
        return ofWorkload.stream()
                .filter(incident -> incident.uid().equals(workload.uid()))
                .filter(incident -> release.isPresent()
                        && incident.revision().equals(release.get().revision()))
                .filter(Incident::isRolledBack)
                .reduce((older, newer) -> newer)
                .filter(Incident::mayReturn)
                .filter(incident -> isBack(workload, incident.revision()));
    }

    static boolean isBack(WorkloadFacts workload, RevisionHash bad) {
        return workload.observed() && bad.equals(workload.current()) && !workload.aborted();
    }

    /** Why an incident that told of it ends; empty while the revision is there. */
    static Optional<Reason> over(Incident incident, WorkloadFacts workload, Optional<Release> release) {
        if (!workload.tellsItsRevision()) {
            return Optional.empty();
        }
        if (!isBack(workload, incident.revision())) {
            return Optional.of(Reason.LEFT_AGAIN);
        }
        return release.isEmpty() && workload.complete() ? Optional.of(Reason.RELEASE_OVER) : Optional.empty();
    }
}
