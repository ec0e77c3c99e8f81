package io.rollguard.release;

import java.time.Instant;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pod, reduced to what is used.
 *
 * @param revision name of the ReplicaSet or ControllerRevision that it was made from; null where no workload made it
 * @param node null while it is not scheduled
 * @param trouble what keeps its containers from running; null where nothing does
 */
public record PodFacts(
        String namespace,
        String name,
        @Nullable String revision,
        @Nullable String node,
        boolean ready,
        boolean terminating,
        Instant createdAt,
        @Nullable PodTrouble trouble) {

    private static final Pattern ORDINAL = Pattern.compile(".*-(\\d{1,9})");

    /** A pod whose containers run, or are about to. */
    public PodFacts(
            String namespace,
            String name,
            @Nullable String revision,
            @Nullable String node,
            boolean ready,
            boolean terminating,
            Instant createdAt) {
        this(namespace, name, revision, node, ready, terminating, createdAt, null);
    }

    /** Whether something is wrong with it at this time, and it is not about to leave. */
    public boolean isInTrouble(Instant at) {
        return trouble != null && !terminating && trouble.standsAt(at);
    }

    /** The place of a StatefulSet's pod among the others; the last where its name tells none. */
    public int ordinal() {
        var ordinal = ORDINAL.matcher(name);
        return ordinal.matches() ? Integer.parseInt(ordinal.group(1)) : Integer.MAX_VALUE;
    }
}
