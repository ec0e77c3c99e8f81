package io.rollguard.release;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
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
 * @param gitOps the tool that holds the spec; null where none has left a sign
 * @param flagger whether a Flagger Canary governs it
 * @param traits peculiarities that change what may be done
 * @param settings the {@code rollguard.io/*} annotations
 * @param blueGreen Rollout with that strategy: where its users are; others null
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
        @Nullable GitOps gitOps,
        boolean flagger,
        Set<Trait> traits,
        Settings settings,
        @Nullable BlueGreen blueGreen) {

    /** Peculiarities of a workload that change what may be done about it. */
    public enum Trait {
        /** spec.paused: its controller moves nothing. */
        PAUSED,
        /** {@code kubectl apply} keeps its last manifest on it. */
        CLIENT_SIDE_APPLIED,
        /** Rollout: the template lives in a Deployment. */
        WORKLOAD_REF,
        /** Rollout: the template lives in an object of a kind that is not looked at. */
        FOREIGN_TEMPLATE,
        /** Rollout: stable is scaled down while the canary grows, so an abort is slow or never ends. */
        DYNAMIC_STABLE_SCALE,
        /** Rollout: how long aborted pods stay was chosen, which dead-locks an abort of one that scales stable down. */
        ABORT_DELAY_SET,
        /** Rollout: its controller aborted it itself, by an analysis or a deadline. */
        ABORTED_BY_CONTROLLER,
        /** Rollout: promotion of the current revision is asked for, which makes an abort be ignored. */
        PROMOTE_FULL,
        /** Rollout: its controller waits at a pause, which it does not while it knows of a full promotion. */
        WAITING,
        /** Rollout: going back within a window skips the steps, and aborts are removed. */
        ROLLBACK_WINDOW,
        /** Rollout: a traffic router shifts the traffic, pods do not. */
        TRAFFIC_ROUTING,
        /** Deployment: a Rollout takes its template from it and runs the pods, so it has no releases of its own. */
        TEMPLATE_ONLY,
        /** Rollout, blue-green: users are on the current revision already. */
        SWITCHED,
        /**
         * Rollout, blue-green: not every pod of the current revision is known to serve. The controller then takes no user
         * back on an abort, and still ends the pods they are on.
         */
        PARTLY_UP,
        /** Its controller refuses the spec. */
        INVALID,
        /** Pods can't be created because a quota is exceeded. */
        QUOTA_EXCEEDED,
        /** Rollout: an analysis of the current revision failed. */
        ANALYSIS_FAILED,
        /** Rollout: its controller aborts by itself when the progress deadline passes. */
        ABORTS_AT_DEADLINE,
        /** StatefulSet: pods are changed one after the other, and one that is not ready holds all others back. */
        ORDERED,
        /** StatefulSet: a partition keeps the first pods from being updated. */
        PARTITIONED
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

    /**
     * Where the users of a blue-green Rollout are.
     *
     * @param activeService the Service that they come through
     * @param active the revision that it selects, as the controller's status says
     */
    public record BlueGreen(String activeService, @Nullable RevisionHash active) {}

    public WorkloadFacts {
        traits = Set.copyOf(traits);
    }

    /** Begins with one that is observed and has nothing: no pods, no revision, no mark of anybody. */
    public static Builder of(WorkloadRef ref, String uid, Strategy strategy) {
        return new Builder(ref, uid, strategy);
    }

    /** Begins with this one. */
    public Builder with() {
        return new Builder(this);
    }

    /**
     * Whether it is known which revision it runs: its status may be about an older spec, and what is known of its revisions
     * about an older status.
     */
    public boolean tellsItsRevision() {
        return observed && current != null;
    }

    /**
     * Whether an abort would strand the users of a blue-green Rollout: its controller takes nobody back while it is paused or
     * a new pod does not serve, and still ends the pods that they are on.
     */
    public boolean strandsOnAbort() {
        return is(Trait.SWITCHED) && (is(Trait.PAUSED) || is(Trait.PARTLY_UP));
    }

    /** Whether that has happened: by a person's abort, or by an analysis. */
    public boolean isStranded() {
        return aborted && abortedAt != null && strandsOnAbort();
    }

    /** Whether a tool would revert a restore. */
    public boolean isGitOpsOwned() {
        return gitOps != null && gitOps.tool().revertsDrift();
    }

    /** Whether a new revision may get no pod before a person deletes one or lowers a partition. */
    boolean waitsForPeople() {
        return strategy == Strategy.ON_DELETE || is(Trait.PARTITIONED);
    }

    public boolean is(Trait trait) {
        return traits.contains(trait);
    }

    /** Says field by field what a workload is; what belongs together is said together. */
    public static final class Builder {

        private final WorkloadRef ref;
        private final String uid;
        private final Strategy strategy;
        private boolean observed = true;
        private int replicas;
        private int updatedReplicas;
        private int availableReplicas;
        private int totalReplicas;
        private @Nullable RevisionHash current;
        private @Nullable RevisionHash stable;
        private boolean aborted;
        private @Nullable Instant abortedAt;
        private @Nullable Integer canaryWeight;
        private @Nullable Instant changedAt;
        private boolean complete;
        private @Nullable Instant completedAt;
        private @Nullable Instant templateSetAt;
        private boolean stuck;
        private @Nullable String owner;
        private @Nullable GitOps gitOps;
        private boolean flagger;
        private final Set<Trait> traits = EnumSet.noneOf(Trait.class);
        private Settings settings = Settings.NONE;
        private @Nullable BlueGreen blueGreen;

        private Builder(WorkloadRef ref, String uid, Strategy strategy) {
            this.ref = ref;
            this.uid = uid;
            this.strategy = strategy;
        }

        private Builder(WorkloadFacts from) {
            this(from.ref, from.uid, from.strategy);
            observed = from.observed;
            replicas = from.replicas;
            updatedReplicas = from.updatedReplicas;
            availableReplicas = from.availableReplicas;
            totalReplicas = from.totalReplicas;
            current = from.current;
            stable = from.stable;
            aborted = from.aborted;
            abortedAt = from.abortedAt;
            canaryWeight = from.canaryWeight;
            changedAt = from.changedAt;
            complete = from.complete;
            completedAt = from.completedAt;
            templateSetAt = from.templateSetAt;
            stuck = from.stuck;
            owner = from.owner;
            gitOps = from.gitOps;
            flagger = from.flagger;
            traits.addAll(from.traits);
            settings = from.settings;
            blueGreen = from.blueGreen;
        }

        public Builder observed(boolean observed) {
            this.observed = observed;
            return this;
        }

        /**
         * @param wanted by the spec
         * @param updated of the current revision
         * @param available of any revision, that serve
         * @param total of any revision
         */
        public Builder pods(int wanted, int updated, int available, int total) {
            this.replicas = wanted;
            this.updatedReplicas = updated;
            this.availableReplicas = available;
            this.totalReplicas = total;
            return this;
        }

        public Builder revisions(@Nullable RevisionHash current, @Nullable RevisionHash stable) {
            this.current = current;
            this.stable = stable;
            return this;
        }

        /** @param at when its controller acknowledged it; null where it has not */
        public Builder aborted(boolean aborted, @Nullable Instant at) {
            this.aborted = aborted;
            this.abortedAt = at;
            return this;
        }

        public Builder canaryWeight(@Nullable Integer percent) {
            this.canaryWeight = percent;
            return this;
        }

        public Builder changedAt(@Nullable Instant at) {
            this.changedAt = at;
            return this;
        }

        /** @param since null where the kind does not tell */
        public Builder complete(boolean complete, @Nullable Instant since) {
            this.complete = complete;
            this.completedAt = since;
            return this;
        }

        public Builder templateSetAt(@Nullable Instant at) {
            this.templateSetAt = at;
            return this;
        }

        public Builder stuck(boolean stuck) {
            this.stuck = stuck;
            return this;
        }

        public Builder owner(@Nullable String owner) {
            this.owner = owner;
            return this;
        }

        public Builder gitOps(@Nullable GitOps gitOps) {
            this.gitOps = gitOps;
            return this;
        }

        public Builder flagger(boolean flagger) {
            this.flagger = flagger;
            return this;
        }

        /** These too. */
        public Builder traits(Set<Trait> more) {
            traits.addAll(more);
            return this;
        }

        /** This one too, where it holds. */
        public Builder trait(Trait trait, boolean holds) {
            if (holds) {
                traits.add(trait);
            }
            return this;
        }

        public Builder settings(Settings settings) {
            this.settings = settings;
            return this;
        }

        public Builder blueGreen(@Nullable BlueGreen blueGreen) {
            this.blueGreen = blueGreen;
            return this;
        }

        public WorkloadFacts build() {
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
                    settings,
                    blueGreen);
        }
    }
}
