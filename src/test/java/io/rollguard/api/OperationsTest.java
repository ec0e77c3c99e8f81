package io.rollguard.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rollguard.http.Door;
import io.rollguard.http.TokenFile.Form;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.incident.IncidentStory;
import io.rollguard.reactor.Commands;
import io.rollguard.reactor.Journal;
import io.rollguard.verdict.Reason;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The routes that change something, with an owner of the workload that answers at once, late or never. */
class OperationsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOKEN = "an-operators-token";

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client = HttpClient.newHttpClient();
    private final IncidentLog log =
            new IncidentLog(new IncidentLog.Limits(50, Duration.ofMinutes(15), Duration.ofMinutes(15)));
    private final IncidentStory story = new IncidentStory(log).suspected().guiltyInApprove();
    private final Owner owner = new Owner();
    private HttpServer server;

    @TempDir
    Path dir;

    @BeforeEach
    void serve() throws Exception {
        var tokens = Files.writeString(dir.resolve("tokens"), "ann:" + TOKEN + "\n");
        var door = Door.of("rollguard.api.token-file", Optional.of(tokens), Form.NAMED, true);
        var router = Router.router(vertx);
        var operations = new Operations(
                () -> owner,
                () -> owner,
                () -> {
                    throw new IllegalStateException("no cluster");
                },
                Duration.ofMillis(300),
                Clock.fixed(IncidentStory.START, ZoneOffset.UTC));
        operations.addTo(new Routes(router, door));
        operations.listen();
        server = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() {
        client.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void anApprovalGoesToTheOwnerInThePersonsName() throws Exception {
        var answer =
                post("approve", "{\"version\": %d}".formatted(story.incident().version()));

        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(json(answer).path("followed").asBoolean()).isTrue();
        assertThat(owner.asked).singleElement().satisfies(command -> {
            assertThat(command.kind()).isEqualTo(Command.Kind.APPROVE);
            assertThat(command.by()).isEqualTo("ann");
            assertThat(command.seen()).isEqualTo(2);
            assertThat(command.expiresAt()).isEqualTo(IncidentStory.START.plusSeconds(600));
        });
        assertThat(story.incident().isApproved()).isTrue();
    }

    @Test
    void withoutABodyTheCurrentVersionIsMeant() throws Exception {
        assertThat(post("approve", "").statusCode()).isEqualTo(202);
        assertThat(owner.asked.getFirst().seen()).isEqualTo(2);
    }

    @Test
    void aSecondPressIsAConflictAndReachesNobody() throws Exception {
        post("approve", "");

        var answer = post("approve", "");

        assertConflict(answer, Reason.DECIDED_BEFORE);
        assertThat(owner.asked).hasSize(1);
    }

    @Test
    void whenTwoPressAtOnceTheOwnerDecides() throws Exception {
        owner.refusal = Reason.DECIDED_BEFORE;

        assertConflict(post("approve", ""), Reason.DECIDED_BEFORE);
    }

    @Test
    void anOlderVersionIsAConflict() throws Exception {
        assertConflict(post("approve", "{\"version\": 1}"), Reason.MOVED_ON);
        assertConflict(post("approve", "{\"version\": 99}"), Reason.MOVED_ON);
        assertThat(owner.asked).isEmpty();
    }

    @Test
    void whatCantBeDoneNowIsAConflict() throws Exception {
        assertConflict(post("retry", ""), Reason.NOTHING_TO_RETRY);
        post("dismiss", "");
        story.closed(Reason.DISMISSED);
        assertConflict(post("approve", ""), Reason.INCIDENT_CLOSED);
    }

    @Test
    void anOwnerThatIsBusyIsNotWaitedForForEver() throws Exception {
        owner.answers = false;

        var answer = post("approve", "");

        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(json(answer).path("followed").asBoolean()).isFalse();
    }

    @Test
    void withoutKafkaTheCallerIsToldToAskAgain() throws Exception {
        owner.reachable = false;

        assertProblem(post("approve", ""), 503);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"version\": 0}",
                "{\"version\": -1}",
                "{\"version\": \"2\"}",
                "{\"version\": 1.5}",
                "[]",
                "nonsense",
                "{} {}"
            })
    void aBodyOfTheWrongFormIsAnError(String body) throws Exception {
        assertProblem(post("approve", body), 400);
        assertThat(owner.asked).isEmpty();
    }

    @Test
    void aBodyThatIsTooLargeIsRefused() throws Exception {
        assertProblem(post("approve", "{\"x\": \"%s\"}".formatted("y".repeat(20_000))), 413);
    }

    @Test
    void nobodyElseIsLetIn() throws Exception {
        for (var path : new String[] {
            "/api/v1/incidents/%s/approve".formatted(story.id()),
            "/api/v1/automation/pause",
            "/api/v1/automation/resume"
        }) {
            assertProblem(ask("POST", path, "wrong", "{}"), 401);
            assertProblem(ask("POST", path, null, "{}"), 401);
            assertProblem(ask("GET", path, TOKEN, ""), 405);
        }
        assertThat(owner.asked).isEmpty();
    }

    @Test
    void whatIsNotThereIsNotFound() throws Exception {
        assertProblem(ask("POST", "/api/v1/incidents/00000000-0000-0000-0000-000000000000/approve", TOKEN, ""), 404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"reason\": \" \"}"})
    void whoPausesSaysWhy(String body) throws Exception {
        var answer = ask("POST", "/api/v1/automation/pause", TOKEN, body);

        assertProblem(answer, 400);
        assertThat(json(answer).path("field").asText()).isEqualTo("reason");
    }

    // --- words of the tests

    private HttpResponse<String> post(String command, String body) throws Exception {
        return ask("POST", "/api/v1/incidents/%s/%s".formatted(story.id(), command), TOKEN, body);
    }

    private HttpResponse<String> ask(String method, String path, @Nullable String token, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort() + path))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .timeout(Duration.ofSeconds(10));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private static void assertConflict(HttpResponse<String> answer, Reason reason) throws IOException {
        assertProblem(answer, 409);
        assertThat(json(answer).path("detail").asText()).isEqualTo(reason.code() + ": " + reason.text());
    }

    private static void assertProblem(HttpResponse<String> answer, int status) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(json(answer).path("status").asInt()).isEqualTo(status);
    }

    private static JsonNode json(HttpResponse<String> answer) throws IOException {
        return JSON.readTree(answer.body());
    }

    private final class Owner implements Commands, Journal {

        private final List<Command> asked = new ArrayList<>();
        private final List<Consumer<Incident>> listeners = new ArrayList<>();
        private boolean reachable = true;
        private boolean answers = true;
        private @Nullable Reason refusal;

        @Override
        public CompletionStage<?> send(Command command) {
            if (!reachable) {
                return CompletableFuture.failedStage(new IllegalStateException("no broker"));
            }
            asked.add(command);
            if (answers) {
                story.answered(command, refusal);
                listeners.forEach(listener -> listener.accept(story.incident()));
            }
            return CompletableFuture.completedStage(null);
        }

        @Override
        public void onCommand(Consumer<Owed> listener) {
            throw new AssertionError("the API asks, and answers nothing");
        }

        @Override
        public IncidentLog log() {
            return log;
        }

        @Override
        public boolean isWhole() {
            return true;
        }

        @Override
        public CompletionStage<Long> append(IncidentEvent event) {
            throw new AssertionError("only the owner writes the log");
        }

        @Override
        public boolean awaitFolded(long offset, Duration atMost) {
            return true;
        }

        @Override
        public boolean foldToEnd(Duration atMost) {
            return true;
        }

        @Override
        public void onChange(Consumer<Incident> listener) {
            listeners.add(listener);
        }
    }
}
