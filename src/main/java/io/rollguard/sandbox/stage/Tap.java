package io.rollguard.sandbox.stage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads every topic of Rollguard as another team would, from the beginning, and keeps what came. */
public final class Tap implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** One event as it stands on a topic; {@code value} is a missing node where it is not JSON. */
    public record Event(
            String topic, long offset, String key, Map<String, String> headers, JsonNode value, Instant appendedAt) {

        /** The CloudEvents type without the prefix and the version: {@code incident.judged}. */
        public String type() {
            return headers.getOrDefault("ce_type", "")
                    .replaceFirst("^io\\.rollguard\\.", "")
                    .replaceFirst("\\.v\\d+$", "");
        }

        /** The workload's name in the subject {@code cluster/namespace/kind/name}, or the whole subject. */
        public String subject() {
            return headers.getOrDefault("ce_subject", "");
        }

        public boolean isAbout(String namespace, String name) {
            return subject().endsWith("/" + name) && subject().contains("/" + namespace + "/");
        }
    }

    private final KafkaConsumer<String, byte[]> consumer;
    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final List<Consumer<Event>> listeners = new CopyOnWriteArrayList<>();
    private final Thread reader;
    private volatile boolean closed;

    public Tap(String bootstrapServers) {
        consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
                        ConsumerConfig.GROUP_ID_CONFIG,
                                "tap-" + ProcessHandle.current().pid(),
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false",
                        ConsumerConfig.METADATA_MAX_AGE_CONFIG, "1000"),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        reader = Thread.ofPlatform().daemon().name("tap").start(this::read);
    }

    private void read() {
        consumer.subscribe(Pattern.compile("rollguard\\..*"));
        while (!closed) {
            try {
                consumer.poll(Duration.ofSeconds(1)).forEach(this::take);
            } catch (WakeupException | InterruptException e) {
                // closed
            }
        }
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
    }

    private void take(ConsumerRecord<String, byte[]> taken) {
        var headers = new HashMap<String, String>();
        taken.headers()
                .forEach(header -> headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
        var event = new Event(
                taken.topic(),
                taken.offset(),
                taken.key() == null ? "" : taken.key(),
                Map.copyOf(headers),
                parse(taken.value()),
                Instant.ofEpochMilli(taken.timestamp()));
        events.add(event);
        listeners.forEach(listener -> listener.accept(event));
    }

    private static JsonNode parse(byte[] value) {
        try {
            return JSON.readTree(new String(value, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            return JSON.getNodeFactory().missingNode();
        }
    }

    /** Calls back for each event, in the order of each topic's partitions. */
    public void onEvent(Consumer<Event> listener) {
        listeners.add(listener);
    }

    public Stream<Event> events() {
        return events.stream();
    }

    /** What is said of one workload's incidents, in the log's order. */
    public List<Event> incidents(String namespace, String name) {
        return events().filter(event -> event.type().startsWith("incident.") && event.isAbout(namespace, name))
                .toList();
    }

    public Event await(String what, Duration atMost, Predicate<Event> wanted) {
        return Await.value(what, atMost, () -> events().filter(wanted).findFirst());
    }

    /** Waits for a step of a workload's incident. */
    public Event awaitStep(String namespace, String name, String step, Duration atMost) {
        return await(
                "incident.%s about %s/%s".formatted(step, namespace, name),
                atMost,
                event -> event.type().equals("incident." + step) && event.isAbout(namespace, name));
    }

    public Optional<Event> last(String namespace, String name, String step) {
        return incidents(namespace, name).stream()
                .filter(event -> event.type().equals("incident." + step))
                .reduce((one, other) -> other);
    }

    @Override
    public void close() {
        closed = true;
        consumer.wakeup();
        try {
            reader.join(Duration.ofSeconds(3));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
