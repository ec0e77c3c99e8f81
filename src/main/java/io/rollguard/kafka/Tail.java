package io.rollguard.kafka;

import io.rollguard.wire.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Reads a topic from some time on and follows it, on a thread of its own; a broker that is away is waited for, and reading
 * goes on where it stood. Every record is handed on once, in the order of its partition. What stands there at the start may be
 * read by several, each a share of the partitions.
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
    private static final Duration SAY_HOW_FAR = Duration.ofSeconds(5);

    private final Topic topic;
    private final IntFunction<Consumer<byte[], byte[]>> consumers;
    private final Supplier<@Nullable Instant> from;
    private final Function<List<TopicPartition>, List<TopicPartition>> choice;
    private final int readers;
    private final Sink sink;
    private final Thread thread;
    private final Object pause = new Object();

    private final Map<TopicPartition, Long> next = new ConcurrentHashMap<>();
    private @Nullable Map<TopicPartition, Long> ends;
    private long began;
    private long said;
    private final LongAdder taken = new LongAdder();
    /** How many came since this moment began, and in the one before. */
    private int heard;

    private int before;
    private long moment = System.nanoTime();
    private String trouble = "";
    private volatile boolean whole;
    private volatile boolean closed;
    private final Set<Consumer<byte[], byte[]>> open = ConcurrentHashMap.newKeySet();

    /** Takes what is read. */
    interface Sink {

        /** Called by several threads at once until it is whole, where there are several readers. */
        void take(ConsumerRecord<byte[], byte[]> read);

        /** Called after each round, on the thread that follows the topic. */
        default void idle() {}

        /** The topic holds less than was read of it: somebody made it anew. Reading begins again at its beginning. */
        default void begunAnew() {}
    }

    /**
     * @param consumers makes one for the reader of this number, from 0
     * @param from from which time on it is read; null from the beginning
     * @param choice which of the partitions are read
     * @param readers so many at most read what stands there at the start
     */
    Tail(
            Topic topic,
            IntFunction<Consumer<byte[], byte[]>> consumers,
            Supplier<@Nullable Instant> from,
            Function<List<TopicPartition>, List<TopicPartition>> choice,
            int readers,
            Sink sink) {
        this.topic = topic;
        this.consumers = consumers;
        this.from = from;
        this.choice = choice;
        this.readers = readers;
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
            try (var reader = new Reader(0)) {
                read(reader.consumer);
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

    /** A consumer that {@link #close} wakes up. */
    private final class Reader implements AutoCloseable {

        private final Consumer<byte[], byte[]> consumer;

        Reader(int number) {
            consumer = consumers.apply(number);
            open.add(consumer);
        }

        @Override
        public void close() {
            open.remove(consumer);
            consumer.close();
        }
    }

    private void read(Consumer<byte[], byte[]> consumer) {
        var partitions = partitions(consumer);
        if (partitions.isEmpty()) {
            rest(RETRY);
            return;
        }
        if (!whole) {
            catchUp(consumer, partitions);
        }
        follow(consumer, partitions);
    }

    /** What stands there at the start, by as many readers as there are, of which this thread is one. */
    private void catchUp(Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
        if (ends == null) {
            ends = consumer.endOffsets(partitions);
            began = System.nanoTime();
            said = began;
        }
        var until = ends;
        var failed = new AtomicBoolean();
        int shares = Math.min(readers, partitions.size());
        var others = new ArrayList<CompletableFuture<Void>>();
        for (int share = 1; share < shares; share++) {
            int number = share;
            others.add(CompletableFuture.runAsync(
                    () -> {
                        try (var reader = new Reader(number)) {
                            catchUp(reader.consumer, share(partitions, number, shares), until, failed, () -> {});
                        }
                    },
                    work -> Thread.ofPlatform()
                            .daemon()
                            .name("read-%s-%d".formatted(topic.topicName(), number))
                            .start(work)));
        }
        try {
            catchUp(consumer, share(partitions, 0, shares), until, failed, () -> {
                sink.idle();
                sayHowFar(until);
            });
        } finally {
            others.forEach(other -> other.exceptionally(failure -> null).join());
        }
        others.forEach(Tail::rethrow);
        whole = !closed;
        if (whole) {
            LOG.infof(
                    "%s was read as it stood at the start: %d records in %d ms",
                    topic, taken.sum(), (System.nanoTime() - began) / 1_000_000);
        }
    }

    /** Whoever waits for a start that takes long is to see that it goes on. */
    private void sayHowFar(Map<TopicPartition, Long> until) {
        if (System.nanoTime() - said > SAY_HOW_FAR.toNanos()) {
            said = System.nanoTime();
            long left = next.entrySet().stream()
                    .mapToLong(each -> Math.max(0, until.getOrDefault(each.getKey(), 0L) - each.getValue()))
                    .sum();
            LOG.infof("%s is being read as it stood at the start: %d records, %d to go", topic, taken.sum(), left);
        }
    }

    private static List<TopicPartition> share(List<TopicPartition> partitions, int number, int shares) {
        return IntStream.range(0, partitions.size())
                .filter(at -> at % shares == number)
                .mapToObj(partitions::get)
                .toList();
    }

    private static void rethrow(CompletableFuture<Void> ended) {
        try {
            ended.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** @param failed whether another reader has, so that all begin again where they stand */
    private void catchUp(
            Consumer<byte[], byte[]> consumer,
            List<TopicPartition> share,
            Map<TopicPartition, Long> until,
            AtomicBoolean failed,
            Runnable afterRound) {
        try {
            consumer.assign(share);
            seek(consumer, share);
            while (!closed && !failed.get() && !isAt(consumer, share, until)) {
                take(consumer.poll(POLL));
                afterRound.run();
            }
        } catch (RuntimeException e) {
            failed.set(true);
            throw e;
        }
    }

    private static boolean isAt(
            Consumer<byte[], byte[]> consumer, List<TopicPartition> share, Map<TopicPartition, Long> until) {
        return share.stream().allMatch(each -> consumer.position(each) >= until.getOrDefault(each, 0L));
    }

    private void follow(Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
        consumer.assign(partitions);
        seek(consumer, partitions);
        long looked = System.nanoTime();
        while (!closed) {
            int count = take(consumer.poll(POLL));
            trouble = "";
            sink.idle();
            if (isBusy(count) && count < Clients.MAX_POLL) {
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

    private int take(ConsumerRecords<byte[], byte[]> records) {
        taken.add(records.count());
        for (var partition : records.partitions()) {
            take(partition, records.records(partition));
        }
        return records.count();
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
        var starts = starts(
                consumer,
                partitions.stream().filter(each -> !next.containsKey(each)).toList());
        for (var partition : partitions) {
            long begin = begins.getOrDefault(partition, 0L);
            var known = next.get(partition);
            long wanted = known != null ? known : starts.getOrDefault(partition, begin);
            long start = Math.max(begin, wanted); // what is older than the topic's retention is gone
            next.put(partition, start);
            consumer.seek(partition, start);
        }
    }

    private Map<TopicPartition, Long> starts(Consumer<byte[], byte[]> consumer, Collection<TopicPartition> partitions) {
        var time = from.get();
        if (time == null || partitions.isEmpty()) {
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
        open.forEach(Consumer::wakeup);
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
