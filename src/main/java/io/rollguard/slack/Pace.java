package io.rollguard.slack;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One message a second with short bursts: what Slack grants to a channel. */
final class Pace {

    private static final Duration PER_MESSAGE = Duration.ofSeconds(1);

    private final int burst;
    private @Nullable Instant fullAt;

    Pace(int burst) {
        this.burst = burst;
    }

    /** How long to wait until the next message may go; zero where it may go now. */
    Duration toWait(Instant now) {
        if (fullAt == null || !fullAt.isAfter(now)) {
            return Duration.ZERO;
        }
        var missing = Duration.between(now, fullAt);
        var wait = missing.minus(PER_MESSAGE.multipliedBy(burst - 1L));
        return wait.isNegative() ? Duration.ZERO : wait;
    }

    /** Notes that a message went. */
    void sent(Instant now) {
        fullAt = (fullAt == null || fullAt.isBefore(now) ? now : fullAt).plus(PER_MESSAGE);
    }
}
