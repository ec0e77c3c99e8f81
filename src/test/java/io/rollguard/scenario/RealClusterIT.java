package io.rollguard.scenario;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import org.junit.jupiter.api.Tag;

/** The scenarios on a real control plane with the real Argo Rollouts controller; the service has the shipped rights only. */
@Tag("cluster")
class RealClusterIT extends Scenarios {

    private KubernetesClient owner;

    @Override
    KubernetesClient connect() {
        owner = RealCluster.connect();
        return owner;
    }

    @Override
    String admit(KubernetesClient admin, String namespace) throws IOException {
        return RealCluster.admit(admin, namespace);
    }

    @Override
    void disconnect() throws IOException {
        RealCluster.dismiss(owner);
        owner.close();
    }
}
