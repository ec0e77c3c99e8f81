package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertTable;
import io.rollguard.sandbox.bench.FuzzBodies;
import io.rollguard.wire.StoredAlerts.Read;
import io.rollguard.wire.WebhookBody.Result.Delivery;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The pass that reads alerts of the usual form reads and writes what the tree does, or nothing. */
class AlertStreamTest {

    private static final Path PAYLOADS = Path.of("src/test/resources/payloads");
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
    private static final int BODIES = 20_000;

    @Test
    void whatAlertmanagerSendsIsUsualAndReadAsTheTreeReadsIt() throws IOException {
        int met = 0;
        for (var version : List.of("am-0.25.0", "am-0.28.1", "am-0.33.1")) {
            try (var files = Files.list(PAYLOADS.resolve(version))) {
                for (var file :
                        files.filter(each -> each.toString().endsWith(".json")).toList()) {
                    assertThat(agree(Files.readAllBytes(file), file.toString()))
                            .as(file.toString())
                            .isTrue();
                    met++;
                }
            }
        }
        assertThat(met).isPositive();
    }

    @Test
    void whatNobodyShouldSendIsReadAsTheTreeReadsItOrLeftToIt() throws IOException {
        long seed = System.nanoTime();
        var bodies = new FuzzBodies(PAYLOADS, seed);
        int usual = 0;
        for (long number = 0; number < BODIES; number++) {
            usual += agree(bodies.body(number), "body %d of seed %d".formatted(number, seed)) ? 1 : 0;
        }
        assertThat(usual).isBetween(BODIES / 20, BODIES - BODIES / 20);
    }

    private static boolean agree(byte[] body, String name) throws IOException {
        var stream = AlertStream.delivery(body, "ours", NOW);
        var tree = WebhookBody.readTree(body, "ours", NOW);
        stream.ifPresent(delivery -> assertThat(delivery).as(name).isEqualTo(tree));
        if (tree instanceof Delivery delivery) {
            for (var alert : delivery.alerts()) {
                var record = Events.alert("ours", alert).orElseThrow();
                var read = AlertJson.storedTree(record.value());
                AlertStream.stored(record.value())
                        .ifPresent(streamed -> assertThat(streamed).as(name).isEqualTo(read));
                assertThat(Json.write(Json.read(record.value()))).as(name).isEqualTo(record.value());
            }
        }
        return stream.isPresent();
    }

    // --- records that are read one after another

    private static final List<String> STORED = List.of("""
            {"status":"firing","labels":{"alertname":"A"},"annotations":{},"startsAt":"2026-11-23T10:00:00Z",\
            "endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"00000000000000aa","cluster":"ours",\
            "receivedAt":"TIME"}""", """
            {"status":"resolved","labels":{"alertname":"A"},"annotations":{},"startsAt":"2026-11-23T10:00:00Z",\
            "endsAt":"2026-11-23T11:00:00Z","generatorURL":"","fingerprint":"00000000000000aa","cluster":"ours",\
            "receivedAt":"TIME"}""", """
            {"status":"firing","labels":{"alertname":"A"},"annotations":{},"startsAt":"2026-11-23T10:00:00Z",\
            "endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"00000000000000aa","cluster":"ours",\
            "more":"\\"receivedAt\\":\\"TIME"}""", """
            {"receivedAt":"TIME","status":"firing","labels":{"alertname":"A"},"annotations":{"a":"b"},\
            "startsAt":"2026-11-23T10:00:00Z","fingerprint":"00000000000000aa","cluster":"ours"}""");

    private static final List<String> TIMES = List.of(
            "2026-11-23T12:00:00Z",
            "2026-11-23T12:00:00.120Z",
            "2026-11-23T12:00:00.12Z",
            "2026-11-23T12:00:00.123456789Z",
            "2026-11-23T13:00:00+01:00",
            "2026-11-31T12:00:00Z",
            "2026-11-23T12:00:00Z\",\"status\":\"resolved",
            "2026-11-23T12:00:00Z\",\"receivedAt\":\"2027-11-23T12:00:00Z",
            "");

    private static final String TYPE = "io.rollguard.alert.firing.v1";

    @Test
    void aRecordIsReadAlikeWhateverWasReadBeforeIt() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var table = new AlertTable(10);
        var reader = new StoredAlerts("ours", table);
        var simple = new AlertTable(10);
        var key = "ours/00000000000000aa".getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 5_000; i++) {
            var text =
                    STORED.get(random.nextInt(STORED.size())).replace("TIME", TIMES.get(random.nextInt(TIMES.size())));
            var value = (random.nextInt(20) == 0 ? text + " " : text).getBytes(StandardCharsets.UTF_8);
            var expected = tree(value)
                    .map(alert -> alert.cluster().equals("ours")
                            ? new Read.Heard(simple.apply(alert))
                            : new Read.Elsewhere());
            assertThat(reader.read(TYPE, key, value))
                    .as("record %d of seed %d: %s", i, seed, text)
                    .isEqualTo(expected.orElseGet(Read.NoAlert::new));
            assertThat(table.all()).isEqualTo(simple.all());
        }
    }

    private static Optional<Alert> tree(byte[] value) {
        try {
            return Optional.of(AlertJson.storedTree(value));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    @Test
    void aRepeatSharesTheTextsOfTheOneBefore() {
        var reader = new StoredAlerts("ours", new AlertTable(10));
        var key = "ours/00000000000000aa".getBytes(StandardCharsets.UTF_8);
        var read = new ArrayList<Alert>();
        for (var time : List.of("2026-11-23T12:00:00Z", "2026-11-23T12:00:00.123Z")) {
            var value = STORED.getFirst().replace("TIME", time).getBytes(StandardCharsets.UTF_8);
            read.add(((Read.Heard) reader.read(TYPE, key, value)).history().latest());
        }

        assertThat(read.get(1).labels()).isSameAs(read.get(0).labels());
        assertThat(read.get(1).receivedAt()).isEqualTo(Instant.parse("2026-11-23T12:00:00.123Z"));
    }

    // --- times

    @Test
    void timesAreWrittenAndReadAsJavaDoes() {
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            int nanos = random.nextInt(1_000_000_000);
            int grain = List.of(1, 1_000, 1_000_000, 1_000_000_000).get(random.nextInt(4));
            long second = random.nextLong(-70_000_000_000L, 300_000_000_000L);
            var time = Instant.ofEpochSecond(second, nanos / grain * (long) grain);

            assertThat(Times.text(time)).isEqualTo(time.toString());
            if (Character.isDigit(time.toString().charAt(0))) {
                assertThat(Times.utc(Times.text(time))).isEqualTo(time);
            }
        }
    }
}
