package io.rollguard.sandbox.bench;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The least that reads a topic: a consumer with Kafka's own settings polls it from its beginning to the end as of the start, and
 * looks at nothing. Prints {@code READ <records> <ms>}, from the first poll on. Usage: {@code RebuildFloor <bootstrap servers>
 * <topic>}.
 */
public final class RebuildFloor {

    static final String READ = "READ ";

    private RebuildFloor() {}

    public static void main(String[] args) {
        try (var consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        args[0],
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(args[1]).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            System.out.println("READY to read");
            long records = 0;
            long began = System.nanoTime();
            while (!ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                records += consumer.poll(Duration.ofMillis(250)).count();
            }
            System.out.println(READ + records + " " + (System.nanoTime() - began) / 1_000_000);
        }
    }
}
