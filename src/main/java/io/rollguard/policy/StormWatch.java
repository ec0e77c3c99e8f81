package io.rollguard.policy;

import io.rollguard.release.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Whether more workloads began to alert within a minute than one release explains; then the platform is suspected. */
public final class StormWatch {

    private static final Duration WINDOW = Duration.ofMinutes(1);

    private final int maxWorkloads;
    private final Map<WorkloadRef, Instant> began = new HashMap<>();

    public StormWatch(int maxWorkloads) {
        this.maxWorkloads = maxWorkloads;
    }

    /** Notes that an alert that may start an incident began on the workload. */
    public synchronized void note(WorkloadRef workload, Instant at) {
        began.merge(workload, at, (one, other) -> one.isAfter(other) ? one : other);
    }

    /** On while the last minute has more than the limit; off when it is calm again. */
    public synchronized boolean isOn(Instant at) {
        began.values().removeIf(time -> !time.plus(WINDOW).isAfter(at));
        return began.size() > maxWorkloads;
    }
}
