package io.rollguard.scenario;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.rollguard.sandbox.cluster.SimulatedCluster;

/** The scenarios on the simulated cluster. */
class SimulatedClusterIT extends Scenarios {

    private SimulatedCluster cluster;

    @Override
    KubernetesClient connect() {
        cluster = SimulatedCluster.start();
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(cluster.kubeconfig()))
                .build();
    }

    @Override
    String admit(KubernetesClient owner, String namespace) {
        owner.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .endMetadata()
                        .build())
                .create();
        return "";
    }

    @Override
    void disconnect() {
        cluster.close();
    }
}
