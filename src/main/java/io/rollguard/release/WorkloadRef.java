package io.rollguard.release;

import java.util.Comparator;
import java.util.regex.Pattern;

/** A workload by name. Written {@code <cluster>/<namespace>/<kind>/<name>} in keys and subjects of events. */
public record WorkloadRef(String cluster, String namespace, Kind kind, String name) implements Comparable<WorkloadRef> {

    private static final Comparator<WorkloadRef> ORDER = Comparator.comparing(WorkloadRef::cluster)
            .thenComparing(WorkloadRef::namespace)
            .thenComparing(WorkloadRef::kind)
            .thenComparing(WorkloadRef::name);

    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");

    public WorkloadRef {
        if (cluster.isEmpty() || namespace.isEmpty() || name.isEmpty()) {
            throw new IllegalArgumentException("a workload has a cluster, a namespace and a name");
        }
    }

    /** @throws IllegalArgumentException where the text is not {@code <cluster>/<namespace>/<kind>/<name>} */
    public static WorkloadRef parse(String text) {
        var parts = text.split("/", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException("not <cluster>/<namespace>/<kind>/<name>: " + text);
        }
        var kind = Kind.named(parts[2])
                .orElseThrow(() -> new IllegalArgumentException("not a kind of workload: " + parts[2]));
        return new WorkloadRef(parts[0], parts[1], kind, parts[3]);
    }

    /**
     * Whether an object or a namespace can have that name (RFC 1123). What people, events and annotations name ends up in paths
     * and in commands, and must stay one segment, one word.
     */
    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /** As people write it within one cluster. */
    public String shortName() {
        return namespace + "/" + name;
    }

    @Override
    public int compareTo(WorkloadRef other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return cluster + "/" + namespace + "/" + kind.label() + "/" + name;
    }
}
