package io.rollguard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The API of a service that runs, as commands reach it. */
final class RunningService {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Longer than the service waits for the owner's answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:ROLLGUARD_URL:-http://127.0.0.1:8080}",
            description = "where the service is; else ROLLGUARD_URL, else ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String url;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "holds an operator's token, and nothing else; else ROLLGUARD_API_TOKEN")
    private @Nullable Path tokenFile;

    /** An answer; its JSON is missing where it was none. */
    record Reply(int status, JsonNode json) {

        boolean isSuccess() {
            return status >= 200 && status < 300;
        }

        /** What the service says is wrong. */
        String problem() {
            return json.path("detail").asText("HTTP " + status);
        }
    }

    Reply get(String path) throws UnreadableInput {
        return send("GET", path, BodyPublishers.noBody());
    }

    Reply post(String path, JsonNode body) throws UnreadableInput {
        return send("POST", path, BodyPublishers.ofString(body.toString()));
    }

    /** What is asked for, or why it is not there. */
    JsonNode found(String path) throws UnreadableInput {
        var reply = get(path);
        if (!reply.isSuccess()) {
            throw new UnreadableInput(refused(reply));
        }
        return reply.json();
    }

    static String refused(Reply reply) {
        return reply.status() == 401
                ? "the service asks for an operator's token (ROLLGUARD_API_TOKEN or --token-file): " + reply.problem()
                : reply.problem();
    }

    private Reply send(String method, String path, BodyPublisher body) throws UnreadableInput {
        try (var client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(5))
                .build()) {
            var request = HttpRequest.newBuilder(URI.create(url.replaceFirst("/+$", "") + "/api/v1" + path))
                    .timeout(PATIENCE)
                    .header("Accept", "application/json")
                    .header("Content-Type", "application/json")
                    .method(method, body);
            var token = token();
            if (!token.isEmpty()) {
                request.header("Authorization", "Bearer " + token);
            }
            var answer = client.send(request.build(), BodyHandlers.ofString());
            return new Reply(answer.statusCode(), json(answer.body()));
        } catch (IllegalArgumentException e) {
            throw new UnreadableInput("--url or ROLLGUARD_URL is no URL of a service, or the token holds a line break");
        } catch (IOException e) {
            throw new UnreadableInput("no service answers at %s (%s): name another with --url, or look whether it runs"
                    .formatted(url, e.getClass().getSimpleName()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnreadableInput("interrupted");
        }
    }

    private String token() throws UnreadableInput {
        if (tokenFile == null) {
            var token = System.getenv("ROLLGUARD_API_TOKEN");
            return token == null ? "" : token.strip();
        }
        try {
            return Files.readString(tokenFile).strip();
        } catch (IOException e) {
            throw new UnreadableInput("%s can't be read: it should hold an operator's token".formatted(tokenFile));
        }
    }

    private static JsonNode json(String body) {
        try {
            var json = JSON.readTree(body);
            return json == null ? MissingNode.getInstance() : json;
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }
}
