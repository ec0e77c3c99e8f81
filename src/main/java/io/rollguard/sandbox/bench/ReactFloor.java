package io.rollguard.sandbox.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The least that can stand between an alert and an abort: bare clients that make the writes and reads which the design has
 * waited for, one after another, and decide nothing. The alert is written and read back; one batch of three entries is
 * written to a log and read back; the object and the pause switch are read; the end of the log is asked for; the patch goes
 * out, with its tests.
 */
final class ReactFloor implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    /** The annotation that names the Rollout to abort: the floor attributes nothing. */
    static final String ROLLOUT = "rollout";

    private static final int ENTRIES = 3;
    /** About what an entry with its evidence takes. */
    private static final byte[] ENTRY = "x".repeat(2_000).getBytes(StandardCharsets.UTF_8);

    private final Fleet fleet;
    private final Producer<byte[], byte[]> alertProducer;
    private final Producer<byte[], byte[]> logProducer;
    private final Admin admin;
    private final String alerts;
    private final TopicPartition log;
    private final List<Reader> readers;
    private final Map<Long, CompletableFuture<Void>> readBack = new ConcurrentHashMap<>();
    private final ExecutorService workers = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("floor-", 0).factory());

    ReactFloor(Fleet fleet, String bootstrapServers, String alerts, int partitions, String log) {
        this.fleet = fleet;
        this.alerts = alerts;
        this.log = new TopicPartition(log, 0);
        alertProducer = producer(bootstrapServers);
        logProducer = producer(bootstrapServers);
        admin = Admin.create(Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
        var all = IntStream.range(0, partitions)
                .mapToObj(partition -> new TopicPartition(alerts, partition))
                .toList();
        readers = List.of(
                new Reader(bootstrapServers, all, this::heard),
                new Reader(
                        bootstrapServers,
                        List.of(this.log),
                        read -> readBackOf(read.offset()).complete(null)));
    }

    private static Producer<byte[], byte[]> producer(String bootstrapServers) {
        return new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.LINGER_MS_CONFIG,
                        0),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** Accepts an alert; completes when every in-sync replica has it. */
    CompletableFuture<Void> accept(byte[] body) {
        var kept = new CompletableFuture<Void>();
        try {
            var alert = JSON.readTree(body).path("alerts").path(0);
            var record = new ProducerRecord<>(
                    alerts,
                    alert.path("fingerprint").asText().getBytes(StandardCharsets.UTF_8),
                    JSON.writeValueAsBytes(alert));
            alertProducer.send(record, (metadata, failure) -> {
                if (failure == null) {
                    kept.complete(null);
                } else {
                    kept.completeExceptionally(failure);
                }
            });
        } catch (IOException e) {
            kept.completeExceptionally(e);
        }
        return kept;
    }

    private void heard(ConsumerRecord<byte[], byte[]> read) {
        try {
            var annotations = JSON.readTree(read.value()).path("annotations");
            if (annotations.has(ROLLOUT)) {
                workers.execute(() -> react(annotations.path(ROLLOUT).asText()));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void react(String rollout) {
        try {
            long last = record(rollout);
            readBackOf(last).get();
            var object = fleet.get(fleet.path(rollout));
            fleet.get("/api/v1/namespaces/rollguard/configmaps/rollguard-automation");
            long end = admin.listOffsets(Map.of(log, OffsetSpec.latest()))
                    .partitionResult(log)
                    .get()
                    .offset();
            readBackOf(end - 1).get();
            fleet.patch(fleet.path(rollout) + "/status", abort(object));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private long record(String rollout) throws InterruptedException, ExecutionException {
        var key = rollout.getBytes(StandardCharsets.UTF_8);
        long last = -1;
        var sent = IntStream.range(0, ENTRIES)
                .mapToObj(entry -> logProducer.send(new ProducerRecord<>(log.topic(), log.partition(), key, ENTRY)))
                .toList();
        for (var each : sent) {
            last = each.get().offset();
        }
        return last;
    }

    private CompletableFuture<Void> readBackOf(long offset) {
        return readBack.computeIfAbsent(offset, absent -> new CompletableFuture<>());
    }

    private static String abort(JsonNode object) {
        var patch = JSON.createArrayNode();
        var metadata = object.path("metadata");
        var status = object.path("status");
        test(patch, "/metadata/uid", metadata.path("uid"));
        test(patch, "/metadata/resourceVersion", metadata.path("resourceVersion"));
        test(patch, "/metadata/generation", metadata.path("generation"));
        test(patch, "/status/currentPodHash", status.path("currentPodHash"));
        test(patch, "/status/stableRS", status.path("stableRS"));
        patch.addObject().put("op", "add").put("path", "/status/abort").put("value", true);
        return patch.toString();
    }

    private static void test(ArrayNode patch, String path, JsonNode value) {
        patch.addObject().put("op", "test").put("path", path).set("value", value);
    }

    /** Reads partitions from their end on. */
    private static final class Reader {

        private final KafkaConsumer<byte[], byte[]> consumer;
        private final Thread thread;

        Reader(
                String bootstrapServers,
                List<TopicPartition> partitions,
                Consumer<ConsumerRecord<byte[], byte[]>> take) {
            consumer = new KafkaConsumer<>(
                    Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
            consumer.assign(partitions);
            consumer.seekToEnd(partitions);
            partitions.forEach(consumer::position);
            thread = Thread.ofPlatform().daemon().name("floor-reader").start(() -> {
                try (consumer) {
                    while (true) {
                        consumer.poll(Duration.ofSeconds(1)).forEach(take);
                    }
                } catch (WakeupException e) {
                    // closed
                }
            });
        }

        void close() throws InterruptedException {
            consumer.wakeup();
            thread.join(Duration.ofSeconds(3));
        }
    }

    @Override
    public void close() throws InterruptedException {
        for (var reader : readers) {
            reader.close();
        }
        workers.shutdownNow();
        alertProducer.close(Duration.ofSeconds(1));
        logProducer.close(Duration.ofSeconds(1));
        admin.close(Duration.ofSeconds(1));
    }
}
