package io.rollguard.incident;

import io.rollguard.alert.Episode;
import io.rollguard.policy.Allowed;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Finding;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One release under suspicion, as folded from the incident log. What may come next follows from it alone.
 *
 * @param version how many events it has
 * @param release as first suspected; null only where the log no longer holds that event
 * @param judged the last judgement
 * @param attempts by number, oldest first
 * @param answers what people decided
 * @param aftermath what came after the act, other than a cure
 * @param timeline the steps so far, oldest first, at most {@link #MAX_TIMELINE}
 */
public record Incident(
        IncidentId id,
        WorkloadRef workload,
        String uid,
        RevisionHash revision,
        long version,
        State state,
        Instant openedAt,
        Instant changedAt,
        @Nullable Release release,
        @Nullable Judgement judged,
        List<Attempt> attempts,
        Told told,
        Answers answers,
        @Nullable Instant curedAt,
        @Nullable Instant uncuredAt,
        @Nullable Reason closedFor,
        Aftermath aftermath,
        List<Entry> timeline) {

    static final int MAX_TIMELINE = 200;

    /** More intents than this, void and withdrawn ones included, are not worth more log. */
    private static final int MAX_ATTEMPTS = 20;

    /** How many times the cluster is asked at most; then a person is. */
    public static final int MAX_TRIES = 3;

    /** Tools that fight over a workload are not worth more messages. */
    private static final int MAX_RETURNS = 5;

    /** How long after the first try another one may follow by itself. */
    static final Duration TRIES_WITHIN = Duration.ofMinutes(10);

    public enum State {
        /** Evidence is weighed; nothing was done. */
        SUSPECTED("suspected"),
        /** An effective intent without an outcome. */
        ACTING("acting"),
        /** Pods and traffic are on the target; the alerts are watched. */
        VERIFIED("verified"),
        CURED("cured"),
        UNCURED("uncured"),
        /** No attempt is left that Rollguard may make by itself. */
        ESCALATED("escalated"),
        /** The revision that was rolled back from is current again: a person must look. */
        RETURNED("returned"),
        CLOSED("closed");

        private final String label;

        State(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /**
     * What was found of it.
     *
     * @param input null where it was forgotten, or too large to be recorded
     * @param forgotten null while the input is held as it was recorded
     * @param command what a person would type to do what Rollguard may not or can't; null where there is no such thing
     * @param offset its place in the incident log
     */
    public record Judgement(
            Verdict verdict,
            Allowed allowed,
            @Nullable Case input,
            @Nullable ForgottenInput forgotten,
            @Nullable String command,
            long offset,
            Instant at) {

        /** Why the input can't be shown, and where it stands; empty where it can. */
        public Optional<String> whyNoInput() {
            if (input != null) {
                return Optional.empty();
            }
            return Optional.of(
                    forgotten == null
                            ? "it was too large to be recorded"
                            : "it is no longer held here; the incident log has it at offset " + offset);
        }
    }

    /**
     * All that is left of the input of a judgement.
     *
     * @param causesHeard see {@link #causesHeard()}
     */
    public record ForgottenInput(@Nullable Instant causesHeard) {}

    /**
     * What came after the act.
     *
     * @param returned how the revision came back, the last time; null where it has not
     * @param forward what a person would type to let the release go on, as it was not the cause; null where that is not told
     */
    public record Aftermath(
            @Nullable Return returned, @Nullable String forward) {
        static final Aftermath NOTHING = new Aftermath(null, null);
    }

    /** See {@link IncidentEvent.Step.Returned}. */
    public record Return(@Nullable Write who, String command, Instant at) {}

    /** One line of its story. */
    public record Entry(
            long version,
            int attempt,
            String step,
            @Nullable Reason reason,
            String by,
            Instant at) {}

    public Incident {
        attempts = List.copyOf(attempts);
        timeline = List.copyOf(timeline);
    }

    public boolean isOpen() {
        return state != State.CLOSED;
    }

    public Optional<Attempt> lastAttempt() {
        return attempts.isEmpty() ? Optional.empty() : Optional.of(attempts.getLast());
    }

    /** The attempt that an owner has to see through. */
    public Optional<Attempt> openAttempt() {
        return attempts.stream().filter(Attempt::isOpen).findFirst();
    }

    public boolean isFoundGuilty() {
        return judged != null && judged.verdict().isGuilty();
    }

    /** Whether an attempt reached the target. */
    public boolean isRolledBack() {
        return attempts.stream().anyMatch(attempt -> attempt.verifiedAt() != null);
    }

    /** The number that the next intent may carry; empty where none may follow. */
    public OptionalInt nextAttempt() {
        var byItself = nextByItself();
        var ordered = answers.ordered();
        boolean isOrdered =
                ordered != null && !isDismissed() && !isRolledBack() && ordered.from() == attempts.size() + 1;
        return isOrdered ? OptionalInt.of(attempts.size() + 1) : byItself;
    }

    /** The same without what a person ordered. */
    public OptionalInt nextByItself() {
        if (isDismissed() || isRolledBack()) {
            return OptionalInt.empty();
        }
        if (attempts.isEmpty()) {
            return OptionalInt.of(1);
        }
        var last = attempts.getLast();
        boolean mayFollow =
                !last.isEffective() || (last.failure() != null && last.failure().again() && tries() < MAX_TRIES);
        int next = last.number() + 1;
        return (mayFollow && attempts.size() < MAX_ATTEMPTS) || answers.granted() == next
                ? OptionalInt.of(next)
                : OptionalInt.empty();
    }

    /** The rollback that a person ordered and that is still to be intended, or once more. */
    public Optional<Order.Given> order(Instant at) {
        return pending().filter(given -> !given.isExpired(at));
    }

    private Optional<Order.Given> pending() {
        var ordered = answers.ordered();
        if (ordered == null || !isOpen() || isDismissed() || nextAttempt().isEmpty()) {
            return Optional.empty();
        }
        boolean isOver = lastAttempt()
                .filter(last -> last.number() >= ordered.from())
                .filter(last -> last.failure() == null || !last.failure().again())
                .isPresent();
        return isOver ? Optional.empty() : Optional.of(ordered);
    }

    /** Whether such an order stands, be it too old by now. */
    public boolean isOrdered() {
        return pending().isPresent();
    }

    /**
     * Why a rollback that a person orders is not begun, as the incident stands; empty where it is.
     *
     * @param at the broker's time of the answer, or now
     */
    public Optional<Reason> against(Order order, Instant at) {
        if (openAttempt().isPresent() || isRolledBack()) {
            return Optional.of(Reason.UNDER_WAY);
        }
        if (order(at).isPresent()) {
            return Optional.of(Reason.DECIDED_BEFORE);
        }
        return isDismissed() && !order.force() ? Optional.of(Reason.DISMISSED) : Optional.empty();
    }

    /** Whether a person wants this release left alone. */
    public boolean isDismissed() {
        return answers.dismissedBy() != null;
    }

    /** Whether a person wants the attempt made that is under way, or comes next. */
    public boolean isApproved() {
        int attempt =
                openAttempt().map(Attempt::number).orElseGet(() -> nextAttempt().orElse(0));
        return answers.approval() != null || (answers.granted() > 0 && attempt == answers.granted());
    }

    /**
     * Why a command about this incident is not followed, as it stands; empty where it is. What was only told or refused in
     * between is no change.
     *
     * @param seen the version that the person looked at
     */
    public Optional<Reason> against(Command.Kind kind, long seen) {
        if (!isOpen()) {
            return Optional.of(Reason.INCIDENT_CLOSED);
        }
        if (isDismissed() || isDecided(kind)) {
            return Optional.of(Reason.DECIDED_BEFORE);
        }
        if (seen > version || hasChangedSince(seen)) {
            return Optional.of(Reason.MOVED_ON);
        }
        return switch (kind) {
            case APPROVE -> awaitsApproval() ? Optional.empty() : Optional.of(Reason.NOTHING_TO_APPROVE);
            case RETRY -> state == State.ESCALATED ? Optional.empty() : Optional.of(Reason.NOTHING_TO_RETRY);
            case DISMISS ->
                state == State.SUSPECTED || state == State.ESCALATED || state == State.RETURNED
                        ? Optional.empty()
                        : Optional.of(Reason.UNDER_WAY);
            case ROLLBACK -> throw new IllegalArgumentException("an order is no answer to what was seen");
        };
    }

    private boolean isDecided(Command.Kind kind) {
        return switch (kind) {
            case APPROVE -> answers.approval() != null || openAttempt().isPresent() || isRolledBack();
            case RETRY -> isApproved() || openAttempt().isPresent();
            case DISMISS, ROLLBACK -> false;
        };
    }

    /** Whether the last judgement asks a person for an act. */
    public boolean awaitsApproval() {
        return state == State.SUSPECTED
                && !isApproved()
                && judged != null
                && judged.verdict().isGuilty()
                && judged.allowed().isAsked();
    }

    private boolean hasChangedSince(long seen) {
        boolean isForgotten =
                timeline.size() == MAX_TIMELINE && seen < timeline.get(1).version();
        return isForgotten
                || timeline.stream()
                        .anyMatch(entry -> entry.version() > seen
                                && !entry.step().equals("told")
                                && !(entry.step().equals("answered") && entry.reason() != null));
    }

    /** Whether it is news that the revision is back. */
    public boolean mayReturn() {
        boolean isOver = switch (state) {
            case VERIFIED, CURED, UNCURED, CLOSED -> true;
            case SUSPECTED, ACTING, ESCALATED, RETURNED -> false;
        };
        return isOver && isRolledBack() && openAttempt().isEmpty() && !isDismissed() && returns() < MAX_RETURNS;
    }

    /** How often the revision came back. */
    public long returns() {
        return timeline.stream()
                .filter(entry -> entry.step().equals("returned"))
                .count();
    }

    public int tries() {
        return (int) attempts.stream().filter(Attempt::countsAsTry).count();
    }

    /** Whether it is early enough for another try of what passes; what goes on failing for longer is for a person. */
    public boolean mayTryAgain(Instant now) {
        return attempts.stream()
                .filter(Attempt::countsAsTry)
                .findFirst()
                .map(first -> first.intendedAt().plus(TRIES_WITHIN).isAfter(now))
                .orElse(true);
    }

    /** The firings that effective intents named as their cause. */
    public Set<Episode> triggers() {
        var triggers = new HashSet<Episode>();
        attempts.stream().filter(Attempt::isEffective).forEach(attempt -> triggers.addAll(attempt.triggers()));
        return triggers;
    }

    /** Whether no alert speaks in it: what it is about was found in the cluster. */
    public boolean isWithoutAlerts() {
        return triggers().isEmpty()
                ? judged != null && judged.verdict().isWithoutAlerts()
                : triggers().stream()
                        .allMatch(episode -> Finding.in(episode, uid, revision).isPresent());
    }

    /** When the alerts that the act answers were first heard of, as the last judgement knew; empty without an act. */
    public Optional<Instant> causesHeard() {
        if (judged == null || judged.input() == null) {
            return Optional.ofNullable(judged).map(Judgement::forgotten).map(ForgottenInput::causesHeard);
        }
        var causes = attempts.stream()
                .filter(attempt -> attempt.acceptedAt() != null || attempt.isOpen())
                .findFirst()
                .map(Attempt::triggers)
                .orElse(List.of())
                .stream()
                .map(Episode::fingerprint)
                .collect(Collectors.toSet());
        return judged.input().hits().stream()
                .filter(hit -> causes.contains(hit.fingerprint()))
                .map(Case.Hit::firstHeard)
                .min(Comparator.naturalOrder());
    }

    // --- what an event makes of it

    Incident withoutInput() {
        if (judged == null || judged.input() == null) {
            return this;
        }
        var left = new ForgottenInput(causesHeard().orElse(null));
        return with(new Judgement(
                judged.verdict(), judged.allowed(), null, left, judged.command(), judged.offset(), judged.at()));
    }

    Incident replace(Attempt attempt) {
        var replaced = attempts.stream()
                .map(each -> each.number() == attempt.number() ? attempt : each)
                .toList();
        return with(state, replaced);
    }

    Incident with(State next, List<Attempt> nextAttempts) {
        var copy = new Copy(this);
        copy.state = next;
        copy.attempts = nextAttempts;
        return copy.made();
    }

    Incident with(Judgement judgement) {
        var copy = new Copy(this);
        copy.judged = judgement;
        return copy.made();
    }

    Incident with(Release seen) {
        var copy = new Copy(this);
        copy.release = seen;
        return copy.made();
    }

    Incident with(Told next) {
        var copy = new Copy(this);
        copy.told = next;
        return copy.made();
    }

    Incident with(Answers next) {
        var copy = new Copy(this);
        copy.answers = next;
        return copy.made();
    }

    Incident with(Aftermath next) {
        var copy = new Copy(this);
        copy.aftermath = next;
        return copy.made();
    }

    Incident ended(@Nullable Instant cured, @Nullable Instant uncured, @Nullable Reason closed) {
        var copy = new Copy(this);
        copy.curedAt = cured;
        copy.uncuredAt = uncured;
        copy.closedFor = closed;
        return copy.made();
    }

    Incident counted(long nextVersion, Instant at, List<Entry> nextTimeline) {
        var copy = new Copy(this);
        copy.version = nextVersion;
        copy.changedAt = at;
        copy.timeline = nextTimeline;
        return copy.made();
    }

    /** Names each field once, so that a change names only what it changes. */
    private static final class Copy {

        private final Incident from;
        private long version;
        private State state;
        private Instant changedAt;
        private @Nullable Release release;
        private @Nullable Judgement judged;
        private List<Attempt> attempts;
        private Told told;
        private Answers answers;
        private @Nullable Instant curedAt;
        private @Nullable Instant uncuredAt;
        private @Nullable Reason closedFor;
        private Aftermath aftermath;
        private List<Entry> timeline;

        Copy(Incident from) {
            this.from = from;
            this.version = from.version;
            this.state = from.state;
            this.changedAt = from.changedAt;
            this.release = from.release;
            this.judged = from.judged;
            this.attempts = from.attempts;
            this.told = from.told;
            this.answers = from.answers;
            this.curedAt = from.curedAt;
            this.uncuredAt = from.uncuredAt;
            this.closedFor = from.closedFor;
            this.aftermath = from.aftermath;
            this.timeline = from.timeline;
        }

        Incident made() {
            return new Incident(
                    from.id,
                    from.workload,
                    from.uid,
                    from.revision,
                    version,
                    state,
                    from.openedAt,
                    changedAt,
                    release,
                    judged,
                    attempts,
                    told,
                    answers,
                    curedAt,
                    uncuredAt,
                    closedFor,
                    aftermath,
                    timeline);
        }
    }
}
