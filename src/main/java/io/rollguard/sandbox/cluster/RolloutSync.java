package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * One look at one Rollout, in the order in which Argo Rollouts goes about it: the order decides what clients see. As
 * there, a run that changed the Rollout early ends and leaves the rest to the next.
 */
final class RolloutSync {

    private static final RevisionKeys KEYS = RolloutRun.KEYS;
    private static final String STEP_PAUSE = "CanaryPauseStep";
    private static final String BLUE_GREEN_PAUSE = "BlueGreenPause";

    private final RolloutRun run;
    private final RolloutTraffic traffic;
    private final RolloutReplicaSets sets;
    private final RolloutStatusWriter writer;

    RolloutSync(RolloutRun run) {
        this.run = run;
        this.traffic = new RolloutTraffic(run.registry, run.events, run.key);
        this.writer = new RolloutStatusWriter(run);
        this.sets = new RolloutReplicaSets(run, traffic, writer);
    }

    void run() {
        if (run.fresh == null) {
            sets.createReplicaSet();
            return;
        }
        if (!run.rollout.spec().has("replicas")) {
            sets.rewrite(spec -> spec.put("replicas", 1));
            return;
        }
        if (run.rollout.isFullyPromoted() && run.isAborted()) {
            run.abortRemoved = true;
        }
        if (writer.notePause()) {
            return;
        }
        sets.syncRevision();
        boolean scaled = sets.isScaled();
        // once more: the first time may have changed no more than the ReplicaSet
        sets.syncRevision();
        if (scaled) {
            syncReplicasOnly();
        } else if (run.rollout.isBlueGreen()) {
            runBlueGreen();
        } else {
            runCanary();
        }
    }

    private void syncReplicasOnly() {
        ObjectNode status = run.statusCopy();
        if (run.rollout.isBlueGreen()) {
            reconcileBlueGreenReplicaSets();
            ReplicaSetState active = run.byHash(Json.text(status, "blueGreen", "activeSelector"));
            RolloutRun.putUnlessZero(
                    status, "HPAReplicas", active == null ? run.sum(ReplicaSetState::actual) : active.actual());
            RolloutRun.putUnlessZero(
                    status,
                    "availableReplicas",
                    active == null ? run.sum(ReplicaSetState::available) : active.available());
        } else {
            sets.reconcileCanaryReplicaSets();
            RolloutRun.putUnlessZero(status, "availableReplicas", run.sum(ReplicaSetState::available));
            RolloutRun.putUnlessZero(status, "HPAReplicas", run.sum(ReplicaSetState::actual));
        }
        writer.persist(status);
    }

    private void runCanary() {
        if (templateOrStepsChanged()) {
            syncCanaryStatus();
            return;
        }
        sets.trimHistory();
        traffic.pointServices(run.rollout, run.fresh, run.stable, run.isAborted());
        run.weights = traffic.route(
                run.rollout, run.fresh, run.stable, run.isAborted(), sets.isAtWantedCounts(Json.object()), run.weights);
        if (!sets.reconcileCanaryReplicaSets()) {
            reconcileStepPause();
        }
        syncCanaryStatus();
    }

    private boolean templateOrStepsChanged() {
        String hash = Json.text(run.rollout.status(), "currentStepHash");
        return (run.rollout.isCanary() && !hash.equals(run.rollout.stepHash())) || templateChanged();
    }

    private boolean templateChanged() {
        String before = run.rollout.currentHash();
        return !before.isEmpty() && run.fresh != null && !before.equals(KEYS.hash(run.fresh));
    }

    private void reconcileStepPause() {
        JsonNode step = run.rollout.step();
        if (run.rollout.isPausedByUser() || run.rollout.promoteFull() || step == null || !step.has("pause")) {
            return;
        }
        JsonNode pause = run.rollout.pauseCondition(STEP_PAUSE);
        if (pause == null) {
            if (!run.rollout.controllerPause()) {
                run.addedPauses.add(STEP_PAUSE);
            }
            return;
        }
        RolloutView.pauseDuration(step)
                .ifPresent(duration -> run.wakeAt(RolloutRun.startOf(pause).plus(duration)));
    }

    private boolean isStepCompleted() {
        JsonNode step = run.rollout.step();
        if (run.rollout.isPausedByUser() || step == null) {
            return false;
        }
        if (step.has("pause")) {
            JsonNode pause = run.rollout.pauseCondition(STEP_PAUSE);
            if (pause == null) {
                return run.rollout.controllerPause();
            }
            return RolloutView.pauseDuration(step)
                    .map(duration -> run.clock
                            .instant()
                            .isAfter(RolloutRun.startOf(pause).plus(duration)))
                    .orElse(false);
        }
        return !step.has("setWeight") || sets.isAtWantedCounts(run.weights);
    }

    private void syncCanaryStatus() {
        ObjectNode status = writer.baseStatus();
        RolloutRun.putUnlessZero(status, "availableReplicas", run.sum(ReplicaSetState::available));
        RolloutRun.putUnlessZero(status, "HPAReplicas", run.sum(ReplicaSetState::actual));
        status.put("selector", LabelSelector.format(run.rollout.spec().path("selector")));
        RolloutRun.putUnlessEmpty(status, "stableRS", run.rollout.stableHash());
        status.put("currentStepHash", run.rollout.stepHash());
        if (run.weights.isObject()) {
            Json.ensure(status, "canary").set("weights", run.weights);
        }
        int count = run.rollout.steps().size();
        Optional<Integer> index = run.rollout.stepIndex();
        if (templateOrStepsChanged()) {
            resetUpdate(status);
            index = count > 0 ? Optional.of(0) : Optional.empty();
            if (run.fresh != null && count > 0) {
                if (run.rollout.stableHash().equals(KEYS.hash(run.fresh))) {
                    run.normal("SkipSteps", "Rollback to stable ReplicaSets");
                    index = Optional.of(count);
                } else if (isRollbackWithinWindow() && run.fresh.replicas() > 0) {
                    run.normal("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow");
                    index = Optional.of(count);
                }
            }
            putIndex(status, index);
            writer.persist(status);
            return;
        }
        if (run.rollout.promoteFull() || isRollbackWithinWindow()) {
            run.pausesCleared = true;
            run.abortRemoved = true;
            if (count > 0) {
                index = Optional.of(count);
            }
        }
        String reason = reasonToPromote(status, index);
        if (!reason.isEmpty()) {
            promote(status, reason);
            putIndex(status, count > 0 ? Optional.of(count) : Optional.empty());
        } else if (run.isAborted()) {
            boolean promoted = Json.text(status, "stableRS").equals(Json.text(status, "currentPodHash"));
            putIndex(status, count > 0 ? Optional.of(promoted ? count : 0) : index);
        } else {
            JsonNode step = run.rollout.step();
            if (step != null && index.isPresent() && isStepCompleted()) {
                index = Optional.of(index.get() + 1);
                run.normal(
                        "RolloutStepCompleted",
                        "Rollout step %d/%d completed (%s)".formatted(index.get(), count, RolloutView.describe(step)));
                run.removedPauses.add(STEP_PAUSE);
            }
            putIndex(status, index);
        }
        writer.persist(status);
    }

    private static void putIndex(ObjectNode status, Optional<Integer> index) {
        index.ifPresent(value -> status.put("currentStepIndex", value));
    }

    private void runBlueGreen() {
        ReplicaSetState current = RolloutRun.required(run.fresh);
        String hash = KEYS.hash(current);
        String preview = Json.text(run.rollout.blueGreen(), "previewService");
        if (!preview.isEmpty() && !run.rollout.isHalted()) {
            traffic.switchService(run.rollout, preview, hash);
        }
        if (!templateChanged()) {
            reconcileBlueGreenReplicaSets();
            reconcileBlueGreenPause();
            reconcileActiveService();
        }
        syncBlueGreenStatus();
    }

    private void reconcileBlueGreenReplicaSets() {
        sets.removeScaleDownDeadlines();
        if (run.stable != null) {
            sets.scale(run.stable, run.rollout.replicas());
        }
        sets.reconcileFresh(wantedBlueGreen());
        sets.reconcileOthers();
        sets.trimHistory();
    }

    private int wantedBlueGreen() {
        JsonNode previewCount = run.rollout.blueGreen().path("previewReplicaCount");
        ReplicaSetState active = run.byHash(Json.text(run.rollout.status(), "blueGreen", "activeSelector"));
        boolean past = run.rollout.promoteFull()
                || active == null
                || run.isSame(active, run.fresh)
                || (!run.rollout.isPausedByUser()
                        && !run.rollout.hasPauseConditions()
                        && Json.at(run.rollout.status(), "blueGreen", "scaleUpPreviewCheckPoint")
                                .asBoolean());
        return previewCount.isMissingNode() || past ? run.rollout.replicas() : previewCount.asInt();
    }

    private boolean isReadyForPause() {
        ReplicaSetState current = RolloutRun.required(run.fresh);
        return current.replicas() == wantedBlueGreen() && current.available() == wantedBlueGreen();
    }

    private String activeSelector() {
        return traffic.selectorOf(run.rollout, Json.text(run.rollout.blueGreen(), "activeService"));
    }

    private boolean isFastTracked() {
        String active = activeSelector();
        return isFastRollback()
                || run.rollout.promoteFull()
                || active.isEmpty()
                || active.equals(KEYS.hash(RolloutRun.required(run.fresh)));
    }

    private boolean needsBlueGreenPause() {
        return !run.rollout.blueGreen().path("autoPromotionEnabled").asBoolean(true)
                || Json.number(run.rollout.blueGreen(), 0, "autoPromotionSeconds") > 0;
    }

    private void reconcileBlueGreenPause() {
        if (run.rollout.abortRequested() || !isReadyForPause() || run.rollout.isHalted()) {
            return;
        }
        boolean passed = Json.at(run.rollout.status(), "blueGreen", "scaleUpPreviewCheckPoint")
                .asBoolean();
        if (isFastTracked() || passed || !needsBlueGreenPause()) {
            run.removedPauses.add(BLUE_GREEN_PAUSE);
            return;
        }
        JsonNode pause = run.rollout.pauseCondition(BLUE_GREEN_PAUSE);
        if (pause == null) {
            if (!run.rollout.controllerPause()) {
                run.addedPauses.add(BLUE_GREEN_PAUSE);
            }
        } else if (isBlueGreenPauseCompleted()) {
            run.removedPauses.add(BLUE_GREEN_PAUSE);
        } else {
            long seconds = Json.number(run.rollout.blueGreen(), 0, "autoPromotionSeconds");
            if (seconds > 0) {
                run.wakeAt(RolloutRun.startOf(pause).plusSeconds(seconds));
            }
        }
    }

    private boolean isBlueGreenPauseCompleted() {
        JsonNode pause = run.rollout.pauseCondition(BLUE_GREEN_PAUSE);
        if (!run.addedPauses.isEmpty()) {
            return false;
        }
        if (Json.at(run.rollout.status(), "blueGreen", "scaleUpPreviewCheckPoint")
                .asBoolean()) {
            return true;
        }
        if (run.rollout.blueGreen().path("autoPromotionEnabled").asBoolean(true)) {
            long seconds = Json.number(run.rollout.blueGreen(), 0, "autoPromotionSeconds");
            return seconds == 0
                    || (pause != null
                            && run.clock
                                    .instant()
                                    .isAfter(RolloutRun.startOf(pause).plusSeconds(seconds)));
        }
        return run.rollout.controllerPause() && pause == null;
    }

    private void reconcileActiveService() {
        ReplicaSetState current = RolloutRun.required(run.fresh);
        if (run.rollout.isHalted() || !isReadyForPause() || !run.isSaturated(current)) {
            return;
        }
        String hash = activeSelector();
        if (isFastTracked() || isBlueGreenPauseCompleted()) {
            hash = KEYS.hash(current);
        }
        if (run.rollout.abortRequested()) {
            hash = run.rollout.stableHash();
        }
        traffic.switchService(run.rollout, Json.text(run.rollout.blueGreen(), "activeService"), hash);
    }

    private void syncBlueGreenStatus() {
        ObjectNode status = writer.baseStatus();
        RolloutRun.putUnlessEmpty(status, "stableRS", run.rollout.stableHash());
        if (templateChanged()) {
            resetUpdate(status);
        }
        if (run.rollout.promoteFull() || isRollbackWithinWindow()) {
            run.pausesCleared = true;
            run.abortRemoved = true;
        }
        ObjectNode blueGreen = Json.ensure(status, "blueGreen");
        String preview = Json.text(run.rollout.blueGreen(), "previewService");
        RolloutRun.putUnlessEmpty(
                blueGreen, "previewSelector", preview.isEmpty() ? "" : traffic.selectorOf(run.rollout, preview));
        RolloutRun.putUnlessEmpty(blueGreen, "activeSelector", activeSelector());
        String reason = reasonToPromote(status, Optional.empty());
        if (!reason.isEmpty()) {
            promote(status, reason);
        } else if (isPastPreview()) {
            blueGreen.put("scaleUpPreviewCheckPoint", true);
        }
        ReplicaSetState active = run.byHash(Json.text(blueGreen, "activeSelector"));
        RolloutRun.putUnlessZero(
                status, "HPAReplicas", active == null ? run.sum(ReplicaSetState::actual) : active.actual());
        RolloutRun.putUnlessZero(
                status, "availableReplicas", active == null ? run.sum(ReplicaSetState::available) : active.available());
        if (active != null) {
            RolloutRun.putUnlessZero(status, "readyReplicas", active.ready());
        }
        status.put(
                "selector",
                LabelSelector.format(
                        active == null
                                ? run.rollout.spec().path("selector")
                                : Json.at(active.tree(), "spec", "selector")));
        writer.persist(status);
    }

    private boolean isPastPreview() {
        JsonNode count = run.rollout.blueGreen().path("previewReplicaCount");
        if (count.isMissingNode()) {
            return false;
        }
        return Json.at(run.rollout.status(), "blueGreen", "scaleUpPreviewCheckPoint")
                        .asBoolean()
                || (isBlueGreenPauseCompleted()
                        && RolloutRun.required(run.fresh).available() == count.asInt());
    }

    private boolean isRollback() {
        ReplicaSetState now = run.fresh;
        ReplicaSetState good = run.stable;
        return now != null
                && good != null
                && (run.rollout.stableHash().equals(KEYS.hash(now))
                        || now.created().isBefore(good.created()));
    }

    private boolean isFastRollback() {
        return isRollback()
                && (isRollbackWithinWindow()
                        || (run.freshWithinDelay && run.rollout.isBlueGreen())
                        || run.rollout.stableHash().equals(KEYS.hash(RolloutRun.required(run.fresh))));
    }

    /** Times of creation have a resolution of a second: two sets of the same second are never a rollback. */
    private boolean isRollbackWithinWindow() {
        ReplicaSetState now = run.fresh;
        ReplicaSetState good = run.stable;
        long window = Json.number(run.rollout.spec(), 0, "rollbackWindow", "revisions");
        if (now == null || good == null || window <= 0 || !now.created().isBefore(good.created())) {
            return false;
        }
        long between = run.all.stream()
                .filter(set ->
                        set.created().isBefore(good.created()) && now.created().isBefore(set.created()))
                .count();
        return between < window;
    }

    private String reasonToPromote(JsonNode status, Optional<Integer> index) {
        if (run.stable == null) {
            return "Initial deploy";
        }
        if (run.rollout.isBlueGreen()) {
            String active = Json.text(status, "blueGreen", "activeSelector");
            if (active.isEmpty()) {
                return "Initial deploy";
            }
            if (!active.equals(Json.text(status, "currentPodHash"))) {
                return "";
            }
        } else if (run.isAborted() || run.fresh == null || run.fresh.available() < run.rollout.replicas()) {
            return "";
        }
        if (run.rollout.promoteFull()) {
            return "Full promotion requested";
        }
        if (isFastRollback()) {
            return isRollbackWithinWindow() ? "Rollback within window" : "Fast rollback";
        }
        if (run.rollout.isBlueGreen()) {
            return run.isAborted() || run.rollout.awaitsPostPromotion() ? "" : "Completed blue-green update";
        }
        int count = run.rollout.steps().size();
        // the index before this run: promoteFull and the window have been dealt with
        boolean done = count == 0 || run.rollout.stepIndex().equals(Optional.of(count));
        return done ? "Completed all " + count + " canary steps" : "";
    }

    private void promote(ObjectNode status, String reason) {
        run.pausesCleared = true;
        run.abortRemoved = true;
        status.remove("promoteFull");
        Json.ensure(status, "blueGreen").remove("scaleUpPreviewCheckPoint");
        String hash = Json.text(status, "currentPodHash");
        if (!Json.text(status, "stableRS").equals(hash)) {
            status.put("stableRS", hash);
            run.normal(
                    "RolloutCompleted",
                    "Rollout completed update to revision %d (%s): %s"
                            .formatted(run.revisionOfRollout(), hash, reason));
        }
    }

    private void resetUpdate(ObjectNode status) {
        run.pausesCleared = true;
        run.abortRemoved = true;
        status.remove("promoteFull");
    }
}
