package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;

/**
 * The conditions of a Deployment or Rollout. One rule governs all: the same status and reason change nothing, not even the
 * message; the same status keeps the transition time.
 */
final class Conditions {

    private Conditions() {}

    /** Missing where there is none of the type. */
    static JsonNode find(JsonNode status, String type) {
        for (JsonNode condition : status.path("conditions")) {
            if (Json.text(condition, "type").equals(type)) {
                return condition;
            }
        }
        return MissingNode.getInstance();
    }

    static boolean has(JsonNode status, String type, String reason) {
        return Json.text(find(status, type), "reason").equals(reason);
    }

    static boolean isTrue(JsonNode status, String type) {
        return Json.text(find(status, type), "status").equals("True");
    }

    /** Gives false where nothing had to be changed. */
    static boolean set(ObjectNode status, String type, String value, String reason, String message, String now) {
        JsonNode current = find(status, type);
        boolean sameStatus = Json.text(current, "status").equals(value);
        if (sameStatus && Json.text(current, "reason").equals(reason)) {
            return false;
        }
        String transition = sameStatus ? Json.text(current, "lastTransitionTime") : now;
        remove(status, type);
        add(status, type, value, reason, message, now, transition);
        return true;
    }

    /** As {@link #set}, but notes the progress even where status and reason stay the same. */
    static void refresh(ObjectNode status, String type, String value, String reason, String message, String now) {
        JsonNode current = find(status, type);
        boolean sameStatus = Json.text(current, "status").equals(value);
        String transition = sameStatus ? Json.text(current, "lastTransitionTime") : now;
        remove(status, type);
        add(status, type, value, reason, message, now, transition);
    }

    static void remove(ObjectNode status, String type) {
        if (status.get("conditions") instanceof ArrayNode conditions) {
            for (Iterator<JsonNode> all = conditions.iterator(); all.hasNext(); ) {
                if (Json.text(all.next(), "type").equals(type)) {
                    all.remove();
                }
            }
        }
    }

    private static void add(
            ObjectNode status,
            String type,
            String value,
            String reason,
            String message,
            String now,
            String transition) {
        status.withArray("conditions")
                .addObject()
                .put("lastTransitionTime", transition)
                .put("lastUpdateTime", now)
                .put("message", message)
                .put("reason", reason)
                .put("status", value)
                .put("type", type);
    }
}
