package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;

/** What came of a request to the API server. */
sealed interface Reply {

    /** An answer. Its body may hold pod templates, so it is never printed. */
    record Got(int code, JsonNode body) implements Reply {

        boolean isSuccess() {
            return code >= 200 && code < 300;
        }

        @Override
        public String toString() {
            return "HTTP " + code;
        }
    }

    /** The server never got the request. */
    record NotSent(String why) implements Reply {}

    /** The request went out, and no answer came back. */
    record Lost(String why) implements Reply {}
}
