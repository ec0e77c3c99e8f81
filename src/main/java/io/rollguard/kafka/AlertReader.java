package io.rollguard.kafka;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.SpanKind;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertTable;
import io.rollguard.reactor.Alerts;
import io.rollguard.wire.StoredAlerts;
import io.rollguard.wire.StoredAlerts.Read;
import io.rollguard.wire.Topic;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jboss.logging.Logger;

/**
 * Keeps the table of alerts current from the alert topic: from the lookback on, then as it grows. Every instance reads all
 * of it; alerts about other clusters are passed over.
 */
final class AlertReader implements Alerts, AutoCloseable {

    private static final Logger LOG = Logger.getLogger(AlertReader.class);
    private static final Duration FORGET_EVERY = Duration.ofMinutes(1);

    /** More are no trouble of one cluster's; and three fifths of the heap, so that there is room to work in. */
    private static final int MAX_ALERTS = 4_000_000;

    private static final long MAX_BYTES = Runtime.getRuntime().maxMemory() / 5 * 3;

    /** Side by side at the start, since what the table holds does not depend on the order in which it hears of it. */
    private static final int READERS = Math.min(4, Runtime.getRuntime().availableProcessors());

    private final Duration lookback;
    private final Clock clock;
    private final AlertTable table = new AlertTable(MAX_ALERTS, MAX_BYTES);
    private final List<Consumer<AlertHistory>> listeners = new CopyOnWriteArrayList<>();
    private final StoredAlerts records;
    private final AtomicLong unreadable = new AtomicLong();
    private final Tail tail;
    private final TableRoom room = new TableRoom(table);
    private Instant forgotten = Instant.MIN;

    AlertReader(Clients clients, String cluster, Duration lookback, Clock clock) {
        this.lookback = lookback;
        this.clock = clock;
        this.records = new StoredAlerts(cluster, table);
        this.tail = new Tail(
                Topic.ALERT,
                number -> clients.reader(Topic.ALERT, number),
                () -> clock.instant().minus(lookback),
                all -> all,
                READERS,
                new Tail.Sink() {
                    @Override
                    public void take(ConsumerRecord<byte[], byte[]> read) {
                        AlertReader.this.take(read);
                    }

                    @Override
                    public void idle() {
                        room.look();
                        forget();
                    }
                });
    }

    void start() {
        tail.start();
    }

    private void take(ConsumerRecord<byte[], byte[]> read) {
        switch (records.read(Records.type(read), read.key(), read.value())) {
            case Read.Heard(var history) -> tell(history, read);
            case Read.Elsewhere() -> {}
            case Read.NoAlert() -> {
                if (unreadable.incrementAndGet() == 1) {
                    LOG.warnf(
                            "offset %d of partition %d of %s is no alert, so it is passed over; further ones are only counted",
                            read.offset(), read.partition(), read.topic());
                }
            }
        }
    }

    private void tell(AlertHistory history, ConsumerRecord<byte[], byte[]> read) {
        if (!Records.isTraced(read)) {
            listeners.forEach(listener -> tell(listener, history));
            return;
        }
        var span = GlobalOpenTelemetry.getTracer("io.rollguard")
                .spanBuilder("alert heard")
                .setParent(Records.trace(read))
                .setSpanKind(SpanKind.CONSUMER)
                .setAttribute("rollguard.alert", history.fingerprint().value())
                .startSpan();
        try (var scope = span.makeCurrent()) {
            listeners.forEach(listener -> tell(listener, history));
        } finally {
            span.end();
        }
    }

    private static void tell(Consumer<AlertHistory> listener, AlertHistory history) {
        try {
            listener.accept(history);
        } catch (RuntimeException e) {
            LOG.errorf(e, "a change of %s was not taken up; it will be with the next look", history.latest());
        }
    }

    private void forget() {
        var now = clock.instant();
        if (forgotten.isBefore(now.minus(FORGET_EVERY))) {
            forgotten = now;
            table.forget(now, lookback);
            room.minutePassed();
        }
    }

    @Override
    public AlertTable table() {
        return table;
    }

    @Override
    public boolean isWhole() {
        return tail.isWhole();
    }

    @Override
    public void onChange(Consumer<AlertHistory> listener) {
        listeners.add(listener);
    }

    /** Records of the alert topic that were no alerts. */
    long unreadable() {
        return unreadable.get();
    }

    @Override
    public void close() {
        tail.close();
    }
}
