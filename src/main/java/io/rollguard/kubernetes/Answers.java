package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.verdict.Reason;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * What a reply to a write means. The API server says 422 both where a test of a JSON patch failed and where the object would
 * be invalid; only the second names the object in its details.
 */
final class Answers {

    private static final Pattern QUOTA = Pattern.compile("exceeded quota: ([a-z0-9.-]{1,253}),");

    /** How the API server words a denial by admission, and what denied it. */
    private static final Map<Pattern, String> DENYING = Map.of(
            Pattern.compile("ValidatingAdmissionPolicy '([a-z0-9.-]{1,253})' (?:with binding '[^']*' )?denied request"),
            "ValidatingAdmissionPolicy %s",
            Pattern.compile("admission webhook \"([a-z0-9.-]{1,253})\" denied the request"),
            "admission webhook %s",
            QUOTA,
            "ResourceQuota %s");

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

    /** The same answer, saying more. */
    static Answer adding(Answer answer, String more) {
        return switch (answer) {
            case Answer.Done(var detail) -> new Answer.Done(detail + more);
            case Answer.Moved(var detail) -> new Answer.Moved(detail + more);
            case Answer.Refused(var reason, var detail) -> new Answer.Refused(reason, detail + more);
            case Answer.NotDone(var detail) -> new Answer.NotDone(detail + more);
            case Answer.Unsure(var detail) -> new Answer.Unsure(detail + more);
        };
    }

    private static Answer refusal(int code, JsonNode status) {
        var detail = describe(code, status);
        if (code >= 400 && code < 500) {
            var denial = denial(status, detail);
            if (denial.isPresent()) {
                return denial.get();
            }
        }
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

    /**
     * A denial by admission, under whichever code. Only its message tells it from any other refusal, and who denied it; of
     * that message nothing but the name is taken, since the rest may hold anything.
     */
    private static Optional<Answer> denial(JsonNode status, String detail) {
        var message = status.path("message").asText("");
        for (var denying : DENYING.entrySet()) {
            var found = denying.getKey().matcher(message);
            if (found.find()) {
                var who = denying.getValue().formatted(found.group(1));
                var reason = denying.getKey() == QUOTA ? Reason.NO_QUOTA_LEFT : Reason.DENIED_BY_POLICY;
                return Optional.of(new Answer.Refused(reason, who + ": " + detail));
            }
        }
        return Optional.empty();
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
