package io.rollguard.sandbox.bench;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Posts the same bodies over and over on kept connections, from one event loop. Requests are made once and answers are read
 * as far as their status and length, so that the client takes as little of the machine as can be.
 */
final class HttpLoad implements AutoCloseable {

    private static final Duration ANSWERS = Duration.ofSeconds(10);

    /**
     * What came of it.
     *
     * @param answered requests answered 200
     * @param refused requests answered otherwise
     * @param latencies in ms, of those answered 200
     */
    record Measured(long answered, long refused, double seconds, Samples latencies) {

        double perSecond() {
            return answered / seconds;
        }
    }

    private final Vertx vertx =
            Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(1));
    private final Context context = vertx.getOrCreateContext();
    private final List<Connection> connections = new ArrayList<>();
    private final List<Buffer> requests;
    private int next;

    /** @param headers lines that end in CRLF */
    HttpLoad(int port, String path, String headers, List<byte[]> bodies, int connections) {
        requests = bodies.stream()
                .map(body -> Buffer.buffer(
                                "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
                                        .formatted(path, port, headers, body.length))
                        .appendBytes(body))
                .toList();
        var client = vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true));
        for (int i = 0; i < connections; i++) {
            NetSocket socket = await(this.<NetSocket>onContext(opened -> client.connect(port, "127.0.0.1")
                    .onSuccess(opened::complete)
                    .onFailure(opened::completeExceptionally)));
            this.connections.add(new Connection(socket));
        }
    }

    private interface Work<T> {
        void begin(CompletableFuture<T> done);
    }

    private <T> CompletableFuture<T> onContext(Work<T> work) {
        var done = new CompletableFuture<T>();
        context.runOnContext(then -> {
            try {
                work.begin(done);
            } catch (RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    private static <T> T await(CompletableFuture<T> done) {
        try {
            return done.get(ANSWERS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("no answer: " + (e.getCause() == null ? e : e.getCause()), e);
        }
    }

    /** As many as are answered: each connection sends anew as soon as it has its answer. */
    Measured saturate(Duration time) throws InterruptedException {
        var run = new Run();
        var idle = new CompletableFuture<@Nullable Void>();
        var busy = new int[] {connections.size()};
        long deadline = System.nanoTime() + time.toNanos();
        context.runOnContext(then -> connections.forEach(connection -> sendOn(connection, run, deadline, busy, idle)));
        Thread.sleep(time);
        await(idle);
        return run.measured(time.toNanos() / 1e9);
    }

    private void sendOn(Connection connection, Run run, long deadline, int[] busy, CompletableFuture<?> idle) {
        long sent = System.nanoTime();
        connection.send(nextRequest(), (status, failure) -> {
            long now = System.nanoTime();
            if (failure != null) {
                idle.completeExceptionally(failure);
            } else if (now < deadline) {
                run.count(status, now - sent);
                sendOn(connection, run, deadline, busy, idle);
            } else if (--busy[0] == 0) {
                idle.complete(null);
            }
        });
    }

    /**
     * So many a second, whether or not earlier ones were answered. A latency counts from the moment at which the request was
     * to be sent, so that a server that stalls is not spared those that it kept from being sent.
     */
    Measured atRate(int perSecond, Duration time) {
        var run = new Run();
        var pool = new Pool(run);
        long began = System.nanoTime();
        int all = Math.toIntExact(perSecond * time.toMillis() / 1000);
        for (int i = 0; i < all; i++) {
            long due = began + i * 1_000_000_000L / perSecond;
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            context.runOnContext(then -> pool.send(due));
        }
        await(onContext(pool::whenIdle));
        return run.measured(time.toNanos() / 1e9);
    }

    private Buffer nextRequest() {
        next = (next + 1) % requests.size();
        return requests.get(next);
    }

    /** Lives on the event loop. */
    private static final class Run {
        private final List<Long> nanos = new ArrayList<>();
        private long refused;

        void count(int status, long latency) {
            if (status == 200) {
                nanos.add(latency);
            } else {
                refused++;
            }
        }

        Measured measured(double seconds) {
            return new Measured(
                    nanos.size(),
                    refused,
                    seconds,
                    Samples.of(nanos.stream().mapToDouble(n -> n / 1e6).toArray()));
        }
    }

    /** Requests that wait for a connection. Lives on the event loop. */
    private final class Pool {
        private final Run run;
        private final ArrayDeque<Connection> free = new ArrayDeque<>(connections);
        private final ArrayDeque<Long> waiting = new ArrayDeque<>();
        private @Nullable CompletableFuture<@Nullable Void> idle;
        private @Nullable Throwable broken;

        Pool(Run run) {
            this.run = run;
        }

        void send(long due) {
            var connection = free.poll();
            if (connection == null) {
                waiting.add(due);
            } else {
                send(connection, due);
            }
        }

        private void send(Connection connection, long due) {
            connection.send(nextRequest(), (status, failure) -> {
                if (failure != null) {
                    broken = failure;
                } else {
                    run.count(status, System.nanoTime() - due);
                }
                var following = waiting.poll();
                if (following != null) {
                    send(connection, following);
                } else {
                    free.push(connection);
                    tell();
                }
            });
        }

        void whenIdle(CompletableFuture<@Nullable Void> done) {
            idle = done;
            tell();
        }

        private void tell() {
            if (idle != null && broken != null) {
                idle.completeExceptionally(broken);
            } else if (idle != null && free.size() == connections.size()) {
                idle.complete(null);
            }
        }
    }

    private interface Answered {
        void with(int status, @Nullable Throwable failure);
    }

    /** One request at a time. */
    private static final class Connection {

        private final NetSocket socket;
        private Buffer read = Buffer.buffer();
        private @Nullable Answered waiting;

        Connection(NetSocket socket) {
            this.socket = socket;
            socket.handler(this::take);
            socket.closeHandler(closed -> answer(0, new IllegalStateException("the server closed a connection")));
            socket.exceptionHandler(failure -> answer(0, failure));
        }

        void send(Buffer request, Answered answered) {
            waiting = answered;
            socket.write(request);
        }

        private void take(Buffer chunk) {
            var all = read.length() == 0 ? chunk : read.appendBuffer(chunk);
            int end = endOfHead(all);
            if (end < 0) {
                read = all;
                return;
            }
            var head = all.getString(0, end, "ISO-8859-1");
            if (all.length() < end + length(head)) {
                read = all;
                return;
            }
            read = Buffer.buffer();
            answer(Integer.parseInt(head, 9, 12, 10), null);
        }

        /** Right behind the empty line; -1 where it has not come yet. */
        private static int endOfHead(Buffer read) {
            for (int i = 3; i < read.length(); i++) {
                if (read.getByte(i) == '\n' && read.getByte(i - 2) == '\n') {
                    return i + 1;
                }
            }
            return -1;
        }

        private static int length(String head) {
            var lower = head.toLowerCase(Locale.ROOT);
            int at = lower.indexOf("\r\ncontent-length:");
            if (at < 0) {
                throw new IllegalStateException("an answer without Content-Length: " + head);
            }
            int from = at + "\r\ncontent-length:".length();
            return Integer.parseInt(
                    lower.substring(from, lower.indexOf('\r', from)).strip());
        }

        private void answer(int status, @Nullable Throwable failure) {
            var answered = waiting;
            waiting = null;
            if (answered != null) {
                answered.with(status, failure);
            }
        }
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
