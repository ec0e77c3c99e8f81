package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Controllers.Part;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;

/** Keeps as many pods as a ReplicaSet wants, and counts them. */
final class ReplicaSetController implements Controllers.Reconciler {

    /** Pods that are worth least come first: unscheduled, not running, not ready, youngest. */
    private static final Comparator<ObjectNode> LEAST_WORTH_FIRST = Comparator.<ObjectNode>comparingInt(
                    pod -> Json.text(pod, "spec", "nodeName").isEmpty() ? 0 : 1)
            .thenComparingInt(pod -> Json.text(pod, "status", "phase").equals("Running") ? 1 : 0)
            .thenComparingInt(pod -> Pods.isReady(pod) ? 1 : 0)
            .thenComparing(Pods::readySince, Comparator.reverseOrder())
            .thenComparing(Metadata::created, Comparator.reverseOrder());

    private static final int BURST = 500;

    private final Registry registry;
    private final Controllers controllers;
    private final InstantSource clock;

    ReplicaSetController(Registry registry, Controllers controllers, InstantSource clock) {
        this.registry = registry;
        this.controllers = controllers;
        this.clock = clock;
    }

    @Override
    public void reconcile(ObjectKey key) {
        ObjectStore.Stored found = registry.store().find(key).orElse(null);
        if (found == null) {
            return;
        }
        ObjectNode set = found.tree();
        List<ObjectNode> pods = registry.store().controlledBy(set, Catalog.PODS);
        List<ObjectNode> active = pods.stream().filter(Pods::isActive).toList();
        int wanted = (int) Json.number(set, 1, "spec", "replicas");
        if (!Metadata.deleting(set)) {
            if (active.size() < wanted) {
                create(set, Math.min(BURST, wanted - active.size()));
            } else if (active.size() > wanted) {
                active.stream()
                        .sorted(LEAST_WORTH_FIRST)
                        .limit(Math.min(BURST, active.size() - wanted))
                        .forEach(pod -> registry.delete(ObjectKey.of(Catalog.PODS, pod), DeleteOptions.BACKGROUND));
            }
        }
        count(key, set);
    }

    private void create(ObjectNode set, int count) {
        for (int i = 0; i < count; i++) {
            ObjectNode pod = Json.object();
            ObjectNode template = (ObjectNode) Json.at(set, "spec", "template").deepCopy();
            ObjectNode metadata = Metadata.of(template);
            metadata.put("generateName", Metadata.name(set) + "-");
            pod.set("metadata", metadata);
            pod.set("spec", template.path("spec"));
            Metadata.addControllerReference(pod, Catalog.REPLICA_SETS, set);
            registry.create(Catalog.PODS, Metadata.namespace(set), pod, Writer.DEPLOYMENTS, false);
        }
    }

    private void count(ObjectKey key, ObjectNode set) {
        Instant now = clock.instant();
        long minReady = Json.number(set, 0, "spec", "minReadySeconds");
        LabelSelector template = LabelSelector.of(
                Json.object().set("matchLabels", Json.at(set, "spec", "template", "metadata", "labels")));
        int replicas = 0;
        int labelled = 0;
        int ready = 0;
        int available = 0;
        int terminating = 0;
        for (ObjectNode pod : registry.store().controlledBy(set, Catalog.PODS)) {
            if (Metadata.deleting(pod)) {
                terminating++;
            }
            if (!Pods.isActive(pod)) {
                continue;
            }
            replicas++;
            labelled += template.matchesObject(pod) ? 1 : 0;
            if (Pods.isReady(pod)) {
                ready++;
                Instant availableAt = Pods.readySince(pod).plusSeconds(minReady);
                if (minReady == 0 || !availableAt.isAfter(now)) {
                    available++;
                } else {
                    controllers.enqueueAfter(Part.REPLICA_SETS, key, Duration.between(now, availableAt));
                }
            }
        }
        int[] counts = {replicas, labelled, ready, available, terminating};
        registry.modify(key, "status", Writer.DEPLOYMENTS, changed -> write(changed, counts));
    }

    private static void write(ObjectNode set, int[] counts) {
        ObjectNode status = Json.ensure(set, "status");
        status.put("replicas", counts[0]);
        putUnlessZero(status, "fullyLabeledReplicas", counts[1]);
        putUnlessZero(status, "readyReplicas", counts[2]);
        putUnlessZero(status, "availableReplicas", counts[3]);
        status.put("terminatingReplicas", counts[4]);
        status.set("observedGeneration", Json.number(Metadata.generation(set)));
    }

    static void putUnlessZero(ObjectNode status, String field, long count) {
        if (count == 0) {
            status.remove(field);
        } else {
            status.set(field, Json.number(count));
        }
    }
}
