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
 * @param by the instance that carries it out: the one that intended it, or the last that took it over in the log
 * @param asked what a person ordered; null where Rollguard does it by itself
 * @param takenOver whether another than the one that intended it took it over
 * @param voided why the intent does not count; null where it does
 * @param acceptedAt the broker's time; null while not accepted
 * @param verifiedAt the broker's time; null while not verified
 * @param failure null unless it failed
 * @param left what the accepted act left behind; nothing before
 */
public record Attempt(
        int number,
        Act act,
        @Nullable RevisionHash target,
        Instant intendedAt,
        List<Episode> triggers,
        String by,
        Order.@Nullable Given asked,
        boolean takenOver,
        @Nullable Reason voided,
        @Nullable Instant acceptedAt,
        @Nullable Instant verifiedAt,
        @Nullable Failure failure,
        Left left) {

    /**
     * What an act leaves behind.
     *
     * @param snapshot the ControllerRevision that holds the template which was replaced; null where none was
     * @param next what people have to know of it for their next deployment; null where nothing
     */
    public record Left(@Nullable String snapshot, @Nullable String next) {
        public static final Left NOTHING = new Left(null, null);
    }

    /** @param by the instance that wrote it */
    public record Failure(Reason reason, boolean again, String detail, String command, String by, Instant at) {}

    /** Whether a person ordered it. */
    public boolean isByHand() {
        return asked != null;
    }

    public boolean isEffective() {
        return voided == null;
    }

    /** Effective, and neither verified nor failed. */
    public boolean isOpen() {
        return isEffective() && verifiedAt == null && failure == null;
    }

    /**
     * Whether the cluster was asked, or may have been, so that it counts as a try. One that was withdrawn or stale does not,
     * unless it was taken over: the next can't know what the one before had sent already.
     */
    boolean countsAsTry() {
        return isEffective() && (failure == null || !isBeforeTheAct(failure.reason()) || takenOver);
    }

    /**
     * Before the cluster took it, by the word of the instance that carries it out: one that lost it and slept knows nothing of
     * the request of the next. After, by what became of it, or by whoever knows that it was taken.
     */
    boolean mayFailFor(Reason reason, String writer, boolean knowsAll) {
        boolean counts = acceptedAt == null
                ? writer.equals(by)
                : knowsAll || reason == Reason.NOT_EFFECTIVE || reason == Reason.GONE;
        return isOpen() && counts;
    }

    private static boolean isBeforeTheAct(Reason reason) {
        return reason == Reason.WITHDRAWN || reason == Reason.STALE;
    }

    /** Nobody has the cluster's word yet, so another instance may see it through. */
    boolean mayBeTakenOver() {
        return isOpen() && acceptedAt == null;
    }

    Attempt takenOver(String next) {
        return new Attempt(
                number, act, target, intendedAt, triggers, next, asked, true, voided, null, null, null, left);
    }

    Attempt accepted(Instant at, Left behind) {
        return acceptedAt != null || !isOpen() ? this : with(at, null, null, behind);
    }

    Attempt verified(Instant at) {
        return isOpen() ? with(acceptedAt, at, null, left) : this;
    }

    Attempt failed(Failure how) {
        return isOpen() ? with(acceptedAt, null, how, left) : this;
    }

    /** The same with what came of it. */
    private Attempt with(
            @Nullable Instant accepted, @Nullable Instant verified, @Nullable Failure failed, Left behind) {
        return new Attempt(
                number,
                act,
                target,
                intendedAt,
                triggers,
                by,
                asked,
                takenOver,
                voided,
                accepted,
                verified,
                failed,
                behind);
    }
}
