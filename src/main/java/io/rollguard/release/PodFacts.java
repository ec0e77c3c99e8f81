package io.rollguard.release;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A pod, reduced to what is used.
 *
 * @param revision name of the ReplicaSet or ControllerRevision that it was made from; null where no workload made it
 * @param node null while it is not scheduled
 */
public record PodFacts(
        String namespace,
        String name,
        @Nullable String revision,
        @Nullable String node,
        boolean ready,
        boolean terminating,
        Instant createdAt) {}
