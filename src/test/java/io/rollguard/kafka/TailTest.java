package io.rollguard.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.sandbox.stage.Await;
import io.rollguard.wire.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reading what stands there at the start by several, and following it by one. */
class TailTest {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String NAME = Topic.ALERT.topicName();
    private static final int PARTITIONS = 3;
    private static final int STANDING = 50;

    private final Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> log = new ConcurrentHashMap<>();
    private final List<ConsumerRecord<byte[], byte[]>> taken = new CopyOnWriteArrayList<>();
    private final Set<String> takers = ConcurrentHashMap.newKeySet();
    private final List<Reader> readers = new CopyOnWriteArrayList<>();
    private final CountDownLatch bothRead = new CountDownLatch(2);
    private final AtomicBoolean fails = new AtomicBoolean();

    private final Tail tail = new Tail(Topic.ALERT, Reader::new, () -> null, all -> all, 2, new Tail.Sink() {
        @Override
        public void take(ConsumerRecord<byte[], byte[]> read) {
            taken.add(read);
            takers.add(Thread.currentThread().getName());
        }
    });

    /** A consumer that finds on the topic what stands there, a few at a time. */
    private final class Reader extends MockConsumer<byte[], byte[]> {

        private static final int A_FEW = 7;
        private final int number;
        private boolean polled;

        Reader(int number) {
            super("none");
            this.number = number;
            updatePartitions(
                    NAME,
                    partitions().stream()
                            .map(each -> new PartitionInfo(NAME, each.partition(), null, null, null))
                            .toList());
            updateBeginningOffsets(partitions().stream().collect(Collectors.toMap(each -> each, each -> 0L)));
            updateEndOffsets(partitions().stream().collect(Collectors.toMap(each -> each, each ->
                    (long) log.get(each).size())));
            readers.add(this);
        }

        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            if (!polled) {
                polled = true;
                meet();
            }
            if (number == 1 && !taken.isEmpty() && fails.compareAndSet(true, false)) {
                throw new KafkaException("cut off");
            }
            for (var partition : assignment()) {
                log.get(partition).stream()
                        .skip(position(partition))
                        .limit(A_FEW)
                        .forEach(this::addRecord);
            }
            return super.poll(timeout);
        }

        /** Neither reader is through before the other has begun. */
        private void meet() {
            bothRead.countDown();
            try {
                bothRead.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    TailTest() {
        partitions().forEach(partition -> log.put(partition, new CopyOnWriteArrayList<>()));
        partitions().forEach(partition -> IntStream.range(0, STANDING).forEach(each -> append(partition)));
    }

    private static List<TopicPartition> partitions() {
        return IntStream.range(0, PARTITIONS)
                .mapToObj(each -> new TopicPartition(NAME, each))
                .toList();
    }

    private void append(TopicPartition partition) {
        var there = log.get(partition);
        there.add(new ConsumerRecord<>(NAME, partition.partition(), there.size(), new byte[0], new byte[0]));
    }

    @AfterEach
    void close() {
        tail.close();
        assertThat(readers).allMatch(MockConsumer::closed);
    }

    @Test
    void everyRecordComesOnceAndInTheOrderOfItsPartition() {
        tail.start();

        await("it is whole", tail::isWhole);

        thenAllCameOnce(STANDING);
        assertThat(takers).hasSize(2);
        assertThat(readers).hasSize(2);
    }

    @Test
    void whatComesLaterIsFollowedByOne() {
        tail.start();
        await("it is whole", tail::isWhole);
        takers.clear();

        partitions().forEach(this::append);

        await("the new ones come", () -> taken.size() == PARTITIONS * (STANDING + 1));
        thenAllCameOnce(STANDING + 1);
        assertThat(takers).hasSize(1);
    }

    @Test
    void whereOneReaderFailsAllGoOnWhereTheyStood() {
        fails.set(true);
        tail.start();

        await("it is whole", tail::isWhole);

        assertThat(fails).isFalse();
        thenAllCameOnce(STANDING);
        assertThat(readers).as("two, and two again").hasSize(4);
    }

    private static void await(String what, BooleanSupplier condition) {
        Await.until(what, SOON, condition);
    }

    private void thenAllCameOnce(int each) {
        for (var partition : partitions()) {
            var offsets = new ArrayList<Long>();
            taken.stream()
                    .filter(record -> record.partition() == partition.partition())
                    .forEach(record -> offsets.add(record.offset()));
            assertThat(offsets).as("partition " + partition.partition()).containsExactlyElementsOf(numbers(each));
        }
    }

    private static List<Long> numbers(int count) {
        return IntStream.range(0, count).mapToObj(number -> (long) number).toList();
    }
}
