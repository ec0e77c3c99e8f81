package io.rollguard.policy;

import io.rollguard.alert.Alert;
import java.util.Set;

/**
 * Which alerts may start an incident: every one but those that ask for nobody's attention, those that watch the alerting
 * itself, and those by which a rollout controller reports its own doings (a rollback would fire them).
 */
public final class Triggers {

    private static final Set<String> QUIET = Set.of("info", "none");
    private static final Set<String> OF_ALERTING = Set.of("Watchdog", "InfoInhibitor");
    private static final Set<String> OF_CONTROLLERS = Set.of(
            "KubeDeploymentRolloutStuck",
            "KubeStatefulSetUpdateNotRolledOut",
            "KubeDaemonSetRolloutStuck",
            "RolloutAborted",
            "RolloutDegraded",
            "RolloutFailing",
            "RolloutPausedTooLong",
            "RolloutStalled");

    private Triggers() {}

    public static boolean isTrigger(Alert alert) {
        var severity = alert.labels().get("severity").orElse("");
        var job = alert.labels().get("job").orElse("");
        return !QUIET.contains(severity)
                && !OF_ALERTING.contains(alert.name())
                && !OF_CONTROLLERS.contains(alert.name())
                && !job.startsWith("argo-rollouts");
    }
}
