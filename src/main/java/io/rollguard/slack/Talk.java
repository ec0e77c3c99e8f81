package io.rollguard.slack;

import io.rollguard.incident.Incident;
import io.rollguard.slack.Gateway.Place;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What this instance remembers of telling one incident, beyond what the log holds. Used by the notifier's thread only. */
final class Talk {

    /** A message that was put in its place. */
    record Said(Place place, String digest) {}

    private final Map<String, Said> said = new HashMap<>();
    private final Map<String, Instant> lastWrite = new HashMap<>();
    private final Set<Place> gone = new HashSet<>();

    /** Kinds that may stand there although nobody answered so. */
    final Set<String> doubted = new HashSet<>();

    /** Kinds that were looked for, and are known not to stand there. */
    final Set<String> absent = new HashSet<>();

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

    /** What stands there under this kind: what this instance said last, else what the log tells. */
    @Nullable
    Said standing(Incident incident, String kind) {
        var own = said.get(kind);
        if (own != null) {
            return own;
        }
        var told = incident.told().standing(kind).orElse(null);
        if (told == null) {
            return null;
        }
        var place = new Place(told.channel(), told.messageId());
        return gone.contains(place) ? null : new Said(place, told.digest());
    }

    void says(String kind, Said message, Instant at) {
        said.put(kind, message);
        lastWrite.put(kind, at);
        doubted.remove(kind);
    }

    void found(String kind, Place place) {
        said.put(kind, new Said(place, ""));
        doubted.remove(kind);
    }

    void loses(String kind, Place place) {
        said.remove(kind);
        gone.add(place);
        doubted.remove(kind);
        absent.add(kind);
    }

    /** Forgets what the log holds by now. */
    void settle(Incident incident) {
        said.entrySet().removeIf(entry -> {
            var told = incident.told().standing(entry.getKey()).orElse(null);
            return told != null
                    && told.digest().equals(entry.getValue().digest())
                    && told.messageId().equals(entry.getValue().place().messageId());
        });
    }

    Map<String, Said> said() {
        return said;
    }

    Instant lastWrite(String kind) {
        return lastWrite.getOrDefault(kind, Instant.EPOCH);
    }
}
