package io.rollguard.reactor;

import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentId;
import io.rollguard.policy.Allowed;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Evidence;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What follows from a judgement, given what the log says of the incident so far. Pure.
 *
 * @param suspects whether the incident is to be opened, or opened again
 * @param judges whether the judgement is news
 * @param intends the attempt to intend; 0 for none
 * @param closes why the incident ends; null where it does not
 */
record Decision(
        boolean suspects,
        boolean judges,
        int intends,
        @Nullable Reason closes) {

    static final Decision NOTHING = new Decision(false, false, 0, null);

    private static final Duration FIRST_BACKOFF = Duration.ofSeconds(2);

    /** @param known an incident that is not {@link #isBeyond beyond} judging; empty where there is none */
    static Decision of(Optional<Incident> known, Case input, Verdict verdict, Allowed allowed, Instant now) {
        boolean open = known.isPresent() && known.get().isOpen();
        boolean caused = !input.causes().isEmpty();
        if (!open && (!caused || isOnItsWayBack(input, verdict))) {
            return NOTHING;
        }
        boolean news = !open || isNews(known.get(), verdict, allowed);
        if (!caused && isRecovered(known, verdict)) {
            return new Decision(false, false, 0, Reason.RECOVERED);
        }
        if (!caused) {
            return verdict.reason() == Reason.RESOLVED ? new Decision(false, news, 0, Reason.RESOLVED) : judged(news);
        }
        boolean approved = known.filter(Incident::isApproved).isPresent();
        int attempt = allowed.acts(approved) && isTime(known, now)
                ? known.map(Incident::nextByItself).map(next -> next.orElse(0)).orElse(1)
                : 0;
        return new Decision(!open, news, attempt, null);
    }

    /** Whether no judgement changes anything about the incident now. */
    static boolean isBeyond(Incident incident, Instant now) {
        boolean isDealtWith = incident.isOpen()
                ? incident.state() != Incident.State.SUSPECTED // an attempt is under way, or nothing more may be done
                : incident.attempts().stream().anyMatch(Attempt::isEffective); // one rollback per release
        return isDealtWith || incident.isDismissed() || incident.order(now).isPresent(); // or a person has decided
    }

    /** Trouble that is older than the way back to a good revision is what people go back for: nothing to tell them. */
    private static boolean isOnItsWayBack(Case input, Verdict verdict) {
        return input.release().movesToGood() && verdict.outcome() == Verdict.Outcome.INNOCENT;
    }

    /** The cluster showed trouble, and shows none now; alerts that were heard of once are another matter: silence is no proof. */
    private static boolean isRecovered(Optional<Incident> known, Verdict verdict) {
        return verdict.reason() == Reason.NO_ALERT
                && known.map(Incident::judged)
                        .filter(judged -> judged.verdict().isWithoutAlerts())
                        .isPresent();
    }

    private static Decision judged(boolean news) {
        return new Decision(false, news, 0, null);
    }

    /** Numbers move all the time; a judgement is news when its outcome, its reasons or its kinds of evidence change. */
    private static boolean isNews(Incident incident, Verdict verdict, Allowed allowed) {
        var last = incident.judged();
        return last == null
                || last.verdict().outcome() != verdict.outcome()
                || last.verdict().reason() != verdict.reason()
                || !last.allowed().equals(allowed)
                || !kinds(last.verdict()).equals(kinds(verdict));
    }

    private record Kind(Evidence.Kind kind, String name) {}

    private static HashSet<Kind> kinds(Verdict verdict) {
        var kinds = new HashSet<Kind>();
        verdict.evidence().forEach(each -> kinds.add(new Kind(each.kind(), each.name())));
        return kinds;
    }

    /** Whether as long has passed since the last attempt as has to. */
    static boolean isTime(Optional<Incident> known, Instant now) {
        return known.flatMap(Incident::lastAttempt)
                .map(last -> {
                    var failure = last.failure();
                    var since = failure == null ? last.intendedAt() : failure.at();
                    return !since.plus(backoff(known.get().id(), last.number())).isAfter(now);
                })
                .orElse(true);
    }

    /**
     * Attempts follow each other with growing distance: 2 s, 4 s, 8 s, at most about a minute; and up to half as long again,
     * so that what failed together is not tried together again. Of one incident and attempt it is always the same.
     */
    static Duration backoff(IncidentId incident, int attempt) {
        var least = FIRST_BACKOFF.multipliedBy(1L << Math.min(5, attempt - 1));
        int spread = (int) least.toMillis() / 2;
        return least.plusMillis(Math.floorMod(31 * incident.hashCode() + attempt, spread + 1));
    }
}
