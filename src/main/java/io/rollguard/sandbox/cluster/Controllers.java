package io.rollguard.sandbox.cluster;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Runs the controllers on one thread. Each gets the keys of objects that changed, a key at most once at a time, and reads
 * what is true then. A part can be frozen, as if its process had been stopped: its work waits until it is thawed.
 */
public final class Controllers implements AutoCloseable {

    /** What can be frozen by itself. */
    public enum Part {
        DEPLOYMENTS(5),
        REPLICA_SETS(5),
        STATEFUL_SETS(5),
        DAEMON_SETS(5),
        ROLLOUTS(15),
        KUBELETS(0),
        NODES(0),
        GARBAGE_COLLECTION(20);

        private final Duration latency;

        Part(int latencyMillis) {
            this.latency = Duration.ofMillis(latencyMillis);
        }
    }

    interface Reconciler {
        void reconcile(ObjectKey key);
    }

    private record Work(Part part, ObjectKey key) {}

    private static final Logger LOG = Logger.getLogger(Controllers.class.getName());
    private static final Duration RETRY = Duration.ofMillis(20);

    private final InstantSource clock;
    private final Map<Part, Reconciler> reconcilers = new EnumMap<>(Part.class);
    private final Set<Work> due = ConcurrentHashMap.newKeySet();
    private final Map<Work, Instant> alarms = new ConcurrentHashMap<>();
    private final Set<Part> frozen = EnumSet.noneOf(Part.class);
    private final List<Work> held = new ArrayList<>();
    private final ScheduledThreadPoolExecutor thread;

    Controllers(InstantSource clock) {
        this.clock = clock;
        this.thread = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("sandbox-controllers").factory());
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    void add(Part part, Reconciler reconciler) {
        reconcilers.put(part, reconciler);
    }

    /** Safe to call with the store locked. */
    void enqueue(Part part, ObjectKey key) {
        Work work = new Work(part, key);
        if (due.add(work)) {
            schedule(() -> run(work), part.latency);
        }
    }

    /** One alarm a key: an earlier one makes the reconciler look and set the later one anew. */
    void enqueueAfter(Part part, ObjectKey key, Duration delay) {
        if (delay.isNegative() || delay.isZero()) {
            enqueue(part, key);
            return;
        }
        Work work = new Work(part, key);
        Instant at = clock.instant().plus(delay);
        Instant set = alarms.get(work);
        if (set == null || set.isAfter(at) || set.isBefore(clock.instant())) {
            alarms.put(work, at);
            schedule(
                    () -> {
                        alarms.remove(work, at);
                        enqueue(part, key);
                    },
                    delay);
        }
    }

    /** Stops all controllers and kubelets between two steps. */
    public void freeze() {
        freeze(Part.values());
    }

    public synchronized void freeze(Part... parts) {
        frozen.addAll(List.of(parts));
    }

    /** Lets everything go on, beginning with what waited. */
    public synchronized void thaw() {
        frozen.clear();
        List<Work> waiting = List.copyOf(held);
        held.clear();
        waiting.forEach(work -> enqueue(work.part(), work.key()));
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warning("a controller does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean holdIfFrozen(Work work) {
        boolean hold = frozen.contains(work.part());
        if (hold) {
            held.add(work);
        }
        return hold;
    }

    private void run(Work work) {
        due.remove(work);
        Reconciler reconciler = reconcilers.get(work.part());
        if (reconciler == null || holdIfFrozen(work)) {
            return;
        }
        try {
            reconciler.reconcile(work.key());
        } catch (ApiFailure failure) {
            // what it worked on has changed under its hands: look again
            enqueueAfter(work.part(), work.key(), RETRY);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "could not reconcile " + work.key(), e);
            enqueueAfter(work.part(), work.key(), RETRY.multipliedBy(50));
        }
    }

    private void schedule(Runnable task, Duration delay) {
        if (!thread.isShutdown()) {
            thread.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }
}
