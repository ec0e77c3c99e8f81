package io.rollguard.scenario;

import org.junit.jupiter.api.Tag;

/** Blue-green and referenced templates on a real control plane; the service has the shipped rights only. */
@Tag("cluster")
class RealBlueGreenIT extends BlueGreenScenarios {

    RealBlueGreenIT() {
        super(new RealCluster());
    }
}
