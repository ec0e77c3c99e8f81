package io.rollguard.incident;

import io.rollguard.alert.Episode;
import io.rollguard.release.RevisionHash;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One try to act, as the log tells it.
 *
 * @param target where it goes back to
 * @param intendedAt the broker's time of the intent
 * @param by the instance that intended it
 * @param voided why the intent does not count; null where it does
 * @param acceptedAt the broker's time; null while not accepted
 * @param verifiedAt the broker's time; null while not verified
 * @param failure null unless it failed
 */
public record Attempt(
        int number,
        Act act,
        @Nullable RevisionHash target,
        Instant intendedAt,
        List<Episode> triggers,
        String by,
        @Nullable Reason voided,
        @Nullable Instant acceptedAt,
        @Nullable Instant verifiedAt,
        @Nullable Failure failure) {

    /** @param by the instance that wrote it */
    public record Failure(Reason reason, boolean again, String detail, String command, String by, Instant at) {}

    public boolean isEffective() {
        return voided == null;
    }

    /** Effective, and neither verified nor failed. */
    public boolean isOpen() {
        return isEffective() && verifiedAt == null && failure == null;
    }

    /**
     * Whether the cluster was asked, or may have been, so that it counts as a try. One that was withdrawn or stale does not,
     * by the word of the instance that intended it: another can't know what that one had sent already.
     */
    boolean countsAsTry() {
        return isEffective()
                && (failure == null
                        || !isBeforeTheAct(failure.reason())
                        || !failure.by().equals(by));
    }

    /** What the cluster took can fail only by what becomes of it, whatever somebody who slept heard of a request of its own. */
    boolean mayFailFor(Reason reason) {
        return isOpen() && (acceptedAt == null || reason == Reason.NOT_EFFECTIVE || reason == Reason.GONE);
    }

    private static boolean isBeforeTheAct(Reason reason) {
        return reason == Reason.WITHDRAWN || reason == Reason.STALE;
    }

    Attempt accepted(Instant at) {
        return acceptedAt != null || !isOpen()
                ? this
                : new Attempt(number, act, target, intendedAt, triggers, by, voided, at, null, null);
    }

    Attempt verified(Instant at) {
        return isOpen()
                ? new Attempt(number, act, target, intendedAt, triggers, by, voided, acceptedAt, at, null)
                : this;
    }

    Attempt failed(Failure how) {
        return isOpen()
                ? new Attempt(number, act, target, intendedAt, triggers, by, voided, acceptedAt, null, how)
                : this;
    }
}
