package io.rollguard.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.rollguard.alert.AlertHistory;
import io.rollguard.http.Door;
import io.rollguard.http.Door.Access;
import io.rollguard.http.Problem;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentId;
import io.rollguard.reactor.Alerts;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.Journal;
import io.rollguard.release.Release;
import io.rollguard.release.Releases;
import io.rollguard.wire.ApiJson;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of the API. Every route asks for an operator's token first. Lists are bounded, newest first. Answers are
 * made off the event loop, since a long log takes a while to be written out.
 */
final class Api {

    private static final Logger LOG = Logger.getLogger(Api.class);

    static final int DEFAULT_LIMIT = 100;
    static final int MAX_LIMIT = 1000;

    private static final String ROOT = "/api/v1";

    private final Door door;
    private final Supplier<Journal> journal;
    private final Supplier<Alerts> alerts;
    private final Supplier<Cluster> cluster;
    private final Duration bakeTime;
    private final Duration alertTimeToLive;
    private final Clock clock;

    /** An answer that is either there or a problem. */
    private sealed interface Answer {
        record Found(JsonNode json) implements Answer {}

        record Failed(Problem problem) implements Answer {}
    }

    Api(
            Door door,
            Supplier<Journal> journal,
            Supplier<Alerts> alerts,
            Supplier<Cluster> cluster,
            Duration bakeTime,
            Duration alertTimeToLive,
            Clock clock) {
        this.door = door;
        this.journal = journal;
        this.alerts = alerts;
        this.cluster = cluster;
        this.bakeTime = bakeTime;
        this.alertTimeToLive = alertTimeToLive;
        this.clock = clock;
    }

    void addTo(Router router) {
        get(router, ROOT + "/incidents", context -> list(context, this::incidents));
        get(router, ROOT + "/incidents/:id", this::incident);
        get(router, ROOT + "/releases", context -> list(context, this::releases));
        get(router, ROOT + "/alerts", context -> list(context, this::alerts));
    }

    // --- what is asked for

    private Stream<JsonNode> incidents() {
        return journal.get().log().all().stream()
                .sorted(Comparator.comparing(Incident::openedAt).reversed().thenComparing(Incident::id))
                .map(ApiJson::summary);
    }

    private Stream<JsonNode> releases() {
        var active = new Releases(cluster.get().objects(), bakeTime).active(clock.instant());
        return active.sorted(Comparator.comparing(Release::startedAt).reversed().thenComparing(Release::workload))
                .map(ApiJson::release);
    }

    /** What fires comes first. */
    private Stream<JsonNode> alerts() {
        var now = clock.instant();
        return alerts.get().table().all().stream()
                .sorted(Comparator.comparing((AlertHistory history) -> history.state(now, alertTimeToLive))
                        .thenComparing(history -> history.current().startsAt(), Comparator.reverseOrder())
                        .thenComparing(AlertHistory::fingerprint))
                .map(history -> ApiJson.alert(history, history.state(now, alertTimeToLive)));
    }

    private Answer incident(RoutingContext context) {
        return id(context.pathParam("id"))
                .flatMap(id -> journal.get().log().find(id))
                .<Answer>map(incident -> new Answer.Found(ApiJson.sheet(incident)))
                .orElseGet(() -> new Answer.Failed(Problem.notFound("no incident has this id")));
    }

    private static Optional<IncidentId> id(@Nullable String text) {
        try {
            return Optional.of(new IncidentId(UUID.fromString(text == null ? "" : text)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Answer list(RoutingContext context, Supplier<Stream<JsonNode>> items) {
        var limit = limit(context.request().getParam("limit"));
        if (limit.isEmpty()) {
            return new Answer.Failed(
                    Problem.badRequest("limit is a number from 1 to %d".formatted(MAX_LIMIT), "limit"));
        }
        var json = JsonNodeFactory.instance.objectNode();
        var array = json.putArray("items");
        items.get().limit(limit.getAsInt()).forEach(array::add);
        return new Answer.Found(json);
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

    // --- HTTP

    private void get(Router router, String path, Function<RoutingContext, Answer> answer) {
        router.route(path).handler(this::letIn);
        router.route(path).blockingHandler(context -> send(context, answer), false);
    }

    private void letIn(RoutingContext context) {
        var request = context.request();
        var access = door.open(Door.Caller.of(request));
        if (access instanceof Access.Denied denied) {
            refuse(context, Problem.unauthorized(denied.detail()));
        } else if (!request.method().equals(HttpMethod.GET)) {
            context.response().putHeader("Allow", "GET");
            refuse(context, Problem.methodNotAllowed("only GET is possible here"));
        } else {
            context.next();
        }
    }

    /** What the caller still sends is read and dropped, else it would wait for us. */
    private static void refuse(RoutingContext context, Problem problem) {
        context.request().resume();
        problem.send(context.response());
    }

    private static void send(RoutingContext context, Function<RoutingContext, Answer> answer) {
        try {
            switch (answer.apply(context)) {
                case Answer.Found found -> {
                    context.response()
                            .putHeader("Content-Type", "application/json")
                            .putHeader("Cache-Control", "no-store");
                    context.response().end(Buffer.buffer(found.json().toString().getBytes(StandardCharsets.UTF_8)));
                }
                case Answer.Failed failed -> failed.problem().send(context.response());
            }
        } catch (RuntimeException e) {
            LOG.errorf(e, "answering %s failed", context.request().path());
            Problem.internal().send(context.response());
        }
    }
}
