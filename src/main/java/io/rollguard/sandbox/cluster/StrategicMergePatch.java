package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A merge patch that knows which lists of built-in kinds are merged by a key: what {@code kubectl set image},
 * {@code apply} and {@code rollout undo} send. The order of merged lists is that of the object, new elements last.
 */
final class StrategicMergePatch {

    private static final Map<String, List<String>> KEYS = Map.of(
            "containers", List.of("name"),
            "initContainers", List.of("name"),
            "ephemeralContainers", List.of("name"),
            "volumes", List.of("name"),
            "env", List.of("name"),
            "imagePullSecrets", List.of("name"),
            "ports", List.of("containerPort", "port"),
            "volumeMounts", List.of("mountPath"),
            "conditions", List.of("type"),
            "ownerReferences", List.of("uid"));
    private static final String DIRECTIVE = "$patch";
    private static final String DELETE_FROM = "$deleteFromPrimitiveList/";

    private StrategicMergePatch() {}

    /** Gives the patched copy; the target stays as it is. */
    static ObjectNode apply(JsonNode patch, ObjectNode target) {
        if (patch instanceof ObjectNode changes) {
            ObjectNode result = target.deepCopy();
            merge(changes, result);
            return result;
        }
        throw ApiFailure.badRequest("a strategic merge patch is a JSON object");
    }

    private static void merge(ObjectNode changes, ObjectNode into) {
        if (Json.text(changes, DIRECTIVE).equals("replace")) {
            into.removeAll();
        }
        retain(changes, into);
        for (Map.Entry<String, JsonNode> change : changes.properties()) {
            String name = change.getKey();
            JsonNode value = change.getValue();
            if (name.startsWith(DELETE_FROM)) {
                deleteFrom(into, name.substring(DELETE_FROM.length()), value);
            } else if (name.startsWith("$")) {
                continue;
            } else if (value.isNull()) {
                into.remove(name);
            } else if (value instanceof ObjectNode nested) {
                if (Json.text(nested, DIRECTIVE).equals("delete")) {
                    into.remove(name);
                } else {
                    merge(nested, into.get(name) instanceof ObjectNode existing ? existing : into.putObject(name));
                }
            } else if (value instanceof ArrayNode list) {
                mergeList(name, list, into);
            } else {
                into.set(name, value);
            }
        }
    }

    private static void retain(ObjectNode changes, ObjectNode into) {
        if (changes.get("$retainKeys") instanceof ArrayNode kept) {
            List<String> names = new ArrayList<>();
            kept.forEach(name -> names.add(name.asText()));
            into.retain(names);
        }
    }

    private static void deleteFrom(ObjectNode into, String name, JsonNode gone) {
        if (into.get(name) instanceof ArrayNode list) {
            ArrayNode left = Json.NODES.arrayNode();
            for (JsonNode element : list) {
                if (!contains(gone, element)) {
                    left.add(element);
                }
            }
            into.set(name, left);
        }
    }

    private static void mergeList(String name, ArrayNode changes, ObjectNode into) {
        if (name.equals("finalizers") && into.get(name) instanceof ArrayNode present) {
            for (JsonNode finalizer : changes) {
                if (!contains(present, finalizer)) {
                    present.add(finalizer);
                }
            }
            return;
        }
        String key = keyOf(name, changes);
        if (key.isEmpty() || replaces(changes)) {
            ArrayNode replaced = Json.NODES.arrayNode();
            changes.forEach(element -> {
                if (!element.has(DIRECTIVE)) {
                    replaced.add(element.deepCopy());
                }
            });
            into.set(name, replaced);
            return;
        }
        ArrayNode present = into.get(name) instanceof ArrayNode list ? list : into.putArray(name);
        for (JsonNode change : changes) {
            int index = indexOf(present, key, change.path(key));
            if (Json.text(change, DIRECTIVE).equals("delete")) {
                if (index >= 0) {
                    present.remove(index);
                }
            } else if (index >= 0 && present.get(index) instanceof ObjectNode existing) {
                merge((ObjectNode) change, existing);
            } else {
                ObjectNode added = Json.object();
                merge((ObjectNode) change, added);
                present.add(added);
            }
        }
    }

    private static String keyOf(String name, ArrayNode changes) {
        for (String key : KEYS.getOrDefault(name, List.of())) {
            for (JsonNode change : changes) {
                if (change.isObject() && change.has(key)) {
                    return key;
                }
            }
        }
        return "";
    }

    private static boolean replaces(ArrayNode changes) {
        for (JsonNode change : changes) {
            if (Json.text(change, DIRECTIVE).equals("replace")) {
                return true;
            }
        }
        return false;
    }

    private static int indexOf(ArrayNode list, String key, JsonNode value) {
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i).path(key).equals(value)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean contains(JsonNode list, JsonNode value) {
        for (JsonNode element : list) {
            if (element.equals(value)) {
                return true;
            }
        }
        return false;
    }
}
