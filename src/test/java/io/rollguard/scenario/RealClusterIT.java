package io.rollguard.scenario;

import org.junit.jupiter.api.Tag;

/** The scenarios on a real control plane with the real Argo Rollouts controller; the service has the shipped rights only. */
@Tag("cluster")
class RealClusterIT extends Scenarios implements AfterTheAct {

    RealClusterIT() {
        super(new RealCluster());
    }

    @Override
    public Scene scene() {
        return this;
    }
}
