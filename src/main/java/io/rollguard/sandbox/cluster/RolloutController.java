package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Argo Rollouts 1.10 as far as Rollguard meets it: canary with setWeight and pause steps, by pods or with traffic routing
 * (nginx is written, of other routers only the weights in status), blueGreen, abort, retry, promoteFull, restore,
 * rollbackWindow, spec.paused, workloadRef on a Deployment. Left out: analysis (one after a blue-green switch never ends,
 * others count as passed), experiments, step plugins, restartAt, ephemeral metadata and injected anti-affinity; a step of a
 * kind left out counts as completed.
 */
final class RolloutController implements Controllers.Reconciler {

    private final Registry registry;
    private final Catalog catalog;
    private final Controllers controllers;
    private final EventRecorder events;
    private final InstantSource clock;
    /** How many writes of a Rollout until it is seen again. */
    private final Map<ObjectKey, Integer> overlooked = new ConcurrentHashMap<>();

    RolloutController(
            Registry registry, Catalog catalog, Controllers controllers, EventRecorder events, InstantSource clock) {
        this.registry = registry;
        this.catalog = catalog;
        this.controllers = controllers;
        this.events = events;
        this.clock = clock;
        registry.store()
                .listen(change ->
                        overlooked.computeIfPresent(change.key(), (key, left) -> left == 1 ? null : left - 1));
    }

    /**
     * It does not see the next write of this Rollout before there is another one, as Argo Rollouts before 1.10 does where the
     * write comes while it is writing itself.
     */
    void overlookNextWrite(String namespace, String name) {
        catalog.find("argoproj.io", "v1alpha1", "rollouts")
                .map(type -> new ObjectKey(type, namespace, name))
                .ifPresent(key -> overlooked.put(key, 2));
    }

    @Override
    public void reconcile(ObjectKey key) {
        Optional<ObjectStore.Stored> found = registry.store().find(key);
        if (found.isEmpty() || Metadata.deleting(found.get().tree())) {
            return;
        }
        ObjectNode stored = found.get().tree();
        if (overlooked.containsKey(key) || notesWorkloadGeneration(key, stored)) {
            return;
        }
        ObjectNode rollout = WorkloadReference.resolve(registry.store(), stored);
        Optional<String> invalid = whatIsInvalid(rollout);
        if (invalid.isPresent()) {
            report(key, stored, invalid.get());
        } else {
            new RolloutSync(new RolloutRun(registry, controllers, events, clock, key, stored)).run();
        }
    }

    /** True when the annotation had to be written: the change brings the Rollout back here. */
    private boolean notesWorkloadGeneration(ObjectKey key, ObjectNode rollout) {
        if (!WorkloadReference.isSet(rollout)) {
            return false;
        }
        Optional<ObjectNode> deployment = WorkloadReference.find(registry.store(), rollout);
        String generation = deployment
                .map(found -> Long.toString(Metadata.generation(found)))
                .orElse("");
        if (generation.isEmpty()
                || Metadata.annotation(rollout, WorkloadReference.GENERATION).equals(generation)) {
            return false;
        }
        registry.modify(
                key, "", Writer.ROLLOUTS, tree -> Metadata.annotate(tree, WorkloadReference.GENERATION, generation));
        return true;
    }

    /** The API server does not check a Rollout's template, so its controller has to. */
    private Optional<String> whatIsInvalid(ObjectNode tree) {
        if (WorkloadReference.isSet(tree)
                && WorkloadReference.find(registry.store(), tree).isEmpty()) {
            String name = Json.text(tree, "spec", "workloadRef", "name");
            return Optional.of("spec.workloadRef.name: Invalid value: \"" + name + "\": deployments.apps \"" + name
                    + "\" not found");
        }
        RolloutView rollout = new RolloutView(tree);
        if (!rollout.isCanary() && !rollout.isBlueGreen()) {
            return Optional.of(
                    "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary"
                            + " or .spec.strategy.blueGreen'");
        }
        JsonNode selector = rollout.spec().path("selector");
        if (!LabelSelector.of(selector).matches(Json.at(rollout.template(), "metadata", "labels"))) {
            return Optional.of(
                    "spec.template.metadata.labels: Invalid value: " + Json.at(rollout.template(), "metadata", "labels")
                            + ": `selector` does not match template `labels`");
        }
        JsonNode containers = Json.at(rollout.template(), "spec", "containers");
        if (containers.isEmpty()) {
            return Optional.of("spec.template.spec.containers: Required value");
        }
        for (int i = 0; i < containers.size(); i++) {
            String field = "spec.template.spec.containers[" + i + "]";
            if (!Json.text(containers.get(i), "name").matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?")) {
                return Optional.of(field + ".name: Invalid value: \"" + Json.text(containers.get(i), "name")
                        + "\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start"
                        + " and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for"
                        + " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
            }
            if (Json.text(containers.get(i), "image").isEmpty()) {
                return Optional.of(field + ".image: Required value");
            }
        }
        return missingService(rollout);
    }

    private Optional<String> missingService(RolloutView rollout) {
        JsonNode strategy = rollout.isBlueGreen() ? rollout.blueGreen() : rollout.canary();
        String kind = rollout.isBlueGreen() ? "blueGreen" : "canary";
        for (String field : new String[] {"activeService", "previewService", "stableService", "canaryService"}) {
            String name = Json.text(strategy, field);
            ObjectKey key = new ObjectKey(Catalog.SERVICES, Metadata.namespace(rollout.tree()), name);
            if (!name.isEmpty() && registry.store().find(key).isEmpty()) {
                return Optional.of("spec.strategy." + kind + "." + field + ": Invalid value: \"" + name
                        + "\": service \"" + name + "\" not found");
            }
        }
        return Optional.empty();
    }

    private void report(ObjectKey key, ObjectNode tree, String why) {
        String message = "The Rollout \"" + key.name() + "\" is invalid: " + why;
        JsonNode before = Conditions.find(tree.path("status"), "InvalidSpec");
        registry.modify(key, "status", Writer.ROLLOUTS, changed -> {
            ObjectNode status = Json.ensure(changed, "status");
            if (!Json.text(before, "message").equals(message)) {
                Conditions.remove(status, "InvalidSpec");
                Conditions.set(status, "InvalidSpec", "True", "InvalidSpec", message, registry.now());
            }
            status.put("observedGeneration", Long.toString(Metadata.generation(changed)));
            RolloutPhase phase = RolloutPhase.of(new RolloutView(changed), status);
            status.put("phase", phase.phase()).put("message", phase.message());
        });
        controllers.enqueueAfter(Controllers.Part.ROLLOUTS, key, Duration.ofSeconds(20));
    }
}
