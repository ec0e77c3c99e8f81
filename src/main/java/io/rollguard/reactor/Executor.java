package io.rollguard.reactor;

import static java.lang.System.Logger.Level.INFO;
import static java.util.stream.Collectors.toUnmodifiableSet;

import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.policy.Handover;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Checks;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Carries out an intent: the second gate, right before the act. The object is read again past every cache, the log is
 * folded to its end, and the request carries what was judged. What cannot be known within two minutes of the intent goes to
 * a person.
 */
final class Executor {

    private static final System.Logger LOG = System.getLogger(Executor.class.getName());

    /** From the intent's place in the log; later nobody may act on it (design, section 3). */
    static final Duration INTENT_LIVES = Duration.ofMinutes(2);

    /** How often a request is made anew because only the version had moved. */
    static final int MOVES = 5;

    static final Duration FOLD_TIMEOUT = Duration.ofSeconds(5);

    private final Cluster cluster;
    private final Journal journal;
    private final Ownership ownership;

    private final Map<WorkloadRef, Unanswered> unanswered = new ConcurrentHashMap<>();

    /** The last follow-up of each workload: what changes nothing is not sent twice a second. */
    private final Map<WorkloadRef, Sent> sent = new ConcurrentHashMap<>();

    private record Sent(FollowUp what, Instant at) {}

    Executor(Cluster cluster, Journal journal, Ownership ownership) {
        this.cluster = cluster;
        this.journal = journal;
        this.ownership = ownership;
    }

    /** Why the act is not to be done any more, judged on fresh facts, the pause switch among them; null where it still is. */
    interface SecondGate {
        @Nullable
        Reason against(WorkloadFacts fresh, Function<List<String>, Checks> checks);
    }

    /**
     * A request whose answer was lost.
     *
     * @param version that it carries: while the object still has it, the request may land
     */
    private record Unanswered(IncidentId incident, int attempt, String version) {
        boolean isOf(Incident other, Attempt made) {
            return incident.equals(other.id()) && attempt == made.number();
        }
    }

    /** What to write about the attempt; empty where nothing is known yet and it is to be looked at again soon. */
    record Result(Step step, @Nullable Reason reason) {}

    Optional<Result> carryOut(Incident incident, Attempt attempt, SecondGate gate, Instant now) {
        boolean expired = attempt.intendedAt().plus(INTENT_LIVES).isBefore(now);
        for (int move = 0; move < MOVES; move++) {
            var checks = asked(nodes(incident));
            var end = journal.askEnd(FOLD_TIMEOUT);
            var reading = cluster.read(incident.workload());
            if (!(reading instanceof Reading.Found found)) {
                return unread(incident, attempt, reading, expired);
            }
            var target = attempt.target();
            if (!found.facts().uid().equals(incident.uid()) || target == null) {
                return failed(incident, attempt, Reason.GONE, false, "the workload was made anew");
            }
            if (Verification.isDone(attempt.act(), found.facts(), incident.revision(), target, attempt.isByHand())) {
                return accepted(attempt, "found done", found.facts(), incident.revision());
            }
            if (expired) {
                return failed(incident, attempt, Reason.UNRESOLVED, false, "not done two minutes after the intent");
            }
            var current = found.facts().current();
            if (attempt.act() == Act.ABORT && current == null) {
                return Optional.empty(); // it may be this one: what is known of its revisions is behind
            }
            if (attempt.act() == Act.ABORT && !incident.revision().equals(current)) {
                // a newer revision wipes out every trace of an abort, so whether it was done can't be known any more
                return failed(incident, attempt, Reason.SUPERSEDED, false, Reason.SUPERSEDED.text());
            }
            var lost = unanswered.get(incident.workload());
            boolean mayLand = lost != null && lost.version().equals(found.version());
            var against = gate.against(found.facts(), checks);
            if (against != null && mayLand) {
                return Optional.empty(); // nobody can say that the cluster was not asked
            }
            if (against != null && attempt.isByHand() && lost != null && lost.isOf(incident, attempt)) {
                // a revision that is back after it leaves no sign: one marked before may be ordered again, and marks
                // the same
                return failed(
                        incident,
                        attempt,
                        Reason.UNRESOLVED,
                        false,
                        "no answer came, and the workload has changed since");
            }
            if (against != null) {
                return failed(incident, attempt, Reason.WITHDRAWN, !attempt.isByHand(), against.text());
            }
            if (!mayActNow(incident, attempt, end)) {
                return Optional.empty();
            }
            var answer = request(attempt.act(), found, incident.revision(), target);
            if (answer instanceof Answer.Unsure) {
                unanswered.put(incident.workload(), new Unanswered(incident.id(), attempt.number(), found.version()));
            }
            if (mayLand && !(answer instanceof Answer.Done)) {
                return Optional.empty(); // the one before may have landed, or will
            }
            if (!(answer instanceof Answer.Moved)) {
                return of(incident, attempt, found.facts(), answer, now);
            }
        }
        return failed(incident, attempt, Reason.STALE, true, "the object changed %d times in between".formatted(MOVES));
    }

    // --- what the act still needs

    /**
     * Sends what the accepted act still needs, judged on a fresh read that the request carries, while the log says that the
     * attempt is open and nobody has paused Rollguard. What was not done, or what comes next, is for the next look.
     *
     * @return why the cluster will not have it; empty otherwise
     */
    Optional<Answer.Refused> finish(
            Incident incident, Attempt attempt, Function<WorkloadFacts, FollowUp.Seen> seen, Instant now) {
        var end = journal.askEnd(FOLD_TIMEOUT);
        var target = attempt.target();
        if (target == null
                || !(cluster.read(incident.workload()) instanceof Reading.Found found)
                || !found.facts().uid().equals(incident.uid())) {
            return Optional.empty(); // what that means, the verification says
        }
        var next = FollowUp.next(attempt, incident.revision(), seen.apply(found.facts()), now);
        if (next.isEmpty()
                || wasSentLately(incident, next.get(), now)
                || cluster.pause().paused()
                || !mayGoOn(incident, attempt, end)) {
            return Optional.empty();
        }
        var answer = cluster.finish(
                found, next.get(), incident.revision(), target, () -> ownership.owns(incident.workload()));
        if (!(answer instanceof Answer.Moved)) { // what moved meanwhile is looked at anew, without a rest
            sent.put(incident.workload(), new Sent(next.get(), now));
        }
        LOG.log(
                INFO,
                "follow-up workload=%s attempt=%d what=%s answer=%s incident=%s"
                        .formatted(
                                incident.workload(),
                                attempt.number(),
                                next.get().label(),
                                answer,
                                incident.id()));
        return answer instanceof Answer.Refused refused ? Optional.of(refused) : Optional.empty();
    }

    /** Whether this is given time to be seen. */
    boolean wasSentLately(Incident incident, FollowUp what, Instant now) {
        var last = sent.get(incident.workload());
        return last != null
                && last.what().equals(what)
                && last.at().plus(FollowUp.SEEN_WITHIN).isAfter(now);
    }

    // --- the gate

    /** Asks about these nodes now, together with the object; whoever wants to know of others asks anew. */
    private Function<List<String>, Checks> asked(Set<String> nodes) {
        var answers = cluster.ask(nodes);
        return wanted -> (nodes.containsAll(wanted) ? answers : cluster.ask(wanted)).get();
    }

    /** The nodes that the judgement was about, and the next one will be, unless pods have moved since. */
    private static Set<String> nodes(Incident incident) {
        var judged = incident.judged();
        var input = judged == null ? null : judged.input();
        return input == null
                ? Set.of()
                : input.nodes().stream().map(NodeFacts::name).collect(toUnmodifiableSet());
    }

    /**
     * Folds the log to its end, asked for with the object, and looks whether this very intent still stands, and is ours. No
     * Kafka, no act.
     */
    private boolean mayActNow(Incident incident, Attempt attempt, BooleanSupplier end) {
        return mayWrite(incident, end, () -> isOursToCarryOut(incident, attempt));
    }

    /** As {@link #mayActNow}, for an attempt that was accepted. */
    private boolean mayGoOn(Incident incident, Attempt attempt, BooleanSupplier end) {
        return mayWrite(
                incident,
                end,
                () -> open(incident, attempt)
                        .filter(open -> open.acceptedAt() != null)
                        .isPresent());
    }

    /** @param stands asked of the log as it is at its end */
    private boolean mayWrite(Incident incident, BooleanSupplier end, BooleanSupplier stands) {
        return end.getAsBoolean()
                && journal.log().foreignType().isEmpty()
                && stands.getAsBoolean()
                && ownership.owns(incident.workload());
    }

    /**
     * Whether the log does not say yet what became of the attempt, and that it is ours; the owner before us may have written an
     * outcome, and the next one may have taken it over, since we looked.
     */
    boolean isOursToCarryOut(Incident incident, Attempt attempt) {
        return open(incident, attempt)
                .filter(open -> open.acceptedAt() == null && open.by().equals(attempt.by()))
                .isPresent();
    }

    private Optional<Attempt> open(Incident incident, Attempt attempt) {
        return journal.log()
                .find(incident.id())
                .flatMap(Incident::openAttempt)
                .filter(open -> open.number() == attempt.number());
    }

    private Answer request(Act act, Reading.Found found, RevisionHash bad, RevisionHash target) {
        return switch (act) {
            case ABORT -> cluster.abort(found, bad, target);
            case RESTORE ->
                cluster.restore(
                        found, bad, target, () -> ownership.owns(found.facts().ref()));
            case NONE -> throw new IllegalStateException("nobody intends to do nothing");
        };
    }

    /** With what a restore left behind: where the template is that it replaced, and what people have to know of it. */
    private Optional<Result> accepted(Attempt attempt, String detail, WorkloadFacts as, RevisionHash bad) {
        boolean restored = attempt.act() == Act.RESTORE;
        return Optional.of(new Result(
                new Step.Accepted(
                        detail,
                        restored ? cluster.snapshotOf(as.ref(), bad) : null,
                        restored ? Handover.afterRestore(as) : null),
                null));
    }

    private Optional<Result> of(Incident incident, Attempt attempt, WorkloadFacts as, Answer answer, Instant now) {
        return switch (answer) {
            case Answer.Done done -> accepted(attempt, done.detail(), as, incident.revision());
            case Answer.Refused refused -> failed(incident, attempt, refused.reason(), false, refused.detail());
            case Answer.NotDone notDone ->
                failed(incident, attempt, Reason.UNREACHABLE, incident.mayTryAgain(now), notDone.detail());
            case Answer.Moved moved -> failed(incident, attempt, Reason.STALE, true, moved.detail());
            case Answer.Unsure unsure -> Optional.empty();
        };
    }

    private Optional<Result> unread(Incident incident, Attempt attempt, Reading reading, boolean expired) {
        return switch (reading) {
            case Reading.Gone gone -> failed(incident, attempt, Reason.GONE, false, "the workload is gone");
            case Reading.Failed failed
            when !failed.again() -> failed(incident, attempt, Reason.FORBIDDEN, false, failed.detail());
            case Reading.Failed failed
            when expired -> failed(incident, attempt, Reason.UNRESOLVED, false, failed.detail());
            case Reading.Failed failed -> Optional.empty();
            case Reading.Found found -> throw new IllegalStateException("was read");
        };
    }

    private Optional<Result> failed(Incident incident, Attempt attempt, Reason reason, boolean again, String detail) {
        return Optional.of(failure(incident, attempt, reason, again, detail, Optional.empty()));
    }

    /**
     * A failed attempt, with what a person would type instead.
     *
     * @param left what was still to be done of an act that the cluster took
     */
    Result failure(
            Incident incident, Attempt attempt, Reason reason, boolean again, String detail, Optional<FollowUp> left) {
        var command = left.map(each -> cluster.manualCommand(incident.workload(), each))
                .orElseGet(() -> cluster.manualCommand(incident.workload(), attempt.act(), attempt.target()));
        return new Result(new Step.Failed(again, detail, command, attempt.left().snapshot()), reason);
    }
}
