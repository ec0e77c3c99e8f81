package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The autoscaling/v1 view of a workload: its replicas and nothing else. */
final class Scale {

    private Scale() {}

    static ObjectNode of(JsonNode workload) {
        ObjectNode scale = Json.object().put("kind", "Scale").put("apiVersion", "autoscaling/v1");
        ObjectNode metadata = scale.putObject("metadata");
        for (String name : new String[] {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
            metadata.set(name, Json.at(workload, "metadata", name));
        }
        scale.putObject("spec").set("replicas", Json.number(Json.number(workload, 1, "spec", "replicas")));
        ObjectNode status = scale.putObject("status");
        // the paths that the definition of Rollouts names; the built-in kinds have their own
        boolean rollout = Json.text(workload, "kind").equals("Rollout");
        String selector = rollout
                ? Json.text(workload, "status", "selector")
                : LabelSelector.format(Json.at(workload, "spec", "selector"));
        if (!selector.isEmpty()) {
            status.put("selector", selector);
        }
        String count = rollout ? "HPAReplicas" : "replicas";
        status.set("replicas", Json.number(Json.number(workload, 0, "status", count)));
        return scale;
    }

    static ObjectNode apply(JsonNode scale, ObjectNode workload) {
        ObjectNode scaled = workload.deepCopy();
        String version = Json.text(scale, "metadata", "resourceVersion");
        if (!version.isEmpty()) {
            Metadata.of(scaled).put("resourceVersion", version);
        }
        Json.ensure(scaled, "spec").set("replicas", Json.number(Json.number(scale, 0, "spec", "replicas")));
        return scaled;
    }
}
