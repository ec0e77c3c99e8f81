package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.verdict.Reason;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * What a reply to a write means. The API server says 422 both where a test of a JSON patch failed and where the object would
 * be invalid; only the second names the object in its details.
 */
final class Answers {

    private Answers() {}

    /** @param success what a 2xx means, after a look at the object that it carries */
    static Answer of(Reply reply, Function<JsonNode, Answer> success) {
        return switch (reply) {
            case Reply.NotSent(var why) -> new Answer.NotDone("not sent: " + why);
            case Reply.Lost(var why) -> new Answer.Unsure("the answer was lost: " + why);
            case Reply.Got got when got.isSuccess() -> success.apply(got.body());
            case Reply.Got(var code, var body) -> refusal(code, body);
        };
    }

    private static Answer refusal(int code, JsonNode status) {
        var detail = describe(code, status);
        return switch (code) {
            case 401, 403 -> new Answer.Refused(Reason.FORBIDDEN, detail);
            case 404 -> new Answer.Refused(Reason.GONE, detail);
            case 409 -> new Answer.Moved(detail);
            case 422 ->
                status.path("details").hasNonNull("name")
                        ? new Answer.Refused(Reason.REJECTED, detail)
                        : new Answer.Moved("a test failed: " + detail);
            case 429 -> new Answer.NotDone(detail);
            case 504 -> new Answer.Unsure(detail); // the store's answer came too late: it may have been done
            default ->
                code >= 500 || code < 400 ? new Answer.NotDone(detail) : new Answer.Refused(Reason.REJECTED, detail);
        };
    }

    /** Code, reason and names of fields. Never the message: it repeats values. */
    static String describe(int code, JsonNode status) {
        var reason = status.path("reason").asText("");
        var fields = StreamSupport.stream(status.path("details").path("causes").spliterator(), false)
                .map(cause -> cause.path("field").asText(""))
                .filter(field -> !field.isEmpty())
                .distinct()
                .limit(5)
                .collect(Collectors.joining(", "));
        return "HTTP " + code + (reason.isEmpty() ? "" : " " + reason) + (fields.isEmpty() ? "" : " at " + fields);
    }
}
