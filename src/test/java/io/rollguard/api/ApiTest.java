package io.rollguard.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.http.Door;
import io.rollguard.http.TokenFile.Form;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.incident.IncidentStory;
import io.rollguard.reactor.Alerts;
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
import java.util.Map;
import java.util.Optional;
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

class ApiTest {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final Path GOLDEN = Path.of("src/test/resources/api/out-incident.json");
    private static final String TOKEN = "an-operators-token";

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client = HttpClient.newHttpClient();
    private final IncidentLog log =
            new IncidentLog(new IncidentLog.Limits(50, Duration.ofMinutes(15), Duration.ofMinutes(15)));
    private final AlertTable table = new AlertTable(10_000);
    private HttpServer server;

    @TempDir
    Path dir;

    @BeforeEach
    void serve() throws Exception {
        var tokens = Files.writeString(dir.resolve("tokens"), "ann:" + TOKEN + "\n");
        var door = Door.of("rollguard.api.token-file", Optional.of(tokens), Form.NAMED, true);
        var router = Router.router(vertx);
        new Api(
                        () -> new Folded(log),
                        () -> new Known(table),
                        () -> {
                            throw new IllegalStateException("the cluster broke: pod template with a password");
                        },
                        Duration.ofMinutes(30),
                        Duration.ofHours(12),
                        Clock.fixed(IncidentStory.START, ZoneOffset.UTC))
                .addTo(new Routes(router, door));
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
    void theEvidenceSheetShowsTheWholeStory() throws Exception {
        var story = new IncidentStory(log)
                .suspected()
                .settling()
                .guilty()
                .intended()
                .failed(Reason.STALE, true, "the object changed 5 times in between")
                .after(Duration.ofSeconds(5))
                .intended()
                .accepted()
                .told("root", "C0RELEASES", "1772366400.000100", "abc")
                .verified()
                .after(Duration.ofSeconds(40))
                .cured()
                .closed(null);

        var answer = get("/api/v1/incidents/" + story.id());

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
        var shown = JSON.writeValueAsString(JSON.readTree(answer.body())) + "\n";
        if (Boolean.getBoolean("rollguard.golden.write")) {
            Files.writeString(GOLDEN, shown);
        }
        assertThat(GOLDEN).hasContent(shown);
    }

    @Test
    void aRefusalIsShownInItsOwnWords() throws Exception {
        var story = new IncidentStory(log).suspected().guiltyBut(Reason.NO_GOOD_REVISION);

        var judged = json(get("/api/v1/incidents/" + story.id())).path("judged");

        assertThat(judged.at("/allowed/reason/code").asText()).isEqualTo("no-good-revision");
        assertThat(judged.at("/allowed/reason/text").asText()).isEqualTo(Reason.NO_GOOD_REVISION.text());
    }

    @Test
    void listsAreNewestFirstAndBounded() throws Exception {
        for (int number = 0; number < 150; number++) {
            new IncidentStory(log)
                    .about("shop", "app-" + number)
                    .at(IncidentStory.START.plusSeconds(number))
                    .suspected();
        }

        assertThat(items("/api/v1/incidents")).hasSize(Api.DEFAULT_LIMIT);
        assertThat(items("/api/v1/incidents?limit=1000")).hasSize(150);
        assertThat(items("/api/v1/incidents?limit=2"))
                .extracting(item -> item.at("/workload/name").asText())
                .containsExactly("app-149", "app-148");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1001", "many", "", "99999999999999", "1e2"})
    void anOtherLimitIsAnErrorThatNamesIt(String limit) throws Exception {
        var answer = get("/api/v1/incidents?limit=" + limit);

        assertProblem(answer, 400);
        assertThat(json(answer).path("field").asText()).isEqualTo("limit");
    }

    @Test
    void firingAlertsComeFirst() throws Exception {
        table.apply(alert("0000000000000001", false));
        table.apply(alert("0000000000000002", true));

        assertThat(items("/api/v1/alerts"))
                .extracting(item -> item.path("state").asText())
                .containsExactly("firing", "resolved");
    }

    @Test
    void whoeverListsAlertsNeitherWaitsForTheirTableNorHoldsItUp() throws Exception {
        for (int number = 0; number < 3; number++) {
            table.apply(alert("000000000000000" + number, number != 1));
        }

        synchronized (table) { // as while an alert is taken in
            assertThat(items("/api/v1/alerts?limit=2"))
                    .extracting(item -> item.path("fingerprint").asText())
                    .containsExactly("0000000000000000", "0000000000000002");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-uuid", "00000000-0000-0000-0000-000000000000", "..%2f..", "%3Cscript%3E"})
    void whatIsNotThereIsNotFound(String id) throws Exception {
        var answer = get("/api/v1/incidents/" + id);

        assertProblem(answer, 404);
        assertThat(answer.body()).doesNotContain("script");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/incidents", "/api/v1/incidents/x", "/api/v1/releases", "/api/v1/alerts"})
    void nobodyIsLetInWithoutAToken(String path) throws Exception {
        for (var token : new String[] {null, "", "wrong", "ann:" + TOKEN}) {
            var answer = ask("GET", path, token);

            assertProblem(answer, 401);
            assertThat(answer.headers().firstValue("WWW-Authenticate")).isPresent();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH"})
    void onlyGetIsPossible(String method) throws Exception {
        var answer = ask(method, "/api/v1/incidents", TOKEN);

        assertProblem(answer, 405);
        assertThat(answer.headers().firstValue("Allow")).hasValue("GET");
        assertProblem(ask(method, "/api/v1/incidents", "wrong"), 401);
    }

    @Test
    void whatBreaksInsideIsNotShownOutside() throws Exception {
        var answer = get("/api/v1/releases");

        assertProblem(answer, 500);
        assertThat(answer.body()).doesNotContain("password");
    }

    // --- words of the tests

    private static Alert alert(String fingerprint, boolean firing) {
        return new Alert(
                new Fingerprint(fingerprint),
                firing ? Alert.Status.FIRING : Alert.Status.RESOLVED,
                "default",
                Labels.of(Map.of("alertname", "A" + fingerprint)),
                Map.of(),
                IncidentStory.START.minusSeconds(60),
                firing ? null : IncidentStory.START,
                "",
                IncidentStory.START);
    }

    private Iterable<JsonNode> items(String path) throws Exception {
        var answer = get(path);
        assertThat(answer.statusCode()).isEqualTo(200);
        return json(answer).path("items");
    }

    private HttpResponse<String> get(String path) throws Exception {
        return ask("GET", path, TOKEN);
    }

    private HttpResponse<String> ask(String method, String path, @Nullable String token)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort() + path))
                .method(method, method.equals("GET") ? BodyPublishers.noBody() : BodyPublishers.ofString("{}"))
                .timeout(Duration.ofSeconds(10));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private static void assertProblem(HttpResponse<String> answer, int status) throws IOException {
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(json(answer).path("status").asInt()).isEqualTo(status);
        assertThat(answer.body()).doesNotContain(TOKEN);
    }

    private static JsonNode json(HttpResponse<String> answer) throws IOException {
        return JSON.readTree(answer.body());
    }

    private record Known(AlertTable table) implements Alerts {
        @Override
        public boolean isWhole() {
            return true;
        }

        @Override
        public void onChange(Consumer<AlertHistory> listener) {}
    }

    private record Folded(IncidentLog log) implements Journal {
        @Override
        public boolean isWhole() {
            return true;
        }

        @Override
        public CompletionStage<Long> append(IncidentEvent event) {
            throw new AssertionError("reading writes nothing");
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
        public void onChange(Consumer<Incident> listener) {}
    }
}
