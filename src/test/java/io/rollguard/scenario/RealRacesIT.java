package io.rollguard.scenario;

import org.junit.jupiter.api.Tag;

/** The races on a real control plane with the real Argo Rollouts controller. */
@Tag("cluster")
class RealRacesIT extends Races {

    RealRacesIT() {
        super(new RealCluster(), 10, 3);
    }
}
