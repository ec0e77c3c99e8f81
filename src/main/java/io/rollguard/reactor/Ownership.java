package io.rollguard.reactor;

import io.rollguard.release.WorkloadRef;

/**
 * Which workloads this instance reconciles. Spares double work and gives each incident one voice; it is not what makes acting
 * safe (that is the incident log, and what every request carries).
 */
public interface Ownership {

    /** True only while nobody else may own it; asked again right before each write, since it can end in the middle of a look. */
    boolean owns(WorkloadRef workload);

    /** Calls back when what is owned changed. */
    void onChange(Runnable listener);
}
