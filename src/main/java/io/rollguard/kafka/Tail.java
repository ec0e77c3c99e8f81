package io.rollguard.kafka;

import io.rollguard.wire.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Reads a topic from some time on and follows it, on a thread of its own; a broker that is away is waited for, and reading
 * goes on where it stood. Every record is handed on once, in the order of its partition.
 */
final class Tail implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Tail.class);
    private static final Duration POLL = Duration.ofMillis(250);
    /** More in a moment than this mean that more are on their way: a little later they come together, at less cost. */
    private static final int BUSY = 64;

    private static final Duration MOMENT = Duration.ofMillis(100);
    private static final Duration GATHER = Duration.ofMillis(50);
    private static final Duration RETRY = Duration.ofMillis(500);
    private static final Duration LOOK_FOR_PARTITIONS = Duration.ofMinutes(1);

    private final Topic topic;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final Supplier<@Nullable Instant> from;
    private final Function<List<TopicPartition>, List<TopicPartition>> choice;
    private final Sink sink;
    private final Thread thread;
    private final Object pause = new Object();

    private final Map<TopicPartition, Long> next = new HashMap<>();
    private @Nullable Map<TopicPartition, Long> ends;
    private long began;
    private long taken;
    /** How many came since this moment began, and in the one before. */
    private int heard;

    private int before;
    private long moment = System.nanoTime();
    private String trouble = "";
    private volatile boolean whole;
    private volatile boolean closed;
    private volatile @Nullable Consumer<byte[], byte[]> current;

    /** Takes what is read. Called on the reading thread only. */
    interface Sink {

        void take(ConsumerRecord<byte[], byte[]> read);

        /** Called after each round, and when the end as of the start was reached. */
        default void idle() {}

        /** The topic holds less than was read of it: somebody made it anew. Reading begins again at its beginning. */
        default void begunAnew() {}
    }

    /**
     * @param from from which time on it is read; null from the beginning
     * @param choice which of the partitions are read
     */
    Tail(
            Topic topic,
            Supplier<Consumer<byte[], byte[]>> consumers,
            Supplier<@Nullable Instant> from,
            Function<List<TopicPartition>, List<TopicPartition>> choice,
            Sink sink) {
        this.topic = topic;
        this.consumers = consumers;
        this.from = from;
        this.choice = choice;
        this.sink = sink;
        this.thread =
                Thread.ofPlatform().daemon().name("read-" + topic.topicName()).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Whether everything was read that was there when reading began. */
    boolean isWhole() {
        return whole;
    }

    private void run() {
        while (!closed) {
            try (var consumer = consumers.get()) {
                current = consumer;
                read(consumer);
            } catch (WakeupException | InterruptException e) {
                // only close() does this
            } catch (OffsetOutOfRangeException e) {
                e.partitions().forEach(next::remove);
                LOG.errorf("%s no longer holds what was to be read next, so it is read from its beginning", topic);
                sink.begunAnew();
            } catch (RuntimeException e) {
                report(e);
                rest(RETRY);
            }
        }
    }

    private void read(Consumer<byte[], byte[]> consumer) {
        var partitions = partitions(consumer);
        if (partitions.isEmpty()) {
            rest(RETRY);
            return;
        }
        consumer.assign(partitions);
        seek(consumer, partitions);
        if (ends == null) {
            ends = consumer.endOffsets(partitions);
            began = System.nanoTime();
        }
        long looked = System.nanoTime();
        while (!closed) {
            check(consumer);
            var records = consumer.poll(POLL);
            taken += records.count();
            for (var partition : records.partitions()) {
                take(partition, records.records(partition));
            }
            trouble = "";
            sink.idle();
            if (isBusy(records.count()) && whole && records.count() < Clients.MAX_POLL) {
                rest(GATHER);
            }
            if (System.nanoTime() - looked > LOOK_FOR_PARTITIONS.toNanos()) {
                looked = System.nanoTime();
                if (partitions(consumer).size() != partitions.size()) {
                    return; // somebody gave the topic more of them
                }
            }
        }
    }

    /** One read at a time costs the broker more than the reading: it answers as soon as there is a single record. */
    private boolean isBusy(int read) {
        long passed = System.nanoTime() - moment;
        if (passed > MOMENT.toNanos()) {
            before = passed > 2 * MOMENT.toNanos() ? 0 : heard;
            heard = 0;
            moment += passed;
        }
        heard += read;
        return before + heard >= BUSY;
    }

    private void take(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records) {
        long done = -1;
        try {
            for (var record : records) {
                sink.take(record);
                done = record.offset() + 1;
            }
        } finally {
            if (done >= 0) {
                next.put(partition, done);
            }
        }
    }

    private List<TopicPartition> partitions(Consumer<byte[], byte[]> consumer) {
        return choice.apply(consumer.partitionsFor(topic.topicName()).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList());
    }

    private void seek(Consumer<byte[], byte[]> consumer, Collection<TopicPartition> partitions) {
        var begins = consumer.beginningOffsets(partitions);
        var starts = starts(consumer, partitions);
        for (var partition : partitions) {
            long begin = begins.getOrDefault(partition, 0L);
            var known = next.get(partition);
            long start = known != null ? known : starts.getOrDefault(partition, begin);
            consumer.seek(partition, Math.max(begin, start)); // what is older than the topic's retention is gone
        }
    }

    private Map<TopicPartition, Long> starts(Consumer<byte[], byte[]> consumer, Collection<TopicPartition> partitions) {
        var time = from.get();
        if (time == null) {
            return Map.of();
        }
        var wanted = new HashMap<TopicPartition, Long>();
        partitions.forEach(partition -> wanted.put(partition, time.toEpochMilli()));
        var ended = consumer.endOffsets(partitions);
        var starts = new HashMap<TopicPartition, Long>();
        consumer.offsetsForTimes(wanted)
                .forEach((partition, found) -> starts.put(
                        partition, found == null ? ended.getOrDefault(partition, 0L) : (Long) found.offset()));
        return starts;
    }

    private void check(Consumer<byte[], byte[]> consumer) {
        if (!whole && ends != null) {
            whole = ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
            if (whole) {
                LOG.infof(
                        "%s was read as it stood at the start: %d records in %d ms",
                        topic, taken, (System.nanoTime() - began) / 1_000_000);
            }
        }
    }

    /** Said again only when it changes. */
    private void report(RuntimeException e) {
        var text = String.valueOf(e.getMessage());
        if (!text.equals(trouble)) {
            trouble = text;
            LOG.warnf("%s can't be read, which is tried again: %s", topic, text);
        }
    }

    private void rest(Duration time) {
        synchronized (pause) {
            try {
                if (!closed) {
                    pause.wait(time.toMillis());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        synchronized (pause) {
            pause.notifyAll();
        }
        var consumer = current;
        if (consumer != null) {
            consumer.wakeup();
        }
        if (!thread.isAlive()) {
            return;
        }
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
