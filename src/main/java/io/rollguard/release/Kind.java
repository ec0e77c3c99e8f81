package io.rollguard.release;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The kinds of workload that have releases. */
public enum Kind {
    ROLLOUT("Rollout"),
    DEPLOYMENT("Deployment"),
    STATEFULSET("StatefulSet"),
    DAEMONSET("DaemonSet");

    private final String label;

    Kind(String label) {
        this.label = label;
    }

    /** As Kubernetes writes it. */
    public String label() {
        return label;
    }

    /** The label that kube-state-metrics and others use for a workload of this kind. */
    public String alertLabel() {
        return label.toLowerCase(Locale.ROOT);
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
