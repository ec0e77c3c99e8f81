package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;

/** A finished answer. */
record ApiResponse(int code, String contentType, byte[] body) {

    static ApiResponse json(int code, JsonNode body) {
        return new ApiResponse(code, "application/json", Json.bytes(body));
    }

    static ApiResponse json(int code, byte[] body) {
        return new ApiResponse(code, "application/json", body);
    }

    static ApiResponse text(int code, String text) {
        return new ApiResponse(code, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    static ApiResponse of(ApiFailure failure) {
        return json(failure.code(), failure.status());
    }

    /** What kube-apiserver says to a path that nothing serves, kinds without a definition included. */
    static ApiResponse pageNotFound() {
        return text(404, "404 page not found\n");
    }
}
