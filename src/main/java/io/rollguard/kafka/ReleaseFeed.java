package io.rollguard.kafka;

import io.rollguard.reactor.ReleaseEvents;
import io.rollguard.release.Release;
import io.rollguard.wire.Events;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.Producer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Writes what releases do to their topic, from a thread of its own with a bounded queue: the reactor never waits for it. */
@Singleton
class ReleaseFeed implements ReleaseEvents {

    private static final Logger LOG = Logger.getLogger(ReleaseFeed.class);
    private static final int QUEUE = 10_000;

    private final Clients clients;
    private final ExecutorService writer = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(QUEUE),
            Thread.ofPlatform().daemon().name("releases").factory());
    private @Nullable Producer<byte[], byte[]> producer;

    ReleaseFeed(Clients clients) {
        this.clients = clients;
    }

    @Override
    public void happened(Step step, Release release, Instant at) {
        try {
            writer.execute(() -> write(step, release, at));
        } catch (RejectedExecutionException e) {
            LOG.warnf(
                    "the event release.%s of %s is lost: too many wait for the broker",
                    step.label(), release.workload());
        }
    }

    private void write(Step step, Release release, Instant at) {
        try {
            producer().send(Records.of(Events.release(step, release, at), null), (metadata, failure) -> {
                if (failure != null) {
                    lost(step, release, failure);
                }
            });
        } catch (RuntimeException e) {
            lost(step, release, e);
        }
    }

    private static void lost(Step step, Release release, Exception failure) {
        LOG.warnf("the event release.%s of %s could not be written: %s", step.label(), release.workload(), failure);
    }

    private synchronized Producer<byte[], byte[]> producer() {
        if (producer == null) {
            producer = clients.releaseProducer();
        }
        return producer;
    }

    @PreDestroy
    synchronized void close() {
        writer.shutdownNow();
        if (producer != null) {
            producer.close(Duration.ofSeconds(2));
        }
    }
}
