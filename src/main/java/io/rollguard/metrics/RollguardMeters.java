package io.rollguard.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.rollguard.alert.Alert.Status;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.Episode;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentLog.Forgotten;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Tier;
import io.rollguard.reactor.Telemetry;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongBiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decisions, rollbacks and messages as metrics. Every series is there from the start, so that a rate over the first event
 * is right and an alert on absence is possible. docs/metrics.md lists them.
 */
public final class RollguardMeters implements Telemetry {

    static final String DECISIONS = "rollguard.decisions";
    static final String ROLLBACKS = "rollguard.rollbacks";
    static final String NO_RELEASE = "rollguard.no.release";
    static final String REACTION = "rollguard.reaction";
    static final String MESSAGES = "rollguard.messages";
    static final String INCIDENTS = "rollguard.incidents";
    static final String FORGOTTEN = "rollguard.incidents.forgotten";
    static final String RIGHTS = "rollguard.rights";
    static final String ALERTS = "rollguard.alerts";
    static final String TABLE = "rollguard.alerts.bytes";
    static final String DROPPED = "rollguard.alerts.dropped";

    /** How an attempt may go besides the codes of {@link Reason}: the labels of the log's steps. */
    private static final List<String> DONE = List.of("accepted", "verified");

    /** An outcome that no list names: a tag must not take any value that comes along. */
    private static final String OTHER = "other";

    private static final Duration[] REACTION_BUCKETS = {
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(20),
        Duration.ofSeconds(30),
        Duration.ofSeconds(60),
        Duration.ofSeconds(120),
        Duration.ofSeconds(300),
        Duration.ofSeconds(900)
    };

    private record Decided(Outcome outcome, Reason reason) {}

    private record Attempted(Act act, String outcome) {}

    private final MeterRegistry registry;
    private final Map<Decided, Counter> decisions = new HashMap<>();
    private final Map<Attempted, Counter> rollbacks = new HashMap<>();
    private final Map<Telling, Counter> messages = new EnumMap<>(Telling.class);
    private final Traces traces = new Traces(() -> GlobalOpenTelemetry.getTracer("io.rollguard"));
    private final Counter noRelease;
    private final Timer reaction;

    public RollguardMeters(MeterRegistry registry) {
        this.registry = registry;
        for (var outcome : Outcome.values()) {
            for (var reason : Reason.values()) {
                decisions.put(
                        new Decided(outcome, reason),
                        Counter.builder(DECISIONS)
                                .description("Judgements that differ from the one before")
                                .tag("verdict", outcome.name().toLowerCase(Locale.ROOT))
                                .tag("reason", reason.code())
                                .register(registry));
            }
        }
        for (var act : List.of(Act.ABORT, Act.RESTORE)) {
            DONE.forEach(outcome -> register(act, outcome));
            for (var reason : Reason.values()) {
                register(act, reason.code());
            }
            register(act, OTHER);
        }
        for (var telling : Telling.values()) {
            messages.put(
                    telling,
                    Counter.builder(MESSAGES)
                            .description("Messages to people")
                            .tag("outcome", telling.label())
                            .register(registry));
        }
        noRelease = Counter.builder(NO_RELEASE)
                .description("Deliveries of alerts about workloads without an active release")
                .register(registry);
        reaction = Timer.builder(REACTION)
                .description("From the first delivery of the deciding alert to the request to the cluster")
                .serviceLevelObjectives(REACTION_BUCKETS)
                .register(registry);
    }

    private void register(Act act, String outcome) {
        rollbacks.put(
                new Attempted(act, outcome),
                Counter.builder(ROLLBACKS)
                        .description("Attempts to act, by what became of them")
                        .tag("act", act.label())
                        .tag("outcome", outcome)
                        .register(registry));
    }

    @Override
    public void judged(Verdict verdict, Allowed allowed) {
        var refusal = allowed.reason();
        count(decisions.get(new Decided(verdict.outcome(), refusal == null ? verdict.reason() : refusal)));
    }

    @Override
    public void acted(Act act, String outcome) {
        var known = rollbacks.get(new Attempted(act, outcome));
        count(known == null ? rollbacks.get(new Attempted(act, OTHER)) : known);
    }

    @Override
    public void noRelease() {
        noRelease.increment();
    }

    @Override
    public void reactionTime(Duration time) {
        reaction.record(time.isNegative() ? Duration.ZERO : time);
    }

    public void told(Telling telling) {
        count(messages.get(telling));
    }

    private static void count(@Nullable Counter counter) {
        if (counter != null) {
            counter.increment();
        }
    }

    /** Shows how many incidents are in each state. */
    public <T> void watchIncidents(T source, BiFunction<T, Incident.State, Number> count) {
        for (var state : Incident.State.values()) {
            gauge(
                    INCIDENTS,
                    "Incidents of the log, by state",
                    state.label(),
                    source,
                    each -> count.apply(each, state).doubleValue());
        }
    }

    /** Shows how much of the incident log was given up for lack of room. */
    public <T> void watchForgotten(T source, ToLongBiFunction<T, Forgotten> count) {
        for (var what : Forgotten.values()) {
            FunctionCounter.builder(FORGOTTEN, source, each -> count.applyAsLong(each, what))
                    .description("Of the incident log, given up since there was no more room")
                    .tag("what", what.label())
                    .register(registry);
        }
    }

    /** Shows how many alerts are in each state. */
    public <T> void watchAlerts(T source, BiFunction<T, AlertHistory.State, Number> count) {
        for (var state : AlertHistory.State.values()) {
            gauge(
                    ALERTS,
                    "Alerts known, by state",
                    state.label(),
                    source,
                    each -> count.apply(each, state).doubleValue());
        }
    }

    /** Shows how much memory the table of alerts takes. */
    public <T> void watchTable(T source, ToDoubleFunction<T> bytes) {
        Gauge.builder(TABLE, source, bytes)
                .description("About so many bytes of memory hold the alerts known")
                .baseUnit("bytes")
                .strongReference(true)
                .register(registry);
    }

    /** Shows how many alerts the table gave up for lack of room. */
    public <T> void watchDropped(T source, ToLongBiFunction<T, Status> count) {
        for (var status : Status.values()) {
            FunctionCounter.builder(DROPPED, source, each -> count.applyAsLong(each, status))
                    .description("Alerts given up since the table was full")
                    .tag("status", status.label())
                    .register(registry);
        }
    }

    /** Shows how far the rights in the cluster reach. */
    public <T> void watchRights(T source, BiFunction<T, Tier, Number> count) {
        for (var tier : Tier.values()) {
            Gauge.builder(RIGHTS, source, each -> count.apply(each, tier).doubleValue())
                    .description(
                            "Namespaces watched, by how far Rollguard's rights reach there; all of them count as one")
                    .tag("tier", tier.label())
                    .strongReference(true)
                    .register(registry);
        }
    }

    private <T> void gauge(String name, String description, String state, T source, ToDoubleFunction<T> count) {
        Gauge.builder(name, source, count)
                .description(description)
                .tag("state", state)
                .strongReference(true)
                .register(registry);
    }

    @Override
    public void heard(AlertHistory alert) {
        traces.heard(alert.fingerprint());
    }

    @Override
    public <T> T acting(Act act, Collection<Episode> causes, Supplier<T> work) {
        return traces.acting(act, causes, work);
    }
}
