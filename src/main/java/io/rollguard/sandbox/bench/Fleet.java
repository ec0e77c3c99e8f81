package io.rollguard.sandbox.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.rollguard.sandbox.stage.Await;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Many workloads in some namespaces of a simulated cluster, made and shipped through its plain API, and waited for all at once.
 * Rollouts have two replicas and stop their canary at half of them, so that a canary is one pod.
 */
final class Fleet {

    private static final Duration SLOW = Duration.ofMinutes(5);
    private static final String ALL_PODS = "/api/v1/pods";
    private static final String ALL_DEPLOYMENTS = "/apis/apps/v1/deployments";
    private static final String ALL_ROLLOUTS = "/apis/argoproj.io/v1alpha1/rollouts";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final YAMLMapper YAML = new YAMLMapper();

    /** The new revision of a Rollout that waits at its pause, with its only pod ready. */
    record Canary(String namespace, String rollout, String hash, String pod) {}

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;
    private final int namespaces;

    /** @param namespaces how many; workload number n lies in namespace n modulo these */
    Fleet(String url, int namespaces) {
        this.url = url;
        this.namespaces = namespaces;
        names().forEach(name -> post("/api/v1/namespaces", "{metadata: {name: %s}}".formatted(name)));
    }

    private Stream<String> names() {
        return IntStream.range(0, namespaces).mapToObj(number -> "team-" + number);
    }

    /** @param workload a prefix that ends in a dash, and a number */
    String namespaceOf(String workload) {
        return "team-" + Integer.parseInt(workload.substring(workload.lastIndexOf('-') + 1)) % namespaces;
    }

    /** Deployments; does not wait for them. */
    void createDeployments(String prefix, int count, int replicas) {
        IntStream.range(0, count)
                .forEach(number -> post(
                        "/apis/apps/v1/namespaces/%s/deployments".formatted(namespaceOf(prefix + number)),
                        """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: %1$s}
                spec: {replicas: %3$d, selector: {matchLabels: {app: %1$s}}, template: %2$s}
                """.formatted(prefix + number, template(prefix + number), replicas)));
    }

    /** Rollouts of version 1; does not wait for them. */
    void createRollouts(String prefix, int count) {
        IntStream.range(0, count)
                .forEach(number -> post(rollouts(namespaceOf(prefix + number)), """
                apiVersion: argoproj.io/v1alpha1
                kind: Rollout
                metadata: {name: %1$s}
                spec:
                  replicas: 2
                  selector: {matchLabels: {app: %1$s}}
                  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
                  template: %2$s
                """.formatted(
                                prefix + number, template(prefix + number))));
    }

    private static String template(String name) {
        return """
                {metadata: {labels: {app: %s}}, spec: {containers: [{name: app, image: "shop/app:1", env: [{name: VERSION, value: "1"}]}]}}""".formatted(name).strip();
    }

    /** Waits until every Rollout is healthy and so many pods are ready. */
    void awaitSettled(int pods) {
        Await.until(
                "%d pods are ready".formatted(pods),
                SLOW,
                () -> items(ALL_PODS).stream().filter(Fleet::isReady).count() == pods);
        Await.until(
                "all Rollouts are healthy",
                SLOW,
                () -> items(ALL_ROLLOUTS).stream()
                        .allMatch(rollout ->
                                rollout.path("status").path("phase").asText().equals("Healthy")));
    }

    /** Waits until Deployments have so many pods available: asks about these, since many pods make long answers. */
    void awaitAvailable(int pods) {
        Await.until(
                "%d pods of Deployments are available".formatted(pods),
                SLOW,
                () -> items(ALL_DEPLOYMENTS).stream()
                                .mapToInt(deployment -> deployment
                                        .path("status")
                                        .path("availableReplicas")
                                        .asInt())
                                .sum()
                        == pods);
    }

    private static boolean isReady(JsonNode pod) {
        for (var condition : pod.path("status").path("conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    /** Ships a version of a Rollout. */
    void ship(String rollout, String version) {
        for (int attempt = 1; ; attempt++) {
            var answer = patch(path(rollout), """
                    [{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"%s"}]""".formatted(version));
            if (answer.statusCode() == 200) {
                return;
            }
            if (attempt == 10) {
                throw new IllegalStateException("%s was not shipped: %s".formatted(rollout, answer.body()));
            }
        }
    }

    /** Waits until the canaries of so many Rollouts wait at their pause with a ready pod of a new revision; by Rollout. */
    Map<String, Canary> awaitCanaries(int count) {
        return Await.value("%d canaries wait".formatted(count), SLOW, () -> {
            var canaries = canaries();
            return canaries.size() == count ? Optional.of(canaries) : Optional.empty();
        });
    }

    /** The canary of one Rollout, once it waits. */
    Optional<Canary> canary(String rollout) {
        return Optional.ofNullable(canaries().get(rollout));
    }

    private Map<String, Canary> canaries() {
        var pods = new HashMap<String, String>();
        for (var pod : items(ALL_PODS)) {
            if (isReady(pod) && !pod.path("metadata").has("deletionTimestamp")) {
                var labels = pod.path("metadata").path("labels");
                pods.put(
                        labels.path("app").asText() + " "
                                + labels.path("rollouts-pod-template-hash").asText(),
                        pod.path("metadata").path("name").asText());
            }
        }
        var canaries = new HashMap<String, Canary>();
        for (var rollout : items(ALL_ROLLOUTS)) {
            var name = rollout.path("metadata").path("name").asText();
            var status = rollout.path("status");
            var hash = status.path("currentPodHash").asText();
            var pod = pods.get(name + " " + hash);
            boolean waits = status.path("phase").asText().equals("Paused")
                    && !status.path("abort").asBoolean(false)
                    && status.path("observedGeneration")
                            .asText()
                            .equals(rollout.path("metadata").path("generation").asText())
                    && !hash.equals(status.path("stableRS").asText());
            if (waits && pod != null) {
                canaries.put(name, new Canary(namespaceOf(name), name, hash, pod));
            }
        }
        return canaries;
    }

    String path(String rollout) {
        return rollouts(namespaceOf(rollout)) + "/" + rollout;
    }

    private static String rollouts(String namespace) {
        return "/apis/argoproj.io/v1alpha1/namespaces/%s/rollouts".formatted(namespace);
    }

    private List<JsonNode> items(String path) {
        var items = new ArrayList<JsonNode>();
        get(path).path("items").forEach(items::add);
        return items;
    }

    /** The object, or a status that says why there is none. */
    JsonNode get(String path) {
        return json(send(request(path).GET()).body());
    }

    HttpResponse<String> patch(String path, String patch) {
        return send(request(path)
                .header("Content-Type", "application/json-patch+json")
                .method("PATCH", BodyPublishers.ofString(patch)));
    }

    private void post(String path, String yaml) {
        try {
            var answer = send(request(path)
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(YAML.readTree(yaml).toString())));
            if (answer.statusCode() != 201) {
                throw new IllegalStateException("POST %s: %s".formatted(path, answer.body()));
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(yaml, e);
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(30));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IllegalStateException("the cluster does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static JsonNode json(@Nullable String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("no JSON: " + text, e);
        }
    }
}
