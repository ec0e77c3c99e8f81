package io.rollguard.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.rollguard.http.Problem;
import io.rollguard.wire.EventType;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The contracts with other teams: the JSON Schema of each type of event, and the AsyncAPI document of the topics. No token is
 * asked for, as for {@code /q/openapi}: these are files of this release, they say nothing of the install, and who reads the
 * topics is not an operator. They are kept in memory, so answering costs nothing.
 */
final class Contracts {

    private static final String ROOT = "/api/v1";
    private static final String SCHEMAS = ROOT + "/schemas";
    private static final String ASYNCAPI = "asyncapi.yaml";

    /** They change with the release only; an ETag tells what is still the same. */
    private static final String CACHE = "public, max-age=300";

    private final Map<String, Document> documents = new HashMap<>();

    private record Document(String mediaType, Buffer content, String etag) {
        static Document of(String mediaType, byte[] content) {
            return new Document(
                    mediaType,
                    Buffer.buffer(content),
                    '"' + UUID.nameUUIDFromBytes(content).toString() + '"');
        }
    }

    Contracts() {
        var items = new JsonArray();
        for (var type : EventType.all()) {
            var path = SCHEMAS + "/" + type.file();
            documents.put(path, Document.of("application/schema+json", resource("schemas/" + type.file())));
            items.add(new JsonObject()
                    .put("type", type.name())
                    .put("topic", type.topic().topicName())
                    .put("schema", path));
        }
        var list = new JsonObject().put("items", items).encode();
        documents.put(SCHEMAS, Document.of("application/json", list.getBytes(UTF_8)));
        documents.put(ROOT + "/" + ASYNCAPI, Document.of("application/yaml", resource(ASYNCAPI)));
    }

    void addTo(Router router) {
        documents.forEach((path, document) -> router.route(path).handler(context -> send(context, document)));
        router.route(SCHEMAS + "/*").handler(context -> {
            context.request().resume();
            Problem.notFound("no type of event has this schema; %s lists them".formatted(SCHEMAS))
                    .send(context.response());
        });
    }

    private static void send(RoutingContext context, Document document) {
        var request = context.request();
        var response = context.response();
        request.resume(); // what the caller still sends is read and dropped, else it would wait for us
        boolean head = request.method().equals(HttpMethod.HEAD);
        if (!head && !request.method().equals(HttpMethod.GET)) {
            response.putHeader("Allow", "GET, HEAD");
            Problem.methodNotAllowed("only GET is possible here").send(response);
            return;
        }
        response.putHeader("ETag", document.etag()).putHeader("Cache-Control", CACHE);
        if (isKnown(request.getHeader("If-None-Match"), document)) {
            response.setStatusCode(304).end();
            return;
        }
        response.putHeader("Content-Type", document.mediaType());
        if (head) {
            response.putHeader(
                            "Content-Length",
                            Integer.toString(document.content().length()))
                    .end();
        } else {
            response.end(document.content());
        }
    }

    private static boolean isKnown(@Nullable String etags, Document document) {
        return Optional.ofNullable(etags).stream()
                .flatMap(header -> Arrays.stream(header.split(",")))
                .map(etag -> etag.strip().replaceFirst("^W/", ""))
                .anyMatch(etag -> etag.equals("*") || etag.equals(document.etag()));
    }

    private static byte[] resource(String name) {
        var path = "/contracts/" + name;
        try (var in = Contracts.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException("the build lacks " + path);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
