package io.rollguard.reactor;

import io.rollguard.release.WorkloadRef;

/** Which workloads this instance reconciles. Spares double work; it is not what makes acting safe. */
public interface Ownership {

    boolean owns(WorkloadRef workload);

    /** Calls back when the assignment changed. */
    void onChange(Runnable listener);
}
