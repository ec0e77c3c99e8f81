package io.rollguard.release;

import java.util.Comparator;

/**
 * An object beside the workload that its pod template names.
 *
 * @param needed whether pods don't start without it
 */
public record Reference(Kind kind, String name, boolean needed) implements Comparable<Reference> {

    private static final Comparator<Reference> ORDER = Comparator.comparing(Reference::kind)
            .thenComparing(Reference::name)
            .thenComparing(Reference::needed, Comparator.reverseOrder());

    /** The kinds that a template can name. */
    public enum Kind {
        CONFIG_MAP("ConfigMap", "configmaps"),
        SECRET("Secret", "secrets"),
        SERVICE_ACCOUNT("ServiceAccount", "serviceaccounts"),
        CLAIM("PersistentVolumeClaim", "persistentvolumeclaims");

        private final String label;
        private final String plural;

        Kind(String label, String plural) {
            this.label = label;
            this.plural = plural;
        }

        public String plural() {
            return plural;
        }
    }

    @Override
    public int compareTo(Reference other) {
        return ORDER.compare(this, other);
    }

    /** As people name it: {@code ConfigMap search-config}. */
    @Override
    public String toString() {
        return kind.label + " " + name;
    }
}
