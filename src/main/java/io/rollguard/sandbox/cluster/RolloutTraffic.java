package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Points Services at revisions and sets weights, for one Rollout. */
final class RolloutTraffic {

    private static final String MANAGED_BY = "argo-rollouts.argoproj.io/managed-by-rollouts";
    private static final String NGINX = "nginx.ingress.kubernetes.io";

    private final Registry registry;
    private final EventRecorder events;
    private final ObjectKey key;

    RolloutTraffic(Registry registry, EventRecorder events, ObjectKey key) {
        this.registry = registry;
        this.events = events;
        this.key = key;
    }

    /** The revision a Service selects, "" where it selects none. */
    String selectorOf(RolloutView rollout, String service) {
        return registry.store()
                .find(service(rollout, service))
                .map(stored -> Json.text(stored.tree(), "spec", "selector", PodTemplates.ROLLOUT_HASH))
                .orElse("");
    }

    boolean anyServiceSelects(RolloutView rollout, String hash) {
        return services(rollout.tree()).stream()
                .anyMatch(service -> selectorOf(rollout, service).equals(hash));
    }

    /** The Services a Rollout points at its revisions. */
    static List<String> services(JsonNode rollout) {
        List<String> names = new ArrayList<>();
        for (JsonNode strategy : Json.at(rollout, "spec", "strategy")) {
            for (String field : List.of("activeService", "previewService", "stableService", "canaryService")) {
                if (strategy.has(field)) {
                    names.add(Json.text(strategy, field));
                }
            }
        }
        return names;
    }

    void switchService(RolloutView rollout, String name, String hash) {
        ObjectKey service = service(rollout, name);
        Optional<ObjectStore.Stored> found = registry.store().find(service);
        if (hash.isEmpty() || found.isEmpty()) {
            return;
        }
        String before = Json.text(found.get().tree(), "spec", "selector", PodTemplates.ROLLOUT_HASH);
        if (before.equals(hash) && Metadata.annotated(found.get().tree(), MANAGED_BY)) {
            return;
        }
        registry.modify(service, "", Writer.ROLLOUTS, tree -> {
            Json.ensure(tree, "spec", "selector").put(PodTemplates.ROLLOUT_HASH, hash);
            Metadata.annotate(tree, MANAGED_BY, rollout.name());
        });
        events.normal(
                rollout.tree(),
                Writer.ROLLOUTS,
                "SwitchService",
                "Switched selector for service '" + name + "' from '" + before + "' to '" + hash + "'");
    }

    void pointServices(
            RolloutView rollout, @Nullable ReplicaSetState fresh, @Nullable ReplicaSetState stable, boolean aborted) {
        point(rollout, "stableService", stable, true);
        if (aborted && !rollout.hasTrafficRouting()) {
            point(rollout, "canaryService", stable, true);
        } else if (rollingBackDynamically(rollout, fresh).isEmpty()) {
            point(rollout, "canaryService", fresh, true);
        }
    }

    private void point(RolloutView rollout, String field, @Nullable ReplicaSetState set, boolean onlyIfAvailable) {
        String name = Json.text(rollout.canary(), field);
        Optional<ObjectStore.Stored> found = registry.store().find(service(rollout, name));
        if (set == null || name.isEmpty() || found.isEmpty()) {
            return;
        }
        String hash = RevisionKeys.ROLLOUT.hash(set);
        if (selectorOf(rollout, name).equals(hash)) {
            return;
        }
        boolean adopted = Metadata.annotated(found.get().tree(), MANAGED_BY);
        boolean whole = set.replicas() != 0 && set.available() != 0 && set.replicas() <= set.available();
        if (onlyIfAvailable && (set.available() == 0 || (!adopted && !whole))) {
            return;
        }
        switchService(rollout, name, hash);
    }

    /** Gives the weights to keep in status: what they were where the stable side cannot take more yet. */
    JsonNode route(
            RolloutView rollout,
            @Nullable ReplicaSetState fresh,
            @Nullable ReplicaSetState stable,
            boolean aborted,
            boolean atWantedCounts,
            JsonNode before) {
        if (!rollout.hasTrafficRouting()) {
            return MissingNode.getInstance();
        }
        int weight = 0;
        String canaryHash = fresh == null ? "" : RevisionKeys.ROLLOUT.hash(fresh);
        Optional<String> rollingBack = rollingBackDynamically(rollout, fresh);
        if (rollingBack.isPresent()) {
            weight = weightOnTheWayBack(rollout, fresh, stable, before);
            canaryHash = rollingBack.get();
        } else if (!rollout.isFullyPromoted()) {
            if (aborted) {
                weight = weightOnTheWayBack(rollout, fresh, stable, before);
                if (!rollout.scalesStableDynamically() || weight == 0) {
                    point(rollout, "canaryService", stable, false);
                }
            } else if (fresh != null && fresh.available() > 0) {
                weight = weightOnTheWayForward(rollout, fresh, atWantedCounts, before);
            }
        }
        int neededStable = (100 - weight) * rollout.replicas() / 100;
        if (stable == null || stable.available() < neededStable) {
            return before;
        }
        setNginxWeight(rollout, weight);
        ObjectNode weights = Json.object();
        weights.set("canary", destination(weight, canaryHash, Json.text(rollout.canary(), "canaryService")));
        weights.set(
                "stable",
                destination(
                        100 - weight, RevisionKeys.ROLLOUT.hash(stable), Json.text(rollout.canary(), "stableService")));
        if (!weights.equals(before)) {
            long old = Json.number(before, -1, "canary", "weight");
            String how = before.isObject() ? old == weight ? "" : "from " + old + " to " + weight : "to " + weight;
            events.normal(rollout.tree(), Writer.ROLLOUTS, "TrafficWeightUpdated", "Traffic weight updated " + how);
        }
        return weights;
    }

    private static ObjectNode destination(int weight, String hash, String service) {
        ObjectNode destination = Json.object();
        if (!hash.isEmpty()) {
            destination.put("podTemplateHash", hash);
        }
        if (!service.isEmpty()) {
            destination.put("serviceName", service);
        }
        return destination.put("weight", weight);
    }

    private static int weightOnTheWayForward(
            RolloutView rollout, ReplicaSetState fresh, boolean atWantedCounts, JsonNode before) {
        if (rollout.promoteFull()) {
            return rollout.scalesStableDynamically()
                    ? 100 * fresh.available() / Math.max(1, rollout.replicas())
                    : (int) Json.number(before, 0, "canary", "weight");
        }
        if (rollout.stepIndex().isEmpty()) {
            return 0;
        }
        if (atWantedCounts) {
            return rollout.stepWeight();
        }
        for (int i = Math.min(rollout.stepIndex().get(), rollout.steps().size()) - 1; i >= 0; i--) {
            if (rollout.steps().get(i).has("setWeight")) {
                return rollout.steps().get(i).path("setWeight").asInt();
            }
        }
        return 0;
    }

    private static int weightOnTheWayBack(
            RolloutView rollout, @Nullable ReplicaSetState fresh, @Nullable ReplicaSetState stable, JsonNode before) {
        if (!rollout.scalesStableDynamically() || fresh == null || stable == null || rollout.replicas() == 0) {
            return 0;
        }
        int wanted = rollout.abortRequested() ? rollout.desiredWeight(fresh, stable) : rollout.stepWeight();
        int stableShare = 100 * stable.available() / rollout.replicas();
        int expected = Math.max(0, 100 - stableShare);
        if (!before.isObject()) {
            return Math.max(expected, wanted);
        }
        int now = (int) Json.number(before, 0, "canary", "weight");
        if (wanted <= 0) {
            return Math.min(expected, now);
        }
        return stableShare < 100 - wanted ? now : Math.min(wanted, now);
    }

    /** The hash that traffic is being taken back from, while a restored stable side is still too small. */
    private static Optional<String> rollingBackDynamically(RolloutView rollout, @Nullable ReplicaSetState fresh) {
        JsonNode weights = Json.at(rollout.status(), "canary", "weights");
        if (!rollout.isFullyPromoted()
                || !rollout.hasTrafficRouting()
                || !rollout.scalesStableDynamically()
                || !weights.isObject()
                || fresh == null
                || fresh.available() >= rollout.replicas()) {
            return Optional.empty();
        }
        String hash = Json.text(weights, "canary", "podTemplateHash");
        return hash.equals(RevisionKeys.ROLLOUT.hash(fresh)) ? Optional.empty() : Optional.of(hash);
    }

    private void setNginxWeight(RolloutView rollout, int weight) {
        JsonNode nginx = Json.at(rollout.canary(), "trafficRouting", "nginx");
        String stableName = Json.text(nginx, "stableIngress");
        ResourceType type = ResourceType.builtIn("networking.k8s.io/v1", "Ingress", "ingresses", "ing")
                .withStatus();
        Optional<ObjectStore.Stored> source = registry.store().find(new ObjectKey(type, key.namespace(), stableName));
        if (stableName.isEmpty() || source.isEmpty()) {
            return;
        }
        String prefix = Json.text(nginx, "annotationPrefix").isEmpty() ? NGINX : Json.text(nginx, "annotationPrefix");
        ObjectKey canary = new ObjectKey(type, key.namespace(), rollout.name() + "-" + stableName + "-canary");
        if (registry.store().find(canary).isPresent()) {
            ObjectNode before = registry.get(canary);
            ObjectNode after = registry.modify(
                    canary,
                    "",
                    Writer.ROLLOUTS,
                    tree -> Metadata.annotate(tree, prefix + "/canary-weight", Integer.toString(weight)));
            if (after != before) {
                events.normal(
                        rollout.tree(),
                        Writer.ROLLOUTS,
                        "PatchingCanaryIngress",
                        "Updating Ingress `" + canary.name() + "` to desiredWeight '" + weight + "'");
            }
            return;
        }
        events.normal(
                rollout.tree(),
                Writer.ROLLOUTS,
                "CreatingCanaryIngress",
                "Creating canary ingress `" + canary.name() + "` with weight `" + weight + "`");
        ObjectNode ingress = Json.object();
        Metadata.of(ingress).put("name", canary.name());
        Metadata.annotate(ingress, prefix + "/canary", "true");
        Metadata.annotate(ingress, prefix + "/canary-weight", Integer.toString(weight));
        Metadata.addControllerReference(ingress, key.type(), rollout.tree());
        ObjectNode spec = source.get().tree().path("spec").deepCopy();
        redirect(spec, Json.text(rollout.canary(), "stableService"), Json.text(rollout.canary(), "canaryService"));
        ingress.set("spec", spec);
        registry.create(type, key.namespace(), ingress, Writer.ROLLOUTS, false);
    }

    private static void redirect(JsonNode node, String from, String to) {
        if (node.get("service") instanceof ObjectNode service
                && Json.text(service, "name").equals(from)) {
            service.put("name", to);
        }
        node.forEach(child -> redirect(child, from, to));
    }

    private static ObjectKey service(RolloutView rollout, String name) {
        return new ObjectKey(Catalog.SERVICES, Metadata.namespace(rollout.tree()), name);
    }
}
