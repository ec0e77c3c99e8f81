package io.rollguard.reactor;

import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.Order;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Handover;
import io.rollguard.policy.Rights;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.policy.WayBack;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Pause;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Target;
import io.rollguard.release.Release.Target.Basis;
import io.rollguard.release.Releases;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a rollback that a person asks for would be, and whether it may be done: asked where the person asks, by the owner of
 * the workload when it takes the order up, and once more right before the act.
 */
public final class ByHand {

    private final Cluster cluster;
    private final Journal journal;
    private final RollbackPolicy policy;
    private final Releases releases;

    public ByHand(Cluster cluster, Journal journal, Settings settings) {
        this.cluster = cluster;
        this.journal = journal;
        this.policy = settings.policy();
        this.releases = new Releases(cluster.objects(), settings.bakeTime());
    }

    /**
     * A revision that may be named.
     *
     * @param number of its ReplicaSet or ControllerRevision; 0 where only its template is kept
     * @param basis why it counts as good; null where nothing says so
     */
    public record Known(
            RevisionHash hash,
            long number,
            Instant since,
            @Nullable Basis basis) {}

    /** What came of looking. */
    public sealed interface Plan {

        /** There is no such workload. */
        record Gone() implements Plan {}

        /** The cluster did not show it. */
        record Unread(String detail) implements Plan {}

        /**
         * What would be done.
         *
         * @param release that would be taken back, its target being where it goes
         * @param act {@code NONE} where nothing can take it back
         * @param refusal why it is not done; null where it is
         * @param command what a person would type to do the same
         * @param known the revisions that there are, newest first
         */
        record Made(
                Release release, Act act, @Nullable Reason refusal, String command, List<Known> known, Reading.Found as)
                implements Plan {

            public Made {
                known = List.copyOf(known);
            }

            public IncidentId incident() {
                return IncidentId.of(release);
            }

            /** Whether it would be done for a person who insists. */
            public boolean yieldsToForce() {
                return refusal != null && RollbackPolicy.yieldsToForce(refusal);
            }

            /** What to ask for; only where nothing is refused. */
            public Order order(String why, boolean force) {
                var target = release.target();
                if (refusal != null || target == null) {
                    throw new IllegalStateException("nothing is to be done");
                }
                return new Order(release.revision(), act, target.revision(), why, force);
            }
        }
    }

    /**
     * Reads the workload past every cache.
     *
     * @param to where to go; null for the last revision known to be good
     */
    public Plan plan(WorkloadRef workload, @Nullable RevisionHash to, boolean force, Instant now) {
        return switch (cluster.read(workload)) {
            case Reading.Gone gone -> new Plan.Gone();
            case Reading.Failed(var again, var detail) -> new Plan.Unread(detail);
            case Reading.Found found -> plan(found, to, force, cluster.pause(), now);
        };
    }

    private Plan plan(Reading.Found found, @Nullable RevisionHash to, boolean force, Pause pause, Instant now) {
        var latest = releases.latest(found.facts());
        if (latest.isEmpty()) {
            return new Plan.Unread("its controller has not seen the present template yet: ask again");
        }
        var release = to == null ? latest.get() : latest.get().to(named(found.facts(), latest.get(), to));
        var refusal = against(found, release, to, force, pause, now);
        var target = release.target();
        var act = WayBack.act(release, found.facts());
        var hash = target == null ? null : target.revision();
        var command = Handover.command(found.facts(), act, cluster.manualCommand(release.workload(), act, hash));
        return new Plan.Made(release, act, refusal, command, known(found.facts()), found);
    }

    private List<Known> known(WorkloadFacts workload) {
        var good = cluster.objects().goodRevisions(workload.uid());
        var known = new ArrayList<Known>();
        for (var revision : cluster.objects().revisionsOf(workload)) {
            known.add(
                    new Known(revision.hash(), revision.number(), revision.createdAt(), basis(good, revision.hash())));
        }
        good.stream()
                .filter(kept -> known.stream().noneMatch(each -> each.hash().equals(kept.hash())))
                .forEach(kept -> known.add(new Known(kept.hash(), 0, kept.since(), basis(good, kept.hash()))));
        return known;
    }

    private static @Nullable Basis basis(List<GoodRevision> good, RevisionHash hash) {
        return good.stream()
                .filter(each -> each.hash().equals(hash))
                .map(each -> each.assumed() ? Basis.ASSUMED : Basis.PROVEN)
                .findFirst()
                .orElse(null);
    }

    /** A revision that a person named, with what else speaks for it. */
    private Target named(WorkloadFacts workload, Release latest, RevisionHash to) {
        var target = latest.target();
        if (target != null && target.revision().equals(to)) {
            return target;
        }
        var basis = basis(cluster.objects().goodRevisions(workload.uid()), to);
        return new Target(to, basis == null ? Basis.NAMED : basis);
    }

    private @Nullable Reason against(
            Reading.Found found, Release release, @Nullable RevisionHash to, boolean force, Pause pause, Instant now) {
        var target = release.target();
        if (target != null && target.revision().equals(release.revision())) {
            return Reason.ALREADY_THERE;
        }
        var allowed = decide(found.facts(), release, to != null, force, pause, now);
        if (allowed.reason() != null || target == null) {
            return allowed.reason();
        }
        if (allowed.act() == Act.ABORT
                && !target.revision().equals(found.facts().stable())) {
            return Reason.STATE_UNSUPPORTED; // an abort leads to the stable revision only
        }
        return exists(found, release, allowed.act(), target.revision()) ? null : Reason.NO_SUCH_REVISION;
    }

    /** What is not watched, as a snapshot, the cluster is asked for. */
    private boolean exists(Reading.Found found, Release release, Act act, RevisionHash target) {
        var objects = cluster.objects();
        boolean known = Stream.concat(
                        objects.revisionsOf(found.facts()).stream().map(revision -> revision.hash()),
                        objects.goodRevisions(release.uid()).stream().map(GoodRevision::hash))
                .anyMatch(target::equals);
        return known
                || !(cluster.rehearse(act, found, release.revision(), target)
                                instanceof Answer.Refused(var reason, var d)
                        && reason == Reason.NO_GOOD_REVISION);
    }

    /**
     * A plan, tried without doing it.
     *
     * @param said what the API server says to the request; null where there is none to make
     */
    public record Rehearsal(Plan plan, @Nullable Answer said) {}

    /** Plans anew where only the version has moved in between, as the act itself would. */
    public Rehearsal rehearse(WorkloadRef workload, @Nullable RevisionHash to, boolean force, Instant now) {
        var rehearsal = rehearseOnce(workload, to, force, now);
        for (int move = 1; move < Executor.MOVES && rehearsal.said() instanceof Answer.Moved; move++) {
            rehearsal = rehearseOnce(workload, to, force, now);
        }
        return rehearsal;
    }

    private Rehearsal rehearseOnce(WorkloadRef workload, @Nullable RevisionHash to, boolean force, Instant now) {
        var plan = plan(workload, to, force, now);
        if (!(plan instanceof Plan.Made made) || made.refusal() != null) {
            return new Rehearsal(plan, null);
        }
        var target = made.release().target();
        return new Rehearsal(
                plan,
                target == null
                        ? null
                        : cluster.rehearse(made.act(), made.as(), made.release().revision(), target.revision()));
    }

    /** Why an order that is under way is not carried out on what was read just now; null where it is. */
    @Nullable
    Reason against(Incident incident, Order order, WorkloadFacts fresh, Pause pause, Instant now) {
        var latest = releases.latest(fresh);
        if (latest.isEmpty() || !IncidentId.of(latest.get()).equals(incident.id())) {
            return Reason.SUPERSEDED;
        }
        var release = latest.get().to(named(fresh, latest.get(), order.target()));
        var allowed = decide(fresh, release, true, order.force(), pause, now);
        return allowed.reason() == null && allowed.act() != order.act() ? Reason.STALE : allowed.reason();
    }

    private Allowed decide(
            WorkloadFacts workload, Release release, boolean named, boolean force, Pause pause, Instant now) {
        var rights = cluster.rights(release.workload().namespace()).map(Rights::tier);
        var holds = new RollbackPolicy.Now(
                rights.orElse(null),
                pause.paused(),
                hold(release, WayBack.act(release, workload), named, force, now).orElse(null));
        return policy.decideByHand(release, workload, holds, force);
    }

    private Optional<Reason> hold(Release release, Act act, boolean named, boolean force, Instant now) {
        var log = journal.log();
        if (log.foreignType().isPresent()) {
            return Optional.of(Reason.LOG_NOT_UNDERSTOOD);
        }
        var id = IncidentId.of(release);
        return suspect(release, act)
                .map(reason -> named ? reason : Reason.NO_GOOD_REVISION)
                .filter(reason -> !force || !RollbackPolicy.yieldsToForce(reason))
                .or(() -> log.hold(id, release.uid(), force, now));
    }

    /** Whether the target was itself rolled back from, or found guilty. */
    private Optional<Reason> suspect(Release release, Act act) {
        var target = release.target();
        if (target == null) {
            return Optional.empty();
        }
        boolean marked = cluster.objects()
                .workload(release.workload())
                .filter(workload ->
                        target.revision().value().equals(workload.settings().rolledBackFrom()))
                .isPresent();
        boolean suspect = marked
                || journal.log().of(release.workload()).stream()
                        .filter(incident -> incident.uid().equals(release.uid())
                                && incident.revision().equals(target.revision()))
                        .anyMatch(incident -> incident.tries() > 0 || (act == Act.RESTORE && incident.isFoundGuilty()));
        return suspect ? Optional.of(Reason.TARGET_ROLLED_BACK) : Optional.empty();
    }
}
