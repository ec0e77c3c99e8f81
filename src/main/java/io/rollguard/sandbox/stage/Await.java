package io.rollguard.sandbox.stage;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waiting for something to become true in another process: asked every 20 ms, up to a deadline. */
public final class Await {

    private static final Duration STEP = Duration.ofMillis(20);
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private Await() {}

    /** @throws AssertionError naming what did not come to pass */
    public static void until(String what, Duration atMost, BooleanSupplier condition) {
        value(what, atMost, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty());
    }

    /**
     * The same for somebody who tries again every 3 s. Argo Rollouts before 1.10 overlooks what is written while it writes
     * itself, until something else changes.
     *
     * @param again what is done then
     */
    public static void insistently(String what, Duration atMost, Runnable again, BooleanSupplier condition) {
        var tryAt = new AtomicLong(System.nanoTime() + PATIENCE.toNanos());
        until(what, atMost, () -> {
            if (System.nanoTime() - tryAt.get() > 0) {
                tryAt.addAndGet(PATIENCE.toNanos());
                again.run();
            }
            return condition.getAsBoolean();
        });
    }

    /** The value, once it is there. */
    public static <T> T value(String what, Duration atMost, Supplier<Optional<T>> supplier) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (true) {
            var value = supplier.get();
            if (value.isPresent()) {
                return value.get();
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within %d s: %s".formatted(atMost.toSeconds(), what));
            }
            if (Thread.interrupted()) {
                throw new IllegalStateException("interrupted while waiting for: " + what);
            }
            LockSupport.parkNanos(STEP.toNanos());
        }
    }
}
