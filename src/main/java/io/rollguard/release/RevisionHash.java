package io.rollguard.release;

/** Names one pod template of a workload: the pod-template hash, or for StatefulSet and DaemonSet the ControllerRevision hash. */
public record RevisionHash(String value) implements Comparable<RevisionHash> {

    public RevisionHash {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a revision hash is not empty");
        }
    }

    @Override
    public int compareTo(RevisionHash other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
