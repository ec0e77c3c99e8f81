package io.rollguard.slack;

import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.Told;
import io.rollguard.slack.Gateway.Place;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What this instance remembers of telling one incident, beyond what the log holds. Used by the notifier's thread only, but
 * for what becomes of a {@link Note}.
 */
final class Talk {

    /** After so long a message stands there if it ever will, though nobody answered so. */
    static final Duration LATE = SlackGateway.CALL_TIMEOUT.plusSeconds(22);

    /** What is to be read back from the log. */
    static final class Note {

        private final Step.Told told;
        private volatile boolean failed;
        private volatile long offset = Long.MAX_VALUE;

        private Note(Step.Told told) {
            this.told = told;
        }

        Step.Told told() {
            return told;
        }

        void appended(long at) {
            offset = at;
        }

        void fails() {
            failed = true;
        }
    }

    private final List<Note> notes = new ArrayList<>();

    private @Nullable Rendered last;

    private final Map<String, Instant> lastWrite = new HashMap<>();

    /** Messages that can't be changed any more, though a look may find them. */
    private final Set<Place> lost = new HashSet<>();

    /** Surplus messages that may not be deleted. */
    private final Set<Place> kept = new HashSet<>();

    /** Where a message may stand although nobody answered so: the channel, or below a root. */
    private final Set<Where> doubted = new HashSet<>();

    /** Where all messages of this incident are known. */
    private final Set<Where> known = new HashSet<>();

    /** When to look there once more. */
    private final Map<Where, Instant> again = new HashMap<>();

    /** Kinds whose blocks Slack did not accept: their text has to do. */
    final Set<String> textOnly = new HashSet<>();

    /** Since when something is left to say; null while nothing is. */
    @Nullable
    Instant waitingSince;

    /** Not before this time, since Slack did not accept one of its messages. */
    Instant notBefore = Instant.EPOCH;

    /** What the root message said when it was posted; later changes of it alarm nobody. Null where another posted it. */
    @Nullable
    Phase postedAs;

    private record Where(@Nullable Place under) {}

    private record Rendered(Incident incident, Conversation conversation) {}

    // --- what is to stand there

    /** Looked at with each change of any incident, so it is made once for each change of this one. */
    Conversation conversation(Incident incident) {
        if (last == null || !last.incident().equals(incident)) {
            last = new Rendered(incident, Messages.render(incident));
        }
        return last.conversation();
    }

    // --- what stands there

    /** What stands there: what the log tells, and what this instance did since. */
    Told told(Incident incident) {
        var told = incident.told();
        for (var note : notes) {
            told = told.with(note.told());
        }
        return told;
    }

    Note remember(Step.Told told) {
        notes.removeIf(note -> note.told().isAboutTheSame(told));
        var note = new Note(told);
        notes.add(note);
        return note;
    }

    /** Forgets what the log holds by now. */
    void settle(long nextOffset) {
        notes.removeIf(note -> note.offset < nextOffset);
    }

    boolean hasNotes() {
        return !notes.isEmpty();
    }

    boolean hasFailedNotes() {
        return notes.stream().anyMatch(note -> note.failed);
    }

    /** The notes that did not reach the log, once. */
    List<Note> takeFailedNotes() {
        var taken = notes.stream().filter(note -> note.failed).toList();
        taken.forEach(note -> note.failed = false);
        return taken;
    }

    void wrote(String kind, Instant at) {
        lastWrite.put(kind, at);
    }

    Instant lastWrite(String kind) {
        return lastWrite.getOrDefault(kind, Instant.EPOCH);
    }

    void loses(Place place) {
        lost.add(place);
    }

    boolean hasLost(Place place) {
        return lost.contains(place);
    }

    void keeps(Place surplus) {
        kept.add(surplus);
    }

    boolean hasToKeep(Place surplus) {
        return kept.contains(surplus);
    }

    // --- what may stand there

    /** An answer got lost: a message may stand there, or come to stand there yet. */
    void doubt(@Nullable Place under, Instant now) {
        var where = new Where(under);
        doubted.add(where);
        known.remove(where);
        again.put(where, now.plus(LATE));
    }

    /**
     * Whether to look before anything is posted there.
     *
     * @param others whether another instance may have posted there
     */
    boolean isDoubtful(@Nullable Place under, boolean others) {
        var where = new Where(under);
        return doubted.contains(where) || (others && !known.contains(where));
    }

    /** It was looked there. A first look is followed by a second: what was under way at the first stands there by then. */
    void looked(@Nullable Place under, Instant now) {
        var where = new Where(under);
        knows(under);
        var due = again.get(where);
        if (due == null) {
            again.put(where, now.plus(LATE));
        } else if (!now.isBefore(due)) {
            again.remove(where);
        }
    }

    /** Nobody else posted there; or there is no way to know. */
    void knows(@Nullable Place under) {
        var where = new Where(under);
        known.add(where);
        doubted.remove(where);
    }

    void lookAgain(@Nullable Place under, Instant at) {
        again.put(new Where(under), at);
    }

    void lookNoMore(@Nullable Place under) {
        again.remove(new Where(under));
    }

    /** When to look again in the channel, or below its root. */
    Optional<Instant> again(@Nullable Place under) {
        return Optional.ofNullable(again.get(new Where(under)));
    }
}
