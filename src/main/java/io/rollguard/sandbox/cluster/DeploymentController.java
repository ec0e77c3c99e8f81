package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Controllers.Part;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rolls a Deployment out over ReplicaSets, one a pod template, as kube-controller-manager does. */
final class DeploymentController implements Controllers.Reconciler {

    private static final RevisionKeys KEYS = RevisionKeys.DEPLOYMENT;

    private final Registry registry;
    private final Controllers controllers;
    private final EventRecorder events;
    private final InstantSource clock;

    DeploymentController(Registry registry, Controllers controllers, EventRecorder events, InstantSource clock) {
        this.registry = registry;
        this.controllers = controllers;
        this.events = events;
        this.clock = clock;
    }

    @Override
    public void reconcile(ObjectKey key) {
        ObjectStore.Stored found = registry.store().find(key).orElse(null);
        if (found != null && !Metadata.deleting(found.tree())) {
            new Sync(key, found.tree()).run();
        }
    }

    /** One look at one Deployment. */
    private final class Sync {
        private final ObjectKey key;
        private final int replicas;
        private final Bounds bounds;
        private final boolean recreate;
        private ObjectNode deployment;
        private List<ReplicaSetState> sets;

        Sync(ObjectKey key, ObjectNode deployment) {
            this.key = key;
            this.deployment = deployment;
            this.replicas = (int) Json.number(deployment, 1, "spec", "replicas");
            this.recreate = Json.text(deployment, "spec", "strategy", "type").equals("Recreate");
            this.bounds = recreate
                    ? new Bounds(0, 0)
                    : Bounds.of(Json.at(deployment, "spec", "strategy", "rollingUpdate"), replicas);
            this.sets = owned();
        }

        void run() {
            notePause();
            if (isPaused() || isScaled()) {
                ReplicaSetState current = sync(false);
                scale(current);
                if (isPaused()) {
                    cleanUp(current);
                }
                writeStatus(current);
            } else if (recreate) {
                runRecreate();
            } else {
                runRolling();
            }
        }

        private void runRolling() {
            ReplicaSetState current = sync(true);
            if (scaleUp(current) || scaleDownOld(current)) {
                writeStatus(current);
                return;
            }
            if (isComplete()) {
                cleanUp(current);
            }
            writeStatus(current);
        }

        private void runRecreate() {
            ReplicaSetState current = sync(false);
            boolean scaled = false;
            for (ReplicaSetState old : old(current)) {
                scaled |= scaleTo(old, 0);
            }
            boolean oldPods = old(current).stream()
                    .anyMatch(old -> !registry.store()
                            .controlledBy(old.tree(), Catalog.PODS)
                            .isEmpty());
            if (scaled || oldPods) {
                writeStatus(current);
                return;
            }
            current = sync(true);
            if (current != null) {
                scaleTo(current, replicas);
            }
            if (isComplete()) {
                cleanUp(current);
            }
            writeStatus(current);
        }

        private boolean isPaused() {
            return Json.at(deployment, "spec", "paused").asBoolean();
        }

        private List<ReplicaSetState> owned() {
            return registry.store().controlledBy(deployment, Catalog.REPLICA_SETS).stream()
                    .map(ReplicaSetState::new)
                    .sorted(ReplicaSetState.OLDEST_FIRST)
                    .toList();
        }

        private @Nullable ReplicaSetState current() {
            JsonNode template = Json.at(deployment, "spec", "template");
            return sets.stream()
                    .filter(set -> PodTemplates.equalIgnoringHash(Json.at(set.tree(), "spec", "template"), template))
                    .findFirst()
                    .orElse(null);
        }

        private List<ReplicaSetState> old(@Nullable ReplicaSetState current) {
            return sets.stream()
                    .filter(set -> current == null || !set.name().equals(current.name()))
                    .toList();
        }

        /** Finds, or makes, the ReplicaSet of the present template, and keeps the revision numbers right. */
        private @Nullable ReplicaSetState sync(boolean create) {
            ReplicaSetState current = current();
            long next = old(current).stream().mapToLong(KEYS::revision).max().orElse(0) + 1;
            if (current != null) {
                ObjectNode marked = registry.modify(current.key(), "", Writer.DEPLOYMENTS, set -> {
                    KEYS.mark(set, deployment, next);
                    copyMinReadySeconds(set);
                });
                boolean changed = marked != current.tree();
                sets = owned();
                current = current();
                if (changed || current == null) {
                    return current;
                }
                setRevision(KEYS.revision(current));
                if (Conditions.find(deployment.path("status"), "Progressing").isMissingNode()) {
                    setProgressing("FoundNewReplicaSet", "Found new replica set \"" + current.name() + "\"");
                }
                return current;
            }
            return create ? create(next) : null;
        }

        private @Nullable ReplicaSetState create(long revision) {
            JsonNode template = Json.at(deployment, "spec", "template");
            long collisions = Json.number(deployment, 0, "status", "collisionCount");
            String hash = PodTemplates.hash(template, collisions);
            ObjectNode set = Json.object();
            Metadata.of(set).put("name", Metadata.name(deployment) + "-" + hash);
            ObjectNode labelled = PodTemplates.withLabel(template, KEYS.hashLabel(), hash);
            Metadata.of(set)
                    .set("labels", Json.at(labelled, "metadata", "labels").deepCopy());
            Metadata.addControllerReference(set, Catalog.DEPLOYMENTS, deployment);
            KEYS.mark(set, deployment, revision);
            ObjectNode spec = Json.ensure(set, "spec");
            ObjectNode selector = Json.at(deployment, "spec", "selector").deepCopy();
            Json.ensure(selector, "matchLabels").put(KEYS.hashLabel(), hash);
            spec.set("selector", selector);
            spec.set("template", labelled);
            int count = newReplicas(0);
            spec.put("replicas", count);
            noteReplicas(set);
            copyMinReadySeconds(set);
            try {
                registry.create(Catalog.REPLICA_SETS, Metadata.namespace(deployment), set, Writer.DEPLOYMENTS, false);
            } catch (ApiFailure failure) {
                if (failure.code() == 409) {
                    registry.modify(
                            key,
                            "status",
                            Writer.DEPLOYMENTS,
                            changed ->
                                    Json.ensure(changed, "status").set("collisionCount", Json.number(collisions + 1)));
                }
                throw failure;
            }
            sets = owned();
            ReplicaSetState current = current();
            if (current != null && count > 0) {
                scaledEvent(current.name(), 0, count);
            }
            setRevision(revision);
            setProgressing(
                    "NewReplicaSetCreated",
                    "Created new replica set \"" + Metadata.name(deployment) + "-" + hash + "\"");
            return current;
        }

        private void copyMinReadySeconds(ObjectNode set) {
            ReplicaSetController.putUnlessZero(
                    Json.ensure(set, "spec"), "minReadySeconds", Json.number(deployment, 0, "spec", "minReadySeconds"));
        }

        private void setRevision(long revision) {
            if (!Metadata.annotation(deployment, KEYS.revision()).equals(Long.toString(revision))) {
                deployment = registry.modify(
                        key,
                        "status",
                        Writer.DEPLOYMENTS,
                        changed -> Metadata.annotate(changed, KEYS.revision(), Long.toString(revision)));
            }
        }

        private void setProgressing(String reason, String message) {
            deployment = registry.modify(
                    key,
                    "status",
                    Writer.DEPLOYMENTS,
                    changed -> Conditions.set(
                            Json.ensure(changed, "status"), "Progressing", "True", reason, message, registry.now()));
        }

        /** So that a Deployment resumed after longer than its deadline is not taken for stuck. */
        private void notePause() {
            JsonNode status = deployment.path("status");
            if (!Json.at(deployment, "spec").has("progressDeadlineSeconds")
                    || Conditions.has(status, "Progressing", "ProgressDeadlineExceeded")) {
                return;
            }
            boolean noted = Conditions.has(status, "Progressing", "DeploymentPaused");
            if (isPaused() != noted) {
                String reason = isPaused() ? "DeploymentPaused" : "DeploymentResumed";
                String message = isPaused() ? "Deployment is paused" : "Deployment is resumed";
                deployment = registry.modify(
                        key,
                        "status",
                        Writer.DEPLOYMENTS,
                        changed -> Conditions.set(
                                Json.ensure(changed, "status"),
                                "Progressing",
                                "Unknown",
                                reason,
                                message,
                                registry.now()));
            }
        }

        private boolean isScaled() {
            return sets.stream()
                    .anyMatch(set -> set.replicas() > 0
                            && !set.annotation(KEYS.desiredReplicas()).isEmpty()
                            && !set.annotation(KEYS.desiredReplicas()).equals(Integer.toString(replicas)));
        }

        private void scale(@Nullable ReplicaSetState current) {
            List<ReplicaSetState> active =
                    sets.stream().filter(set -> set.replicas() > 0).toList();
            if (active.size() <= 1) {
                ReplicaSetState only = !active.isEmpty()
                        ? active.getFirst()
                        : current != null ? current : sets.isEmpty() ? null : sets.getLast();
                if (only != null) {
                    scaleTo(only, replicas);
                }
                return;
            }
            if (current != null
                    && current.replicas() == replicas
                    && current.available() == replicas
                    && current.annotation(KEYS.desiredReplicas()).equals(Integer.toString(replicas))) {
                old(current).forEach(old -> scaleTo(old, 0));
            } else if (!recreate) {
                scaleInProportion(active);
            }
        }

        private void scaleInProportion(List<ReplicaSetState> active) {
            int allowed = replicas > 0 ? replicas + bounds.maxSurge() : 0;
            int toAdd = allowed - ReplicaSetState.sum(active, ReplicaSetState::replicas);
            Comparator<ReplicaSetState> bySize =
                    Comparator.comparingInt(ReplicaSetState::replicas).reversed();
            List<ReplicaSetState> order = active.stream()
                    .sorted(bySize.thenComparing(
                            toAdd > 0 ? ReplicaSetState.OLDEST_FIRST.reversed() : ReplicaSetState.OLDEST_FIRST))
                    .toList();
            int added = 0;
            List<Integer> sizes = new ArrayList<>();
            for (ReplicaSetState set : order) {
                long before = Math.max(1, number(set.annotation(RevisionKeys.MAX_REPLICAS), replicas));
                int share = toAdd == 0
                        ? 0
                        : Math.toIntExact(Math.round((double) set.replicas() * allowed / before)) - set.replicas();
                int left = toAdd - added;
                share = toAdd > 0 ? Math.clamp(share, 0, left) : Math.clamp(share, Math.min(left, 0), 0);
                sizes.add(set.replicas() + share);
                added += share;
            }
            sizes.set(0, Math.max(0, sizes.getFirst() + toAdd - added));
            for (int i = 0; i < order.size(); i++) {
                scaleTo(order.get(i), sizes.get(i));
            }
        }

        private int newReplicas(int present) {
            if (recreate) {
                return replicas;
            }
            int total = ReplicaSetState.sum(sets, ReplicaSetState::replicas);
            int most = replicas + bounds.maxSurge();
            return total >= most ? present : present + Math.min(most - total, replicas - present);
        }

        private boolean scaleUp(@Nullable ReplicaSetState current) {
            if (current == null || current.replicas() == replicas) {
                return false;
            }
            return scaleTo(current, current.replicas() > replicas ? replicas : newReplicas(current.replicas()));
        }

        private boolean scaleDownOld(@Nullable ReplicaSetState current) {
            List<ReplicaSetState> old =
                    old(current).stream().filter(set -> set.replicas() > 0).toList();
            if (old.isEmpty()) {
                return false;
            }
            int minAvailable = replicas - bounds.maxUnavailable();
            int notYetAvailable = current == null ? 0 : current.replicas() - current.available();
            int most = ReplicaSetState.sum(sets, ReplicaSetState::replicas) - minAvailable - notYetAvailable;
            if (most <= 0) {
                return false;
            }
            int cleaned = 0;
            for (ReplicaSetState set : old) {
                int unhealthy = Math.min(most - cleaned, set.replicas() - set.available());
                if (unhealthy > 0) {
                    scaleTo(set, set.replicas() - unhealthy);
                    cleaned += unhealthy;
                }
            }
            sets = owned();
            int spare = ReplicaSetState.sum(sets, ReplicaSetState::available) - minAvailable;
            int scaled = 0;
            for (ReplicaSetState set : old(current)) {
                int less = Math.min(set.replicas(), spare - scaled);
                if (less > 0) {
                    scaleTo(set, set.replicas() - less);
                    scaled += less;
                }
            }
            return cleaned + scaled > 0;
        }

        private boolean scaleTo(ReplicaSetState set, int count) {
            ObjectNode changed = registry.modify(set.key(), "", Writer.DEPLOYMENTS, copy -> {
                Json.ensure(copy, "spec").put("replicas", count);
                noteReplicas(copy);
            });
            boolean scaled = count != set.replicas();
            if (scaled) {
                scaledEvent(set.name(), set.replicas(), count);
            }
            if (changed != set.tree()) {
                sets = owned();
            }
            return scaled;
        }

        private void noteReplicas(ObjectNode set) {
            Metadata.annotate(set, KEYS.desiredReplicas(), Integer.toString(replicas));
            Metadata.annotate(set, RevisionKeys.MAX_REPLICAS, Integer.toString(replicas + bounds.maxSurge()));
        }

        private void scaledEvent(String name, int from, int to) {
            events.normal(
                    deployment,
                    new Writer("deployment-controller"),
                    "ScalingReplicaSet",
                    "Scaled " + (to > from ? "up" : "down") + " replica set " + name + " from " + from + " to " + to);
        }

        private void cleanUp(@Nullable ReplicaSetState current) {
            List<ReplicaSetState> old = old(current).stream()
                    .sorted(Comparator.comparingLong(KEYS::revision))
                    .toList();
            long surplus = old.size() - Json.number(deployment, 10, "spec", "revisionHistoryLimit");
            for (int i = 0; i < surplus; i++) {
                if (old.get(i).isIdle()) {
                    registry.delete(old.get(i).key(), DeleteOptions.BACKGROUND);
                }
            }
        }

        private boolean isComplete() {
            return isComplete(deployment.path("status"));
        }

        private boolean isComplete(JsonNode status) {
            return Json.number(status, 0, "updatedReplicas") == replicas
                    && Json.number(status, 0, "replicas") == replicas
                    && Json.number(status, 0, "availableReplicas") == replicas
                    && Json.number(status, 0, "observedGeneration") >= Metadata.generation(deployment);
        }

        private void writeStatus(@Nullable ReplicaSetState current) {
            sets = owned();
            ReplicaSetState now = current();
            ObjectNode before = registry.get(key);
            ObjectNode status = counted(before, now);
            judgeProgress(before.path("status"), status, now);
            ObjectNode after =
                    registry.modify(key, "status", Writer.DEPLOYMENTS, changed -> changed.set("status", status));
            if (after == before) {
                wakeAtDeadline(status);
            }
        }

        private ObjectNode counted(ObjectNode before, @Nullable ReplicaSetState current) {
            int available = ReplicaSetState.sum(sets, ReplicaSetState::available);
            ObjectNode status = Json.object();
            status.set("observedGeneration", Json.number(Metadata.generation(deployment)));
            putUnlessZero(status, "replicas", ReplicaSetState.sum(sets, ReplicaSetState::actual));
            putUnlessZero(status, "updatedReplicas", current == null ? 0 : current.actual());
            putUnlessZero(status, "readyReplicas", ReplicaSetState.sum(sets, ReplicaSetState::ready));
            putUnlessZero(status, "availableReplicas", available);
            putUnlessZero(
                    status,
                    "unavailableReplicas",
                    Math.max(0, ReplicaSetState.sum(sets, ReplicaSetState::replicas) - available));
            status.put("terminatingReplicas", ReplicaSetState.sum(sets, set ->
                    (int) Json.number(set.tree(), 0, "status", "terminatingReplicas")));
            putUnlessZero(status, "collisionCount", Json.number(before, 0, "status", "collisionCount"));
            status.set(
                    "conditions",
                    Json.at(before, "status", "conditions").isArray()
                            ? Json.at(before, "status", "conditions").deepCopy()
                            : Json.NODES.arrayNode());
            boolean enough = available >= replicas - bounds.maxUnavailable();
            Conditions.set(
                    status,
                    "Available",
                    enough ? "True" : "False",
                    enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                    enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.",
                    registry.now());
            return status;
        }

        private void judgeProgress(JsonNode before, ObjectNode status, @Nullable ReplicaSetState current) {
            String subject = current == null
                    ? "Deployment \"" + Metadata.name(deployment) + "\""
                    : "ReplicaSet \"" + current.name() + "\"";
            boolean done = Json.number(status, 0, "replicas") == Json.number(status, 0, "updatedReplicas")
                    && Conditions.has(before, "Progressing", "NewReplicaSetAvailable");
            if (done || isPaused()) {
                return;
            }
            if (isComplete(status)) {
                Conditions.set(
                        status,
                        "Progressing",
                        "True",
                        "NewReplicaSetAvailable",
                        subject + " has successfully progressed.",
                        registry.now());
            } else if (isProgress(before, status)) {
                Conditions.refresh(
                        status,
                        "Progressing",
                        "True",
                        "ReplicaSetUpdated",
                        subject + " is progressing.",
                        registry.now());
            } else if (hasTimedOut(status)) {
                Conditions.set(
                        status,
                        "Progressing",
                        "False",
                        "ProgressDeadlineExceeded",
                        subject + " has timed out progressing.",
                        registry.now());
            }
        }

        private boolean isProgress(JsonNode before, JsonNode status) {
            long oldBefore = Json.number(before, 0, "replicas") - Json.number(before, 0, "updatedReplicas");
            long oldNow = Json.number(status, 0, "replicas") - Json.number(status, 0, "updatedReplicas");
            return Json.number(status, 0, "updatedReplicas") > Json.number(before, 0, "updatedReplicas")
                    || oldNow < oldBefore
                    || Json.number(status, 0, "readyReplicas") > Json.number(before, 0, "readyReplicas")
                    || Json.number(status, 0, "availableReplicas") > Json.number(before, 0, "availableReplicas");
        }

        private boolean hasTimedOut(JsonNode status) {
            JsonNode progressing = Conditions.find(status, "Progressing");
            if (progressing.isMissingNode() || Json.text(progressing, "reason").equals("NewReplicaSetAvailable")) {
                return false;
            }
            return Json.text(progressing, "reason").equals("ProgressDeadlineExceeded")
                    || deadline(progressing).isBefore(clock.instant());
        }

        private Instant deadline(JsonNode progressing) {
            return Metadata.instant(Json.text(progressing, "lastUpdateTime"), Instant.EPOCH)
                    .plusSeconds(Json.number(deployment, 600, "spec", "progressDeadlineSeconds"));
        }

        private void wakeAtDeadline(JsonNode status) {
            JsonNode progressing = Conditions.find(status, "Progressing");
            if (!progressing.isMissingNode()
                    && !isPaused()
                    && !isComplete(status)
                    && !Json.text(progressing, "reason").equals("ProgressDeadlineExceeded")) {
                controllers.enqueueAfter(
                        Part.DEPLOYMENTS,
                        key,
                        Duration.between(clock.instant(), deadline(progressing)).plusSeconds(1));
            }
        }

        private static void putUnlessZero(ObjectNode status, String field, long count) {
            ReplicaSetController.putUnlessZero(status, field, count);
        }

        private static long number(String text, long otherwise) {
            return text.matches("\\d{1,9}") ? Long.parseLong(text) : otherwise;
        }
    }
}
