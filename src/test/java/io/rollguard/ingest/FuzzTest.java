package io.rollguard.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertTable;
import io.rollguard.ingest.Intake.Taken;
import io.rollguard.sandbox.bench.FuzzBodies;
import io.rollguard.wire.DurableLog;
import io.rollguard.wire.EventRecord;
import io.rollguard.wire.EventSchema;
import io.rollguard.wire.Events;
import io.rollguard.wire.StoredAlerts;
import io.rollguard.wire.StoredAlerts.Read;
import io.rollguard.wire.Topic;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Bodies that nobody should send: whatever comes, every alert of it or its dead letter is on the log (law 1), and what is
 * there can be read back and keeps to its schema. Each run begins at a seed of its own; a body that breaks this is named by
 * it, and comes again with {@code ./mvnw -Dquick test -Dtest=FuzzTest -Drollguard.fuzz.bodies=1 -Drollguard.fuzz.first=NUMBER
 * -Drollguard.fuzz.seed=SEED}. {@code ./rollguard bench fuzz} sends a million to the real service.
 */
class FuzzTest {

    private static final int BODIES = Integer.getInteger("rollguard.fuzz.bodies", 20_000);
    private static final long FIRST = Long.getLong("rollguard.fuzz.first", 0);
    private static final long SEED = Long.getLong("rollguard.fuzz.seed", System.nanoTime());

    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

    /** As many schemas are asked as time allows. */
    private static final int SCHEMA_EVERY = 10;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Logger INTAKE_LOG = Logger.getLogger(Intake.class.getName());
    private static final Level BEFORE = INTAKE_LOG.getLevel();

    private final Kept log = new Kept();
    private final Intake intake = new Intake("ours", log, new IngestMeters(new SimpleMeterRegistry()));

    @BeforeAll
    static void quiet() {
        INTAKE_LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void loud() {
        INTAKE_LOG.setLevel(BEFORE);
    }

    @Test
    void whateverComesIsOnTheLogOrRefusedAsNoJson() throws Exception {
        System.out.printf("%d bodies from seed %d%n", BODIES, SEED);
        var bodies = new FuzzBodies(Path.of("src/test/resources/payloads"), SEED);
        var met = new HashMap<String, Integer>();
        for (long number = FIRST; number < FIRST + BODIES; number++) {
            var body = bodies.body(number);
            log.records.clear();
            try {
                met.merge(check(body, number), 1, Integer::sum);
            } catch (RuntimeException | AssertionError e) {
                fail("body %d of seed %d (%d bytes)".formatted(number, SEED, body.length), e);
            }
        }
        if (BODIES >= 10_000) {
            assertThat(met).containsKeys("kept", "kept in part", "wrong shape", "not JSON", "too large");
        }
    }

    private String check(byte[] body, long number) throws IOException {
        var taken = intake.take(body, NOW, () -> false).toCompletableFuture().join();
        for (var each : log.of(Topic.ALERT)) {
            isReadable(each, number);
        }
        for (var letter : log.of(Topic.DEAD_LETTER)) {
            assertThat(letter.value().length).isLessThanOrEqualTo(Events.MAX_DEAD_LETTER_BYTES);
        }
        int letters = log.of(Topic.DEAD_LETTER).size();
        return switch (taken) {
            case Taken.NotKept notKept -> throw new AssertionError("not kept though the log takes everything");
            case Taken.NotJson notJson -> {
                assertThat(log.records).hasSize(1);
                assertThat(letters).isEqualTo(1);
                yield "not JSON";
            }
            case Taken.Kept kept
            when kept.wrongShape() -> {
                assertThat(letters).isEqualTo(1);
                assertThat(log.records).hasSize(1);
                yield "wrong shape";
            }
            case Taken.Kept kept -> {
                long tooLarge = log.of(Topic.DEAD_LETTER).stream()
                        .filter(letter -> "too-large".equals(letter.headers().get("ce_reason")))
                        .count();
                alerts(body).ifPresent(alerts -> {
                    long unreadable = letters - tooLarge;
                    long inLetters = unreadable == 1 ? alerts - kept.alerts() : unreadable;
                    assertThat(log.of(Topic.ALERT).size() + tooLarge + inLetters)
                            .as("alerts and letters of %d alerts", alerts)
                            .isEqualTo(alerts);
                });
                yield tooLarge > 0 ? "too large" : letters > 0 ? "kept in part" : "kept";
            }
        };
    }

    /** How many there are by another's reading; empty where that one does not read it. */
    private static Optional<Long> alerts(byte[] body) {
        try {
            return Optional.of(JSON.readTree(body).path("alerts"))
                    .map(JsonNode::size)
                    .map(Integer::longValue);
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Alert heard(Read read) {
        return ((Read.Heard) read).history().latest();
    }

    private static void isReadable(EventRecord written, long number) throws IOException {
        var type = written.headers().get("ce_type");
        var key = new String(written.key(), StandardCharsets.UTF_8);
        var cluster = key.substring(0, key.lastIndexOf('/'));
        var read = heard(new StoredAlerts(cluster, new AlertTable(1)).read(type, written.key(), written.value()));
        assertThat(key).isEqualTo(read.cluster() + "/" + read.fingerprint());
        assertThat(read.receivedAt()).isEqualTo(NOW);
        if (number % SCHEMA_EVERY == 0) {
            assertThat(EventSchema.problems(Topic.ALERT.topicName(), written.headers(), JSON.readTree(written.value())))
                    .as(type)
                    .isEmpty();
        }
    }

    /** Takes everything, at once. */
    private static final class Kept implements DurableLog {
        private final List<EventRecord> records = new ArrayList<>();

        @Override
        public void append(EventRecord event, Consumer<Receipt> receipt) {
            records.add(event);
            receipt.accept(new Receipt.Kept());
        }

        List<EventRecord> of(Topic topic) {
            return records.stream().filter(record -> record.topic() == topic).toList();
        }
    }
}
