package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * RFC 6902 as kube-apiserver applies it, which is laxer than the RFC in two places: {@code test} of null passes where
 * only the last path element is missing, and {@code replace} of a missing last element adds it. A patch that does not
 * apply is one and the same 422, whatever failed.
 */
final class JsonPatch {

    private static final int MOST_OPERATIONS = 10_000;

    private JsonPatch() {}

    /** Gives the patched copy; the target stays as it is. */
    static ObjectNode apply(JsonNode patch, ObjectNode target) {
        if (!patch.isArray()) {
            throw ApiFailure.badRequest(
                    "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
        }
        if (patch.size() > MOST_OPERATIONS) {
            throw ApiFailure.tooLarge();
        }
        JsonNode document = target.deepCopy();
        for (JsonNode operation : patch) {
            document = apply(operation, document);
        }
        if (document instanceof ObjectNode object) {
            return object;
        }
        throw ApiFailure.patchDoesNotApply();
    }

    private static JsonNode apply(JsonNode operation, JsonNode document) {
        List<String> path = pointer(operation.path("path"));
        return switch (Json.text(operation, "op")) {
            case "test" -> {
                if (!read(document, path, true)
                        .equals(operation.has("value") ? operation.get("value") : NullNode.instance)) {
                    throw ApiFailure.patchDoesNotApply();
                }
                yield document;
            }
            case "add" -> add(document, path, value(operation));
            case "replace" -> replace(document, path, value(operation));
            case "remove" -> remove(document, path);
            case "copy" ->
                add(
                        document,
                        path,
                        read(document, pointer(operation.path("from")), false).deepCopy());
            case "move" -> {
                List<String> from = pointer(operation.path("from"));
                JsonNode moved = read(document, from, false);
                yield add(remove(document, from), path, moved);
            }
            default -> throw ApiFailure.patchDoesNotApply();
        };
    }

    private static JsonNode value(JsonNode operation) {
        if (!operation.has("value")) {
            throw ApiFailure.patchDoesNotApply();
        }
        return operation.get("value").deepCopy();
    }

    private static JsonNode read(JsonNode document, List<String> path, boolean missingLeafIsNull) {
        if (path.isEmpty()) {
            return document;
        }
        JsonNode parent = parent(document, path);
        String leaf = path.getLast();
        if (parent instanceof ArrayNode array) {
            return array.get(index(leaf, array.size() - 1));
        }
        if (parent.has(leaf)) {
            return parent.get(leaf);
        }
        if (missingLeafIsNull) {
            return NullNode.instance;
        }
        throw ApiFailure.patchDoesNotApply();
    }

    private static JsonNode add(JsonNode document, List<String> path, JsonNode value) {
        if (path.isEmpty()) {
            return value;
        }
        JsonNode parent = parent(document, path);
        String leaf = path.getLast();
        if (parent instanceof ArrayNode array) {
            array.insert(leaf.equals("-") ? array.size() : index(leaf, array.size()), value);
        } else {
            ((ObjectNode) parent).set(leaf, value);
        }
        return document;
    }

    private static JsonNode replace(JsonNode document, List<String> path, JsonNode value) {
        if (path.isEmpty()) {
            return value;
        }
        JsonNode parent = parent(document, path);
        String leaf = path.getLast();
        if (parent instanceof ArrayNode array) {
            array.set(index(leaf, array.size() - 1), value);
        } else {
            ((ObjectNode) parent).set(leaf, value);
        }
        return document;
    }

    private static JsonNode remove(JsonNode document, List<String> path) {
        if (path.isEmpty()) {
            throw ApiFailure.patchDoesNotApply();
        }
        JsonNode parent = parent(document, path);
        String leaf = path.getLast();
        if (parent instanceof ArrayNode array) {
            array.remove(index(leaf, array.size() - 1));
        } else if (((ObjectNode) parent).remove(leaf) == null) {
            throw ApiFailure.patchDoesNotApply();
        }
        return document;
    }

    private static JsonNode parent(JsonNode document, List<String> path) {
        JsonNode here = document;
        for (String element : path.subList(0, path.size() - 1)) {
            if (here instanceof ArrayNode array) {
                here = array.get(index(element, array.size() - 1));
            } else if (here.has(element)) {
                here = here.get(element);
            } else {
                throw ApiFailure.patchDoesNotApply();
            }
        }
        if (!here.isContainerNode()) {
            throw ApiFailure.patchDoesNotApply();
        }
        return here;
    }

    private static int index(String element, int most) {
        try {
            int index = Integer.parseInt(element);
            if (index >= 0 && index <= most) {
                return index;
            }
        } catch (NumberFormatException e) {
            throw ApiFailure.patchDoesNotApply();
        }
        throw ApiFailure.patchDoesNotApply();
    }

    private static List<String> pointer(JsonNode path) {
        String text = path.asText("");
        if (!path.isTextual() || !(text.isEmpty() || text.startsWith("/"))) {
            throw ApiFailure.patchDoesNotApply();
        }
        List<String> elements = new ArrayList<>();
        if (!text.isEmpty()) {
            for (String element : text.substring(1).split("/", -1)) {
                elements.add(element.replace("~1", "/").replace("~0", "~"));
            }
        }
        return elements;
    }
}
