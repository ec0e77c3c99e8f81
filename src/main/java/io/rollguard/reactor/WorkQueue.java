package io.rollguard.reactor;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keys that want work. A key is worked on by one worker at a time; added while it waits it is there once, added while it is
 * worked on it comes again after. As in the controllers of Kubernetes.
 */
final class WorkQueue<K> implements AutoCloseable {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<K> waiting = new LinkedHashSet<>();
    private final Set<K> working = new HashSet<>();
    private final Set<K> again = new HashSet<>();
    private final Map<K, ScheduledFuture<?>> later = new HashMap<>();
    private @Nullable ScheduledExecutorService timer;
    private boolean closed;

    /** Begins to keep time. Before that, keys may be added but none is put off: nobody works yet. */
    void open() {
        lock.lock();
        try {
            if (timer == null && !closed) {
                timer = Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("reactor-timer").factory());
            }
        } finally {
            lock.unlock();
        }
    }

    void add(K key) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (working.contains(key)) {
                again.add(key);
            } else if (waiting.add(key)) {
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Adds the key after a while, unless it is to be added earlier already. */
    void addAfter(K key, Duration delay) {
        lock.lock();
        try {
            if (closed || timer == null) {
                return;
            }
            var planned = later.get(key);
            long nanos = Math.max(0, delay.toNanos());
            if (planned != null && !planned.isDone()) {
                if (planned.getDelay(TimeUnit.NANOSECONDS) <= nanos) {
                    return;
                }
                planned.cancel(false);
            }
            later.put(key, timer.schedule(() -> due(key), nanos, TimeUnit.NANOSECONDS));
        } finally {
            lock.unlock();
        }
    }

    private void due(K key) {
        lock.lock();
        try {
            later.remove(key);
        } finally {
            lock.unlock();
        }
        add(key);
    }

    /** Waits for a key. Whoever takes it must say {@link #done}. */
    K take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (waiting.isEmpty()) {
                changed.await();
            }
            var key = waiting.iterator().next();
            waiting.remove(key);
            working.add(key);
            return key;
        } finally {
            lock.unlock();
        }
    }

    void done(K key) {
        lock.lock();
        try {
            working.remove(key);
            if (again.remove(key) && waiting.add(key)) {
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            waiting.clear();
            again.clear();
            if (timer != null) {
                timer.shutdownNow();
            }
        } finally {
            lock.unlock();
        }
    }
}
