package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Works out conditions, pauses and phase of a Rollout and writes its status. */
final class RolloutStatusWriter {

    private static final RevisionKeys KEYS = RolloutRun.KEYS;

    private final RolloutRun run;

    RolloutStatusWriter(RolloutRun run) {
        this.run = run;
    }

    ObjectNode baseStatus() {
        ObjectNode status = Json.object();
        status.putObject("blueGreen");
        status.putObject("canary");
        status.put("currentPodHash", KEYS.hash(RolloutRun.required(run.fresh)));
        RolloutRun.putUnlessZero(status, "replicas", run.sum(ReplicaSetState::actual));
        RolloutRun.putUnlessZero(
                status, "updatedReplicas", RolloutRun.required(run.fresh).actual());
        RolloutRun.putUnlessZero(status, "readyReplicas", run.sum(ReplicaSetState::ready));
        RolloutRun.putUnlessZero(status, "collisionCount", Json.number(run.rollout.status(), 0, "collisionCount"));
        status.set(
                "conditions",
                run.rollout.status().path("conditions").isArray()
                        ? run.rollout.status().path("conditions").deepCopy()
                        : Json.NODES.arrayNode());
        Conditions.remove(status, "InvalidSpec");
        if (run.rollout.promoteFull()) {
            status.put("promoteFull", true);
        }
        return status;
    }

    void persist(ObjectNode status) {
        status.put("observedGeneration", Long.toString(Metadata.generation(run.rollout.tree())));
        if (WorkloadReference.isSet(run.rollout.tree())) {
            String generation = Metadata.annotation(run.rollout.tree(), WorkloadReference.GENERATION);
            status.put("workloadObservedGeneration", generation);
        }
        evaluateDeadlineAbort(status);
        putAbortAndPause(status);
        putConditions(status);
        setPhase(status);
        JsonNode before = run.rollout.status();
        if (!write(status)) {
            wakeAtDeadline();
            return;
        }
        boolean paused = !status.path("pauseConditions").isEmpty();
        if (paused && before.path("pauseConditions").isEmpty()) {
            run.normal(
                    "RolloutPaused",
                    "Rollout is paused ("
                            + Json.text(status.path("pauseConditions").get(0), "reason") + ")");
        } else if (!paused && !before.path("pauseConditions").isEmpty() && !status.has("abortedAt")) {
            run.normal("RolloutResumed", "Rollout is resumed");
        }
    }

    private void putAbortAndPause(ObjectNode status) {
        status.remove(List.of("abort", "abortedAt", "pauseConditions", "controllerPause"));
        if (run.isAborted()) {
            String at = Json.text(run.rollout.status(), "abortedAt");
            status.put("abort", true).put("abortedAt", at.isEmpty() ? run.registry.now() : at);
            return;
        }
        if (run.pausesCleared) {
            return;
        }
        boolean controllerPause = run.rollout.controllerPause();
        List<JsonNode> pauses = new ArrayList<>();
        Set<String> present = new HashSet<>();
        for (JsonNode pause : run.rollout.status().path("pauseConditions")) {
            String reason = Json.text(pause, "reason");
            present.add(reason);
            if (!run.removedPauses.contains(reason)) {
                pauses.add(pause);
            }
        }
        for (String reason : run.addedPauses) {
            if (!present.contains(reason)) {
                pauses.add(Json.object().put("reason", reason).put("startTime", run.registry.now()));
                controllerPause = true;
            }
        }
        if (!pauses.isEmpty()) {
            if (controllerPause) {
                status.put("controllerPause", true);
            }
            pauses.forEach(status.putArray("pauseConditions")::add);
        }
    }

    private void putConditions(ObjectNode status) {
        JsonNode before = run.rollout.status();
        String now = run.registry.now();
        boolean paused = !status.path("pauseConditions").isEmpty() || run.rollout.isPausedByUser();
        boolean healthy = isHealthy(status);
        boolean becameUnhealthy = false;
        if (!paused && healthy) {
            Conditions.set(status, "Healthy", "True", "RolloutHealthy", "Rollout is healthy", now);
        } else if (!Conditions.find(before, "Healthy").isMissingNode()) {
            becameUnhealthy =
                    Conditions.set(status, "Healthy", "False", "RolloutHealthy", "Rollout is not healthy", now);
        }
        if (run.isAborted()) {
            String message = "Rollout aborted update to revision " + run.revisionOfRollout()
                    + (run.abortCause.isEmpty() ? "" : ": " + run.abortCause);
            if (Conditions.set(status, "Progressing", "False", "RolloutAborted", message, now)) {
                run.events.warning(run.rollout.tree(), Writer.ROLLOUTS, "RolloutAborted", message);
            }
        } else {
            judgeProgress(before, status, healthy, becameUnhealthy, now);
        }
        putAvailable(status, now);
        if (RolloutRun.isPromoted(status)) {
            Conditions.set(status, "Completed", "True", "RolloutCompleted", "RolloutCompleted", now);
        } else if (Conditions.set(status, "Completed", "False", "RolloutCompleted", "RolloutCompleted", now)) {
            run.normal(
                    "RolloutNotCompleted",
                    "Rollout not completed, started update to revision %d (%s)"
                            .formatted(run.revisionOfRollout(), Json.text(status, "currentPodHash")));
        }
    }

    private void judgeProgress(
            JsonNode before, ObjectNode status, boolean healthy, boolean becameUnhealthy, String now) {
        String subject = "ReplicaSet \"" + RolloutRun.required(run.fresh).name() + "\"";
        if (healthy) {
            Conditions.set(
                    status,
                    "Progressing",
                    "True",
                    "NewReplicaSetAvailable",
                    subject + " has successfully progressed.",
                    now);
        } else if (isProgress(before, status) || becameUnhealthy) {
            boolean fellBack = RolloutRun.isPromoted(status) && becameUnhealthy;
            Conditions.refresh(
                    status,
                    "Progressing",
                    "True",
                    fellBack ? "ReplicaSetNotAvailable" : "ReplicaSetUpdated",
                    fellBack ? "Rollout does not have minimum availability" : subject + " is progressing.",
                    now);
        } else if (!run.rollout.isAtIndefiniteStep() && !run.waitsForScaleDown() && hasTimedOut(status)) {
            Conditions.set(
                    status,
                    "Progressing",
                    "False",
                    "ProgressDeadlineExceeded",
                    subject + " has timed out progressing.",
                    now);
        }
    }

    private void putAvailable(ObjectNode status, String now) {
        boolean available;
        if (run.rollout.isBlueGreen()) {
            ReplicaSetState active = run.byHash(Json.text(status, "blueGreen", "activeSelector"));
            available = active != null && run.isSaturated(active);
        } else {
            available = run.sum(ReplicaSetState::available) >= run.rollout.replicas();
        }
        Conditions.set(
                status,
                "Available",
                available ? "True" : "False",
                "AvailableReason",
                available ? "Rollout has minimum availability" : "Rollout does not have minimum availability",
                now);
    }

    private boolean isHealthy(JsonNode status) {
        boolean strategyDone;
        String current = Json.text(status, "currentPodHash");
        if (run.rollout.isBlueGreen()) {
            boolean preview =
                    Json.text(run.rollout.blueGreen(), "previewService").isEmpty()
                            || Json.text(status, "blueGreen", "previewSelector").equals(current);
            strategyDone = Json.text(status, "blueGreen", "activeSelector").equals(current) && preview;
        } else {
            int count = run.rollout.steps().size();
            boolean allSteps = count == 0 || Json.number(status, count, "currentStepIndex") == count;
            strategyDone = allSteps
                    && RolloutRun.isPromoted(status)
                    && Json.number(status, 0, "replicas") == run.rollout.replicas();
        }
        return strategyDone
                && Json.number(status, 0, "updatedReplicas") == run.rollout.replicas()
                && Json.number(status, 0, "availableReplicas") == run.rollout.replicas()
                && Json.text(run.rollout.status(), "observedGeneration")
                        .equals(Long.toString(Metadata.generation(run.rollout.tree())));
    }

    private boolean isProgress(JsonNode before, JsonNode status) {
        boolean strategyMoved;
        if (run.rollout.isBlueGreen()) {
            strategyMoved = !Json.at(before, "blueGreen", "activeSelector")
                            .equals(Json.at(status, "blueGreen", "activeSelector"))
                    || !Json.at(before, "blueGreen", "previewSelector")
                            .equals(Json.at(status, "blueGreen", "previewSelector"));
        } else {
            boolean stepMoved = before.has("currentStepIndex")
                    && status.has("currentStepIndex")
                    && !before.get("currentStepIndex").equals(status.get("currentStepIndex"));
            strategyMoved = !Json.text(before, "stableRS").equals(Json.text(status, "stableRS"))
                    || stepMoved
                    || !Json.text(before, "currentStepHash").equals(Json.text(status, "currentStepHash"));
        }
        long oldBefore = Json.number(before, 0, "replicas") - Json.number(before, 0, "updatedReplicas");
        long oldNow = Json.number(status, 0, "replicas") - Json.number(status, 0, "updatedReplicas");
        return strategyMoved
                || Json.number(status, 0, "updatedReplicas") != Json.number(before, 0, "updatedReplicas")
                || oldNow < oldBefore
                || Json.number(status, 0, "readyReplicas") > Json.number(before, 0, "readyReplicas")
                || Json.number(status, 0, "availableReplicas") > Json.number(before, 0, "availableReplicas");
    }

    private boolean hasTimedOut(JsonNode status) {
        JsonNode progressing = Conditions.find(status, "Progressing");
        if (progressing.isMissingNode()) {
            return false;
        }
        return switch (Json.text(progressing, "reason")) {
            case "RolloutAborted", "RolloutPaused" -> false;
            case "ProgressDeadlineExceeded" -> true;
            default -> deadline(progressing).isBefore(run.clock.instant());
        };
    }

    private Instant deadline(JsonNode progressing) {
        return Metadata.instant(Json.text(progressing, "lastUpdateTime"), Instant.EPOCH)
                .plusSeconds(run.rollout.progressDeadlineSeconds());
    }

    private void evaluateDeadlineAbort(ObjectNode status) {
        if (run.rollout.spec().path("progressDeadlineAbort").asBoolean()
                && !run.isAborted()
                && !RolloutRun.isPromoted(status)
                && !isProgress(run.rollout.status(), status)
                && !run.rollout.isAtIndefiniteStep()
                && !run.waitsForScaleDown()
                && hasTimedOut(run.rollout.status())) {
            run.abortAdded = true;
            run.abortCause = "ReplicaSet \"" + RolloutRun.required(run.fresh).name() + "\" has timed out progressing.";
            run.events.warning(run.rollout.tree(), Writer.ROLLOUTS, "RolloutAborted", run.abortCause);
        }
    }

    private void wakeAtDeadline() {
        JsonNode progressing = Conditions.find(run.rollout.status(), "Progressing");
        if (!progressing.isMissingNode()
                && !isHealthy(run.rollout.status())
                && !Json.text(progressing, "reason").equals("ProgressDeadlineExceeded")
                && !run.rollout.hasPauseConditions()
                && !run.rollout.isPausedByUser()
                && !run.rollout.abortRequested()
                && !run.rollout.isAtIndefiniteStep()) {
            run.wakeAt(deadline(progressing).plusSeconds(1));
        }
    }

    private void setPhase(ObjectNode status) {
        RolloutPhase phase = RolloutPhase.of(run.rollout, status);
        status.put("phase", phase.phase());
        RolloutRun.putUnlessEmpty(status, "message", phase.message());
    }

    /**
     * Writes what differs from what was read, as a patch between two typed values does: what others write meanwhile
     * stays, and so does a {@code false} that somebody stored, since to the controller it is the same as nothing. True
     * when anything differed.
     */
    private boolean write(ObjectNode status) {
        ObjectNode read = run.statusCopy();
        List<String> gone = names(read).stream()
                .filter(name -> !status.has(name) && !saysNothing(name, read.get(name)))
                .toList();
        List<String> changed = names(status).stream()
                .filter(name -> !status.get(name).equals(read.get(name)))
                .toList();
        if (gone.isEmpty() && changed.isEmpty()) {
            return false;
        }
        run.written(run.registry.modify(run.key, "status", Writer.ROLLOUTS, tree -> {
            ObjectNode stored = Json.ensure(tree, "status");
            stored.remove(gone);
            changed.forEach(name -> stored.set(name, status.get(name)));
        }));
        return true;
    }

    /** Writes the whole status, and only over the version that was read. What says nothing is left out. */
    void writeStatus(Consumer<ObjectNode> change) {
        run.written(run.registry.modify(run.key, "status", Writer.ROLLOUTS, tree -> {
            run.onlyOverWhatWasRead(tree);
            ObjectNode status = Json.ensure(tree, "status");
            names(status).stream()
                    .filter(name -> saysNothing(name, status.get(name)))
                    .forEach(status::remove);
            Json.ensure(status, "blueGreen");
            Json.ensure(status, "canary");
            change.accept(status);
        }));
    }

    private static List<String> names(ObjectNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** Of the optional fields only the step index means something when it is 0. */
    private static boolean saysNothing(String name, JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.asBoolean())
                || (value.isNumber() && value.asLong() == 0 && !name.equals("currentStepIndex"))
                || (value.isTextual() && value.asText().isEmpty());
    }

    /** Says in the conditions that the Rollout is paused, resumed or retried; true when that had to be written. */
    boolean notePause() {
        JsonNode before = run.rollout.status();
        boolean paused = run.rollout.hasPauseConditions() || run.rollout.isPausedByUser();
        boolean notedPause = Conditions.has(before, "Progressing", "RolloutPaused");
        boolean notedAbort = Conditions.has(before, "Progressing", "RolloutAborted");
        boolean completed = !run.rollout.stableHash().isEmpty() && run.rollout.isFullyPromoted();
        ObjectNode status = run.statusCopy();
        if (paused != notedPause && !notedAbort && !completed) {
            String reason = paused ? "RolloutPaused" : "RolloutResumed";
            String message = paused ? "Rollout is paused" : "Rollout is resumed";
            Conditions.set(status, "Progressing", "Unknown", reason, message, run.registry.now());
        }
        if (!run.rollout.abortRequested() && notedAbort) {
            Conditions.set(
                    status,
                    "Progressing",
                    "Unknown",
                    "RolloutRetry",
                    "Retrying Rollout after abort",
                    run.registry.now());
        }
        if (paused != Conditions.isTrue(before, "Paused") && !notedAbort) {
            Conditions.set(
                    status,
                    "Paused",
                    paused ? "True" : "False",
                    "RolloutPaused",
                    "Rollout is paused",
                    run.registry.now());
        }
        if (status.equals(run.statusCopy())) {
            return false;
        }
        status.put("observedGeneration", Long.toString(Metadata.generation(run.rollout.tree())));
        setPhase(status);
        return write(status);
    }
}
