package io.rollguard.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.rollguard.wire.EventType;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contracts as other teams fetch them, without a token. */
class ContractsRouteTest {

    private static final Path FILES = Path.of("src/main/resources/contracts");
    private static final String SCHEMAS = "/api/v1/schemas";
    private static final String ASYNCAPI = "/api/v1/asyncapi.yaml";

    private static Vertx vertx;
    private static HttpServer server;
    private static HttpClient client;

    @BeforeAll
    static void serve() throws Exception {
        vertx = Vertx.vertx();
        client = HttpClient.newHttpClient();
        var router = Router.router(vertx);
        new Contracts().addTo(router);
        server = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    @AfterAll
    static void close() {
        client.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    static List<EventType> types() {
        return EventType.all();
    }

    @Test
    void theListNamesEveryTypeWithItsTopicAndSchema() throws Exception {
        var answer = ask("GET", SCHEMAS);

        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
        var items = new ArrayList<String>();
        json(answer)
                .path("items")
                .forEach(item -> items.add(String.join(
                        " ",
                        item.path("type").asText(),
                        item.path("topic").asText(),
                        item.path("schema").asText())));
        assertThat(items)
                .isEqualTo(types().stream()
                        .map(type -> type.name() + " " + type.topic() + " " + SCHEMAS + "/" + type.file())
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("types")
    void aSchemaIsItsFileAndIsFoundByTheLastPartOfItsId(EventType type) throws Exception {
        var answer = ask("GET", SCHEMAS + "/" + type.file());

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/schema+json");
        assertThat(answer.body())
                .isEqualTo(Files.readString(FILES.resolve("schemas").resolve(type.file())));
        assertThat(json(answer).path("$id").asText()).endsWith("/" + type.file());
    }

    @Test
    void theReferencesOfTheAsyncApiDocumentAreServedWhereTheyPoint() throws Exception {
        var answer = ask("GET", ASYNCAPI);

        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/yaml");
        assertThat(answer.body()).isEqualTo(Files.readString(FILES.resolve("asyncapi.yaml")));
        var files = new YAMLMapper()
                .readTree(answer.body()).findValuesAsText("$ref").stream()
                        .filter(ref -> !ref.startsWith("#"))
                        .distinct()
                        .toList();
        assertThat(files).hasSameSizeAs(types());
        for (var file : files) {
            assertThat(ask("GET", URI.create(ASYNCAPI).resolve(file).getPath()).statusCode())
                    .as(file)
                    .isEqualTo(200);
        }
    }

    @Test
    void whatIsKnownIsNotSentAgain() throws Exception {
        var etag = ask("GET", SCHEMAS).headers().firstValue("ETag").orElseThrow();

        for (var known : List.of(etag, "\"other\", " + etag, "W/" + etag, "*")) {
            var answer = ask("GET", SCHEMAS, "If-None-Match", known);
            assertThat(answer.statusCode()).as(known).isEqualTo(304);
            assertThat(answer.body()).isEmpty();
            assertThat(answer.headers().firstValue("ETag")).hasValue(etag);
        }
        assertThat(ask("GET", SCHEMAS, "If-None-Match", "\"other\"").statusCode())
                .isEqualTo(200);
        assertThat(ask("GET", ASYNCAPI).headers().firstValue("ETag"))
                .isPresent()
                .isNotEqualTo(etag);
    }

    @Test
    void headTellsWhatGetWould() throws Exception {
        var head = ask("HEAD", ASYNCAPI);
        var get = ask("GET", ASYNCAPI);

        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        for (var name : List.of("ETag", "Content-Type", "Content-Length", "Cache-Control")) {
            assertThat(head.headers().firstValue(name))
                    .as(name)
                    .isEqualTo(get.headers().firstValue(name));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH"})
    void nothingCanBeChanged(String method) throws Exception {
        for (var path : List.of(SCHEMAS, SCHEMAS + "/io.rollguard.alert.firing.v1.json", ASYNCAPI)) {
            var answer = ask(method, path);

            assertThat(answer.statusCode()).isEqualTo(405);
            assertThat(answer.headers().firstValue("Allow")).hasValue("GET, HEAD");
            assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/io.rollguard.alert.firing.v2.json",
                "/../../../application.properties",
                "/%2e%2e/%2e%2e/%2e%2e/application.properties",
                "/..%2f..%2fMETA-INF%2fopenapi.yaml",
                "/a/b"
            })
    void whatIsNotOneIsNotFound(String path) throws Exception {
        var answer = ask("GET", SCHEMAS + path);

        assertThat(answer.statusCode()).isEqualTo(404);
    }

    private static HttpResponse<String> ask(String method, String path, String... headers)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort() + path))
                .method(
                        method,
                        method.equals("GET") || method.equals("HEAD")
                                ? BodyPublishers.noBody()
                                : BodyPublishers.ofString("{}"))
                .timeout(Duration.ofSeconds(10));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> answer) throws IOException {
        return new ObjectMapper().readTree(answer.body());
    }
}
