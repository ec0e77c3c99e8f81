package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.kafka.TestBroker;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The consumers of docs/consumers.md, run as they stand there. The one in Python by {@code .ci/run}. */
class ConsumersPageTest {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final TopicPartition LOG = new TopicPartition(Topic.INCIDENT.topicName(), 0);
    private static final String GROUP = "my-team";

    @TempDir
    Path dir;

    private TestBroker broker;
    private Admin admin;
    private KafkaProducer<byte[], byte[]> producer;

    @BeforeEach
    void start() throws Exception {
        broker = TestBroker.start();
        Map<String, Object> config = Map.of("bootstrap.servers", broker.bootstrapServers());
        admin = Admin.create(config);
        admin.createTopics(List.of(new NewTopic(LOG.topic(), 1, (short) 1)))
                .all()
                .get();
        producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @AfterEach
    void stop() {
        producer.close();
        admin.close();
        broker.close();
    }

    @Test
    void theOneInJavaDoesWhatThePageSays() throws Exception {
        var program = Files.writeString(dir.resolve("Rollbacks.java"), block("java"));
        var needed = Pattern.compile("(kafka-clients|jackson-(core|databind|annotations)|slf4j-api)-[0-9.]+\\.jar$");
        var classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> needed.matcher(entry).find() && !entry.contains("tools" + File.separator + "jackson"))
                .collect(Collectors.joining(File.pathSeparator));
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();

        doesWhatThePageSays(java, "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", classPath, program.toString());
    }

    @Test
    @Tag("python")
    void theOneInPythonDoesWhatThePageSays() throws Exception {
        var program = Files.writeString(dir.resolve("rollbacks.py"), block("python"));
        var python = System.getProperty("rollguard.test.python");
        assertThat(python).as("an interpreter that has confluent-kafka").isNotNull();

        doesWhatThePageSays(python, program.toString());
    }

    private void doesWhatThePageSays(String... command) throws Exception {
        for (var event : SampleEvents.incident()) {
            write(event);
            write(event); // a double has the same ce_id
        }
        writeAs("io.rollguard.incident.postponed.v1", "{\"incident\":\"of a later build\"}");
        producer.send(new ProducerRecord<>(LOG.topic(), "no event at all".getBytes(StandardCharsets.UTF_8)))
                .get();
        writeAs(
                "io.rollguard.incident.failed.v1",
                json("failed").put("fieldOfTheFuture", 1).toString());

        var first = new Running(command);
        assertThat(first.lines(4))
                .containsExactly(
                        "2026-03-01T12:00:04Z accepted prod/shop/Rollout/cart: 7d9f8c6b5 -> 5c4b3a291",
                        "2026-03-01T12:00:06Z verified prod/shop/Rollout/cart: 7d9f8c6b5 -> 5c4b3a291",
                        "2026-03-01T12:00:07Z cured prod/shop/Rollout/cart: 7d9f8c6b5 -> 5c4b3a291",
                        "2026-03-01T12:00:04Z failed prod/shop/Rollout/cart: 7d9f8c6b5 -> 5c4b3a291");
        awaitCommitted();
        first.kill();

        writeAs("io.rollguard.incident.uncured.v1", json("uncured").toString());
        var second = new Running(command);

        assertThat(second.lines(1))
                .as("resumes where it stood")
                .containsExactly("2026-03-01T12:00:07Z uncured prod/shop/Rollout/cart: 7d9f8c6b5 -> 5c4b3a291");
        awaitCommitted();
        second.kill();
        assertThat(second.lines).as("nothing else").isEmpty();
    }

    // --- what tests say

    /** A program that runs, and the lines it prints. */
    private final class Running {

        private final Process process;
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        private final Thread reader;
        private final Path errors = dir.resolve("errors");

        Running(String... command) throws IOException {
            var all = new ArrayList<>(List.of(command));
            all.add(broker.bootstrapServers());
            all.add(GROUP);
            process = new ProcessBuilder(all).redirectError(errors.toFile()).start();
            reader = Thread.ofVirtual()
                    .start(() ->
                            process.inputReader(StandardCharsets.UTF_8).lines().forEach(lines::add));
        }

        List<String> lines(int count) throws Exception {
            var read = new ArrayList<String>();
            long until = System.nanoTime() + SOON.toNanos();
            while (read.size() < count && System.nanoTime() < until && (process.isAlive() || !lines.isEmpty())) {
                var line = lines.poll(100, TimeUnit.MILLISECONDS);
                if (line != null) {
                    read.add(line);
                }
            }
            assertThat(read).as(() -> errors()).hasSize(count);
            return read;
        }

        private String errors() {
            try {
                return "it printed " + Files.readString(errors);
            } catch (IOException e) {
                return "it printed nothing";
            }
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
            reader.join();
        }
    }

    private void awaitCommitted() throws Exception {
        long end = producer.send(new ProducerRecord<>(LOG.topic(), new byte[0]))
                .get()
                .offset();
        long until = System.nanoTime() + SOON.toNanos();
        while (committed() <= end) {
            assertThat(System.nanoTime()).as("committed in time").isLessThan(until);
            LockSupport.parkNanos(50_000_000);
        }
    }

    private long committed() throws Exception {
        var offset = admin.listConsumerGroupOffsets(GROUP)
                .partitionsToOffsetAndMetadata()
                .get()
                .get(LOG);
        return offset == null ? 0 : offset.offset();
    }

    private void write(EventRecord event) throws Exception {
        write(event.headers(), event.value());
    }

    private void writeAs(String type, String value) throws Exception {
        var headers = new HashMap<>(SampleEvents.incident().getFirst().headers());
        headers.put("ce_type", type);
        headers.put("ce_id", "id of a " + type);
        write(headers, value.getBytes(StandardCharsets.UTF_8));
    }

    private void write(Map<String, String> headers, byte[] value) throws Exception {
        var record = new ProducerRecord<byte[], byte[]>(LOG.topic(), value);
        headers.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        producer.send(record).get();
    }

    private static ObjectNode json(String step) throws IOException {
        var event = SampleEvents.of(new EventType("io.rollguard.incident." + step + ".v1", Topic.INCIDENT));
        return (ObjectNode) EventSchema.JSON.readTree(event.value());
    }

    /** The only block of that language on the page. */
    private static String block(String language) throws IOException {
        var page = Files.readString(Path.of("docs/consumers.md"));
        var blocks = Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(page)
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(1);
        return blocks.getFirst();
    }
}
