package io.rollguard.http;

import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * An error as callers see it: RFC 9457 problem details. The title belongs to the status; the detail says what was wrong
 * with this request, and never carries a credential or what a token was compared with.
 *
 * @param field a JSON pointer or the parameter that is wrong; null where no single one is
 */
public record Problem(
        int status, String title, String detail, @Nullable String field) {

    public static final String MEDIA_TYPE = "application/problem+json";

    public static Problem badRequest(String detail, @Nullable String field) {
        return new Problem(400, "Bad Request", detail, field);
    }

    public static Problem unauthorized(String detail) {
        return new Problem(401, "Unauthorized", detail, null);
    }

    public static Problem notFound(String detail) {
        return new Problem(404, "Not Found", detail, null);
    }

    public static Problem methodNotAllowed(String detail) {
        return new Problem(405, "Method Not Allowed", detail, null);
    }

    public static Problem conflict(String detail) {
        return new Problem(409, "Conflict", detail, null);
    }

    public static Problem contentTooLarge(String detail) {
        return new Problem(413, "Content Too Large", detail, null);
    }

    public static Problem unsupportedMediaType(String detail) {
        return new Problem(415, "Unsupported Media Type", detail, null);
    }

    public static Problem unavailable(String detail) {
        return new Problem(503, "Service Unavailable", detail, null);
    }

    public static Problem internal() {
        return new Problem(500, "Internal Server Error", "the log has the error", null);
    }

    public JsonObject toJson() {
        var json = new JsonObject()
                .put("type", "about:blank")
                .put("title", title)
                .put("status", status)
                .put("detail", detail);
        return field == null ? json : json.put("field", field);
    }

    /** Ends the response with this problem. A 401 says which credential is asked for. */
    public void send(HttpServerResponse response) {
        if (response.ended() || response.closed()) {
            return;
        }
        response.setStatusCode(status).putHeader("Content-Type", MEDIA_TYPE);
        if (status == 401) {
            response.putHeader("WWW-Authenticate", "Bearer realm=\"rollguard\"");
        }
        response.end(toJson().toBuffer());
    }
}
