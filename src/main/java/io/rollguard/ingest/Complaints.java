package io.rollguard.ingest;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the log is told of what senders do wrong, which they do again with every repeat: of each kind the first, and then one
 * a minute with how many were passed over. Kinds are few. Safe for many threads.
 */
final class Complaints {

    private static final Duration EVERY = Duration.ofMinutes(1);

    private final Map<String, Said> said = new HashMap<>();

    private static final class Said {
        final Instant at;
        long passedOver;

        Said(Instant at) {
            this.at = at;
        }
    }

    /** What to say of one more; empty where its kind was told within the last minute. */
    synchronized Optional<String> about(String kind, String text, Instant now) {
        var before = said.get(kind);
        if (before != null && isRecent(before, now)) {
            before.passedOver++;
            return Optional.empty();
        }
        said.put(kind, new Said(now));
        return Optional.of(text + passedOver(before));
    }

    /** A clock that was put back does not silence it. */
    private static boolean isRecent(Said before, Instant now) {
        return Duration.between(before.at, now).abs().compareTo(EVERY) < 0;
    }

    private static String passedOver(@Nullable Said before) {
        return before == null || before.passedOver == 0
                ? ""
                : " (and %d of this kind before it, since the last such line)".formatted(before.passedOver);
    }
}
