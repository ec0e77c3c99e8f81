package io.rollguard.policy;

import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What may be done about a verdict: the act of the decision table ({@link WayBack}), unless something speaks against it.
 *
 * @param defaultMode where the workload names none
 * @param ownNamespaces namespaces that are never touched: Rollguard's own and its broker's
 */
public record RollbackPolicy(Mode defaultMode, Set<String> ownNamespaces) {

    /** What a person is needed for, and one is here. */
    private static final Set<Reason> FOR_A_PERSON =
            EnumSet.of(Reason.MOVES_TO_GOOD, Reason.ROLLED_BACK_BEFORE, Reason.CONFIG_ONLY, Reason.UNREADABLE_MODE);

    private static final Set<Reason> YIELDING = EnumSet.of(
            Reason.OPTED_OUT,
            Reason.PAUSED,
            Reason.BREAKER_OPEN,
            Reason.COOLING_DOWN,
            Reason.DISMISSED,
            Reason.OBSERVE_ONLY,
            Reason.TARGET_ROLLED_BACK);

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
        return refusals(release, workload, mode, now)
                .findFirst()
                .map(reason -> Allowed.no(mode.orElse(Mode.OBSERVE), reason))
                .orElseGet(() -> Allowed.yes(WayBack.act(release, workload), mode.orElseThrow()));
    }

    /**
     * What may be done where a person asks for it, with what they say is wrong in the verdict's place. What keeps Rollguard
     * from harm holds all the same. What keeps it from acting by itself on what a person has looked at does not; what people
     * or the whole fleet are protected by does, unless that person insists.
     *
     * @param force whether they do
     */
    public Allowed decideByHand(Release release, WorkloadFacts workload, Now now, boolean force) {
        var mode = mode(workload);
        return Stream.concat(
                        refusals(release, workload, mode, now),
                        when(mode.equals(Optional.of(Mode.OBSERVE)), Reason.OBSERVE_ONLY).stream())
                .filter(reason -> !FOR_A_PERSON.contains(reason))
                .filter(reason -> !force || !yieldsToForce(reason))
                .findFirst()
                .map(reason -> Allowed.no(mode.orElse(Mode.OBSERVE), reason))
                .orElseGet(() -> Allowed.yes(WayBack.act(release, workload), mode.orElse(Mode.OBSERVE)));
    }

    /** Whether a person who insists passes it over. */
    public static boolean yieldsToForce(Reason reason) {
        return YIELDING.contains(reason);
    }

    /** The workload's own mode; empty where it names one that does not exist. */
    public Optional<Mode> mode(WorkloadFacts workload) {
        var own = workload.settings().mode();
        return own == null ? Optional.of(defaultMode) : Mode.named(own);
    }

    private Stream<Reason> refusals(Release release, WorkloadFacts workload, Optional<Mode> mode, Now now) {
        var act = WayBack.act(release, workload);
        return Stream.of(
                        when(ownNamespaces.contains(workload.ref().namespace()), Reason.OWN_WORKLOAD),
                        when(workload.settings().noRollback() != null, Reason.OPTED_OUT),
                        when(workload.flagger(), Reason.FLAGGER),
                        when(workload.owner() != null, Reason.CONTROLLED),
                        when(release.stage() == Stage.ABORTED && !workload.isStranded(), Reason.ALREADY_ABORTED),
                        when(release.movesToGood(), Reason.MOVES_TO_GOOD),
                        when(isMarked(release, workload), Reason.ROLLED_BACK_BEFORE),
                        when(release.configOnly(), Reason.CONFIG_ONLY),
                        WayBack.against(act, workload),
                        when(release.target() == null, Reason.NO_GOOD_REVISION),
                        when(mode.isEmpty(), Reason.UNREADABLE_MODE),
                        when(isBeyond(now.rights(), act, workload), Reason.RIGHTS_MISSING),
                        when(now.paused(), Reason.PAUSED),
                        Optional.ofNullable(now.hold()))
                .flatMap(Optional::stream);
    }

    private static boolean isBeyond(@Nullable Tier rights, Act act, WorkloadFacts workload) {
        return rights != null && !rights.covers(WayBack.changesSpec(act, workload) ? Act.RESTORE : act);
    }

    private static boolean isMarked(Release release, WorkloadFacts workload) {
        return release.revision().value().equals(workload.settings().rolledBackFrom());
    }

    private static Optional<Reason> when(boolean holds, Reason reason) {
        return holds ? Optional.of(reason) : Optional.empty();
    }
}
