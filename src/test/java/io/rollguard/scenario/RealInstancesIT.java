package io.rollguard.scenario;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** Two instances and a partition between them on a real control plane, each with the shipped rights only. */
@Tag("cluster")
class RealInstancesIT extends Partitions {

    RealInstancesIT() {
        super(new RealCluster());
    }

    @BeforeEach
    void bothAreThere() {
        startInstances();
    }
}
