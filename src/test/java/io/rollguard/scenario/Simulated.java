package io.rollguard.scenario;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.rollguard.sandbox.cluster.SimulatedCluster;

/** The simulated cluster, in this process. */
final class Simulated implements TestCluster {

    private SimulatedCluster cluster;

    SimulatedCluster simulated() {
        return cluster;
    }

    @Override
    public KubernetesClient connect() {
        cluster = SimulatedCluster.start();
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(cluster.kubeconfig()))
                .build();
    }

    @Override
    public String admit(KubernetesClient owner, String namespace) {
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
    public void mayRead(KubernetesClient owner, String namespace, String secret) {
        // everybody may
    }

    @Override
    public void disconnect(KubernetesClient owner) {
        owner.close();
        cluster.close();
    }
}
