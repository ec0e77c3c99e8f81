package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** RFC 7386: null removes, objects are merged, everything else is replaced. */
final class MergePatch {

    private MergePatch() {}

    /** Gives the patched copy; the target stays as it is. */
    static ObjectNode apply(JsonNode patch, ObjectNode target) {
        if (patch instanceof ObjectNode changes) {
            ObjectNode result = target.deepCopy();
            merge(changes, result);
            return result;
        }
        throw ApiFailure.badRequest(
                "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}");
    }

    private static void merge(ObjectNode changes, ObjectNode into) {
        changes.properties().forEach(change -> {
            String name = change.getKey();
            JsonNode value = change.getValue();
            if (value.isNull()) {
                into.remove(name);
            } else if (value instanceof ObjectNode nested) {
                merge(nested, into.get(name) instanceof ObjectNode existing ? existing : into.putObject(name));
            } else {
                into.set(name, value.deepCopy());
            }
        });
    }
}
