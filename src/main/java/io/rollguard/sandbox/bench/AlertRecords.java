package io.rollguard.sandbox.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Alerts as the service keeps them: one record that it wrote, again and again with another pod, namespace, fingerprint, identity
 * and times.
 *
 * @param headers in their order
 */
record AlertRecords(String key, String value, Map<String, String> headers) {

    /** What {@link Bodies} says of its first alert, and of no other. */
    private static final String POD = "checkout-0-7d9c5b6f4-00000";

    private static final String NAMESPACE = "shop";
    private static final Duration SPREAD = Duration.ofHours(6);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The record of the first alert of {@link Bodies}, from a topic that holds little else. */
    static AlertRecords find(String bootstrapServers, String topic) throws IOException {
        try (var consumer = new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (System.nanoTime() < deadline) {
                for (var read : consumer.poll(Duration.ofMillis(250))) {
                    if (text(read.value()).contains(POD)) {
                        var headers = new LinkedHashMap<String, String>();
                        read.headers().forEach(header -> headers.put(header.key(), text(header.value())));
                        return new AlertRecords(text(read.key()), text(read.value()), headers);
                    }
                }
            }
        }
        throw new IllegalStateException("the alert that was accepted is not on " + topic);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Writes so many records, all received within the last six hours, the oldest first.
     *
     * @param fingerprints by turns
     * @param abouts what the alerts are about, by turns
     */
    void fill(String bootstrapServers, String topic, int records, int fingerprints, List<About> abouts)
            throws IOException {
        var failure = new AtomicReference<@Nullable Exception>();
        var written = JSON.readTree(value);
        var begin = Instant.now().minus(SPREAD).truncatedTo(ChronoUnit.MILLIS);
        try (var producer = new KafkaProducer<>(
                Map.<String, Object>of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.BATCH_SIZE_CONFIG,
                        1 << 18,
                        ProducerConfig.LINGER_MS_CONFIG,
                        20),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int number = 0; number < records; number++) {
                int alert = number % fingerprints;
                var about = abouts.get(alert % abouts.size());
                var other = Map.of(
                        POD,
                        "%s-7d9c5b6f4-%05x".formatted(about.workload(), alert),
                        '"' + NAMESPACE + '"',
                        '"' + about.namespace() + '"',
                        NAMESPACE + '/',
                        about.namespace() + '/',
                        written.path("fingerprint").asText(),
                        fingerprint(alert),
                        written.path("startsAt").asText(),
                        begin.minusMillis(alert).toString(),
                        written.path("receivedAt").asText(),
                        begin.plusMillis(SPREAD.toMillis() * number / records).toString(),
                        String.valueOf(headers.get("ce_id")),
                        new UUID(number, alert).toString());
                var record = new ProducerRecord<>(topic, bytes(with(other, key)), bytes(with(other, value)));
                headers.forEach((name, text) -> record.headers().add(name, bytes(with(other, text))));
                producer.send(record, (metadata, e) -> {
                    if (e != null) {
                        failure.set(e);
                    }
                });
            }
        }
        var failed = failure.get();
        if (failed != null) {
            throw new IllegalStateException("the topic could not be filled", failed);
        }
    }

    /** Spread as Alertmanager's hashes are. */
    private static String fingerprint(int alert) {
        return "%016x".formatted((alert + 1) * 0x9E3779B97F4A7C15L);
    }

    private static String with(Map<String, String> other, String text) {
        var result = text;
        for (var each : other.entrySet()) {
            result = result.replace(each.getKey(), each.getValue());
        }
        return result;
    }

    /** The owner of a pod. */
    record About(String namespace, String workload) {}
}
