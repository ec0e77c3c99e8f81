package io.rollguard.scenario;

import io.fabric8.kubernetes.client.KubernetesClient;

/** The cluster that scenarios play on. */
interface TestCluster {

    /** The cluster's owner's client. */
    KubernetesClient connect() throws Exception;

    /** The token of the service's own account there; empty where the cluster asks for none. Makes its namespace. */
    String admit(KubernetesClient owner, String namespace) throws Exception;

    void disconnect(KubernetesClient owner) throws Exception;
}
