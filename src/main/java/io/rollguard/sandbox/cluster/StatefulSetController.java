package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs StatefulSets as kube-controller-manager does, its trap included: with OrderedReady a pod that never becomes Ready
 * blocks even the template that would cure it, until somebody deletes the pod. Volumes are left out.
 */
final class StatefulSetController implements Controllers.Reconciler {

    private static final String POD_REVISION = "controller-revision-hash";

    private final Registry registry;
    private final EventRecorder events;
    private final TemplateRevisions revisions;

    StatefulSetController(Registry registry, EventRecorder events) {
        this.registry = registry;
        this.events = events;
        this.revisions = new TemplateRevisions(registry, Catalog.STATEFUL_SETS, "controller.kubernetes.io/hash");
    }

    @Override
    public void reconcile(ObjectKey key) {
        ObjectStore.Stored found = registry.store().find(key).orElse(null);
        if (found == null || Metadata.deleting(found.tree())) {
            return;
        }
        ObjectNode set = found.tree();
        ObjectNode update = revisions.current(set);
        String currentName = Json.text(set, "status", "currentRevision");
        ObjectNode current = revisions.of(set).stream()
                .filter(revision -> Metadata.name(revision).equals(currentName))
                .findFirst()
                .orElse(update);
        roll(set, current, update);
        writeStatus(key, set, Metadata.name(current), Metadata.name(update));
        Set<String> alive = new HashSet<>(List.of(Metadata.name(current), Metadata.name(update)));
        pods(set).values().forEach(pod -> alive.add(Metadata.label(pod, POD_REVISION)));
        revisions.trim(set, alive);
    }

    private void roll(ObjectNode set, ObjectNode current, ObjectNode update) {
        int replicas = (int) Json.number(set, 1, "spec", "replicas");
        boolean ordered = !Json.text(set, "spec", "podManagementPolicy").equals("Parallel");
        TreeMap<Integer, ObjectNode> pods = pods(set);
        for (int ordinal = 0; ordinal < replicas; ordinal++) {
            ObjectNode pod = pods.get(ordinal);
            if (pod == null) {
                create(set, ordinal, ordinal < partition(set) ? current : update);
            }
            if (ordered && !isRunningAndReady(pod)) {
                return;
            }
        }
        for (Map.Entry<Integer, ObjectNode> pod : pods.descendingMap().entrySet()) {
            if (pod.getKey() >= replicas) {
                delete(set, pod.getValue());
                if (ordered) {
                    return;
                }
            }
        }
        if (Json.text(set, "spec", "updateStrategy", "type").equals("OnDelete")) {
            return;
        }
        for (int ordinal = replicas - 1; ordinal >= partition(set); ordinal--) {
            ObjectNode pod = pods.get(ordinal);
            if (pod != null
                    && !Metadata.label(pod, POD_REVISION).equals(Metadata.name(update))
                    && !Metadata.deleting(pod)) {
                delete(set, pod);
                return;
            }
            if (!isRunningAndReady(pod)) {
                return;
            }
        }
    }

    private static int partition(JsonNode set) {
        return (int) Json.number(set, 0, "spec", "updateStrategy", "rollingUpdate", "partition");
    }

    private static boolean isRunningAndReady(@Nullable JsonNode pod) {
        return pod != null
                && Json.text(pod, "status", "phase").equals("Running")
                && Pods.isReady(pod)
                && !Metadata.deleting(pod);
    }

    private TreeMap<Integer, ObjectNode> pods(JsonNode set) {
        TreeMap<Integer, ObjectNode> pods = new TreeMap<>(Comparator.naturalOrder());
        for (ObjectNode pod : registry.store().controlledBy(set, Catalog.PODS)) {
            String ordinal = Metadata.name(pod).substring(Metadata.name(pod).lastIndexOf('-') + 1);
            if (ordinal.matches("\\d{1,6}")) {
                pods.put(Integer.parseInt(ordinal), pod);
            }
        }
        return pods;
    }

    private void create(ObjectNode set, int ordinal, ObjectNode revision) {
        String name = Metadata.name(set) + "-" + ordinal;
        ObjectNode pod = Json.object();
        ObjectNode template = TemplateRevisions.template(revision);
        ObjectNode metadata = Metadata.of(template);
        metadata.put("name", name).put("generateName", Metadata.name(set) + "-");
        Json.ensure(metadata, "labels")
                .put("apps.kubernetes.io/pod-index", Integer.toString(ordinal))
                .put(POD_REVISION, Metadata.name(revision))
                .put("statefulset.kubernetes.io/pod-name", name);
        pod.set("metadata", metadata);
        ObjectNode spec = Json.ensure(template, "spec");
        spec.put("hostname", name).put("subdomain", Json.text(set, "spec", "serviceName"));
        pod.set("spec", spec);
        Metadata.addControllerReference(pod, Catalog.STATEFUL_SETS, set);
        registry.create(Catalog.PODS, Metadata.namespace(set), pod, Writer.DEPLOYMENTS, false);
        event(set, "SuccessfulCreate", "Create", name);
    }

    private void delete(ObjectNode set, ObjectNode pod) {
        if (!Metadata.deleting(pod)) {
            registry.delete(ObjectKey.of(Catalog.PODS, pod), DeleteOptions.BACKGROUND);
            event(set, "SuccessfulDelete", "Delete", Metadata.name(pod));
        }
    }

    private void event(ObjectNode set, String reason, String verb, String pod) {
        events.normal(
                set,
                new Writer("statefulset-controller"),
                reason,
                verb + " Pod " + pod + " in StatefulSet " + Metadata.name(set) + " successful");
    }

    private void writeStatus(ObjectKey key, ObjectNode set, String current, String update) {
        int replicas = 0;
        int ready = 0;
        int ofCurrent = 0;
        int ofUpdate = 0;
        List<ObjectNode> pods = List.copyOf(pods(set).values());
        for (ObjectNode pod : pods) {
            replicas++;
            ready += isRunningAndReady(pod) ? 1 : 0;
            if (!Metadata.deleting(pod)) {
                ofCurrent += Metadata.label(pod, POD_REVISION).equals(current) ? 1 : 0;
                ofUpdate += Metadata.label(pod, POD_REVISION).equals(update) ? 1 : 0;
            }
        }
        boolean complete = Json.text(set, "spec", "updateStrategy", "type").equals("RollingUpdate")
                && ofUpdate == replicas
                && ready == replicas
                && replicas == Json.number(set, 1, "spec", "replicas");
        String now = complete ? update : current;
        int[] counts = {replicas, ready, complete ? ofUpdate : ofCurrent, ofUpdate};
        registry.modify(key, "status", Writer.DEPLOYMENTS, changed -> {
            ObjectNode status = Json.ensure(changed, "status");
            status.put("collisionCount", 0).put("availableReplicas", counts[1]).put("replicas", counts[0]);
            ReplicaSetController.putUnlessZero(status, "readyReplicas", counts[1]);
            ReplicaSetController.putUnlessZero(status, "currentReplicas", counts[2]);
            ReplicaSetController.putUnlessZero(status, "updatedReplicas", counts[3]);
            status.put("currentRevision", now).put("updateRevision", update);
            status.set("observedGeneration", Json.number(Metadata.generation(set)));
        });
    }
}
