package io.rollguard.release;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A node.
 *
 * @param leaseRenewedAt when its kubelet was last heard of; null where its lease was not read
 */
public record NodeFacts(
        String name, boolean ready, @Nullable Instant leaseRenewedAt) {}
