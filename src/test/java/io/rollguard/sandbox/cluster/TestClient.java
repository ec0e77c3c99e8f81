package io.rollguard.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** Talks plain HTTP to a simulated cluster, and waits for what it becomes. */
final class TestClient {

    static final String ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts";
    static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments";
    static final String REPLICA_SETS = "/apis/apps/v1/namespaces/shop/replicasets";
    static final String PODS = "/api/v1/namespaces/shop/pods";
    static final String CONFIG_MAPS = "/api/v1/namespaces/shop/configmaps";
    static final String JSON_PATCH = "application/json-patch+json";
    static final String MERGE_PATCH = "application/merge-patch+json";

    record Answer(int code, JsonNode body, HttpResponse<String> http) {
        ObjectNode object() {
            assertThat(code).as(body.toString()).isBetween(200, 299);
            return (ObjectNode) body;
        }
    }

    private final SimulatedCluster cluster;
    private final HttpClient http = HttpClient.newHttpClient();

    TestClient(SimulatedCluster cluster) {
        this.cluster = cluster;
    }

    Answer get(String path) {
        return send("GET", path, "", "");
    }

    Answer post(String path, String body) {
        return send("POST", path, body, "application/json");
    }

    Answer put(String path, JsonNode body) {
        return send("PUT", path, body.toString(), "application/json");
    }

    Answer patch(String path, String contentType, String body) {
        return send("PATCH", path, body, contentType);
    }

    Answer delete(String path) {
        return send("DELETE", path, "", "");
    }

    /** As kubectl asks for what it is to show. */
    Answer getTable(String path) {
        return send("GET", path, "", "", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
    }

    Answer send(String method, String path, String body, String contentType) {
        return send(method, path, body, contentType, "application/json");
    }

    private Answer send(String method, String path, String body, String contentType, String accept) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(cluster.url() + path))
                .timeout(Duration.ofSeconds(10))
                .header("User-Agent", "tester/1.0")
                .header("Accept", accept)
                .method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')));
        if (!contentType.isEmpty()) {
            request.header("Content-Type", contentType);
        }
        try {
            HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            String text = response.body();
            return new Answer(
                    response.statusCode(),
                    text.startsWith("{") ? Json.parseObject(text) : Json.NODES.textNode(text),
                    response);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    void namespace(String name) {
        post("/api/v1/namespaces", "{'metadata':{'name':'" + name + "'}}").object();
    }

    /** Waits until the object is as wanted, looking at every version it passes through. */
    ObjectNode await(ResourceType type, String name, Predicate<ObjectNode> wanted) {
        ObjectKey key = new ObjectKey(type, type.namespaced() ? "shop" : "", name);
        CompletableFuture<ObjectNode> found = new CompletableFuture<>();
        ObjectStore store = cluster.store();
        Runnable stop = store.atomically(() -> {
            store.find(key).map(ObjectStore.Stored::tree).filter(wanted).ifPresent(found::complete);
            return store.watch(type, store.revision(), change -> {
                if (change.key().equals(key)
                        && change.kind() != ObjectStore.ChangeKind.DELETED
                        && wanted.test(change.now().tree())) {
                    found.complete(change.now().tree());
                }
            });
        });
        try {
            return found.get(15, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(
                    name + " did not become as wanted: "
                            + store.find(key)
                                    .map(stored -> stored.tree().toString())
                                    .orElse("absent"),
                    e);
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            stop.run();
        }
    }

    void awaitGone(ResourceType type, String name) {
        ObjectKey key = new ObjectKey(type, type.namespaced() ? "shop" : "", name);
        CompletableFuture<Boolean> gone = new CompletableFuture<>();
        ObjectStore store = cluster.store();
        Runnable stop = store.atomically(() -> {
            if (store.find(key).isEmpty()) {
                gone.complete(true);
            }
            return store.watch(type, store.revision(), change -> {
                if (change.key().equals(key) && change.kind() == ObjectStore.ChangeKind.DELETED) {
                    gone.complete(true);
                }
            });
        });
        try {
            assertThat(gone.get(15, TimeUnit.SECONDS)).isTrue();
        } catch (TimeoutException e) {
            throw new AssertionError(name + " is still there", e);
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            stop.run();
        }
    }
}
