package io.rollguard.policy;

import io.rollguard.verdict.Act;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;

/**
 * How far Rollguard's rights in the cluster reach. Each tier needs its own rights and those of the tiers before; the
 * manifests under {@code k8s/} give exactly these, a part for each tier, and a test holds them together.
 */
public enum Tier {
    /** Look, judge and tell. */
    OBSERVE("observe"),
    /** Abort canaries as well: touches only the status. */
    ABORT_ONLY("abort-only"),
    /** Restore templates as well, and keep good ones beside their workloads. */
    FULL("full");

    private static final String CORE = "";
    private static final String APPS = "apps";
    private static final String ARGO = "argoproj.io";

    private final String label;

    Tier(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    /** What this tier needs beyond the one before. */
    public SequencedSet<Right> needs() {
        var needs = new LinkedHashSet<Right>();
        switch (this) {
            case OBSERVE -> {
                for (var workloads : new String[][] {
                    {ARGO, "rollouts"}, {APPS, "deployments"}, {APPS, "statefulsets"}, {APPS, "daemonsets"}
                }) {
                    add(needs, workloads[0], workloads[1], "get", "list", "watch");
                }
                for (var seen : new String[][] {
                    {APPS, "replicasets"},
                    {APPS, "controllerrevisions"},
                    {CORE, "pods"},
                    {CORE, "services"},
                    {CORE, "nodes"}
                }) {
                    add(needs, seen[0], seen[1], "list", "watch");
                }
                add(needs, CORE, "configmaps", "get"); // the pause switch
                add(needs, "coordination.k8s.io", "leases", "get"); // whether nodes live
            }
            case ABORT_ONLY -> add(needs, ARGO, "rollouts/status", "patch");
            case FULL -> {
                for (var restored : new String[] {"deployments", "statefulsets", "daemonsets"}) {
                    add(needs, APPS, restored, "patch");
                }
                add(needs, ARGO, "rollouts", "patch");
                add(needs, APPS, "controllerrevisions", "get", "create", "delete");
            }
        }
        return needs;
    }

    /** What turning the pause switch needs in Rollguard's own namespace; people ask for that, and no tier depends on it. */
    public static Set<Right> ofTheSwitch() {
        return Set.of(new Right("create", CORE, "configmaps"), new Right("patch", CORE, "configmaps"));
    }

    /**
     * What deleting the stuck pods of a StatefulSet needs; given by a component of its own, and no tier depends on it. Without,
     * people are told which ones to delete.
     */
    public static Set<Right> ofStuckPods() {
        return Set.of(new Right("delete", CORE, "pods"));
    }

    /**
     * What looking ahead of a restore needs; where it is missing nothing is checked, and no tier depends on it. Secrets are
     * not among it: whoever wants them looked at names those that may be (docs/adr/017).
     */
    public static Set<Right> ofThePreflight() {
        return Set.of(
                new Right("get", CORE, "configmaps"),
                new Right("get", CORE, "serviceaccounts"),
                new Right("get", CORE, "persistentvolumeclaims"),
                new Right("list", CORE, "resourcequotas"));
    }

    private static void add(Set<Right> needs, String group, String resource, String... verbs) {
        for (var verb : verbs) {
            needs.add(new Right(verb, group, resource));
        }
    }

    public boolean covers(Act act) {
        return compareTo(neededFor(act)) >= 0;
    }

    private static Tier neededFor(Act act) {
        return switch (act) {
            case NONE -> OBSERVE;
            case ABORT -> ABORT_ONLY;
            case RESTORE -> FULL;
        };
    }
}
