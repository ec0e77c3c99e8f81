package io.rollguard.api;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.api.Routes.Answer;
import io.rollguard.http.Problem;
import io.rollguard.incident.Answers;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.Cluster.Pause;
import io.rollguard.reactor.Commands;
import io.rollguard.reactor.Journal;
import io.rollguard.verdict.Reason;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * The API's half that changes something: what a person asks about an incident goes to the owner of its workload over the
 * command topic, and the answer is read from the incident log, so that of two presses anywhere one is followed. The pause
 * switch is an object of the cluster, so it works while Kafka is away.
 */
final class Operations {

    private static final Logger LOG = Logger.getLogger(Operations.class);

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    static final int MAX_REASON = 500;

    private final Supplier<Journal> journal;
    private final Supplier<Commands> commands;
    private final Supplier<Cluster> cluster;
    private final Duration patience;
    private final Clock clock;
    private final Map<UUID, CompletableFuture<Heard>> awaited = new ConcurrentHashMap<>();

    /** @param patience how long a caller waits for the owner's answer; a command without one yet is answered 202 all the same */
    Operations(
            Supplier<Journal> journal,
            Supplier<Commands> commands,
            Supplier<Cluster> cluster,
            Duration patience,
            Clock clock) {
        this.journal = journal;
        this.commands = commands;
        this.cluster = cluster;
        this.patience = patience;
        this.clock = clock;
    }

    void addTo(Routes routes) {
        for (var kind : EnumSet.complementOf(EnumSet.of(Command.Kind.ROLLBACK))) {
            routes.post("/incidents/:id/" + kind.label(), context -> ask(context, kind));
        }
        routes.get("/automation", context -> automation());
        routes.post("/automation/pause", this::pause);
        routes.post("/automation/resume", context -> switchTo(new Pause(false, Routes.operator(context), "")));
    }

    /** Begins to look for answers. */
    void listen() {
        journal.get().onChange(incident -> {
            if (!awaited.isEmpty()) {
                incident.answers().given().forEach(answer -> answered(incident, answer));
            }
        });
    }

    /** What the owner said, and about which incident. */
    record Heard(Incident incident, Answers.Answer answer) {}

    private void answered(Incident incident, Answers.Answer answer) {
        var waiting = awaited.get(answer.command());
        if (waiting != null) {
            waiting.complete(new Heard(incident, answer));
        }
    }

    // --- incidents

    private Answer ask(RoutingContext context, Command.Kind kind) {
        var found = Api.id(context).flatMap(id -> journal.get().log().find(id));
        if (found.isEmpty()) {
            return Answer.failed(Api.notHeld());
        }
        var incident = found.get();
        return switch (body(context)) {
            case Body.Wrong(var problem) -> Answer.failed(problem);
            case Body.Json(var json) -> {
                var version = json.path("version");
                if (!version.isMissingNode() && !isVersion(version)) {
                    yield Answer.failed(Problem.badRequest("version is the number of the version seen", "version"));
                }
                long seen = version.isMissingNode() ? incident.version() : version.longValue();
                var refusal = incident.against(kind, seen);
                yield refusal.isPresent()
                        ? conflict(refusal.get())
                        : ask(
                                Command.about(
                                        incident,
                                        kind,
                                        UUID.randomUUID(),
                                        seen,
                                        Routes.operator(context),
                                        clock.instant()),
                                JsonNodeFactory.instance.objectNode());
            }
        };
    }

    private static boolean isVersion(JsonNode version) {
        return version.isIntegralNumber() && version.canConvertToLong() && version.longValue() > 0;
    }

    /**
     * Hands a command to the owner and tells what came of it.
     *
     * @param shown what the caller is shown beside that
     */
    Answer ask(Command command, ObjectNode shown) {
        var answer = new CompletableFuture<Heard>();
        awaited.put(command.id(), answer);
        try {
            commands.get().send(command).toCompletableFuture().get(10, TimeUnit.SECONDS);
            return answer(command, answer, shown);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warnf("a command could not be written: %s", e.getMessage());
            return Answer.failed(Problem.unavailable("Kafka did not take the command, so nothing is done: ask again"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Answer.failed(Problem.unavailable("Rollguard is stopping"));
        } finally {
            awaited.remove(command.id());
        }
    }

    private Answer answer(Command command, CompletableFuture<Heard> answer, ObjectNode json)
            throws InterruptedException {
        var heard = Optional.<Heard>empty();
        try {
            heard = Optional.of(answer.get(patience.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException | TimeoutException e) {
            // it waits for its owner, until it expires
        }
        var refusal = heard.map(Heard::answer).map(Answers.Answer::refusal);
        if (refusal.isPresent()) {
            return conflict(refusal.get());
        }
        json.put("command", command.id().toString());
        json.put(
                "incident",
                heard.map(Heard::incident)
                        .map(Incident::id)
                        .orElse(command.incident())
                        .toString());
        json.put("version", command.seen());
        json.put("by", command.by());
        json.put("followed", heard.isPresent());
        json.put("expiresAt", command.expiresAt().toString());
        return new Answer.Found(202, json);
    }

    static Answer conflict(Reason reason) {
        return Answer.failed(Problem.conflict(reason.code() + ": " + reason.text()));
    }

    // --- the pause switch

    private Answer automation() {
        return shown(cluster.get().pause());
    }

    private static Answer shown(Pause pause) {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("paused", pause.paused());
        json.put("by", pause.by());
        json.put("reason", pause.reason());
        return Answer.found(json);
    }

    private Answer pause(RoutingContext context) {
        return switch (body(context)) {
            case Body.Wrong(var problem) -> Answer.failed(problem);
            case Body.Json(var json) -> {
                var reason = json.path("reason").asText("").strip();
                yield reason.isEmpty() || reason.length() > MAX_REASON
                        ? Answer.failed(Problem.badRequest(
                                "say why, in 1 to %d characters: {\"reason\": \"...\"}".formatted(MAX_REASON),
                                "reason"))
                        : switchTo(new Pause(true, Routes.operator(context), reason));
            }
        };
    }

    private Answer switchTo(Pause pause) {
        return switch (cluster.get().pause(pause)) {
            case Cluster.Answer.Done done -> shown(pause);
            case Cluster.Answer.Refused(var reason, var detail) ->
                Answer.failed(Problem.unavailable(
                        (reason == Reason.GONE ? "Rollguard's namespace does not exist" : reason.text()) + ": "
                                + detail));
            case Cluster.Answer.Moved(var detail) -> Answer.failed(Problem.unavailable(detail));
            case Cluster.Answer.NotDone(var detail) -> Answer.failed(Problem.unavailable(detail));
            case Cluster.Answer.Unsure(var detail) ->
                Answer.failed(Problem.unavailable("the cluster's answer was lost, look and ask again: " + detail));
        };
    }

    // --- bodies

    sealed interface Body {
        record Json(JsonNode json) implements Body {}

        record Wrong(Problem problem) implements Body {}
    }

    /** A body may be left out. */
    static Body body(RoutingContext context) {
        var buffer = context.body().buffer();
        if (buffer == null || buffer.length() == 0) {
            return new Body.Json(JsonNodeFactory.instance.objectNode());
        }
        try {
            var json = MAPPER.readTree(buffer.getBytes());
            return json.isObject()
                    ? new Body.Json(json)
                    : new Body.Wrong(Problem.badRequest("the body is a JSON object", null));
        } catch (IOException e) {
            return new Body.Wrong(Problem.badRequest("the body is no JSON", null));
        }
    }
}
