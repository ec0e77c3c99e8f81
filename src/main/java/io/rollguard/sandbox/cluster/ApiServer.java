package io.rollguard.sandbox.cluster;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP side on 127.0.0.1: bodies, the token, faults, the request log, and watches over chunked HTTP or a WebSocket.
 * What a request means is {@link Api}'s.
 */
final class ApiServer implements AutoCloseable {

    private static final int LARGEST_BODY = 3 << 20;
    private static final long BOOKMARK_EVERY_MS = 10_000;
    private static final long LONGEST_WATCH_MS = Duration.ofMinutes(40).toMillis();

    private final Api api;
    private final ObjectStore store;
    private final InstantSource clock;
    private final String token;
    private final RequestLog log = new RequestLog();
    private final Faults faults;
    private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
    private final Set<HttpConnection> watching = ConcurrentHashMap.newKeySet();
    private final Vertx vertx;
    private final HttpServer server;

    /**
     * @param port 0 for any free one
     * @param token "" to let everybody in
     */
    ApiServer(Api api, ObjectStore store, Access access, InstantSource clock, int port, String token) {
        this.api = api;
        this.store = store;
        this.clock = clock;
        this.token = token;
        this.faults = new Faults(access, () -> drop(connections), () -> drop(watching), store::forgetHistory);
        this.vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(2)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        HttpServerOptions options = new HttpServerOptions()
                .setHost("127.0.0.1")
                .setPort(port)
                .setMaxHeaderSize(64 * 1024)
                .setMaxInitialLineLength(16 * 1024);
        this.server = vertx.createHttpServer(options)
                .connectionHandler(this::track)
                .requestHandler(this::receive)
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    int port() {
        return server.actualPort();
    }

    RequestLog log() {
        return log;
    }

    Faults faults() {
        return faults;
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private void track(HttpConnection connection) {
        connections.add(connection);
        connection.closeHandler(closed -> {
            connections.remove(connection);
            watching.remove(connection);
        });
    }

    private static void drop(Set<HttpConnection> connections) {
        connections.forEach(HttpConnection::close);
    }

    private void receive(HttpServerRequest http) {
        if (HttpHeaders.WEBSOCKET.toString().equalsIgnoreCase(http.getHeader(HttpHeaders.UPGRADE))) {
            answer(http, Buffer.buffer());
            return;
        }
        Buffer body = Buffer.buffer();
        http.handler(part -> {
            if (body.length() <= LARGEST_BODY) {
                body.appendBuffer(part);
            }
        });
        http.endHandler(end -> answer(http, body));
    }

    private void answer(HttpServerRequest http, Buffer body) {
        Instant at = clock.instant();
        ApiRequest request;
        try {
            if (body.length() > LARGEST_BODY) {
                throw ApiFailure.tooLarge();
            }
            if (!token.isEmpty() && !("Bearer " + token).equals(http.getHeader(HttpHeaders.AUTHORIZATION))) {
                throw ApiFailure.unauthorized();
            }
            request = ApiRequest.parse(
                    http.method().name(),
                    http.uri(),
                    orEmpty(http.getHeader(HttpHeaders.CONTENT_TYPE)),
                    orEmpty(http.getHeader(HttpHeaders.ACCEPT)),
                    orEmpty(http.getHeader(HttpHeaders.USER_AGENT)),
                    body.getBytes());
        } catch (ApiFailure failure) {
            send(http, ApiResponse.of(failure), Duration.ZERO);
            return;
        }
        if (request.contentType().startsWith("application/vnd.kubernetes.protobuf")) {
            record(http, request, at, 415);
            send(http, ApiResponse.of(ApiFailure.unsupportedMedia(request.contentType())), Duration.ZERO);
            return;
        }
        Runnable serve = () -> serve(http, request, at);
        switch (faults.take(request).orElse(null)) {
            case null -> serve.run();
            case Faults.Effect.Delay delay ->
                vertx.setTimer(Math.max(1, delay.by().toMillis()), timer -> serve.run());
            case Faults.Effect.Answer answer -> {
                record(http, request, at, answer.code());
                ApiFailure failure = ApiFailure.of(answer.code(), reason(answer.code()), "injected by a test");
                send(http, ApiResponse.of(failure), answer.retryAfter());
            }
            case Faults.Effect.Hang hang -> record(http, request, at, 0);
            case Faults.Effect.Drop drop -> {
                record(http, request, at, 0);
                http.connection().close();
            }
            case Faults.Effect.HangAfterApply hang -> record(http, request, at, 0, api.answer(request));
            case Faults.Effect.DropAfterApply drop -> {
                record(http, request, at, 0, api.answer(request));
                http.connection().close();
            }
        }
    }

    private void serve(HttpServerRequest http, ApiRequest request, Instant at) {
        if (request.verb().equals("watch")) {
            watch(http, request, at);
            return;
        }
        ApiResponse response = api.answer(request);
        record(http, request, at, response.code(), response);
        send(http, response, Duration.ZERO);
    }

    private void watch(HttpServerRequest http, ApiRequest request, Instant at) {
        ResourceType type = api.type(request);
        if (type == null) {
            record(http, request, at, 404);
            send(http, ApiResponse.pageNotFound(), Duration.ZERO);
            return;
        }
        try {
            api.checkAccess(request, type);
            FieldSelector.parse(type, request.param("fieldSelector"));
            LabelSelector.parse(request.param("labelSelector"));
        } catch (ApiFailure failure) {
            record(http, request, at, failure.code());
            send(http, ApiResponse.of(failure), Duration.ZERO);
            return;
        }
        watching.add(http.connection());
        if (http.getHeader(HttpHeaders.UPGRADE) == null) {
            record(http, request, at, 200);
            stream(request, type, chunked(http.response()), http.response());
        } else {
            record(http, request, at, 101);
            Future<ServerWebSocket> upgraded = http.toWebSocket();
            upgraded.onSuccess(socket -> stream(request, type, webSocket(socket), socket));
        }
    }

    private void stream(ApiRequest request, ResourceType type, WatchStream.Sink sink, Object connection) {
        Context context = vertx.getOrCreateContext();
        WatchStream stream = new WatchStream(store, type, request, context, sink, clock);
        long bookmarks = request.flag("allowWatchBookmarks")
                ? vertx.setPeriodic(BOOKMARK_EVERY_MS, timer -> stream.bookmark())
                : -1;
        String limit = request.param("timeoutSeconds");
        long timeout = vertx.setTimer(
                limit.matches("[1-9]\\d{0,5}") ? Long.parseLong(limit) * 1000 : LONGEST_WATCH_MS,
                timer -> stream.end());
        Runnable closed = () -> {
            vertx.cancelTimer(timeout);
            if (bookmarks >= 0) {
                vertx.cancelTimer(bookmarks);
            }
            stream.closed();
        };
        if (connection instanceof ServerWebSocket socket) {
            socket.closeHandler(nothing -> closed.run());
            socket.exceptionHandler(failure -> closed.run());
        } else if (connection instanceof HttpServerResponse response) {
            response.closeHandler(nothing -> closed.run());
            response.endHandler(nothing -> closed.run());
            response.exceptionHandler(failure -> closed.run());
        }
        stream.start(request);
    }

    private static WatchStream.Sink chunked(HttpServerResponse response) {
        response.setChunked(true).putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        response.writeHead();
        return new WatchStream.Sink() {
            @Override
            public Future<Void> send(Buffer event) {
                return response.closed() || response.ended()
                        ? Future.succeededFuture()
                        : response.write(event.appendByte((byte) '\n'));
            }

            @Override
            public void end() {
                if (!response.ended() && !response.closed()) {
                    response.end();
                }
            }
        };
    }

    private static WatchStream.Sink webSocket(ServerWebSocket socket) {
        return new WatchStream.Sink() {
            @Override
            public Future<Void> send(Buffer event) {
                return socket.isClosed() ? Future.succeededFuture() : socket.writeTextMessage(event.toString());
            }

            @Override
            public void end() {
                if (!socket.isClosed()) {
                    socket.close();
                }
            }
        };
    }

    /** Of a request that was not applied. */
    private void record(HttpServerRequest http, ApiRequest request, Instant at, int code) {
        log.add(at, request, orEmpty(http.query()), code, false);
    }

    private void record(HttpServerRequest http, ApiRequest request, Instant at, int code, ApiResponse outcome) {
        log.add(at, request, orEmpty(http.query()), code, outcome.code() / 100 == 2);
    }

    private static void send(HttpServerRequest http, ApiResponse answer, Duration retryAfter) {
        HttpServerResponse response = http.response();
        if (response.closed()) {
            return;
        }
        response.setStatusCode(answer.code()).putHeader(HttpHeaders.CONTENT_TYPE, answer.contentType());
        if (!retryAfter.isZero()) {
            response.putHeader("Retry-After", Long.toString(retryAfter.toSeconds()));
        }
        response.end(Buffer.buffer(answer.body()));
    }

    private static String reason(int code) {
        return switch (code) {
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "NotFound";
            case 409 -> "Conflict";
            case 410 -> "Expired";
            case 422 -> "Invalid";
            case 429 -> "TooManyRequests";
            case 500 -> "InternalError";
            case 503 -> "ServiceUnavailable";
            case 504 -> "Timeout";
            default -> "";
        };
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
