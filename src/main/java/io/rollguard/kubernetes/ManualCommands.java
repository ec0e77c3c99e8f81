package io.rollguard.kubernetes;

import io.rollguard.reactor.FollowUp;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a person types where Rollguard does not act. Pure. */
public record ManualCommands(ClusterObjects objects) {

    /** Does the act. */
    public String of(WorkloadRef workload, Act act, @Nullable RevisionHash target) {
        var where = " -n " + workload.namespace();
        return switch (act) {
            case NONE -> "";
            case ABORT -> {
                var abort = "kubectl argo rollouts abort " + workload.name() + where;
                yield objects.workload(workload)
                                .filter(facts -> facts.is(Trait.PAUSED) && facts.strategy() == Strategy.CANARY)
                                .isPresent()
                        ? abort + " && sleep 2 && " + of(workload, new FollowUp.Unpause())
                        : abort;
            }
            case RESTORE -> workload.kind() == Kind.ROLLOUT ? undo(workload, target) : restore(workload, target);
        };
    }

    private String undo(WorkloadRef workload, @Nullable RevisionHash target) {
        var rollout = workload.name() + " -n " + workload.namespace();
        var facts = objects.workload(workload);
        var unpause = facts.filter(each -> each.is(Trait.PAUSED)).isPresent()
                ? " && " + of(workload, new FollowUp.Unpause())
                : "";
        return facts.flatMap(each -> ByHand.number(objects, each, target))
                .map(number -> "kubectl argo rollouts undo " + rollout + " --to-revision=" + number + unpause)
                .orElse("kubectl argo rollouts get rollout " + rollout);
    }

    private String restore(WorkloadRef workload, @Nullable RevisionHash target) {
        return Optional.ofNullable(target)
                .flatMap(to -> objects.workload(workload).flatMap(facts -> ByHand.restore(objects, facts, to)))
                .orElse("kubectl rollout history " + workload.kind().alertLabel() + "/" + workload.name() + " -n "
                        + workload.namespace());
    }

    /** Lets a revision go on after the act took it back. */
    public String forward(WorkloadRef workload, Act act, RevisionHash revision) {
        return switch (act) {
            case NONE -> "";
            case ABORT -> "kubectl argo rollouts retry rollout " + workload.name() + " -n " + workload.namespace();
            case RESTORE -> of(workload, Act.RESTORE, revision);
        };
    }

    /** Does what is left of an act. */
    public String of(WorkloadRef workload, FollowUp what) {
        var rollout = workload.name() + " -n " + workload.namespace();
        return switch (what) {
            case FollowUp.Unpause() ->
                "kubectl patch rollout " + rollout + " --type merge -p '{\"spec\":{\"paused\":false}}'";
            case FollowUp.DeletePod(var pod) -> "kubectl delete pod -n " + workload.namespace() + " " + pod;
            case FollowUp.GoBack() ->
                of(
                        workload,
                        Act.RESTORE,
                        objects.workload(workload).map(WorkloadFacts::stable).orElse(null));
            case FollowUp.Promote() -> "kubectl argo rollouts promote " + rollout + " --full";
            case FollowUp.Nudge() -> "kubectl annotate rollout " + rollout + " nudged=\"$(date)\" --overwrite";
        };
    }
}
