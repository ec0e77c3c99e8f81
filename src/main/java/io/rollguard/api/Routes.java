package io.rollguard.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.http.Door;
import io.rollguard.http.Door.Access;
import io.rollguard.http.Problem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * How the API's routes are answered: an operator's token first, then the method, then the answer, which is made off the event
 * loop since it may take a while.
 */
final class Routes {

    private static final Logger LOG = Logger.getLogger(Routes.class);

    static final String ROOT = "/api/v1";

    private static final String OPERATOR = "rollguard.operator";
    private static final long MAX_BODY = 16 * 1024;

    private final Router router;
    private final Door door;

    /** An answer that is either there or a problem. */
    sealed interface Answer {
        record Found(int status, JsonNode json) implements Answer {}

        record Failed(Problem problem) implements Answer {}

        static Answer found(JsonNode json) {
            return new Found(200, json);
        }

        static Answer failed(Problem problem) {
            return new Failed(problem);
        }
    }

    Routes(Router router, Door door) {
        this.router = router;
        this.door = door;
    }

    void get(String path, Function<RoutingContext, Answer> answer) {
        router.route(ROOT + path).handler(context -> letIn(context, HttpMethod.GET));
        router.route(ROOT + path).blockingHandler(context -> send(context, answer), false);
    }

    void post(String path, Function<RoutingContext, Answer> answer) {
        router.route(ROOT + path).handler(context -> letIn(context, HttpMethod.POST));
        router.route(ROOT + path).handler(BodyHandler.create(false).setBodyLimit(MAX_BODY));
        router.route(ROOT + path).blockingHandler(context -> send(context, answer), false);
        router.route(ROOT + path).failureHandler(Routes::refuseBody);
    }

    /** The name that belongs to the caller's token. */
    static String operator(RoutingContext context) {
        return context.get(OPERATOR);
    }

    private void letIn(RoutingContext context, HttpMethod method) {
        switch (door.open(Door.Caller.of(context.request()))) {
            case Access.Denied(var detail) -> refuse(context, Problem.unauthorized(detail));
            case Access.Granted(var name) -> {
                if (context.request().method().equals(method)) {
                    context.put(OPERATOR, name).next();
                } else {
                    context.response().putHeader("Allow", method.name());
                    refuse(context, Problem.methodNotAllowed("only %s is possible here".formatted(method)));
                }
            }
        }
    }

    /** What the caller still sends is read and dropped, else it would wait for us. */
    private static void refuse(RoutingContext context, Problem problem) {
        context.request().resume();
        problem.send(context.response());
    }

    private static void refuseBody(RoutingContext context) {
        var problem = context.statusCode() == 413
                ? Problem.contentTooLarge("a body may have %d bytes".formatted(MAX_BODY))
                : Problem.badRequest("the body could not be read", null);
        refuse(context, problem);
    }

    private static void send(RoutingContext context, Function<RoutingContext, Answer> answer) {
        try {
            switch (answer.apply(context)) {
                case Answer.Found(var status, var json) ->
                    context.response()
                            .setStatusCode(status)
                            .putHeader("Content-Type", "application/json")
                            .putHeader("Cache-Control", "no-store")
                            .end(Buffer.buffer(json.toString().getBytes(StandardCharsets.UTF_8)));
                case Answer.Failed(var problem) -> problem.send(context.response());
            }
        } catch (RuntimeException e) {
            LOG.errorf(e, "answering %s failed", context.request().path());
            Problem.internal().send(context.response());
        }
    }
}
