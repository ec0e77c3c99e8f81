package io.rollguard.release;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A workload, reduced to what is used. Pod templates stay in the cluster: here are only digests of them.
 *
 * @param observed whether the status describes the present spec (observedGeneration); without it nothing below is trusted
 * @param replicas how many pods are wanted
 * @param updatedReplicas pods of the current revision
 * @param availableReplicas pods that serve, of any revision
 * @param current hash of the revision that the spec asks for, as its controller names it
 * @param stable Rollout, StatefulSet: hash of the revision that has completed last; others: null
 * @param aborted Rollout: an abort is asked for or done
 * @param abortedAt Rollout: when the controller acknowledged the abort
 * @param canaryWeight Rollout with traffic routing: percent of traffic on the current revision
 * @param changedAt Rollout: when it last left completeness; others null. Tells when an old revision became current again
 * @param complete whether the current revision has taken all traffic
 * @param completedAt since when; null where not complete, or where the kind does not tell
 * @param templateSetAt when the template was last written, as far as managedFields tell
 * @param stuck the controller gave up waiting for progress
 * @param owner the object that controls this one, {@code Kind/name}
 * @param gitOps the tool that owns the spec and would revert a restore, as people name it
 * @param flagger whether a Flagger Canary governs it
 * @param traits peculiarities that change what may be done
 * @param settings the {@code rollguard.io/*} annotations
 */
public record WorkloadFacts(
        WorkloadRef ref,
        String uid,
        boolean observed,
        Strategy strategy,
        int replicas,
        int updatedReplicas,
        int availableReplicas,
        int totalReplicas,
        @Nullable RevisionHash current,
        @Nullable RevisionHash stable,
        boolean aborted,
        @Nullable Instant abortedAt,
        @Nullable Integer canaryWeight,
        @Nullable Instant changedAt,
        boolean complete,
        @Nullable Instant completedAt,
        @Nullable Instant templateSetAt,
        boolean stuck,
        @Nullable String owner,
        @Nullable String gitOps,
        boolean flagger,
        Set<Trait> traits,
        Settings settings) {

    /** Peculiarities of a workload that change what may be done about it. */
    public enum Trait {
        /** spec.paused: its controller moves nothing. */
        PAUSED,
        /** Rollout: the template lives in another object. */
        WORKLOAD_REF,
        /** Rollout: stable is scaled down while the canary grows, so an abort is slow or never ends. */
        DYNAMIC_STABLE_SCALE,
        /** Rollout: promotion of the current revision is asked for, which makes an abort be ignored. */
        PROMOTE_FULL,
        /** Rollout: going back within a window skips the steps, and aborts are removed. */
        ROLLBACK_WINDOW,
        /** Rollout: a traffic router shifts the traffic, pods do not. */
        TRAFFIC_ROUTING,
        /** Rollout, blue-green: users are on the current revision already. */
        SWITCHED,
        /** Its controller refuses the spec. */
        INVALID
    }

    /**
     * What people wrote on the workload.
     *
     * @param mode {@code rollguard.io/mode}, as written
     * @param bakeTime {@code rollguard.io/bake-time}; null where absent or unreadable
     * @param noRollback {@code rollguard.io/no-rollback}: the reason given
     * @param rolledBackFrom {@code rollguard.io/rolled-back-from}: the revision that Rollguard last moved away from
     */
    public record Settings(
            @Nullable String mode,
            @Nullable Duration bakeTime,
            @Nullable String noRollback,
            @Nullable String rolledBackFrom) {
        public static final Settings NONE = new Settings(null, null, null, null);
    }

    public WorkloadFacts {
        traits = Set.copyOf(traits);
    }

    /** The same with what only other objects tell. */
    WorkloadFacts joined(@Nullable RevisionHash current, @Nullable String owner, boolean flagger) {
        return new WorkloadFacts(
                ref,
                uid,
                observed,
                strategy,
                replicas,
                updatedReplicas,
                availableReplicas,
                totalReplicas,
                current,
                stable,
                aborted,
                abortedAt,
                canaryWeight,
                changedAt,
                complete,
                completedAt,
                templateSetAt,
                stuck,
                owner,
                gitOps,
                flagger,
                traits,
                settings);
    }

    public boolean is(Trait trait) {
        return traits.contains(trait);
    }
}
