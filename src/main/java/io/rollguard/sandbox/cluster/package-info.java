/**
 * A small Kubernetes control plane in one JVM: an API server, the Deployment, ReplicaSet and Rollout controllers, and
 * simulated kubelets. It serves the demo, the drills and the tests; what the same requests do on kube-apiserver,
 * kube-controller-manager and Argo Rollouts 1.10 is the reference, not what would be convenient.
 */
@NullMarked
package io.rollguard.sandbox.cluster;

import org.jspecify.annotations.NullMarked;
