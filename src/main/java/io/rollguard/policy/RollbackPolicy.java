package io.rollguard.policy;

import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What may be done about a verdict. The kinds and states that Rollguard can take back safely are those of the decision
 * table for aborts and restores; every other one is refused with its reason.
 *
 * @param defaultMode where the workload names none
 * @param ownNamespaces namespaces that are never touched: Rollguard's own and its broker's
 */
public record RollbackPolicy(Mode defaultMode, Set<String> ownNamespaces) {

    /**
     * What holds at this moment, beside the workload itself.
     *
     * @param rights how far Rollguard's rights reach; null where that is not known, which is no reason to refuse
     * @param paused Rollguard is paused
     * @param hold what the incident log holds against another rollback now; null where nothing
     */
    public record Now(
            @Nullable Tier rights, boolean paused, @Nullable Reason hold) {
        public static final Now CLEAR = new Now(null, false, null);
    }

    public RollbackPolicy {
        ownNamespaces = Set.copyOf(ownNamespaces);
    }

    public Allowed decide(Verdict verdict, Release release, WorkloadFacts workload, Now now) {
        var mode = mode(workload);
        if (!verdict.isGuilty()) {
            return Allowed.no(mode.orElse(Mode.OBSERVE), null);
        }
        return refusal(release, workload, mode, now)
                .map(reason -> Allowed.no(mode.orElse(Mode.OBSERVE), reason))
                .orElseGet(() -> Allowed.yes(Act.of(release), mode.orElseThrow()));
    }

    /** The workload's own mode; empty where it names one that does not exist. */
    public Optional<Mode> mode(WorkloadFacts workload) {
        var own = workload.settings().mode();
        return own == null ? Optional.of(defaultMode) : Mode.named(own);
    }

    private Optional<Reason> refusal(Release release, WorkloadFacts workload, Optional<Mode> mode, Now now) {
        return Stream.of(
                        when(ownNamespaces.contains(workload.ref().namespace()), Reason.OWN_WORKLOAD),
                        when(workload.settings().noRollback() != null, Reason.OPTED_OUT),
                        when(workload.flagger(), Reason.FLAGGER),
                        when(workload.owner() != null, Reason.CONTROLLED),
                        when(release.stage() == Stage.ABORTED, Reason.ALREADY_ABORTED),
                        when(release.movesToGood(), Reason.MOVES_TO_GOOD),
                        when(isMarked(release, workload), Reason.ROLLED_BACK_BEFORE),
                        when(release.configOnly(), Reason.CONFIG_ONLY),
                        Act.of(release) == Act.ABORT ? againstAbort(release, workload) : againstRestore(workload),
                        when(release.target() == null, Reason.NO_GOOD_REVISION),
                        when(mode.isEmpty(), Reason.UNREADABLE_MODE),
                        when(now.rights() != null && !now.rights().covers(Act.of(release)), Reason.RIGHTS_MISSING),
                        when(now.paused(), Reason.PAUSED),
                        Optional.ofNullable(now.hold()))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static boolean isMarked(Release release, WorkloadFacts workload) {
        return release.revision().value().equals(workload.settings().rolledBackFrom());
    }

    private static Optional<Reason> againstAbort(Release release, WorkloadFacts workload) {
        boolean unsafe = workload.strategy() != Strategy.CANARY
                || workload.is(Trait.INVALID)
                || workload.is(Trait.WORKLOAD_REF)
                || workload.is(Trait.DYNAMIC_STABLE_SCALE)
                || (workload.is(Trait.ROLLBACK_WINDOW) && release.cameBack());
        return when(unsafe, Reason.STATE_UNSUPPORTED).or(() -> when(workload.is(Trait.PAUSED), Reason.WORKLOAD_PAUSED));
    }

    private static Optional<Reason> againstRestore(WorkloadFacts workload) {
        return switch (workload.ref().kind()) {
            case STATEFULSET, DAEMONSET -> Optional.of(Reason.KIND_UNSUPPORTED);
            case ROLLOUT -> Optional.of(Reason.STATE_UNSUPPORTED);
            case DEPLOYMENT ->
                when(workload.gitOps() != null, Reason.GITOPS_OWNED)
                        .or(() -> when(workload.is(Trait.PAUSED), Reason.WORKLOAD_PAUSED));
        };
    }

    private static Optional<Reason> when(boolean holds, Reason reason) {
        return holds ? Optional.of(reason) : Optional.empty();
    }
}
