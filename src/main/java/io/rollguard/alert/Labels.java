package io.rollguard.alert;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * A label set, sorted by name. A label with an empty value is the same as no label (Prometheus' data model). Held in one
 * array, since the table may hold a million.
 */
public final class Labels {

    public static final Labels NONE = new Labels(new String[0]);

    /** Labels whose value may be the name or the hash of an object in the alert's namespace. */
    private static final List<String> NAMING = List.of(
            "pod",
            "replicaset",
            "service",
            "workload",
            "deployment",
            "statefulset",
            "daemonset",
            "rollout",
            "rollouts_pod_template_hash",
            "pod_template_hash");

    private static final String EXPORTED = "exported_";

    /** What a controller puts behind the name of a ReplicaSet to name a pod: a dash and so many letters and digits. */
    private static final int POD_SUFFIX = 5;

    /** Names and values by turns, by name. */
    private final String[] pairs;

    private Labels(String[] pairs) {
        this.pairs = pairs;
    }

    public static Labels of(Map<String, String> values) {
        var sorted = new TreeMap<>(values);
        sorted.values().removeIf(String::isEmpty);
        var pairs = new String[2 * sorted.size()];
        int at = 0;
        for (var label : sorted.entrySet()) {
            pairs[at++] = label.getKey();
            pairs[at++] = label.getValue();
        }
        return new Labels(pairs);
    }

    /**
     * Labels that are in order already.
     *
     * @param pairs names and values by turns
     * @throws IllegalArgumentException where the names do not ascend, or a value is empty
     */
    public static Labels sorted(List<String> pairs) {
        for (int at = 0; at < pairs.size(); at += 2) {
            boolean ascends = at == 0 || pairs.get(at - 2).compareTo(pairs.get(at)) < 0;
            if (!ascends || pairs.get(at + 1).isEmpty()) {
                throw new IllegalArgumentException("labels ascend by name, and none is empty");
            }
        }
        return new Labels(pairs.toArray(String[]::new));
    }

    public boolean isEmpty() {
        return pairs.length == 0;
    }

    public SortedMap<String, String> values() {
        var values = new TreeMap<String, String>();
        for (int at = 0; at < pairs.length; at += 2) {
            values.put(pairs[at], pairs[at + 1]);
        }
        return Collections.unmodifiableSortedMap(values);
    }

    public int size() {
        return pairs.length / 2;
    }

    /** @param at from 0, in the order of the names */
    public String name(int at) {
        return pairs[2 * at];
    }

    /** @param at from 0, in the order of the names */
    public String value(int at) {
        return pairs[2 * at + 1];
    }

    public Optional<String> get(String name) {
        for (int at = 0; at < pairs.length; at += 2) {
            if (pairs[at].equals(name)) {
                return Optional.of(pairs[at + 1]);
            }
        }
        return Optional.empty();
    }

    public boolean has(String name) {
        return get(name).isPresent();
    }

    /** The alert's name, or the empty string: Alertmanager demands a label, not this one. */
    public String alertname() {
        return get("alertname").orElse("");
    }

    /**
     * The namespace that the alert is about. {@code exported_namespace} wins: where it is present, the plain label is the
     * namespace of the exporter that was scraped (facts: a label clash without honor_labels).
     */
    public Optional<String> namespace() {
        return get("exported_namespace").or(() -> get("namespace"));
    }

    /**
     * Every name and hash by which the labels may speak of an object of their namespace, and that of the ReplicaSet which a
     * pod's name begins with. More than attribution makes of them, never less: {@link AlertTable} finds alerts by these.
     */
    public Set<String> subjects() {
        var subjects = new TreeSet<String>();
        for (int at = 0; at < pairs.length; at += 2) {
            var name = pairs[at].startsWith(EXPORTED) ? pairs[at].substring(EXPORTED.length()) : pairs[at];
            if (NAMING.contains(name)) {
                var value = pairs[at + 1];
                subjects.add(value);
                int dash = value.length() - POD_SUFFIX - 1;
                if (name.equals("pod") && dash > 0 && value.charAt(dash) == '-') {
                    subjects.add(value.substring(0, dash));
                }
            }
        }
        return subjects;
    }

    /** The same with each value put through this, which gives back an equal one. */
    Labels share(UnaryOperator<String> one) {
        var shared = pairs.clone();
        for (int at = 1; at < shared.length; at += 2) {
            shared[at] = one.apply(shared[at]);
        }
        return new Labels(shared);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Labels that && Arrays.equals(pairs, that.pairs);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(pairs);
    }

    @Override
    public String toString() {
        return values().toString();
    }
}
