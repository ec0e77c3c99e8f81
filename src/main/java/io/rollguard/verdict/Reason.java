package io.rollguard.verdict;

/**
 * Why a verdict or a refusal is what it is: the closed list. The code is the metric's tag and the log's value, the text is
 * the wording in events and in Slack. docs/reasons.md lists them for people.
 */
public enum Reason {
    // --- why a release is guilty
    NAMES_NEW_REVISION("names-new-revision", "the alert names the new revision, and fires on no stable pod"),
    BEGAN_WITH_RELEASE("began-with-release", "the trouble began after the release, and nothing speaks against it"),
    NEW_PODS_FAIL("new-pods-fail", "its new pods fail, and the stable ones do not"),
    DEADLINE_PASSED(
            "deadline-passed", "its new pods were not ready within the progress deadline, and the stable ones are"),
    ANALYSIS_FAILED("analysis-failed", "the analysis of the new revision failed"),

    // --- why it is not, or not surely
    NO_ALERT("no-alert", "no alert is about this release"),
    RESOLVED("resolved", "every alert about it has ended"),
    NO_TRIGGER("no-trigger", "only alerts that may not start a rollback are about it"),
    FIRED_BEFORE("fired-before", "the same alert fired before the release"),
    FIRES_ON_STABLE("fires-on-stable", "it fires as much on stable pods"),
    STABLE_FIRES_TOO("stable-fires-too", "it fires on stable pods too, though less"),
    STABLE_FAIL_TOO("stable-fail-too", "stable pods fail in the same way"),
    REGISTRY_TROUBLE("registry-trouble", "other workloads can't pull images either, so the registry is suspected"),
    QUOTA_EXCEEDED("quota-exceeded", "a quota keeps its pods from being created"),
    NOT_PLACED("not-placed", "its new pods could not be created or found no node, which may be the cluster's fault"),
    OTHERS_HIT(
            "others-hit", "workloads that did not change are hit as well, and nothing tells new pods from stable ones"),
    ONSET_UNCLEAR("onset-unclear", "the trouble may have begun before the release"),
    SETTLING("settling", "waiting for evidence to the contrary"),
    OVERLAP("overlap", "another active release may explain it as well"),
    NODES_NOT_READY("nodes-not-ready", "all failing pods are on nodes that are not ready"),
    FLAPPING("flapping", "the alert comes and goes"),
    STORM("storm", "many unrelated workloads alert at once, so the platform is suspected"),
    ALERT_UNKNOWN("alert-unknown", "the alert has not been heard of for too long"),
    TOO_MUCH_EVIDENCE("too-much-evidence", "the evidence is larger than a verdict may carry"),
    JUDGE_FAILED("judge-failed", "the judgement failed; the log has the error"),

    // --- why nothing is done about a guilty release
    ALREADY_ABORTED("already-aborted", "the release is aborted already"),
    NO_GOOD_REVISION("no-good-revision", "no revision is known to be good"),
    MOVES_TO_GOOD("moves-to-good", "the release goes back to a revision known to be good"),
    ROLLED_BACK_BEFORE(
            "rolled-back-before", "this revision was rolled back before; a person must look at why it is back"),
    CONFIG_ONLY("config-only", "only configuration changed, which going back to the old template does not undo"),
    OPTED_OUT("opted-out", "the workload is annotated rollguard.io/no-rollback"),
    CONTROLLED("controlled", "another object controls the workload and would revert us"),
    FLAGGER("flagger", "Flagger governs the workload and would revert us"),
    GITOPS_OWNED("gitops-owned", "a GitOps tool owns the spec and would revert us"),
    OWN_WORKLOAD("own-workload", "Rollguard does not roll back itself or its broker"),
    KIND_UNSUPPORTED("kind-unsupported", "rolling back this kind of workload is not supported yet"),
    STATE_UNSUPPORTED("state-unsupported", "rolling back this strategy or state is not supported yet"),
    WORKLOAD_PAUSED("workload-paused", "the workload is paused, so its controller would not move"),
    ON_DELETE("on-delete", "its pods are replaced only when somebody deletes them"),
    PARTITION_RAISED("partition-raised", "a partition holds pods on the release, so a restore would not move them"),
    RIGHTS_MISSING("rights-missing", "the cluster does not give Rollguard the rights for it"),
    PAUSED("paused", "Rollguard is paused"),
    BREAKER_OPEN("breaker-open", "too many rollbacks in a short time"),
    COOLING_DOWN("cooling-down", "the workload was rolled back a short time ago"),
    EPISODE_SPENT("episode-spent", "this firing has led to a rollback already"),
    LOG_NOT_UNDERSTOOD(
            "log-not-understood", "the incident log holds an event that this version of Rollguard does not know"),
    UNREADABLE_MODE("unreadable-mode", "the annotation rollguard.io/mode is neither observe, approve nor auto"),
    NOT_APPROVED("not-approved", "a person must approve it first"),

    // --- why nothing is done though a person asks for it by hand
    ALREADY_THERE("already-there", "the workload is on that revision already"),
    NO_SUCH_REVISION("no-such-revision", "no template of that revision is left"),
    TARGET_ROLLED_BACK("target-rolled-back", "the revision to go back to was itself rolled back from, or found guilty"),
    OBSERVE_ONLY("observe-only", "in mode observe nothing is written to the cluster"),

    // --- how an attempt ended without the act
    WITHDRAWN("withdrawn", "the verdict no longer allows it"),
    STALE("stale", "the workload changed in between"),
    FORBIDDEN("forbidden", "the cluster does not allow it to Rollguard"),
    GONE("gone", "the workload is gone"),
    REJECTED("rejected", "the cluster refused the request"),
    DENIED_BY_POLICY("denied-by-policy", "an admission policy of the cluster does not allow it"),
    REFERENCE_MISSING("reference-missing", "something that the good revision needs is not there"),
    NO_QUOTA_LEFT("no-quota-left", "a quota of the namespace leaves no room for it"),
    UNREACHABLE("unreachable", "the cluster did not answer"),
    NOT_EFFECTIVE("not-effective", "the request was accepted, but pods and traffic did not move"),
    STUCK_POD("stuck-pod", "a pod that is not ready holds the StatefulSet back until somebody deletes it"),
    UNRESOLVED("unresolved", "it is not known in time whether the act was done"),
    SUPERSEDED("superseded", "a newer revision replaced the release"),
    RELEASE_OVER("release-over", "the release is over: it has baked, or was replaced"),
    RECOVERED("recovered", "its pods no longer fail"),
    NOT_CURED("not-cured", "the alerts go on after the rollback"),
    STILL_FAILING("still-failing", "pods go on failing after the rollback"),
    DISMISSED("dismissed", "a person dismissed it"),
    LEFT_AGAIN("left-again", "the workload has left the revision that had come back"),

    // --- why a person's command is not followed
    INCIDENT_CLOSED("incident-closed", "the incident is closed"),
    DECIDED_BEFORE("decided-before", "it has been decided already"),
    MOVED_ON("moved-on", "the incident has changed since it was looked at"),
    COMMAND_EXPIRED("command-expired", "the command was not taken up in time"),
    NOTHING_TO_APPROVE("nothing-to-approve", "nothing waits for an approval"),
    NOTHING_TO_RETRY("nothing-to-retry", "no attempt has failed for good"),
    UNDER_WAY("under-way", "a rollback is under way or done");

    private final String code;
    private final String text;

    Reason(String code, String text) {
        this.code = code;
        this.text = text;
    }

    public String code() {
        return code;
    }

    public String text() {
        return text;
    }

    @Override
    public String toString() {
        return code;
    }
}
