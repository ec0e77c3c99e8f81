package io.rollguard.release;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The kinds of workload that have releases. */
public enum Kind {
    ROLLOUT("Rollout", "rollouts-pod-template-hash"),
    DEPLOYMENT("Deployment", "pod-template-hash"),
    STATEFULSET("StatefulSet", "controller-revision-hash"),
    DAEMONSET("DaemonSet", "controller-revision-hash");

    private final String label;
    private final String hashLabel;

    Kind(String label, String hashLabel) {
        this.label = label;
        this.hashLabel = hashLabel;
    }

    /** As Kubernetes writes it. */
    public String label() {
        return label;
    }

    /** The label that kube-state-metrics and others use for a workload of this kind. */
    public String alertLabel() {
        return label.toLowerCase(Locale.ROOT);
    }

    /** The label by which its controller names a revision on pods and on the revision's own object. */
    public String hashLabel() {
        return hashLabel;
    }

    /** The kind of that name, whatever the case. */
    public static Optional<Kind> named(String name) {
        return Arrays.stream(values())
                .filter(kind -> kind.label.equalsIgnoreCase(name))
                .findFirst();
    }

    @Override
    public String toString() {
        return label;
    }
}
