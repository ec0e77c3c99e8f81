package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;

/** The phase and message that sum a Rollout's status up; the first that applies. */
record RolloutPhase(String phase, String message) {

    static RolloutPhase of(RolloutView rollout, JsonNode status) {
        for (JsonNode condition : status.path("conditions")) {
            if (Json.text(condition, "type").equals("InvalidSpec")) {
                return new RolloutPhase("Degraded", "InvalidSpec: " + Json.text(condition, "message"));
            }
            String reason = Json.text(condition, "reason");
            if (reason.equals("RolloutAborted") || reason.equals("ProgressDeadlineExceeded")) {
                return new RolloutPhase("Degraded", reason + ": " + Json.text(condition, "message"));
            }
        }
        if (rollout.isPausedByUser()) {
            return new RolloutPhase("Paused", "manually paused");
        }
        if (!status.path("pauseConditions").isEmpty()) {
            return new RolloutPhase(
                    "Paused", Json.text(status.path("pauseConditions").get(0), "reason"));
        }
        long updated = Json.number(status, 0, "updatedReplicas");
        if (updated < rollout.replicas()) {
            return progressing("more replicas need to be updated");
        }
        if (Json.number(status, 0, "availableReplicas") < updated) {
            return progressing("updated replicas are still becoming available");
        }
        String stable = Json.text(status, "stableRS");
        String current = Json.text(status, "currentPodHash");
        boolean promoted = !stable.isEmpty() && stable.equals(current);
        if (rollout.isBlueGreen()) {
            String active = Json.text(status, "blueGreen", "activeSelector");
            if (active.isEmpty() || !active.equals(current)) {
                return progressing("active service cutover pending");
            }
            if (!promoted) {
                return progressing("waiting for post-promotion verification to complete");
            }
        } else {
            if (!rollout.hasTrafficRouting() && Json.number(status, 0, "replicas") > updated) {
                return progressing("old replicas are pending termination");
            }
            if (!promoted) {
                return progressing("waiting for all steps to complete");
            }
        }
        return new RolloutPhase("Healthy", "");
    }

    private static RolloutPhase progressing(String message) {
        return new RolloutPhase("Progressing", message);
    }
}
