package io.rollguard.scenario;

import io.fabric8.kubernetes.client.KubernetesClient;

/** The cluster that scenarios play on. */
interface TestCluster {

    /** The cluster's owner's client. */
    KubernetesClient connect() throws Exception;

    /** The token of the service's own account there; empty where the cluster asks for none. Makes its namespace. */
    String admit(KubernetesClient owner, String namespace) throws Exception;

    /** Types it into a shell with kubectl, as its owner would, and waits until it is done; false where there is no such shell. */
    default boolean type(String command) {
        return false;
    }

    /** Lets the service's account read one Secret, where the cluster asks at all. */
    void mayRead(KubernetesClient owner, String namespace, String secret);

    void disconnect(KubernetesClient owner) throws Exception;
}
