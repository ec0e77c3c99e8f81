package io.rollguard.incident;

import io.rollguard.alert.Episode;
import io.rollguard.policy.Allowed;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One release under suspicion, as folded from the incident log. What may come next follows from it alone.
 *
 * @param version how many events it has
 * @param release as first suspected; null only where the log no longer holds that event
 * @param judged the last judgement
 * @param attempts by number, oldest first
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
        @Nullable Instant curedAt,
        @Nullable Instant uncuredAt,
        @Nullable Reason closedFor,
        List<Entry> timeline) {

    static final int MAX_TIMELINE = 200;

    /** More intents than this, void and withdrawn ones included, are not worth more log. */
    private static final int MAX_ATTEMPTS = 20;

    /** How many times the cluster is asked at most; then a person is. */
    public static final int MAX_TRIES = 3;

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
        CLOSED("closed");

        private final String label;

        State(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    public record Judgement(
            Verdict verdict, Allowed allowed, @Nullable Case input, Instant at) {}

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

    /** Whether an attempt reached the target. */
    public boolean isRolledBack() {
        return attempts.stream().anyMatch(attempt -> attempt.verifiedAt() != null);
    }

    /** The number that the next intent may carry; empty where none may follow. */
    public OptionalInt nextAttempt() {
        if (attempts.isEmpty()) {
            return OptionalInt.of(1);
        }
        var last = attempts.getLast();
        boolean mayFollow =
                !last.isEffective() || (last.failure() != null && last.failure().again() && tries() < MAX_TRIES);
        return mayFollow && !isRolledBack() && attempts.size() < MAX_ATTEMPTS
                ? OptionalInt.of(last.number() + 1)
                : OptionalInt.empty();
    }

    public int tries() {
        return (int) attempts.stream().filter(Attempt::countsAsTry).count();
    }

    /** The firings that effective intents named as their cause. */
    public Set<Episode> triggers() {
        var triggers = new HashSet<Episode>();
        attempts.stream().filter(Attempt::isEffective).forEach(attempt -> triggers.addAll(attempt.triggers()));
        return triggers;
    }

    Incident replace(Attempt attempt) {
        var replaced = attempts.stream()
                .map(each -> each.number() == attempt.number() ? attempt : each)
                .toList();
        return with(state, replaced);
    }

    Incident with(State next, List<Attempt> nextAttempts) {
        return new Incident(
                id,
                workload,
                uid,
                revision,
                version,
                next,
                openedAt,
                changedAt,
                release,
                judged,
                nextAttempts,
                told,
                curedAt,
                uncuredAt,
                closedFor,
                timeline);
    }

    Incident with(Judgement judgement) {
        return new Incident(
                id, workload, uid, revision, version, state, openedAt, changedAt, release, judgement, attempts, told,
                curedAt, uncuredAt, closedFor, timeline);
    }

    Incident with(Release seen) {
        return new Incident(
                id, workload, uid, revision, version, state, openedAt, changedAt, seen, judged, attempts, told, curedAt,
                uncuredAt, closedFor, timeline);
    }

    Incident with(Told next) {
        return new Incident(
                id, workload, uid, revision, version, state, openedAt, changedAt, release, judged, attempts, next,
                curedAt, uncuredAt, closedFor, timeline);
    }

    Incident ended(@Nullable Instant cured, @Nullable Instant uncured, @Nullable Reason closed) {
        return new Incident(
                id, workload, uid, revision, version, state, openedAt, changedAt, release, judged, attempts, told,
                cured, uncured, closed, timeline);
    }

    Incident counted(long nextVersion, State next, Instant at, List<Entry> nextTimeline) {
        return new Incident(
                id,
                workload,
                uid,
                revision,
                nextVersion,
                next,
                openedAt,
                at,
                release,
                judged,
                attempts,
                told,
                curedAt,
                uncuredAt,
                closedFor,
                nextTimeline);
    }
}
