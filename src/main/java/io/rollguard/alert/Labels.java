package io.rollguard.alert;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A label set, sorted by name. A label with an empty value is the same as no label (Prometheus' data model). */
public record Labels(SortedMap<String, String> values) {

    public static final Labels NONE = new Labels(Collections.emptySortedMap());

    public Labels {
        var copy = new TreeMap<>(values);
        copy.values().removeIf(String::isEmpty);
        values = Collections.unmodifiableSortedMap(copy);
    }

    public static Labels of(Map<String, String> values) {
        return new Labels(new TreeMap<>(values));
    }

    public Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /** The alert's name, or the empty string: Alertmanager demands a label, not this one. */
    public String alertname() {
        return values.getOrDefault("alertname", "");
    }

    /**
     * The namespace that the alert is about. {@code exported_namespace} wins: where it is present, the plain label is the
     * namespace of the exporter that was scraped (facts: a label clash without honor_labels).
     */
    public Optional<String> namespace() {
        return get("exported_namespace").or(() -> get("namespace"));
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
