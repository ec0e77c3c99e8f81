package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads and writes {@code metadata} of an object tree. */
final class Metadata {

    private Metadata() {}

    static ObjectNode of(ObjectNode object) {
        return Json.ensure(object, "metadata");
    }

    static String name(JsonNode object) {
        return Json.text(object, "metadata", "name");
    }

    static String namespace(JsonNode object) {
        return Json.text(object, "metadata", "namespace");
    }

    static String uid(JsonNode object) {
        return Json.text(object, "metadata", "uid");
    }

    static long generation(JsonNode object) {
        return Json.number(object, 0, "metadata", "generation");
    }

    static String label(JsonNode object, String key) {
        return Json.text(object, "metadata", "labels", key);
    }

    static String annotation(JsonNode object, String key) {
        return Json.text(object, "metadata", "annotations", key);
    }

    static boolean annotated(JsonNode object, String key) {
        return Json.at(object, "metadata", "annotations").has(key);
    }

    static void annotate(ObjectNode object, String key, String value) {
        Json.ensure(object, "metadata", "annotations").put(key, value);
    }

    static boolean deleting(JsonNode object) {
        return Json.at(object, "metadata").has("deletionTimestamp");
    }

    static List<String> finalizers(JsonNode object) {
        List<String> finalizers = new ArrayList<>();
        Json.at(object, "metadata", "finalizers").forEach(finalizer -> finalizers.add(finalizer.asText()));
        return finalizers;
    }

    static void setFinalizers(ObjectNode object, List<String> finalizers) {
        if (finalizers.isEmpty()) {
            of(object).remove("finalizers");
        } else {
            var array = of(object).putArray("finalizers");
            finalizers.forEach(array::add);
        }
    }

    static List<String> ownerUids(JsonNode object) {
        List<String> uids = new ArrayList<>();
        Json.at(object, "metadata", "ownerReferences").forEach(owner -> uids.add(Json.text(owner, "uid")));
        return uids;
    }

    static @Nullable JsonNode controllerOf(JsonNode object) {
        for (JsonNode owner : Json.at(object, "metadata", "ownerReferences")) {
            if (owner.path("controller").asBoolean()) {
                return owner;
            }
        }
        return null;
    }

    static boolean isControlledBy(JsonNode object, JsonNode owner) {
        JsonNode controller = controllerOf(object);
        return controller != null && Json.text(controller, "uid").equals(uid(owner));
    }

    static void addControllerReference(ObjectNode object, ResourceType type, JsonNode owner) {
        of(object)
                .putArray("ownerReferences")
                .addObject()
                .put("apiVersion", type.apiVersion())
                .put("blockOwnerDeletion", true)
                .put("controller", true)
                .put("kind", type.kind())
                .put("name", name(owner))
                .put("uid", uid(owner));
    }

    static Instant created(JsonNode object) {
        return instant(Json.text(object, "metadata", "creationTimestamp"), Instant.EPOCH);
    }

    static Instant instant(String text, Instant otherwise) {
        try {
            return text.isEmpty() ? otherwise : Instant.parse(text);
        } catch (DateTimeParseException e) {
            return otherwise;
        }
    }

    /** Times in objects have a resolution of one second. */
    static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
