package io.rollguard.ingest;

import io.rollguard.http.Door;
import io.rollguard.http.Door.Access;
import io.rollguard.http.Door.Caller;
import io.rollguard.http.Problem;
import io.rollguard.ingest.Intake.Taken;
import io.rollguard.wire.WebhookBody;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The webhook over HTTP. What it answers follows from how Alertmanager takes answers: only 5xx is tried again at once, a 4xx
 * comes back every group_interval for ever, and a redirect loses the alert. So trouble of ours is 503, and a body that is at
 * least JSON is always taken.
 */
final class Webhook {

    private static final Logger LOG = Logger.getLogger(Webhook.class);

    static final String PATH = "/api/v1/alertmanager";

    /** A plain POST takes milliseconds; Alertmanager's own timeout on this route is meant to be longer than this. */
    static final Duration BUDGET = Duration.ofSeconds(3);

    static final long MAX_HELD_BYTES = 64L * 1024 * 1024;

    /** What a request takes besides its body; bounds how many wait at once, however small they are: 4,096. */
    static final long REQUEST_BYTES = 16L * 1024;

    /** How long a refused sender may go on sending before the connection is closed on it. */
    private static final long DRAIN_MILLIS = 1000;

    /** HTTP/2: the answer is complete, the rest of the request is not wanted (RFC 9113, 8.1). */
    private static final long NO_ERROR = 0;

    private static final Set<HttpMethod> METHODS = Set.of(HttpMethod.POST, HttpMethod.PUT);

    private final Vertx vertx;
    private final Door door;
    private final Intake intake;
    private final IngestMeters meters;
    private final ByteBudget budget;
    private final Executor sender;
    private final Clock clock;
    private final Duration patience;

    /**
     * @param sender runs what may wait for Kafka, in the order of its coming
     * @param patience after how long a sender is told to try again
     */
    Webhook(
            Vertx vertx,
            Door door,
            Intake intake,
            IngestMeters meters,
            ByteBudget budget,
            Executor sender,
            Clock clock,
            Duration patience) {
        this.vertx = vertx;
        this.door = door;
        this.intake = intake;
        this.meters = meters;
        this.budget = budget;
        this.sender = sender;
        this.clock = clock;
        this.patience = patience;
        meters.watchBytes(budget::held);
    }

    void addTo(Router router) {
        router.route(PATH).handler(routing -> handle(routing.request()));
    }

    private void handle(HttpServerRequest request) {
        try {
            if (door.open(Caller.of(request)) instanceof Access.Denied(var detail)) {
                refuse(request, Problem.unauthorized(detail), Outcome.UNAUTHORIZED);
            } else if (!METHODS.contains(request.method())) {
                request.response().putHeader("Allow", "POST, PUT");
                refuse(request, Problem.methodNotAllowed("alerts are sent with POST"), Outcome.METHOD);
            } else if (!isJson(request.getHeader("Content-Type")) || isEncoded(request)) {
                refuse(
                        request,
                        Problem.unsupportedMediaType("send application/json, not compressed"),
                        Outcome.MEDIA_TYPE);
            } else if (declaredLength(request) > WebhookBody.MAX_BYTES) {
                refuseTooLarge(request);
            } else {
                new Exchange(request).read();
            }
        } catch (RuntimeException e) {
            LOG.error("the webhook failed", e);
            refuse(request, Problem.internal(), Outcome.ERROR);
        }
    }

    /** One request from its first byte to its answer. All but {@link #take} runs on the request's own context. */
    private final class Exchange {

        private final HttpServerRequest request;
        private final Context context = vertx.getOrCreateContext();
        /** Of the request, so that the records carry it on. */
        private final io.opentelemetry.context.Context trace = io.opentelemetry.context.Context.current();

        private final ByteBudget.Share share = budget.open();
        private final Buffer body = Buffer.buffer();
        private final AtomicBoolean answered = new AtomicBoolean();
        private boolean handedOver;
        private long timer;

        Exchange(HttpServerRequest request) {
            this.request = request;
        }

        void read() {
            if (!share.grow(REQUEST_BYTES + Math.max(0, declaredLength(request)))) {
                refuse(request, overload(), Outcome.OVERLOAD);
                return;
            }
            timer = vertx.setTimer(patience.toMillis(), fired -> {
                answer(Problem.unavailable("not kept in time, send it again"), Outcome.TIMEOUT);
            });
            request.response().closeHandler(gone -> abandon());
            request.exceptionHandler(broken -> abandon());
            request.handler(this::add);
            request.endHandler(end -> handOver());
            if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
                request.response().writeContinue();
            }
            request.resume(); // Quarkus hands requests over paused
        }

        private void add(Buffer chunk) {
            if (answered.get()) {
                return;
            }
            if (body.length() + chunk.length() > WebhookBody.MAX_BYTES) {
                if (settle(Outcome.TOO_LARGE)) {
                    respondTooLarge(request);
                }
                return;
            }
            boolean declared = body.length() + chunk.length() <= declaredLength(request);
            if (!declared && !share.grow(chunk.length())) {
                answer(overload(), Outcome.OVERLOAD);
                return;
            }
            body.appendBuffer(chunk);
        }

        private void handOver() {
            if (answered.get()) {
                return;
            }
            handedOver = true;
            var bytes = body.getBytes();
            try {
                sender.execute(trace.wrap(() -> take(bytes)));
            } catch (RejectedExecutionException e) {
                handedOver = false;
                answer(Problem.unavailable("Rollguard is stopping"), Outcome.OVERLOAD);
            }
        }

        private void take(byte[] bytes) {
            if (answered.get()) {
                share.giveBack();
                return;
            }
            try {
                intake.take(bytes, clock.instant(), answered::get).whenComplete((taken, failure) -> {
                    share.giveBack();
                    context.runOnContext(then -> answer(taken, failure));
                });
            } catch (RuntimeException | Error e) {
                share.giveBack();
                context.runOnContext(then -> answer(null, e));
            }
        }

        private void answer(@Nullable Taken taken, @Nullable Throwable failure) {
            switch (taken) {
                case Taken.Kept kept -> answer(kept);
                case Taken.NotJson(var detail) -> answer(Problem.badRequest(detail, null), Outcome.NOT_JSON);
                case Taken.NotKept() ->
                    answer(Problem.unavailable("Kafka did not take it, send it again"), Outcome.KAFKA);
                case null -> {
                    LOG.error("the webhook failed", failure);
                    answer(Problem.internal(), Outcome.ERROR);
                }
            }
        }

        private void answer(Taken.Kept kept) {
            if (settle(kept.wrongShape() ? Outcome.WRONG_SHAPE : Outcome.KEPT)) {
                var json = "{\"alerts\":" + kept.alerts() + ",\"deadLetters\":" + kept.deadLetters() + ",\"truncated\":"
                        + kept.truncated() + "}";
                request.response().putHeader("Content-Type", "application/json").end(json);
            }
        }

        private void answer(Problem problem, Outcome outcome) {
            if (settle(outcome)) {
                respond(request, problem);
            }
        }

        private void abandon() {
            settle(Outcome.ABANDONED);
        }

        /** Counts the request, once, and lets go of what it holds unless somebody still works on it. */
        private boolean settle(Outcome outcome) {
            if (!answered.compareAndSet(false, true)) {
                return false;
            }
            vertx.cancelTimer(timer);
            if (!handedOver) {
                share.giveBack();
            }
            meters.answered(outcome);
            return true;
        }
    }

    private void refuse(HttpServerRequest request, Problem problem, Outcome outcome) {
        meters.answered(outcome);
        respond(request, problem);
    }

    private void refuseTooLarge(HttpServerRequest request) {
        meters.answered(Outcome.TOO_LARGE);
        respondTooLarge(request);
    }

    private void respondTooLarge(HttpServerRequest request) {
        if (!isHttp2(request)) {
            request.response().putHeader("Connection", "close");
        }
        respond(request, Problem.contentTooLarge("a body may have %d bytes".formatted(WebhookBody.MAX_BYTES)));
        closeSoon(request);
    }

    private void respond(HttpServerRequest request, Problem problem) {
        if (problem.status() == 503 && !isOver(request.response())) {
            request.response().putHeader("Retry-After", "1");
        }
        problem.send(request.response());
        if (!request.isEnded()) {
            // What still comes is thrown away rather than met by a reset, which could reach the sender before the
            // answer.
            request.handler(ignored -> {});
            request.exceptionHandler(ignored -> {});
            request.resume();
            closeSoon(request);
        }
    }

    /** Over HTTP/2 other requests share the connection, so only this one is ended. */
    private void closeSoon(HttpServerRequest request) {
        vertx.setTimer(DRAIN_MILLIS, fired -> {
            if (isHttp2(request)) {
                if (!request.isEnded()) {
                    request.response().reset(NO_ERROR);
                }
            } else if (!request.isEnded() || request.response().headers().contains("Connection", "close", true)) {
                request.connection().close();
            }
        });
    }

    private static boolean isHttp2(HttpServerRequest request) {
        return request.version() == HttpVersion.HTTP_2;
    }

    private static Problem overload() {
        return Problem.unavailable("too many alerts at once, send it again");
    }

    private static boolean isOver(HttpServerResponse response) {
        return response.ended() || response.closed();
    }

    /** A sender that names no type is taken at its word that it sends alerts. */
    private static boolean isJson(@Nullable String contentType) {
        if (contentType == null || contentType.isBlank()) {
            return true;
        }
        int end = contentType.indexOf(';');
        var type =
                (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        return type.equals("application/json") || type.startsWith("application/") && type.endsWith("+json");
    }

    private static boolean isEncoded(HttpServerRequest request) {
        var encoding = request.getHeader("Content-Encoding");
        return encoding != null && !encoding.isBlank() && !encoding.strip().equalsIgnoreCase("identity");
    }

    /** -1 where none is declared. */
    private static long declaredLength(HttpServerRequest request) {
        var declared = request.getHeader("Content-Length");
        try {
            return declared == null ? -1 : Long.parseLong(declared.strip());
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
