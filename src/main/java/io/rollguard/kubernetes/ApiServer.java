package io.rollguard.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLHandshakeException;

/**
 * The API server as raw JSON over fabric8's HTTP client, which brings the credentials. Raw, because its typed models drop
 * what they don't know, and what is tested and written here must be exactly what was read.
 */
final class ApiServer {

    /** Numbers keep their spelling, since whole templates are sent back as they were read. */
    static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private static final String METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

    static final String JSON_PATCH = "application/json-patch+json";

    private static final String FIELD_MANAGER = "fieldManager=rollguard";
    /** So many connections may turn out to be dead one after another before a read gives up. */
    private static final int DEAD = 5;

    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration AT_MOST = Duration.ofSeconds(10);

    private final HttpClient http;
    private final String server;

    ApiServer(KubernetesClient client) {
        this.http = client.getHttpClient();
        this.server = client.getMasterUrl().toString().replaceFirst("/$", "");
    }

    Reply get(String path) {
        return get(path, AT_MOST);
    }

    /** Reads; again where the connection turned out to be dead, as all that wait are after a restart of the server. */
    Reply get(String path, Duration atMost) {
        long began = System.nanoTime();
        var reply = send(request(path), atMost);
        for (int dead = 1; dead < DEAD && isAtOnce(reply, began); dead++) {
            reply = send(request(path), atMost);
        }
        return reply;
    }

    /** Reads an object's metadata, and nothing of what it holds. */
    Reply metadata(String path) {
        return send(request(path).setHeader("Accept", METADATA), AT_MOST);
    }

    private static boolean isAtOnce(Reply reply, long began) {
        return reply instanceof Reply.Lost && System.nanoTime() - began < SOON.toNanos();
    }

    /** @param query further parameters, or empty */
    Reply patch(String path, String query, JsonNode body) {
        return send(request(path + parameters(query)).method("PATCH", JSON_PATCH, text(body)), AT_MOST);
    }

    Reply create(String path, JsonNode object) {
        return send(request(path + parameters("")).method("POST", "application/json", text(object)), AT_MOST);
    }

    /** Deletes that very object, and none that took its name. */
    Reply delete(String path, String uid) {
        return delete(path, JSON.createObjectNode().put("uid", uid));
    }

    /** The same, in that very state. */
    Reply delete(String path, String uid, String resourceVersion) {
        return delete(path, JSON.createObjectNode().put("uid", uid).put("resourceVersion", resourceVersion));
    }

    private Reply delete(String path, ObjectNode preconditions) {
        var options = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "DeleteOptions");
        options.set("preconditions", preconditions);
        return send(request(path).delete("application/json", text(options)), AT_MOST);
    }

    private static String parameters(String query) {
        return "?" + FIELD_MANAGER + (query.isEmpty() ? "" : "&" + query);
    }

    /** An answer that goes on: a list too large for one piece, or a watch. Has no time limit; closing it ends it. */
    Streamed stream(String path) throws IOException, InterruptedException {
        var future = http.sendAsync(request(path).forStreaming().build(), InputStream.class);
        try {
            var response = future.get(AT_MOST.toMillis(), TimeUnit.MILLISECONDS);
            return new Streamed(response.code(), new Body(response.body()));
        } catch (ExecutionException failed) {
            throw new IOException(why(failed), failed);
        } catch (TimeoutException late) {
            future.cancel(true);
            throw new IOException("no answer", late);
        }
    }

    /**
     * A body that is not closed once it was read to its end: the connection has gone back to the pool by then, and fabric8
     * would break it under whichever request was given it next, a write perhaps.
     */
    private static final class Body extends FilterInputStream {
        private volatile boolean ended;

        Body(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int read = in.read();
            ended |= read < 0;
            return read;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            int read = in.read(into, from, length);
            ended |= read < 0;
            return read;
        }

        @Override
        public void close() throws IOException {
            if (!ended) {
                in.close();
            }
        }
    }

    record Streamed(int code, InputStream body) implements AutoCloseable {

        boolean isSuccess() {
            return code >= 200 && code < 300;
        }

        /** Reads to the end, so that the connection can be used again. */
        void drain() throws IOException {
            body.transferTo(OutputStream.nullOutputStream());
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    private HttpRequest.Builder request(String path) {
        return http.newHttpRequestBuilder().uri(server + path).header("Accept", "application/json");
    }

    private Reply send(HttpRequest.Builder request, Duration atMost) {
        CompletableFuture<? extends io.fabric8.kubernetes.client.http.HttpResponse<byte[]>> future =
                http.sendAsync(request.build(), byte[].class);
        try {
            var response = future.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
            return new Reply.Got(response.code(), body(response.body()));
        } catch (ExecutionException failed) {
            return neverArrived(failed) ? new Reply.NotSent(why(failed)) : new Reply.Lost(why(failed));
        } catch (TimeoutException late) {
            future.cancel(true);
            return new Reply.Lost("no answer within " + atMost.toSeconds() + " s");
        } catch (InterruptedException stopped) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            return new Reply.Lost("stopped while waiting");
        }
    }

    private static JsonNode body(byte[] bytes) {
        try {
            var body = JSON.readTree(bytes);
            return body == null ? MissingNode.getInstance() : body;
        } catch (IOException notJson) { // as proxies answer
            return MissingNode.getInstance();
        }
    }

    /** Whether the failure was in getting through to the server at all. */
    private static boolean neverArrived(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof ConnectException
                    || each instanceof NoRouteToHostException
                    || each instanceof UnknownHostException
                    || each instanceof SSLHandshakeException) {
                return true;
            }
        }
        return false;
    }

    /** The kind of failure; messages of exceptions may hold anything. */
    private static String why(Throwable cause) {
        Throwable deepest = cause;
        while (deepest.getCause() != null && deepest.getCause() != deepest) {
            deepest = deepest.getCause();
        }
        return deepest.getClass().getSimpleName();
    }

    private static String text(JsonNode body) {
        try {
            return JSON.writeValueAsString(body);
        } catch (JsonProcessingException never) {
            throw new IllegalStateException(never);
        }
    }
}
