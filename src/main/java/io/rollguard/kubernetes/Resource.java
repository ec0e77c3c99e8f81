package io.rollguard.kubernetes;

import io.rollguard.release.Kind;
import io.rollguard.release.WorkloadRef;
import org.jspecify.annotations.Nullable;

/** The kinds of object that are watched, in the order in which they make sense of each other. */
enum Resource {
    NODES("v1", "nodes", "Node"),
    SERVICES("v1", "services", "Service"),
    ROLLOUTS("argoproj.io/v1alpha1", "rollouts", "Rollout"),
    DEPLOYMENTS("apps/v1", "deployments", "Deployment"),
    STATEFUL_SETS("apps/v1", "statefulsets", "StatefulSet"),
    DAEMON_SETS("apps/v1", "daemonsets", "DaemonSet"),
    REPLICA_SETS("apps/v1", "replicasets", "ReplicaSet"),
    CONTROLLER_REVISIONS("apps/v1", "controllerrevisions", "ControllerRevision"),
    PODS("v1", "pods", "Pod");

    private final String apiVersion;
    private final String plural;
    private final String kind;

    Resource(String apiVersion, String plural, String kind) {
        this.apiVersion = apiVersion;
        this.plural = plural;
        this.kind = kind;
    }

    static Resource of(Kind kind) {
        return switch (kind) {
            case ROLLOUT -> ROLLOUTS;
            case DEPLOYMENT -> DEPLOYMENTS;
            case STATEFULSET -> STATEFUL_SETS;
            case DAEMONSET -> DAEMON_SETS;
        };
    }

    String apiVersion() {
        return apiVersion;
    }

    String kind() {
        return kind;
    }

    String plural() {
        return plural;
    }

    boolean isNamespaced() {
        return this != NODES;
    }

    /** Whether a cluster may be without: its definition is installed with its controller. */
    boolean isOptional() {
        return this == ROLLOUTS;
    }

    /** Of the collection; null for all namespaces. */
    String path(@Nullable String namespace) {
        var root = apiVersion.contains("/") ? "/apis/" + apiVersion : "/api/" + apiVersion;
        return root + (namespace == null ? "" : "/namespaces/" + namespace) + "/" + plural;
    }

    static String path(WorkloadRef workload) {
        if (!WorkloadRef.isName(workload.namespace()) || !WorkloadRef.isName(workload.name())) {
            throw new IllegalArgumentException("not a name of an object");
        }
        return of(workload.kind()).path(workload.namespace()) + "/" + workload.name();
    }
}
