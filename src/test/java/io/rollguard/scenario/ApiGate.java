package io.rollguard.scenario;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/**
 * Stands between one instance of the service and the cluster's API: notes every request, and can hold one before it reaches
 * the cluster, or its answer on the way back. The same for a simulated cluster and a real one.
 */
final class ApiGate implements AutoCloseable {

    private static final Set<String> NOT_PASSED_ON =
            Set.of("connection", "content-length", "host", "transfer-encoding", "upgrade", "http2-settings");

    /** @param body as it was sent */
    record Request(String method, String path, String body, int status) {}

    /** What is to happen once, on the way of a request; the request waits for it. */
    private record Once(Where where, String method, Pattern path, Runnable deed) {}

    private enum Where {
        BEFORE,
        AFTER
    }

    /** Ends with whether what is held goes on. */
    private record Hold(
            Where where,
            String method,
            Pattern path,
            CompletableFuture<Void> reached,
            CompletableFuture<Boolean> end) {}

    private final String cluster;
    private final HttpClient client;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Queue<Request> requests = new ConcurrentLinkedQueue<>();
    private final List<Once> deeds = new CopyOnWriteArrayList<>();
    private final List<Hold> holds = new CopyOnWriteArrayList<>();

    ApiGate(Config cluster) throws Exception {
        this.cluster = cluster.getMasterUrl().replaceFirst("/$", "");
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(trusting(cluster))
                .connectTimeout(Duration.ofSeconds(5))
                .executor(threads)
                .build();
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::pass);
        server.setExecutor(threads);
        server.start();
    }

    /** Trusts the cluster, and shows it nobody's certificate: the service is who its token says. */
    private static SSLContext trusting(Config cluster) throws Exception {
        var context = SSLContext.getInstance("TLS");
        context.init(null, SSLUtils.trustManagers(cluster), null);
        return context;
    }

    private void pass(HttpExchange exchange) throws IOException {
        var method = exchange.getRequestMethod();
        var uri = exchange.getRequestURI().toString();
        try (exchange) {
            var sent = exchange.getRequestBody().readAllBytes();
            var request = HttpRequest.newBuilder(URI.create(cluster + uri))
                    .method(method, sent.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(sent));
            exchange.getRequestHeaders()
                    .forEach((name, values) -> values.stream()
                            .filter(value -> isPassedOn(name))
                            .forEach(value -> request.header(name, value)));
            carryOut(Where.BEFORE, method, uri);
            if (!isLetThrough(Where.BEFORE, method, uri)) {
                return;
            }
            var answer = client.send(request.build(), BodyHandlers.ofInputStream());
            requests.add(new Request(method, uri, new String(sent, StandardCharsets.UTF_8), answer.statusCode()));
            carryOut(Where.AFTER, method, uri);
            if (answer.statusCode() >= 300 || isLetThrough(Where.AFTER, method, uri)) {
                passBack(answer, exchange);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isPassedOn(String header) {
        return NOT_PASSED_ON.stream().noneMatch(header::equalsIgnoreCase);
    }

    /** Piece by piece as it comes, since a watch has no end. */
    private static void passBack(HttpResponse<InputStream> answer, HttpExchange exchange) throws IOException {
        try (var body = answer.body()) {
            answer.headers().map().forEach((name, values) -> {
                if (isPassedOn(name)) {
                    exchange.getResponseHeaders().put(name, values);
                }
            });
            exchange.sendResponseHeaders(answer.statusCode(), 0);
            var out = exchange.getResponseBody();
            out.flush(); // a watch has begun although nothing happens yet
            var piece = new byte[16_384];
            for (int read = body.read(piece); read >= 0; read = body.read(piece)) {
                out.write(piece, 0, read);
                out.flush();
            }
        }
    }

    private void carryOut(Where where, String method, String uri) {
        for (var each : deeds) {
            boolean isIt = each.where() == where
                    && each.method().equals(method)
                    && each.path().matcher(uri).find();
            if (isIt && deeds.remove(each)) {
                each.deed().run();
            }
        }
    }

    /** Does something before the next matching request reaches the cluster. */
    void onceBefore(String method, String path, Runnable deed) {
        deeds.add(new Once(Where.BEFORE, method, Pattern.compile(path), deed));
    }

    /** Does something once the cluster has answered the next matching request, before its answer goes back. */
    void onceAfter(String method, String path, Runnable deed) {
        deeds.add(new Once(Where.AFTER, method, Pattern.compile(path), deed));
    }

    private boolean isLetThrough(Where where, String method, String uri) {
        for (var hold : holds) {
            if (hold.where() == where
                    && hold.method().equals(method)
                    && hold.path().matcher(uri).find()) {
                hold.reached().complete(null);
                return hold.end().join();
            }
        }
        return true;
    }

    /** Requests that match from now on don't reach the cluster; completes when the first is held. */
    CompletableFuture<Void> holdBefore(String method, String path) {
        return hold(Where.BEFORE, method, path);
    }

    /**
     * The cluster does what matching requests ask, but its answers don't come back, unless it refuses; completes when the
     * first is held.
     */
    CompletableFuture<Void> holdAnswer(String method, String path) {
        return hold(Where.AFTER, method, path);
    }

    /** Nothing comes through any more, either way, and nobody is told. */
    void cutOff() {
        for (var method : List.of("GET", "PATCH", "POST", "DELETE")) {
            hold(Where.BEFORE, method, "");
        }
    }

    private CompletableFuture<Void> hold(Where where, String method, String path) {
        var hold = new Hold(where, method, Pattern.compile(path), new CompletableFuture<>(), new CompletableFuture<>());
        holds.add(hold);
        return hold.reached();
    }

    /** What is held goes on its way. */
    void letGo() {
        end(true);
    }

    /** Forgets what is held: its callers are gone. */
    void open() {
        end(false);
    }

    private void end(boolean goesOn) {
        var ended = List.copyOf(holds);
        holds.removeAll(ended);
        ended.forEach(hold -> hold.end().complete(goesOn));
    }

    /** The requests to a path that the cluster answered; what was tried without doing it is none. */
    Stream<Request> answered(String method, String path) {
        var pattern = Pattern.compile(path);
        return requests.stream()
                .filter(request -> request.method().equals(method)
                        && pattern.matcher(request.path()).find()
                        && !request.path().contains("dryRun"));
    }

    Path writeKubeconfig(Path file, String token, String namespace) throws Exception {
        var user = token.isEmpty() ? "" : "token: " + token;
        return Files.writeString(file, """
                apiVersion: v1
                kind: Config
                clusters: [{name: gate, cluster: {server: "http://127.0.0.1:%d"}}]
                users: [{name: rollguard, user: {%s}}]
                contexts: [{name: gate, context: {cluster: gate, user: rollguard, namespace: %s}}]
                current-context: gate
                """.formatted(server.getAddress().getPort(), user, namespace));
    }

    @Override
    public void close() {
        open();
        server.stop(0);
        client.shutdownNow();
        threads.shutdownNow();
    }
}
