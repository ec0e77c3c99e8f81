package io.rollguard.reactor;

import io.rollguard.reactor.ReleaseEvents.Step;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Follows releases from look to look: tells what they do, and whether one that has baked did so under our eyes. One worker
 * at a time looks at a workload.
 */
final class ReleaseWatch {

    private final ReleaseEvents events;
    private final Map<WorkloadRef, Release> seen = new ConcurrentHashMap<>();

    ReleaseWatch(ReleaseEvents events) {
        this.events = events;
    }

    /** Notes what is active now and tells what changed since the last look. */
    void look(WorkloadFacts workload, Optional<Release> active) {
        var before = seen.get(workload.ref());
        if (active.isEmpty()) {
            return; // forgotten once it is known how it ended
        }
        var now = active.get();
        seen.put(workload.ref(), now);
        if (before == null || !isSame(before, now)) {
            if (before != null && before.stage() != Stage.BAKING) {
                events.happened(Step.SUPERSEDED, before, now.startedAt());
            }
            events.happened(Step.STARTED, now, now.startedAt());
            before = null;
        }
        if (now.completedAt() != null && (before == null || before.stage() != Stage.BAKING)) {
            events.happened(Step.COMPLETED, now, now.completedAt());
        } else if (now.stage() == Stage.ABORTED && (before == null || before.stage() != Stage.ABORTED)) {
            var abortedAt = workload.abortedAt();
            events.happened(Step.ABORTED, now, abortedAt == null ? now.startedAt() : abortedAt);
        } else if (before != null
                && now.exposures().getLast().isAfter(before.exposures().getLast())) {
            events.happened(Step.EXPOSED, now, now.exposures().getLast());
        }
    }

    /**
     * What a complete workload without an active release teaches: its revision is good. It is proven if its bake was
     * watched and nothing was held against it, else assumed.
     */
    GoodRevision learn(
            WorkloadFacts workload, RevisionFacts current, boolean suspected, Duration bakeTime, Instant now) {
        var baked = seen.remove(workload.ref());
        boolean watched = false;
        if (baked != null
                && baked.revision().equals(current.hash())
                && baked.uid().equals(workload.uid())) {
            var completedAt = baked.completedAt();
            watched = completedAt != null;
            if (completedAt != null && !suspected) {
                events.happened(Step.PROVEN, baked, completedAt.plus(bakeTime));
            }
        }
        return new GoodRevision(
                workload.uid(),
                current.hash(),
                current.templateDigest(),
                now,
                !watched || suspected,
                current.configDigest());
    }

    /** Those whose release was seen and of which it is not known yet how it ended. */
    Stream<WorkloadRef> followed() {
        return seen.keySet().stream();
    }

    void forget(WorkloadRef workload) {
        seen.remove(workload);
    }

    private static boolean isSame(Release one, Release other) {
        return one.uid().equals(other.uid())
                && one.revision().equals(other.revision())
                && one.startedAt().equals(other.startedAt());
    }
}
