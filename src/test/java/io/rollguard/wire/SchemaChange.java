package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a newer schema of the same type breaks. A topic holds old events for as long as it keeps them, and consumers have old
 * schemas for as long as they like; so neither may an old event break the new schema nor a new event the old one. Allowed are
 * new properties (objects are open), new values of an open list ({@code examples}), and other words.
 */
final class SchemaChange {

    private static final Set<String> WORDS = Set.of("title", "description");
    /** Names that are properties' or parts', not the schema's. */
    private static final Set<String> NAMED = Set.of("properties", "$defs");

    private static final Set<String> CLOSED = Set.of("required", "enum", "type");

    private final List<String> broken = new ArrayList<>();

    private SchemaChange() {}

    /** Empty where nothing is broken. */
    static List<String> breaks(JsonNode old, JsonNode present) {
        var change = new SchemaChange();
        change.schema("", old, present);
        return change.broken;
    }

    private void schema(String path, JsonNode old, JsonNode present) {
        if (!old.isObject() || !present.isObject()) {
            if (!old.equals(present)) {
                broken.add(path + " changed");
            }
            return;
        }
        var keywords = names(old);
        keywords.addAll(names(present));
        keywords.removeAll(WORDS);
        for (var keyword : keywords) {
            keyword(path + "/" + keyword, keyword, old.path(keyword), present.path(keyword));
        }
    }

    private void keyword(String path, String keyword, JsonNode old, JsonNode present) {
        if (CLOSED.contains(keyword)) {
            gone(path, values(old), values(present));
            added(path, values(old), values(present));
        } else if (keyword.equals("examples")) {
            gone(path, values(old), values(present));
        } else if (NAMED.contains(keyword)) {
            gone(path, names(old), names(present));
            names(old).stream()
                    .filter(present::has)
                    .forEach(name -> schema(path + "/" + name, old.get(name), present.get(name)));
        } else if (old.isArray() && present.isArray() && old.size() == present.size()) {
            for (int at = 0; at < old.size(); at++) {
                schema(path + "/" + at, old.get(at), present.get(at));
            }
        } else if (old.isMissingNode()) {
            broken.add(path + " added");
        } else if (present.isMissingNode()) {
            broken.add(path + " gone");
        } else {
            schema(path, old, present);
        }
    }

    private void gone(String path, Set<String> old, Set<String> present) {
        old.stream().filter(each -> !present.contains(each)).forEach(each -> broken.add(path + ": " + each + " gone"));
    }

    private void added(String path, Set<String> old, Set<String> present) {
        present.stream().filter(each -> !old.contains(each)).forEach(each -> broken.add(path + ": " + each + " added"));
    }

    private static Set<String> names(JsonNode object) {
        var names = new TreeSet<String>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** A list's, or the one that stands for it. */
    private static Set<String> values(JsonNode list) {
        var values = new TreeSet<String>();
        if (list.isValueNode()) {
            values.add(list.asText());
        }
        list.forEach(value -> values.add(value.asText()));
        return values;
    }
}
