package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;

/**
 * How a controller numbers revisions on its ReplicaSets.
 *
 * @param anyChangeIsHistory Argo Rollouts notes the old number on every change of an annotation, Kubernetes only when the
 *     number rises
 */
record RevisionKeys(
        String revision,
        String history,
        String desiredReplicas,
        String hashLabel,
        Set<String> notCopied,
        boolean anyChangeIsHistory) {

    static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
    static final String MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

    static final RevisionKeys DEPLOYMENT = new RevisionKeys(
            "deployment.kubernetes.io/revision",
            "deployment.kubernetes.io/revision-history",
            "deployment.kubernetes.io/desired-replicas",
            PodTemplates.DEPLOYMENT_HASH,
            Set.of(
                    LAST_APPLIED,
                    "deployment.kubernetes.io/revision",
                    "deployment.kubernetes.io/revision-history",
                    "deployment.kubernetes.io/desired-replicas",
                    MAX_REPLICAS,
                    "deprecated.deployment.rollback.to"),
            false);

    static final RevisionKeys ROLLOUT = new RevisionKeys(
            "rollout.argoproj.io/revision",
            "rollout.argoproj.io/revision-history",
            "rollout.argoproj.io/desired-replicas",
            PodTemplates.ROLLOUT_HASH,
            Set.of(
                    LAST_APPLIED,
                    "rollout.argoproj.io/revision",
                    "rollout.argoproj.io/revision-history",
                    "rollout.argoproj.io/desired-replicas",
                    "notified.notifications.argoproj.io"),
            true);

    RevisionKeys {
        notCopied = Set.copyOf(notCopied);
    }

    String hash(ReplicaSetState set) {
        return Metadata.label(set.tree(), hashLabel);
    }

    long revision(ReplicaSetState set) {
        return set.revision(revision);
    }

    /** Copies the owner's annotations onto the ReplicaSet of its present template and raises its number. */
    void mark(ObjectNode set, JsonNode owner, long newRevision) {
        ObjectNode annotations = Json.ensure(set, "metadata", "annotations");
        boolean changed = false;
        for (Map.Entry<String, JsonNode> annotation :
                Json.at(owner, "metadata", "annotations").properties()) {
            if (!notCopied.contains(annotation.getKey())
                    && !annotation.getValue().equals(annotations.get(annotation.getKey()))) {
                annotations.set(annotation.getKey(), annotation.getValue());
                changed = true;
            }
        }
        String old = annotations.path(revision).asText("");
        boolean raised = number(old) < newRevision;
        if (raised) {
            annotations.put(revision, Long.toString(newRevision));
        }
        if (!old.isEmpty() && (raised || (changed && anyChangeIsHistory))) {
            String earlier = annotations.path(history).asText("");
            annotations.put(history, earlier.isEmpty() ? old : earlier + "," + old);
        }
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
