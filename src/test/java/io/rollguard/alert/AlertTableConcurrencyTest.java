package io.rollguard.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.Alert.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Who asks what began in a time reads on without the table's lock, while alerts are delivered, forgotten and given up for lack
 * of room. Some alerts stay open all the while, whatever else becomes of them; each of these is found, once.
 */
class AlertTableConcurrencyTest {

    private static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");
    private static final Duration LOOKBACK = Duration.ofHours(24);
    private static final String NAMESPACE = "shop";
    private static final String NAME = "Errors";

    /** With the short one an episode that is heard of again makes an alert's trouble older, at its old place in the index. */
    private static final List<Duration> TIMES_TO_LIVE = List.of(Duration.ofMinutes(1), Duration.ofHours(12));

    private static final int STEADY = 40;
    private static final int PASSING = 200;
    private static final int MINUTES = 40;

    /** So many looks of each reader, among so many changes, make a look that meets no change a rare one. */
    private static final int LOOKS = 60;

    private static final int CHANGES = 2_000;

    /** The same for one reader, who finds no more than one alert in a look. */
    private static final int FOUND = 1_000;

    private static final int ALERTS = 100;

    private final AlertTable table = new AlertTable(STEADY + PASSING / 2);
    private final AtomicInteger changes = new AtomicInteger();
    private final AtomicInteger readers = new AtomicInteger(3);
    private volatile Troubled troubled = new Troubled(table, T0);

    /** A table with one alert, and since when it has trouble, unless that is known to be older by now. */
    private record Troubled(AlertTable table, Instant since) {}

    @Test
    @Timeout(60)
    void whatStaysOpenIsFoundOnceInEveryStreamWhateverChangesMeanwhile() throws Exception {
        for (int number = 0; number < STEADY; number++) {
            table.apply(steady(number, begin(number), "page", 0));
        }

        var work = new ArrayList<Callable<Void>>();
        for (int each = 0; each < 2; each++) {
            var random = new SplittableRandom(each);
            work.add(changing(() -> deliver(random)));
        }
        var random = new SplittableRandom(7);
        work.add(changing(() -> table.forget(T0.plus(LOOKBACK).plusSeconds(random.nextInt(1000)), LOOKBACK)));
        for (int reader = readers.get(); reader > 0; reader--) {
            work.add(reading(new SplittableRandom(100 + reader)));
        }
        try (var threads = Executors.newFixedThreadPool(work.size())) {
            for (var done : threads.invokeAll(work)) {
                done.get();
            }
        }

        assertThat(table.dropped(Status.FIRING) + table.dropped(Status.RESOLVED))
                .as("given up for lack of room")
                .isPositive();
    }

    /** What is heard of an earlier episode makes the trouble older than it was, and that of an alert which is just looked at. */
    @Test
    @Timeout(60)
    void whatIsFoundBeganWhenItWasAskedForThoughItIsKnownToBeOlderByThen() throws Exception {
        var timeToLive = TIMES_TO_LIVE.getFirst();
        var apart = Duration.ofMinutes(10);
        try (var threads = Executors.newSingleThreadExecutor()) {
            var writer = threads.submit(changing(() -> {
                var other = new AlertTable(1);
                for (int episode = 0; episode < AlertHistory.MAX_SPANS; episode++) {
                    var startsAt = T0.plus(apart.multipliedBy(episode));
                    other.apply(alert(fingerprint(0), startsAt, false, "page", startsAt));
                }
                for (int episode = AlertHistory.MAX_SPANS - 1; episode > 0; episode--) {
                    var known = T0.plus(apart.multipliedBy(episode));
                    troubled = new Troubled(other, known);
                    other.apply(alert(fingerprint(0), known.minus(apart), false, "page", known));
                }
            }));
            try {
                int found = 0;
                while (!writer.isDone() && (found < FOUND || changes.get() < ALERTS)) {
                    var asked = troubled;
                    found += (int) asked.table()
                            .begunIn(NAMESPACE, asked.since(), asked.since(), timeToLive)
                            .peek(each ->
                                    assertThat(each.onset(timeToLive).latest()).isEqualTo(asked.since()))
                            .count();
                }
            } finally {
                readers.set(0);
            }
            writer.get();
        }
    }

    private Callable<Void> changing(Runnable change) {
        return () -> {
            try {
                while (readers.get() > 0) {
                    change.run();
                    changes.incrementAndGet();
                }
                return null;
            } finally {
                changes.addAndGet(CHANGES); // nobody waits for one that failed
            }
        };
    }

    private void deliver(SplittableRandom random) {
        if (random.nextInt(3) == 0) {
            int number = random.nextInt(STEADY);
            switch (random.nextInt(3)) {
                case 0 -> table.apply(steady(number, begin(number), "page", random.nextInt(600)));
                case 1 -> table.apply(steady(number, begin(number), "severity-" + random.nextInt(3), 600));
                default -> // seems to begin again, as after a restart of Prometheus
                    table.apply(steady(number, begin(number).plusSeconds(random.nextInt(20)), "page", 600));
            }
        } else {
            table.apply(passing(random));
        }
    }

    private Callable<Void> reading(SplittableRandom random) {
        return () -> {
            try {
                for (int look = 0; look < LOOKS || changes.get() < CHANGES; look++) {
                    int from = random.nextInt(MINUTES);
                    int to = from + random.nextInt(MINUTES);
                    var timeToLive = TIMES_TO_LIVE.get(random.nextInt(2));
                    var stream = random.nextBoolean()
                            ? table.begunIn(NAMESPACE, begin(from), begin(to), timeToLive)
                            : table.begunAs(NAME, begin(from), begin(to), timeToLive);
                    look(stream, from, to, timeToLive);
                }
                return null;
            } finally {
                readers.decrementAndGet();
            }
        };
    }

    private static void look(Stream<AlertHistory> stream, int from, int to, Duration timeToLive) {
        var found = stream.peek(each -> Thread.yield()).toList();

        assertThat(found)
                .allMatch(each -> each.current().resolvedAt() == null, "is open")
                .allMatch(each -> isWithin(each.onset(timeToLive).latest(), from, to), "began in the time asked for");
        var places = found.stream()
                .map(each -> each.onset(timeToLive).latest() + " " + each.fingerprint())
                .toList();
        assertThat(places).as("each where it belongs, and once").isSorted().doesNotHaveDuplicates();
        var steady = found.stream()
                .map(AlertHistory::fingerprint)
                .filter(fingerprint -> isSteady(fingerprint))
                .toList();
        assertThat(steady)
                .containsExactlyElementsOf(IntStream.rangeClosed(from, Math.min(to, STEADY - 1))
                        .mapToObj(AlertTableConcurrencyTest::fingerprint)
                        .toList());
    }

    // --- alerts

    private static Instant begin(int minute) {
        return T0.plus(Duration.ofMinutes(minute));
    }

    private static boolean isWithin(Instant time, int from, int to) {
        return !time.isBefore(begin(from)) && !time.isAfter(begin(to));
    }

    private static boolean isSteady(Fingerprint fingerprint) {
        return Long.parseUnsignedLong(fingerprint.value(), 16) < STEADY;
    }

    private static Fingerprint fingerprint(int number) {
        return new Fingerprint("%016x".formatted(number));
    }

    /** Fires on; heard of later than every passing one, so that it is neither forgotten nor given up. */
    private static Alert steady(int number, Instant startsAt, String severity, int late) {
        return alert(fingerprint(number), startsAt, false, severity, T0.plusSeconds(3600 + late));
    }

    /** One that comes and goes, in one or several episodes. */
    private static Alert passing(SplittableRandom random) {
        return alert(
                fingerprint(STEADY + random.nextInt(PASSING)),
                begin(random.nextInt(MINUTES)),
                random.nextInt(3) == 0,
                "page",
                T0.plusSeconds(random.nextInt(3000)));
    }

    private static Alert alert(
            Fingerprint fingerprint, Instant startsAt, boolean resolved, String severity, Instant heard) {
        var labels = Labels.of(
                Map.of("alertname", NAME, "namespace", NAMESPACE, "service", "s" + fingerprint, "severity", severity));
        return new Alert(
                fingerprint,
                resolved ? Status.RESOLVED : Status.FIRING,
                "default",
                labels,
                Map.of(Onset.FOR_ANNOTATION, "0s"),
                startsAt,
                resolved ? startsAt.plusSeconds(1) : null,
                "",
                heard);
    }
}
