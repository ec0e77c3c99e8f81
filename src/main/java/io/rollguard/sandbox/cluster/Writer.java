package io.rollguard.sandbox.cluster;

/** Who writes: the name that {@code managedFields} remembers. */
record Writer(String name) {

    static final Writer DEPLOYMENTS = new Writer("kube-controller-manager");
    static final Writer ROLLOUTS = new Writer("rollouts-controller");
    static final Writer KUBELETS = new Writer("kubelet");
    static final Writer SCHEDULER = new Writer("kube-scheduler");
}
