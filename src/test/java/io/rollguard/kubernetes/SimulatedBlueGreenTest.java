package io.rollguard.kubernetes;

import io.rollguard.sandbox.cluster.SimulatedCluster;
import java.util.List;

class SimulatedBlueGreenTest extends BlueGreenContract {

    private SimulatedCluster simulated;

    @Override
    Shop open() {
        simulated = SimulatedCluster.start();
        return new Shop(simulated.kubeconfig(), "shop", List.of());
    }

    @Override
    void afterwards() {
        simulated.close();
    }
}
