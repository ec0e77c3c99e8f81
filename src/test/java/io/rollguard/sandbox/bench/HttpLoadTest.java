package io.rollguard.sandbox.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpLoadTest {

    private final Vertx vertx = Vertx.vertx();
    private final AtomicInteger taken = new AtomicInteger();
    private final Set<String> bodies = ConcurrentHashMap.newKeySet();

    private HttpLoad load(Handler<HttpServerRequest> server, int connections) {
        int port = vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    taken.incrementAndGet();
                    bodies.add(request.path() + " " + request.getHeader("X-Who") + " " + body);
                    server.handle(request);
                }))
                .listen(0)
                .toCompletionStage()
                .toCompletableFuture()
                .join()
                .actualPort();
        return new HttpLoad(port, "/alerts", "X-Who: me\r\n", List.of(bytes("one"), bytes("two")), connections);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @AfterEach
    void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void atARateItSendsEachRequestOnceAndAwaitsItsAnswer() {
        try (var load = load(request -> request.response().end("fine"), 2)) {
            var measured = load.atRate(200, Duration.ofMillis(250));

            assertThat(measured.answered()).isEqualTo(50);
            assertThat(measured.refused()).isZero();
            assertThat(measured.latencies().size()).isEqualTo(50);
            assertThat(taken).hasValue(50);
            assertThat(bodies).containsExactlyInAnyOrder("/alerts me one", "/alerts me two");
        }
    }

    /** The server is stuck for 300 ms; those that had to wait behind count with their wait. */
    @Test
    void aLatencyCountsFromWhenTheRequestWasDue() {
        var first = new AtomicInteger();
        try (var load = load(
                request -> {
                    if (first.getAndIncrement() == 0) {
                        vertx.setTimer(300, fired -> request.response().end());
                    } else {
                        request.response().end();
                    }
                },
                1)) {
            var measured = load.atRate(100, Duration.ofMillis(200));

            assertThat(measured.answered()).isEqualTo(20);
            assertThat(measured.latencies().min()).isGreaterThanOrEqualTo(100);
        }
    }

    @Test
    void whatIsNotAnswered200IsCountedApart() throws InterruptedException {
        try (var load = load(request -> request.response().setStatusCode(503).end("no"), 3)) {
            var measured = load.saturate(Duration.ofMillis(100));

            assertThat(measured.answered()).isZero();
            assertThat(measured.refused()).isPositive();
            assertThat(measured.latencies().size()).isZero();
        }
    }

    @Test
    void anAnswerMayComeInPieces() throws InterruptedException {
        try (var load = load(
                request -> {
                    var response = request.response();
                    response.putHeader("content-length", "6");
                    response.write("abc");
                    vertx.runOnContext(later -> response.end("def"));
                },
                3)) {
            assertThat(load.saturate(Duration.ofMillis(100)).answered()).isPositive();
        }
    }

    @Test
    void aServerThatHangsUpEndsTheRun() {
        try (var load = load(request -> request.connection().close(), 1)) {
            assertThatThrownBy(() -> load.saturate(Duration.ofMillis(50))).hasMessageContaining("closed a connection");
        }
    }
}
