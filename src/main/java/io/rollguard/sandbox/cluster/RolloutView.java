package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A Rollout as its controller reads it. */
record RolloutView(ObjectNode tree) {

    private static final int ABORT_DELAY_SECONDS = 30;
    private static final int SCALE_DOWN_DELAY_SECONDS = 30;

    JsonNode spec() {
        return tree.path("spec");
    }

    JsonNode status() {
        return tree.path("status");
    }

    String name() {
        return Metadata.name(tree);
    }

    int replicas() {
        return (int) Json.number(spec(), 1, "replicas");
    }

    JsonNode template() {
        return spec().path("template");
    }

    boolean isCanary() {
        return Json.at(spec(), "strategy", "canary").isObject();
    }

    boolean isBlueGreen() {
        return Json.at(spec(), "strategy", "blueGreen").isObject();
    }

    JsonNode canary() {
        return Json.at(spec(), "strategy", "canary");
    }

    JsonNode blueGreen() {
        return Json.at(spec(), "strategy", "blueGreen");
    }

    /** An analysis after the switch is one that never ends here. */
    boolean awaitsPostPromotion() {
        return blueGreen().path("postPromotionAnalysis").isObject();
    }

    private JsonNode strategy() {
        return isBlueGreen() ? blueGreen() : canary();
    }

    boolean hasTrafficRouting() {
        return canary().path("trafficRouting").isObject();
    }

    boolean scalesStableDynamically() {
        return canary().path("dynamicStableScale").asBoolean();
    }

    Bounds bounds() {
        return Bounds.of(canary(), replicas());
    }

    boolean isPausedByUser() {
        return spec().path("paused").asBoolean();
    }

    JsonNode steps() {
        return canary().path("steps");
    }

    String stepHash() {
        return isCanary() ? PodTemplates.hashOf(steps()) : "";
    }

    /** Absent where there are no steps. */
    Optional<Integer> stepIndex() {
        return steps().isEmpty() ? Optional.empty() : Optional.of((int) Json.number(status(), 0, "currentStepIndex"));
    }

    /** The step being executed; null after the last one. */
    @Nullable
    JsonNode step() {
        return stepIndex().map(index -> steps().get(index)).orElse(null);
    }

    String currentHash() {
        return Json.text(status(), "currentPodHash");
    }

    String stableHash() {
        return Json.text(status(), "stableRS");
    }

    boolean isFullyPromoted() {
        return stableHash().equals(currentHash());
    }

    boolean abortRequested() {
        return status().path("abort").asBoolean();
    }

    boolean promoteFull() {
        return status().path("promoteFull").asBoolean();
    }

    boolean controllerPause() {
        return status().path("controllerPause").asBoolean();
    }

    @Nullable
    JsonNode pauseCondition(String reason) {
        for (JsonNode condition : status().path("pauseConditions")) {
            if (Json.text(condition, "reason").equals(reason)) {
                return condition;
            }
        }
        return null;
    }

    boolean hasPauseConditions() {
        return !status().path("pauseConditions").isEmpty();
    }

    /** Weight on the router now; empty without one. */
    Optional<Integer> weight() {
        JsonNode weights = Json.at(status(), "canary", "weights");
        return weights.isObject() ? Optional.of((int) Json.number(weights, 0, "canary", "weight")) : Optional.empty();
    }

    /** Nothing may move: the user paused, or an analysis was inconclusive. */
    boolean isHalted() {
        return isPausedByUser() || pauseCondition("InconclusiveAnalysisRun") != null;
    }

    /** The weight that the steps ask for now. */
    int stepWeight() {
        if (abortRequested()) {
            return 0;
        }
        if (step() == null) {
            return 100;
        }
        for (int i = stepIndex().orElse(0); i >= 0; i--) {
            if (steps().get(i).has("setWeight")) {
                return steps().get(i).path("setWeight").asInt();
            }
        }
        return 0;
    }

    boolean goesToFullWeight() {
        return promoteFull() || stableHash().isEmpty() || isFullyPromoted();
    }

    /** After an abort with dynamicStableScale the weight goes down the steps in reverse, as stable pods come up. */
    int desiredWeight(@Nullable ReplicaSetState fresh, @Nullable ReplicaSetState stable) {
        if (goesToFullWeight()) {
            return 100;
        }
        if (!abortRequested() || !scalesStableDynamically() || fresh == null || stable == null) {
            return stepWeight();
        }
        int canaryPods = Math.max(replicas() - stable.available(), fresh.available());
        List<JsonNode> steps = new ArrayList<>();
        steps().forEach(steps::add);
        for (JsonNode step : steps.reversed()) {
            if (step.has("setWeight")
                    && CanaryReplicas.ofWeight(
                                    replicas(), step.path("setWeight").asInt())
                            < canaryPods) {
                return step.path("setWeight").asInt();
            }
        }
        return 0;
    }

    boolean abortDelayIsSet() {
        return strategy().has("abortScaleDownDelaySeconds");
    }

    /** Empty: the canary or preview stays up. */
    Optional<Duration> abortDelay() {
        if (isCanary() && !hasTrafficRouting()) {
            return Optional.of(Duration.ZERO);
        }
        long seconds = Json.number(strategy(), ABORT_DELAY_SECONDS, "abortScaleDownDelaySeconds");
        return seconds == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds));
    }

    Duration scaleDownDelay() {
        boolean applies = isBlueGreen() || hasTrafficRouting();
        return Duration.ofSeconds(
                applies ? Json.number(strategy(), SCALE_DOWN_DELAY_SECONDS, "scaleDownDelaySeconds") : 0);
    }

    long progressDeadlineSeconds() {
        return Json.number(spec(), 600, "progressDeadlineSeconds");
    }

    boolean isAtIndefiniteStep() {
        JsonNode step = step();
        return (step != null && (step.has("pause") || step.has("analysis") || step.has("experiment")))
                || Conditions.isTrue(status(), "Paused");
    }

    static Optional<Duration> pauseDuration(JsonNode step) {
        JsonNode duration = Json.at(step, "pause", "duration");
        return duration.isMissingNode() || duration.isNull()
                ? Optional.empty()
                : Optional.of(Durations.parse(duration.asText(), Duration.ZERO));
    }

    static String describe(JsonNode step) {
        if (step.has("setWeight")) {
            return "setWeight: " + step.path("setWeight").asInt();
        }
        if (step.has("pause")) {
            return "pause"
                    + (Json.at(step, "pause").has("duration") ? ": " + Json.text(step, "pause", "duration") : "");
        }
        return step.fieldNames().hasNext() ? step.fieldNames().next() : "";
    }
}
