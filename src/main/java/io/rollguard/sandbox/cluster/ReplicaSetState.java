package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.function.ToIntFunction;

/** A ReplicaSet as its owner reads it. */
record ReplicaSetState(ObjectNode tree) {

    static final Comparator<ReplicaSetState> OLDEST_FIRST =
            Comparator.comparing(ReplicaSetState::created).thenComparing(ReplicaSetState::name);

    ObjectKey key() {
        return ObjectKey.of(Catalog.REPLICA_SETS, tree);
    }

    String name() {
        return Metadata.name(tree);
    }

    Instant created() {
        return Metadata.created(tree);
    }

    /** Wanted. */
    int replicas() {
        return (int) Json.number(tree, 1, "spec", "replicas");
    }

    /** There. */
    int actual() {
        return (int) Json.number(tree, 0, "status", "replicas");
    }

    int ready() {
        return (int) Json.number(tree, 0, "status", "readyReplicas");
    }

    int available() {
        return (int) Json.number(tree, 0, "status", "availableReplicas");
    }

    String annotation(String key) {
        return Metadata.annotation(tree, key);
    }

    long revision(String annotation) {
        try {
            return Long.parseLong(annotation(annotation));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Scaled to nothing, and the controller has seen to it. */
    boolean isIdle() {
        return actual() == 0
                && replicas() == 0
                && Metadata.generation(tree) <= Json.number(tree, 0, "status", "observedGeneration")
                && !Metadata.deleting(tree);
    }

    static int sum(Collection<ReplicaSetState> sets, ToIntFunction<ReplicaSetState> count) {
        return sets.stream().mapToInt(count).sum();
    }
}
