package io.rollguard.alert;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one fingerprint: its newest delivery and its episodes, oldest first.
 *
 * @param latest the newest delivery of the newest episode
 * @param spans the episodes, by startsAt, at most {@link #MAX_SPANS}; at least one
 */
public record AlertHistory(Alert latest, List<Span> spans) {

    static final int MAX_SPANS = 32;

    /**
     * One episode.
     *
     * @param resolvedAt null while no {@code resolved} was heard
     * @param firstHeard when it was first delivered, in any state
     * @param lastHeard when it was last delivered, in any state
     */
    public record Span(Instant startsAt, @Nullable Instant resolvedAt, Instant firstHeard, Instant lastHeard) {

        Span merge(Span other) {
            return new Span(
                    startsAt,
                    laterEnd(resolvedAt, other.resolvedAt),
                    firstHeard.isBefore(other.firstHeard) ? firstHeard : other.firstHeard,
                    lastHeard.isAfter(other.lastHeard) ? lastHeard : other.lastHeard);
        }

        private static @Nullable Instant laterEnd(@Nullable Instant one, @Nullable Instant other) {
            if (one == null || other == null) {
                return one == null ? other : one;
            }
            return one.isAfter(other) ? one : other;
        }
    }

    public enum State {
        FIRING("firing"),
        RESOLVED("resolved"),
        /** Not heard of for longer than the alert's time to live: neither firing nor cured. */
        UNKNOWN("unknown");

        private final String label;

        State(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    public AlertHistory {
        spans = List.copyOf(spans);
        if (spans.isEmpty()) {
            throw new IllegalArgumentException("a history has at least one episode");
        }
    }

    static AlertHistory of(Alert alert) {
        return new AlertHistory(alert, List.of(span(alert)));
    }

    /**
     * Takes in one more delivery. The result is the same whatever the order of deliveries and however often each comes:
     * {@code resolved} beats {@code firing} of the same episode, so a stale firing wakes nothing up.
     */
    AlertHistory with(Alert alert) {
        var span = span(alert);
        var merged = new ArrayList<Span>(spans.size() + 1);
        for (var existing : spans) {
            if (existing.startsAt().equals(span.startsAt())) {
                span = existing.merge(span);
            } else {
                merged.add(existing);
            }
        }
        int at = 0;
        while (at < merged.size() && merged.get(at).startsAt().isBefore(span.startsAt())) {
            at++;
        }
        merged.add(at, span);
        if (merged.size() > MAX_SPANS) {
            merged.removeFirst();
        }
        return new AlertHistory(newer(latest, alert), merged);
    }

    private static Span span(Alert alert) {
        return new Span(alert.startsAt(), alert.endsAt(), alert.receivedAt(), alert.receivedAt());
    }

    private static Alert newer(Alert one, Alert other) {
        return NEWEST_LAST.compare(one, other) >= 0 ? one : other;
    }

    /** To the last field, so that copies that came in the same instant and differ still have one order. */
    private static final Comparator<Alert> NEWEST_LAST = Comparator.comparing(Alert::startsAt)
            .thenComparing(Alert::status)
            .thenComparing(Alert::receivedAt)
            .thenComparing(Alert::endsAt, Comparator.nullsFirst(Comparator.naturalOrder()))
            .thenComparing(alert -> new TreeMap<>(alert.annotations()).toString())
            .thenComparing(Alert::generatorUrl)
            .thenComparing(alert -> alert.labels().toString())
            .thenComparing(Alert::cluster);

    public Fingerprint fingerprint() {
        return latest.fingerprint();
    }

    public Span current() {
        return spans.getLast();
    }

    public State state(Instant at, Duration timeToLive) {
        var current = current();
        if (current.resolvedAt() != null) {
            return State.RESOLVED;
        }
        return current.lastHeard().plus(timeToLive).isBefore(at) ? State.UNKNOWN : State.FIRING;
    }

    /**
     * The episode in which the present trouble began. A newer startsAt with no {@code resolved} in between is the same
     * trouble: a restart of Alertmanager and Prometheus makes old trouble look new.
     */
    public Span origin(Duration timeToLive) {
        int origin = spans.size() - 1;
        while (origin > 0) {
            var before = spans.get(origin - 1);
            boolean heardOfUntilThen = !before.lastHeard()
                    .plus(timeToLive)
                    .isBefore(spans.get(origin).startsAt());
            if (before.resolvedAt() != null || !heardOfUntilThen) {
                break;
            }
            origin--;
        }
        return spans.get(origin);
    }

    /** When the episodes began that the present trouble may have begun in, newest first; none where it has ended. */
    List<Instant> openSince() {
        var open = new ArrayList<Instant>(1);
        for (int at = spans.size() - 1; at >= 0 && spans.get(at).resolvedAt() == null; at--) {
            open.add(spans.get(at).startsAt());
        }
        return open;
    }

    /** When the present trouble began. */
    public Onset onset(Duration timeToLive) {
        return Onset.of(origin(timeToLive).startsAt(), latest.annotations());
    }

    public Instant lastHeard() {
        var last = spans.getFirst().lastHeard();
        for (var span : spans) {
            last = span.lastHeard().isAfter(last) ? span.lastHeard() : last;
        }
        return last;
    }

    /** Whether it holds the very same texts as this. */
    boolean hasTextsOf(AlertHistory other) {
        return latest.labels() == other.latest.labels()
                && latest.annotations() == other.latest.annotations()
                && latest.generatorUrl() == other.latest.generatorUrl()
                && latest.cluster() == other.latest.cluster();
    }

    /** Whether it is in the same state as this, and was last heard of in the same second. */
    boolean isOrderedLike(AlertHistory other) {
        return (current().resolvedAt() == null) == (other.current().resolvedAt() == null)
                && lastHeard().getEpochSecond() == other.lastHeard().getEpochSecond();
    }

    /** The same with each of its texts put through this, which gives back an equal one. */
    AlertHistory share(UnaryOperator<String> one) {
        return new AlertHistory(latest.share(one), spans);
    }

    /** About so many bytes of memory: what the table needs for any alert, and its episodes; without its texts. */
    long bytes() {
        return 512
                + 96L * spans.size()
                + 8L * latest.labels().size()
                + 32L * latest.annotations().size();
    }
}
