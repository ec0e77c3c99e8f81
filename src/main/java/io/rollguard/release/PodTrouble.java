package io.rollguard.release;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a pod.
 *
 * @param since when it began; may lie ahead where what is seen is trouble only if it stays
 * @param until when it counts as over unless something worse is seen before: a container that has crashed often and runs
 *     again is well only after a while; null where it stands until the pod changes
 */
public record PodTrouble(
        Trouble kind, Instant since, @Nullable Instant until) {

    public boolean standsAt(Instant at) {
        return !at.isBefore(since) && (until == null || at.isBefore(until));
    }
}
