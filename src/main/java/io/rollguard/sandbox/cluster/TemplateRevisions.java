package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * The ControllerRevisions in which StatefulSets and DaemonSets keep their templates. An equal template uses its old
 * revision again under a new number; its time of creation stays.
 *
 * @param hashLabel the label of a revision that carries its hash
 */
record TemplateRevisions(Registry registry, ResourceType owner, String hashLabel) {

    private static final ResourceType TYPE = Catalog.CONTROLLER_REVISIONS;

    /** Oldest number first. */
    List<ObjectNode> of(JsonNode workload) {
        return registry.store().controlledBy(workload, TYPE).stream()
                .sorted(Comparator.comparingLong(revision -> Json.number(revision, 0, "revision")))
                .toList();
    }

    /** The revision of the workload's present template, the newest from now on. */
    ObjectNode current(ObjectNode workload) {
        ObjectNode data = Json.object();
        ObjectNode template = Json.at(workload, "spec", "template").deepCopy();
        Json.ensure(data, "spec").set("template", template.put("$patch", "replace"));
        List<ObjectNode> revisions = of(workload);
        long newest = revisions.isEmpty() ? 0 : Json.number(revisions.getLast(), 0, "revision");
        for (ObjectNode revision : revisions) {
            if (Json.sorted(revision.path("data")).equals(Json.sorted(data))) {
                return Json.number(revision, 0, "revision") == newest
                        ? revision
                        : registry.modify(
                                ObjectKey.of(TYPE, revision),
                                "",
                                Writer.DEPLOYMENTS,
                                changed -> changed.set("revision", Json.number(newest + 1)));
            }
        }
        return create(workload, data, newest + 1);
    }

    private ObjectNode create(ObjectNode workload, ObjectNode data, long number) {
        String hash = PodTemplates.hashOf(data);
        ObjectNode revision = Json.object();
        Metadata.of(revision).put("name", Metadata.name(workload) + "-" + hash);
        JsonNode labels = Json.at(workload, "spec", "template", "metadata", "labels");
        Metadata.of(revision).set("labels", labels.deepCopy());
        Json.ensure(revision, "metadata", "labels").put(hashLabel, hash);
        JsonNode annotations = Json.at(workload, "metadata", "annotations");
        if (annotations.isObject()) {
            Metadata.of(revision).set("annotations", annotations.deepCopy());
        }
        Metadata.addControllerReference(revision, owner, workload);
        revision.set("data", data);
        revision.set("revision", Json.number(number));
        return registry.create(TYPE, Metadata.namespace(workload), revision, Writer.DEPLOYMENTS, false);
    }

    /** Drops the lowest numbers beyond {@code revisionHistoryLimit} that no pod has any more. */
    void trim(ObjectNode workload, Set<String> alive) {
        List<ObjectNode> idle = of(workload).stream()
                .filter(revision -> !alive.contains(Metadata.name(revision)))
                .toList();
        long surplus = idle.size() - Json.number(workload, 10, "spec", "revisionHistoryLimit");
        for (int i = 0; i < surplus; i++) {
            registry.delete(ObjectKey.of(TYPE, idle.get(i)), DeleteOptions.BACKGROUND);
        }
    }

    static ObjectNode template(JsonNode revision) {
        ObjectNode template = Json.at(revision, "data", "spec", "template").deepCopy();
        template.remove("$patch");
        return template;
    }
}
