package io.rollguard.reactor;

import static java.util.stream.Collectors.toUnmodifiableSet;

import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent.Step;
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

    /** From the intent's place in the log; later nobody may act on it (design, section 3). */
    static final Duration INTENT_LIVES = Duration.ofMinutes(2);

    /** How often a request is made anew because only the resourceVersion had moved. */
    private static final int MOVES = 5;

    static final Duration FOLD_TIMEOUT = Duration.ofSeconds(5);

    private final Cluster cluster;
    private final Journal journal;
    private final Ownership ownership;

    /** The resourceVersion that the last unanswered request carries: while the object still has it, that request may land. */
    private final Map<WorkloadRef, String> unanswered = new ConcurrentHashMap<>();

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
            if (Verification.isDone(attempt.act(), found.facts(), incident.revision(), target)) {
                return Optional.of(new Result(new Step.Accepted("found done"), null));
            }
            if (expired) {
                return failed(incident, attempt, Reason.UNRESOLVED, false, "not done two minutes after the intent");
            }
            if (attempt.act() == Act.ABORT
                    && !incident.revision().equals(found.facts().current())) {
                // a newer revision wipes out every trace of an abort, so whether it was done can't be known any more
                return failed(incident, attempt, Reason.SUPERSEDED, false, Reason.SUPERSEDED.text());
            }
            boolean mayLand = found.resourceVersion().equals(unanswered.get(incident.workload()));
            var against = gate.against(found.facts(), checks);
            if (against != null) {
                return mayLand
                        ? Optional.empty() // nobody can say that the cluster was not asked
                        : failed(incident, attempt, Reason.WITHDRAWN, true, against.text());
            }
            if (!mayActNow(incident, attempt, end)) {
                return Optional.empty();
            }
            var answer = request(attempt.act(), found, incident.revision(), target);
            if (answer instanceof Answer.Unsure) {
                unanswered.put(incident.workload(), found.resourceVersion());
            }
            if (mayLand && !(answer instanceof Answer.Done)) {
                return Optional.empty(); // the one before may have landed, or will
            }
            if (!(answer instanceof Answer.Moved)) {
                return of(incident, attempt, answer);
            }
        }
        return failed(incident, attempt, Reason.STALE, true, "the object changed %d times in between".formatted(MOVES));
    }

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
        return end.getAsBoolean()
                && journal.log().foreignType().isEmpty()
                && isUndecided(incident, attempt)
                && ownership.owns(incident.workload());
    }

    /** Whether the log does not say yet what became of the attempt; the owner before us may have written it since we looked. */
    boolean isUndecided(Incident incident, Attempt attempt) {
        return journal.log()
                .find(incident.id())
                .flatMap(Incident::openAttempt)
                .filter(open -> open.number() == attempt.number() && open.acceptedAt() == null)
                .isPresent();
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

    private Optional<Result> of(Incident incident, Attempt attempt, Answer answer) {
        return switch (answer) {
            case Answer.Done done -> Optional.of(new Result(new Step.Accepted(done.detail()), null));
            case Answer.Refused refused -> failed(incident, attempt, refused.reason(), false, refused.detail());
            case Answer.NotDone notDone -> failed(incident, attempt, Reason.UNREACHABLE, true, notDone.detail());
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
        return Optional.of(failure(incident, attempt, reason, again, detail));
    }

    /** A failed attempt, with what a person would type instead. */
    Result failure(Incident incident, Attempt attempt, Reason reason, boolean again, String detail) {
        var command = cluster.manualCommand(incident.workload(), attempt.act(), attempt.target());
        return new Result(new Step.Failed(again, detail, command), reason);
    }
}
