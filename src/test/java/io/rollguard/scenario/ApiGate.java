package io.rollguard.scenario;

import io.fabric8.kubernetes.client.Config;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.httpproxy.HttpProxy;
import io.vertx.httpproxy.ProxyContext;
import io.vertx.httpproxy.ProxyInterceptor;
import io.vertx.httpproxy.ProxyResponse;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Stands between the service and the cluster's API: notes every request, and can hold one before it reaches the cluster, or
 * its answer on the way back. The same for a simulated cluster and a real one.
 */
final class ApiGate implements AutoCloseable {

    record Request(String method, String path, int status) {}

    private enum Where {
        BEFORE,
        AFTER
    }

    private record Hold(
            Where where, String method, Pattern path, CompletableFuture<Void> reached, Promise<Void> release) {}

    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Hold> holds = new CopyOnWriteArrayList<>();

    ApiGate(Config cluster) throws Exception {
        var url = URI.create(cluster.getMasterUrl());
        boolean tls = url.getScheme().equals("https");
        var client = vertx.createHttpClient(new HttpClientOptions()
                .setSsl(tls)
                .setTrustAll(true)
                .setVerifyHost(false)
                .setMaxPoolSize(200)
                .setIdleTimeout(0));
        var proxy = HttpProxy.reverseProxy(client)
                .origin(url.getPort() < 0 ? (tls ? 443 : 80) : url.getPort(), url.getHost())
                .addInterceptor(new Noting());
        server = vertx.createHttpServer(new HttpServerOptions().setPort(0).setHost("127.0.0.1"))
                .requestHandler(proxy)
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    private final class Noting implements ProxyInterceptor {

        @Override
        public Future<ProxyResponse> handleProxyRequest(ProxyContext context) {
            var request = context.request();
            return hold(Where.BEFORE, request.getMethod(), request.getURI()).compose(done -> context.sendRequest());
        }

        @Override
        public Future<Void> handleProxyResponse(ProxyContext context) {
            var request = context.request();
            var method = request.getMethod();
            var uri = request.getURI();
            requests.add(new Request(method.name(), uri, context.response().getStatusCode()));
            return hold(Where.AFTER, method, uri).compose(done -> context.sendResponse());
        }
    }

    private Future<Void> hold(Where where, HttpMethod method, String uri) {
        for (var hold : holds) {
            if (hold.where() == where
                    && hold.method().equals(method.name())
                    && hold.path().matcher(uri).find()) {
                hold.reached().complete(null);
                return hold.release().future();
            }
        }
        return Future.succeededFuture();
    }

    /** Requests that match from now on don't reach the cluster until {@link #open}; completes when the first is held. */
    CompletableFuture<Void> holdBefore(String method, String path) {
        return hold(Where.BEFORE, method, path);
    }

    /** The cluster does what matching requests ask, but its answers don't come back until {@link #open}. */
    CompletableFuture<Void> holdAnswer(String method, String path) {
        return hold(Where.AFTER, method, path);
    }

    private CompletableFuture<Void> hold(Where where, String method, String path) {
        var hold = new Hold(where, method, Pattern.compile(path), new CompletableFuture<>(), Promise.promise());
        holds.add(hold);
        return hold.reached();
    }

    /** Forgets what is held: its callers are gone. */
    void open() {
        holds.forEach(hold -> hold.release().tryFail("the caller is gone"));
        holds.clear();
    }

    /** The writes to a path that the cluster accepted. */
    List<Request> accepted(String method, String path) {
        var pattern = Pattern.compile(path);
        return requests.stream()
                .filter(request -> request.method().equals(method)
                        && pattern.matcher(request.path()).find()
                        && !request.path().contains("dryRun")
                        && request.status() < 300)
                .toList();
    }

    /** What the service asked for and has no right to. */
    List<Request> forbidden() {
        return requests.stream().filter(request -> request.status() == 403).toList();
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
                """.formatted(server.actualPort(), user, namespace));
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
