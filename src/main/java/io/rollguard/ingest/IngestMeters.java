package io.rollguard.ingest;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.rollguard.alert.Alert.Status;
import io.rollguard.wire.Events.DeadLetterReason;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** What the webhook counts. Every series is there with 0 from the start; docs/metrics.md lists them. */
final class IngestMeters {

    static final String REQUESTS = "rollguard.webhook.requests";
    static final String ALERTS = "rollguard.alerts.received";
    static final String DEAD_LETTERS = "rollguard.dead.letters";
    static final String TRUNCATED = "rollguard.alerts.truncated";
    static final String IN_FLIGHT = "rollguard.webhook.bytes";

    private final MeterRegistry registry;
    private final Map<Outcome, Counter> requests;
    private final Map<Status, Counter> alerts;
    private final Map<DeadLetterReason, Counter> deadLetters;
    private final Counter truncated;

    IngestMeters(MeterRegistry registry) {
        this.registry = registry;
        requests = counters(REQUESTS, "Requests to the webhook", "outcome", Outcome.class, Outcome::label);
        alerts = counters(ALERTS, "Deliveries of alerts that were kept", "status", Status.class, Status::label);
        deadLetters = counters(
                DEAD_LETTERS,
                "What could not be read and was kept raw",
                "reason",
                DeadLetterReason.class,
                DeadLetterReason::code);
        truncated = Counter.builder(TRUNCATED)
                .description("Alerts that senders left out of their messages (max_alerts)")
                .register(registry);
    }

    private <E extends Enum<E>> Map<E, Counter> counters(
            String name, String description, String tag, Class<E> type, Function<E, String> label) {
        var counters = new EnumMap<E, Counter>(type);
        for (var value : type.getEnumConstants()) {
            counters.put(
                    value,
                    Counter.builder(name)
                            .description(description)
                            .tag(tag, label.apply(value))
                            .register(registry));
        }
        return counters;
    }

    void answered(Outcome outcome) {
        count(requests, outcome);
    }

    void received(Status status) {
        count(alerts, status);
    }

    void deadLetter(DeadLetterReason reason) {
        count(deadLetters, reason);
    }

    void truncated(long howMany) {
        truncated.increment(howMany);
    }

    /** Shows how many bytes of bodies are held. */
    void watchBytes(Supplier<Number> bytes) {
        Gauge.builder(IN_FLIGHT, bytes)
                .description("Bytes of requests held until their alerts are kept")
                .strongReference(true)
                .register(registry);
    }

    private static <E> void count(Map<E, Counter> counters, E value) {
        var counter = counters.get(value);
        if (counter != null) {
            counter.increment();
        }
    }
}
