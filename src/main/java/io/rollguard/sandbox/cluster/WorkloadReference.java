package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * A Rollout that takes its template, and where it has none its selector, from a Deployment ({@code spec.workloadRef}). The
 * Rollout's own generation then never moves: an annotation carries the Deployment's.
 */
final class WorkloadReference {

    static final String GENERATION = "rollout.argoproj.io/workload-generation";

    private WorkloadReference() {}

    static boolean isOn(JsonNode rollout, ObjectKey deployment) {
        return isSet(rollout)
                && Metadata.namespace(rollout).equals(deployment.namespace())
                && Json.text(rollout, "spec", "workloadRef", "name").equals(deployment.name());
    }

    static boolean isSet(JsonNode rollout) {
        return Json.at(rollout, "spec", "workloadRef").isObject();
    }

    static Optional<ObjectNode> find(ObjectStore store, JsonNode rollout) {
        String name = Json.text(rollout, "spec", "workloadRef", "name");
        return store.find(new ObjectKey(Catalog.DEPLOYMENTS, Metadata.namespace(rollout), name))
                .map(ObjectStore.Stored::tree);
    }

    /** The Rollout as its controller sees it; never written. */
    static ObjectNode resolve(ObjectStore store, ObjectNode rollout) {
        if (!isSet(rollout)) {
            return rollout;
        }
        ObjectNode resolved = rollout.deepCopy();
        find(store, rollout).ifPresent(deployment -> {
            ObjectNode spec = Json.ensure(resolved, "spec");
            spec.set("template", Json.at(deployment, "spec", "template"));
            if (!spec.has("selector")) {
                spec.set("selector", Json.at(deployment, "spec", "selector"));
            }
        });
        return resolved;
    }
}
