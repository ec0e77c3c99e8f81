package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A refusal, with the {@code Status} object kube-apiserver answers in its place. */
final class ApiFailure extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    private final int code;
    private final String reason;
    private final transient @Nullable ObjectNode details;

    private ApiFailure(int code, String reason, String message, @Nullable ObjectNode details) {
        super(message, null, false, false);
        this.code = code;
        this.reason = reason;
        this.details = details;
    }

    int code() {
        return code;
    }

    ObjectNode status() {
        ObjectNode status = Json.object();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        status.put("status", "Failure").put("message", getMessage());
        if (!reason.isEmpty()) {
            status.put("reason", reason);
        }
        if (details != null) {
            status.set("details", details);
        }
        return status.put("code", code);
    }

    static ApiFailure of(int code, String reason, String message) {
        return new ApiFailure(code, reason, message, Json.object());
    }

    static ApiFailure badRequest(String message) {
        return new ApiFailure(400, "BadRequest", message, null);
    }

    /** A path that leads nowhere below a kind or in a built-in group. */
    static ApiFailure noSuchResource() {
        return of(404, "NotFound", "the server could not find the requested resource");
    }

    static ApiFailure internal(String message) {
        return new ApiFailure(500, "", message, null);
    }

    static ApiFailure unauthorized() {
        return of(401, "Unauthorized", "Unauthorized");
    }

    static ApiFailure forbidden(ResourceType type, String subresource, String name, String verb, String namespace) {
        String resource = type.plural() + (subresource.isEmpty() ? "" : "/" + subresource);
        return new ApiFailure(
                403,
                "Forbidden",
                "%s is forbidden: User \"sandbox\" cannot %s resource \"%s\" in API group \"%s\"%s"
                        .formatted(
                                quoted(type, name),
                                verb,
                                resource,
                                type.group(),
                                namespace.isEmpty()
                                        ? " at the cluster scope"
                                        : " in the namespace \"" + namespace + "\""),
                details(type, name));
    }

    static ApiFailure notFound(ResourceType type, String name) {
        return new ApiFailure(404, "NotFound", quoted(type, name) + " not found", details(type, name));
    }

    static ApiFailure methodNotAllowed() {
        return of(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }

    static ApiFailure alreadyExists(ResourceType type, String name) {
        return new ApiFailure(409, "AlreadyExists", quoted(type, name) + " already exists", details(type, name));
    }

    /** What a deletion is answered with whose precondition names another object or version. */
    static ApiFailure precondition(ResourceType type, String name, String what, String asked, String recorded) {
        ObjectNode details = details(type, name);
        details.put("kind", type.kind());
        return new ApiFailure(
                409,
                "Conflict",
                "Operation cannot be fulfilled on " + type.kind()
                        + (type.group().isEmpty() ? "" : "." + type.group())
                        + " \"" + name + "\": the " + what + " in the precondition (" + asked + ") does not match the "
                        + what + " in record (" + recorded + "). The object might have been deleted and then recreated",
                details);
    }

    /** An update that does not say over which version. */
    static ApiFailure versionRequired(ResourceType type, String name) {
        String why = "Invalid value: 0: must be specified for an update";
        ObjectNode details = details(type, name);
        details.putArray("causes")
                .addObject()
                .put("reason", "FieldValueInvalid")
                .put("message", why)
                .put("field", "metadata.resourceVersion");
        return new ApiFailure(
                422, "Invalid", quoted(type, name) + " is invalid: metadata.resourceVersion: " + why, details);
    }

    static ApiFailure conflict(ResourceType type, String name, String why) {
        return new ApiFailure(
                409,
                "Conflict",
                "Operation cannot be fulfilled on " + quoted(type, name) + ": " + why,
                details(type, name));
    }

    static ApiFailure stale(ResourceType type, String name) {
        return conflict(
                type,
                name,
                "the object has been modified; please apply your changes to the latest version and try again");
    }

    static ApiFailure expired(long asked, long oldest) {
        return new ApiFailure(
                410, "Expired", "too old resource version: " + asked + " (" + oldest + ")", Json.object());
    }

    static ApiFailure tooLarge() {
        return of(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");
    }

    static ApiFailure unsupportedMedia(String contentType) {
        return of(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format (" + contentType
                        + ") - accepted media types include: application/json");
    }

    static ApiFailure unsupportedPatch() {
        return new ApiFailure(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include:"
                        + " application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
                null);
    }

    /** What a JSON patch that does not apply is answered with; it never says which operation failed. */
    static ApiFailure patchDoesNotApply() {
        return new ApiFailure(
                422, "Invalid", "the server rejected our request due to an error in our request", Json.object());
    }

    /** A value the API does not accept; unlike a failed patch test it names the object and the field. */
    static ApiFailure invalid(ResourceType type, String name, String field, String cause, String why) {
        ObjectNode details = details(type, name);
        details.put("kind", type.kind());
        details.putArray("causes")
                .addObject()
                .put("reason", cause)
                .put("message", why)
                .put("field", field);
        String subject = type.kind() + (type.group().isEmpty() ? "" : "." + type.group());
        return new ApiFailure(422, "Invalid", subject + " \"" + name + "\" is invalid: " + field + ": " + why, details);
    }

    private static String quoted(ResourceType type, String name) {
        return type.qualifiedPlural() + (name.isEmpty() ? "" : " \"" + name + "\"");
    }

    private static ObjectNode details(@Nullable ResourceType type, String name) {
        ObjectNode details = Json.object();
        if (!name.isEmpty()) {
            details.put("name", name);
        }
        if (type != null) {
            if (!type.group().isEmpty()) {
                details.put("group", type.group());
            }
            details.put("kind", type.plural());
        }
        return details;
    }
}
