package io.rollguard.scenario;

import org.junit.jupiter.api.Tag;

/** Every kind of workload in each of its states, on a real control plane; the service has the shipped rights only. */
@Tag("cluster")
class RealKindsIT extends KindScenarios {

    RealKindsIT() {
        super(new RealCluster());
    }
}
