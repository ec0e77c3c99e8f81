package io.rollguard.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.rollguard.alert.AlertHistory;
import io.rollguard.api.Routes.Answer;
import io.rollguard.http.Problem;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentId;
import io.rollguard.reactor.Alerts;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.Journal;
import io.rollguard.release.Release;
import io.rollguard.release.Releases;
import io.rollguard.wire.ApiJson;
import io.rollguard.wire.Topic;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The reading half of the API. Lists are bounded, newest first. */
final class Api {

    static final int DEFAULT_LIMIT = 100;
    static final int MAX_LIMIT = 1000;

    private final Supplier<Journal> journal;
    private final Supplier<Alerts> alerts;
    private final Supplier<Cluster> cluster;
    private final Duration bakeTime;
    private final Duration alertTimeToLive;
    private final Clock clock;

    Api(
            Supplier<Journal> journal,
            Supplier<Alerts> alerts,
            Supplier<Cluster> cluster,
            Duration bakeTime,
            Duration alertTimeToLive,
            Clock clock) {
        this.journal = journal;
        this.alerts = alerts;
        this.cluster = cluster;
        this.bakeTime = bakeTime;
        this.alertTimeToLive = alertTimeToLive;
        this.clock = clock;
    }

    void addTo(Routes routes) {
        routes.get("/incidents", context -> list(context, this::incidents));
        routes.get("/incidents/:id", this::incident);
        routes.get("/releases", context -> list(context, this::releases));
        routes.get("/alerts", context -> list(context, this::alerts));
    }

    // --- what is asked for

    private Stream<JsonNode> incidents(int limit) {
        return journal.get().log().all().stream()
                .sorted(Comparator.comparing(Incident::openedAt).reversed().thenComparing(Incident::id))
                .limit(limit)
                .map(ApiJson::summary);
    }

    private Stream<JsonNode> releases(int limit) {
        var active = new Releases(cluster.get().objects(), bakeTime).active(clock.instant());
        return active.sorted(Comparator.comparing(Release::startedAt).reversed().thenComparing(Release::workload))
                .limit(limit)
                .map(ApiJson::release);
    }

    /** What fires comes first. There may be a million, so they are neither sorted nor held up. */
    private Stream<JsonNode> alerts(int limit) {
        var now = clock.instant();
        var order = Comparator.comparing((AlertHistory history) -> history.state(now, alertTimeToLive))
                .thenComparing(history -> history.current().startsAt(), Comparator.reverseOrder())
                .thenComparing(AlertHistory::fingerprint);
        return alerts.get().table().first(limit, order).stream()
                .map(history -> ApiJson.alert(history, history.state(now, alertTimeToLive)));
    }

    private Answer incident(RoutingContext context) {
        return id(context)
                .flatMap(id -> journal.get().log().find(id))
                .map(incident -> Answer.found(ApiJson.sheet(incident)))
                .orElseGet(() -> Answer.failed(notHeld()));
    }

    static Problem notHeld() {
        return Problem.notFound(
                "no incident that is held has this id; of those that ended long ago only the newest are, and"
                        + " the topic " + Topic.INCIDENT + " has the others");
    }

    static Optional<IncidentId> id(RoutingContext context) {
        var text = context.pathParam("id");
        try {
            return Optional.of(new IncidentId(UUID.fromString(text == null ? "" : text)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Answer list(RoutingContext context, IntFunction<Stream<JsonNode>> items) {
        var limit = limit(context.request().getParam("limit"));
        if (limit.isEmpty()) {
            return Answer.failed(Problem.badRequest("limit is a number from 1 to %d".formatted(MAX_LIMIT), "limit"));
        }
        var json = JsonNodeFactory.instance.objectNode();
        var array = json.putArray("items");
        items.apply(limit.getAsInt()).forEach(array::add);
        return Answer.found(json);
    }

    private static OptionalInt limit(@Nullable String text) {
        if (text == null) {
            return OptionalInt.of(DEFAULT_LIMIT);
        }
        try {
            int limit = Integer.parseInt(text);
            return limit < 1 || limit > MAX_LIMIT ? OptionalInt.empty() : OptionalInt.of(limit);
        } catch (NumberFormatException e) {
            return OptionalInt.empty();
        }
    }
}
