package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps {@code metadata.managedFields}: who wrote which field last. Containers and what is named in them are followed
 * element by element; every other list is one field.
 */
final class ManagedFields {

    private static final Set<String> UNMANAGED = Set.of(
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "managedFields",
            "selfLink");

    private static final Map<String, List<String>> KEYED = Map.of(
            "containers", List.of("name"),
            "initContainers", List.of("name"),
            "env", List.of("name"),
            "volumes", List.of("name"),
            "volumeMounts", List.of("mountPath"),
            "ports", List.of("containerPort", "protocol"));

    private ManagedFields() {}

    /**
     * Credits the writer with what differs and takes it from everybody else.
     *
     * @param before null for a new object
     */
    static void record(@Nullable ObjectNode before, ObjectNode after, Writer writer, String subresource, String time) {
        ObjectNode written = Json.object();
        ObjectNode gone = Json.object();
        for (String root : rootsOf(before, after)) {
            compare(root, before == null ? null : before.get(root), after.get(root), written, gone, true);
        }
        ArrayNode entries = Metadata.of(after).get("managedFields") instanceof ArrayNode array
                ? array.deepCopy()
                : Json.NODES.arrayNode();
        ObjectNode own = null;
        for (Iterator<JsonNode> all = entries.iterator(); all.hasNext(); ) {
            ObjectNode entry = (ObjectNode) all.next();
            ObjectNode fields = Json.ensure(entry, "fieldsV1");
            subtract(fields, gone);
            if (isOwn(entry, after, writer, subresource)) {
                own = entry;
            } else {
                subtract(fields, written);
                if (fields.isEmpty()) {
                    all.remove();
                }
            }
        }
        if (!written.isEmpty()) {
            if (own == null) {
                own = entries.addObject();
                own.put("apiVersion", Json.text(after, "apiVersion"));
                own.put("fieldsType", "FieldsV1").putObject("fieldsV1");
                own.put("manager", writer.name()).put("operation", "Update");
                if (!subresource.isEmpty()) {
                    own.put("subresource", subresource);
                }
            }
            own.put("time", time);
            add(Json.ensure(own, "fieldsV1"), written);
        }
        Metadata.of(after).set("managedFields", entries);
    }

    private static boolean isOwn(JsonNode entry, JsonNode object, Writer writer, String subresource) {
        return Json.text(entry, "manager").equals(writer.name())
                && Json.text(entry, "operation").equals("Update")
                && Json.text(entry, "subresource").equals(subresource)
                && Json.text(entry, "apiVersion").equals(Json.text(object, "apiVersion"));
    }

    private static Set<String> rootsOf(@Nullable ObjectNode before, ObjectNode after) {
        Set<String> roots = new LinkedHashSet<>();
        after.fieldNames().forEachRemaining(roots::add);
        if (before != null) {
            before.fieldNames().forEachRemaining(roots::add);
        }
        roots.remove("apiVersion");
        roots.remove("kind");
        return roots;
    }

    private static void compare(
            String name,
            @Nullable JsonNode before,
            @Nullable JsonNode after,
            ObjectNode written,
            ObjectNode gone,
            boolean root) {
        compareViews(
                name,
                before == null ? null : view(name, before),
                after == null ? null : view(name, after),
                written,
                gone,
                root);
    }

    /** A list of named elements as a map of them, so that it is compared like one. */
    private static JsonNode view(String name, JsonNode value) {
        List<String> keys = KEYED.get(name);
        if (keys == null || !value.isArray()) {
            return value;
        }
        ObjectNode elements = Json.object();
        for (JsonNode element : value) {
            ObjectNode key = Json.object();
            for (String field : keys) {
                if (!element.has(field)) {
                    return value;
                }
                key.set(field, element.get(field));
            }
            elements.set("k:" + key, element);
        }
        return elements;
    }

    private static String field(String member) {
        return member.startsWith("k:{") ? member : "f:" + member;
    }

    private static void compareViews(
            String name,
            @Nullable JsonNode before,
            @Nullable JsonNode after,
            ObjectNode written,
            ObjectNode gone,
            boolean root) {
        if (after == null) {
            gone.putObject(field(name));
        } else if (before instanceof ObjectNode old && after instanceof ObjectNode now && !now.isEmpty()) {
            ObjectNode deeperWritten = Json.object();
            ObjectNode deeperGone = Json.object();
            Set<String> members = new LinkedHashSet<>();
            now.fieldNames().forEachRemaining(members::add);
            old.fieldNames().forEachRemaining(members::add);
            boolean metadata = root && name.equals("metadata");
            for (String member : members) {
                if (!(metadata && UNMANAGED.contains(member))) {
                    compare(member, old.get(member), now.get(member), deeperWritten, deeperGone, false);
                }
            }
            put(written, name, deeperWritten);
            put(gone, name, deeperGone);
        } else if (!after.equals(before)) {
            boolean metadata = root && name.equals("metadata");
            put(written, name, all(after, metadata), !metadata);
        }
    }

    private static void put(ObjectNode into, String name, ObjectNode deeper) {
        put(into, name, deeper, false);
    }

    private static void put(ObjectNode into, String name, ObjectNode deeper, boolean evenEmpty) {
        if (evenEmpty || !deeper.isEmpty()) {
            into.set(field(name), deeper);
        }
    }

    private static ObjectNode all(JsonNode value, boolean metadata) {
        ObjectNode fields = Json.object();
        if (value instanceof ObjectNode object && !object.isEmpty()) {
            if (!metadata) {
                fields.putObject(".");
            }
            object.properties().forEach(member -> {
                if (!(metadata && UNMANAGED.contains(member.getKey()))) {
                    fields.set(field(member.getKey()), all(view(member.getKey(), member.getValue()), false));
                }
            });
        }
        return fields;
    }

    private static void add(ObjectNode fields, ObjectNode more) {
        more.properties().forEach(field -> {
            ObjectNode deeper = fields.get(field.getKey()) instanceof ObjectNode existing
                    ? existing
                    : fields.putObject(field.getKey());
            add(deeper, (ObjectNode) field.getValue());
        });
    }

    private static void subtract(ObjectNode fields, ObjectNode less) {
        less.properties().forEach(field -> {
            if (fields.get(field.getKey()) instanceof ObjectNode deeper) {
                boolean leaf = field.getValue().isEmpty();
                if (!leaf) {
                    subtract(deeper, (ObjectNode) field.getValue());
                }
                if (leaf || deeper.isEmpty()) {
                    fields.remove(field.getKey());
                }
            }
        });
    }
}
