package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Controllers.Part;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The nodes: leases renewed every 10 s, Ready=Unknown 40 s after the last renewal, pods evicted 5 minutes later. The
 * annotation {@code sandbox.rollguard.io/down: "true"} on a Node stops its kubelet; {@code "now"} also skips the 40 s.
 */
final class Nodes implements Controllers.Reconciler {

    static final String DOWN = "sandbox.rollguard.io/down";

    private static final Duration RENEWED_EVERY = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofSeconds(40);
    private static final Duration EVICTED_AFTER = Duration.ofMinutes(5);
    private static final String LEASES_IN = "kube-node-lease";
    private static final String UNREACHABLE = "node.kubernetes.io/unreachable";

    private final Registry registry;
    private final Controllers controllers;
    private final InstantSource clock;
    private final Map<String, Instant> renewed = new HashMap<>();
    private int last;

    Nodes(Registry registry, Controllers controllers, InstantSource clock) {
        this.registry = registry;
        this.controllers = controllers;
        this.clock = clock;
    }

    static ObjectKey key(String node) {
        return new ObjectKey(Catalog.NODES, "", node);
    }

    static String address(String node) {
        return "192.168.0." + (10 + Math.floorMod(node.hashCode(), 200));
    }

    void addNode(String name) {
        ObjectNode node = Json.object();
        ObjectNode labels = Json.ensure(node, "metadata", "labels");
        Metadata.of(node).put("name", name);
        labels.put("kubernetes.io/hostname", name)
                .put("topology.kubernetes.io/zone", name.replace("node", "zone"))
                .put("kubernetes.io/os", "linux");
        Json.ensure(node, "spec");
        registry.create(Catalog.NODES, "", node, Writer.KUBELETS, false);
        ObjectNode lease = Json.object();
        Metadata.of(lease).put("name", name);
        Json.ensure(lease, "spec").put("holderIdentity", name).put("leaseDurationSeconds", (int) GRACE.toSeconds());
        registry.create(Catalog.LEASES, LEASES_IN, lease, Writer.KUBELETS, false);
        controllers.enqueue(Part.NODES, key(name));
    }

    boolean isUp(String name) {
        return registry.store()
                .find(key(name))
                .map(node -> !Metadata.annotated(node.tree(), DOWN))
                .orElse(false);
    }

    /** The next node that takes pods, in turn. */
    Optional<String> next() {
        List<String> ready = new ArrayList<>();
        for (ObjectStore.Stored node : registry.store().list(Catalog.NODES, "").objects()) {
            JsonNode tree = node.tree();
            if (Conditions.isTrue(tree.path("status"), "Ready")
                    && !Json.at(tree, "spec", "unschedulable").asBoolean()
                    && !Metadata.annotated(tree, DOWN)) {
                ready.add(Metadata.name(tree));
            }
        }
        return ready.isEmpty() ? Optional.empty() : Optional.of(ready.get(Math.floorMod(last++, ready.size())));
    }

    @Override
    public void reconcile(ObjectKey key) {
        ObjectStore.Stored found = registry.store().find(key).orElse(null);
        if (found == null) {
            return;
        }
        String down = Metadata.annotation(found.tree(), DOWN);
        if (down.isEmpty()) {
            renew(key);
            return;
        }
        Instant lost = renewed.getOrDefault(key.name(), Instant.EPOCH).plus(GRACE);
        Instant now = clock.instant();
        if (now.isBefore(lost) && !down.equals("now")) {
            controllers.enqueueAfter(Part.NODES, key, Duration.between(now, lost));
        } else {
            markUnknown(key);
        }
    }

    private void renew(ObjectKey key) {
        Instant now = clock.instant();
        Instant before = renewed.getOrDefault(key.name(), Instant.EPOCH);
        if (before.plus(RENEWED_EVERY).isAfter(now) && isReady(key)) {
            controllers.enqueueAfter(Part.NODES, key, Duration.between(now, before.plus(RENEWED_EVERY)));
            return;
        }
        renewed.put(key.name(), now);
        registry.modify(
                new ObjectKey(Catalog.LEASES, LEASES_IN, key.name()),
                "",
                Writer.KUBELETS,
                lease -> Json.ensure(lease, "spec")
                        .put("renewTime", now.truncatedTo(ChronoUnit.MICROS).toString()));
        boolean back = !isReady(key);
        registry.modify(key, "status", Writer.KUBELETS, node -> {
            setReady(node, "True", "KubeletReady", "simulated");
            ObjectNode status = Json.ensure(node, "status");
            status.put("phase", "Running");
            status.putArray("addresses")
                    .add(Json.object().put("type", "InternalIP").put("address", address(key.name())))
                    .add(Json.object().put("type", "Hostname").put("address", key.name()));
            for (String amounts : new String[] {"capacity", "allocatable"}) {
                Json.ensure(status, amounts)
                        .put("cpu", "64")
                        .put("memory", "256Gi")
                        .put("pods", "20000");
            }
        });
        if (back) {
            registry.modify(
                    key,
                    "",
                    Writer.DEPLOYMENTS,
                    node -> Json.ensure(node, "spec").remove("taints"));
            podsOn(key.name()).forEach(this::revive);
        }
        controllers.enqueueAfter(Part.NODES, key, RENEWED_EVERY);
    }

    private void markUnknown(ObjectKey key) {
        boolean first = isReady(key);
        if (first) {
            registry.modify(
                    key,
                    "status",
                    Writer.DEPLOYMENTS,
                    node -> setReady(node, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."));
            registry.modify(key, "", Writer.DEPLOYMENTS, node -> {
                var taints = Json.ensure(node, "spec").putArray("taints");
                for (String effect : new String[] {"NoSchedule", "NoExecute"}) {
                    taints.addObject()
                            .put("effect", effect)
                            .put("key", UNREACHABLE)
                            .put("timeAdded", registry.now());
                }
            });
            podsOn(key.name())
                    .forEach(pod -> registry.modify(
                            ObjectKey.of(Catalog.PODS, pod),
                            "status",
                            Writer.DEPLOYMENTS,
                            changed -> Pods.setCondition(changed, "Ready", false, "NodeNotReady", registry.now())));
            controllers.enqueueAfter(Part.NODES, key, EVICTED_AFTER);
        } else if (notReadySince(key).plus(EVICTED_AFTER).isAfter(clock.instant())) {
            controllers.enqueueAfter(Part.NODES, key, RENEWED_EVERY);
        } else {
            podsOn(key.name()).stream()
                    .filter(pod -> !Metadata.deleting(pod))
                    .forEach(pod -> registry.delete(ObjectKey.of(Catalog.PODS, pod), DeleteOptions.BACKGROUND));
        }
    }

    private void revive(ObjectNode pod) {
        ObjectKey key = ObjectKey.of(Catalog.PODS, pod);
        JsonNode ready = Conditions.find(pod.path("status"), "Ready");
        if (Json.text(ready, "reason").equals("NodeNotReady")) {
            boolean containersReady = Conditions.isTrue(pod.path("status"), "ContainersReady");
            registry.modify(
                    key,
                    "status",
                    Writer.KUBELETS,
                    changed -> Pods.setCondition(
                            changed,
                            "Ready",
                            containersReady,
                            containersReady ? "" : "ContainersNotReady",
                            registry.now()));
        }
        controllers.enqueue(Part.KUBELETS, key);
    }

    private boolean isReady(ObjectKey key) {
        return Conditions.isTrue(registry.get(key).path("status"), "Ready");
    }

    private Instant notReadySince(ObjectKey key) {
        JsonNode ready = Conditions.find(registry.get(key).path("status"), "Ready");
        return Metadata.instant(Json.text(ready, "lastTransitionTime"), Instant.EPOCH);
    }

    private void setReady(ObjectNode node, String value, String reason, String message) {
        ObjectNode status = Json.ensure(node, "status");
        JsonNode before = Conditions.find(status, "Ready");
        boolean same = Json.text(before, "status").equals(value);
        String since = same ? Json.text(before, "lastTransitionTime") : registry.now();
        Conditions.remove(status, "Ready");
        status.withArray("conditions")
                .addObject()
                .put("type", "Ready")
                .put("status", value)
                .put("reason", reason)
                .put("message", message)
                .put("lastHeartbeatTime", registry.now())
                .put("lastTransitionTime", since);
    }

    private List<ObjectNode> podsOn(String node) {
        return registry.store().list(Catalog.PODS, "").objects().stream()
                .map(ObjectStore.Stored::tree)
                .filter(pod -> Json.text(pod, "spec", "nodeName").equals(node))
                .toList();
    }
}
