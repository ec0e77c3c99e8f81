package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Runs DaemonSets as kube-controller-manager does: a pod on every node; an update replaces the pods that are not available
 * first, then as many as maxUnavailable lets it. maxSurge is left out.
 */
final class DaemonSetController implements Controllers.Reconciler {

    private static final String HASH = "controller-revision-hash";

    private final Registry registry;
    private final EventRecorder events;
    private final TemplateRevisions revisions;

    DaemonSetController(Registry registry, EventRecorder events) {
        this.registry = registry;
        this.events = events;
        this.revisions = new TemplateRevisions(registry, Catalog.DAEMON_SETS, HASH);
    }

    @Override
    public void reconcile(ObjectKey key) {
        ObjectStore.Stored found = registry.store().find(key).orElse(null);
        if (found == null || Metadata.deleting(found.tree())) {
            return;
        }
        ObjectNode set = found.tree();
        ObjectNode revision = revisions.current(set);
        String hash = Metadata.label(revision, HASH);
        List<String> nodes = nodes();
        Map<String, ObjectNode> pods = podsByNode(set);
        for (String node : nodes) {
            if (!pods.containsKey(node)) {
                create(set, node, hash);
            }
        }
        if (Json.text(set, "spec", "updateStrategy", "type").equals("RollingUpdate")) {
            update(set, nodes, pods, hash);
        }
        writeStatus(key, set, nodes.size(), hash);
        Set<String> alive = new HashSet<>(Set.of(Metadata.name(revision)));
        podsByNode(set).values().forEach(pod -> alive.add(Metadata.name(set) + "-" + Metadata.label(pod, HASH)));
        revisions.trim(set, alive);
    }

    private void update(ObjectNode set, List<String> nodes, Map<String, ObjectNode> pods, String hash) {
        JsonNode rolling = Json.at(set, "spec", "updateStrategy", "rollingUpdate");
        int most = Math.max(1, Bounds.of(rolling, nodes.size()).maxUnavailable());
        int unavailable = 0;
        List<ObjectNode> broken = new ArrayList<>();
        List<ObjectNode> candidates = new ArrayList<>();
        for (String node : nodes) {
            ObjectNode pod = pods.get(node);
            boolean available = pod != null && Pods.isReady(pod) && !Metadata.deleting(pod);
            boolean outdated = pod != null && !Metadata.label(pod, HASH).equals(hash) && !Metadata.deleting(pod);
            unavailable += available ? 0 : 1;
            if (outdated) {
                (available ? candidates : broken).add(pod);
            }
        }
        int room = Math.clamp(most - (long) unavailable, 0, candidates.size());
        broken.addAll(candidates.subList(0, room));
        for (ObjectNode pod : broken) {
            registry.delete(ObjectKey.of(Catalog.PODS, pod), DeleteOptions.BACKGROUND);
            event(set, "SuccessfulDelete", "Deleted pod: " + Metadata.name(pod));
        }
    }

    private List<String> nodes() {
        return registry.store().list(Catalog.NODES, "").objects().stream()
                .map(node -> Metadata.name(node.tree()))
                .toList();
    }

    private Map<String, ObjectNode> podsByNode(JsonNode set) {
        Map<String, ObjectNode> pods = new TreeMap<>();
        for (ObjectNode pod : registry.store().controlledBy(set, Catalog.PODS)) {
            pods.put(Json.text(pod, "spec", "nodeName"), pod);
        }
        return pods;
    }

    private void create(ObjectNode set, String node, String hash) {
        ObjectNode pod = Json.object();
        ObjectNode template = Json.at(set, "spec", "template").deepCopy();
        ObjectNode metadata = Metadata.of(template);
        metadata.put("generateName", Metadata.name(set) + "-");
        Json.ensure(metadata, "labels")
                .put(HASH, hash)
                .put("pod-template-generation", Metadata.annotation(set, Defaults.TEMPLATE_GENERATION));
        pod.set("metadata", metadata);
        pod.set("spec", Json.ensure(template, "spec").put("nodeName", node));
        Metadata.addControllerReference(pod, Catalog.DAEMON_SETS, set);
        ObjectNode created = registry.create(Catalog.PODS, Metadata.namespace(set), pod, Writer.DEPLOYMENTS, false);
        event(set, "SuccessfulCreate", "Created pod: " + Metadata.name(created));
    }

    private void event(ObjectNode set, String reason, String message) {
        events.normal(set, new Writer("daemonset-controller"), reason, message);
    }

    private void writeStatus(ObjectKey key, ObjectNode set, int desired, String hash) {
        int scheduled = 0;
        int ready = 0;
        int updated = 0;
        for (ObjectNode pod : podsByNode(set).values()) {
            if (!Metadata.deleting(pod)) {
                scheduled++;
                ready += Pods.isReady(pod) ? 1 : 0;
                updated += Metadata.label(pod, HASH).equals(hash) ? 1 : 0;
            }
        }
        int[] counts = {scheduled, ready, updated};
        registry.modify(key, "status", Writer.DEPLOYMENTS, changed -> {
            ObjectNode status = Json.ensure(changed, "status");
            status.put("currentNumberScheduled", counts[0]);
            status.put("desiredNumberScheduled", desired).put("numberMisscheduled", 0);
            status.put("numberReady", counts[1]);
            ReplicaSetController.putUnlessZero(status, "numberAvailable", counts[1]);
            ReplicaSetController.putUnlessZero(status, "numberUnavailable", desired - counts[1]);
            ReplicaSetController.putUnlessZero(status, "updatedNumberScheduled", counts[2]);
            status.set("observedGeneration", Json.number(Metadata.generation(set)));
        });
    }
}
