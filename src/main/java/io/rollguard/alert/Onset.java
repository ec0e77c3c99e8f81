package io.rollguard.alert;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * When the trouble behind an alert began: somewhere between two times, which are equal where it is known. Prometheus'
 * startsAt is the time at which {@code for} had passed, so the trouble is older than that.
 */
public record Onset(Instant earliest, Instant latest) {

    /** The annotation that tells the rule's {@code for}, a Prometheus duration. */
    public static final String FOR_ANNOTATION = "rollguard_for";

    /** How much older than startsAt the trouble may be where the rule's {@code for} is not told (design, section 5). */
    public static final Duration UNKNOWN_FOR = Duration.ofMinutes(5);

    public Onset {
        if (latest.isBefore(earliest)) {
            throw new IllegalArgumentException("an onset ends before it begins");
        }
    }

    public static Onset of(Instant startsAt, Map<String, String> annotations) {
        return PrometheusDuration.parse(annotations.getOrDefault(FOR_ANNOTATION, ""))
                .map(known -> at(startsAt.minus(known)))
                .orElseGet(() -> new Onset(startsAt.minus(UNKNOWN_FOR), startsAt));
    }

    public static Onset at(Instant known) {
        return new Onset(known, known);
    }

    public boolean isKnown() {
        return earliest.equals(latest);
    }

    public boolean isBefore(Instant time) {
        return latest.isBefore(time);
    }

    /** Whether the time lies inside, so that nobody can say which came first. */
    public boolean straddles(Instant time) {
        return earliest.isBefore(time) && !latest.isBefore(time);
    }
}
