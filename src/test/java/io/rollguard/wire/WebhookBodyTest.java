package io.rollguard.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.alert.Alert;
import io.rollguard.alert.Fingerprint;
import io.rollguard.wire.WebhookBody.Result;
import io.rollguard.wire.WebhookBody.Result.Delivery;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookBodyTest {

    private static final Path PAYLOADS = Path.of("src/test/resources/payloads");
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** A good alert that others are set beside. */
    private static final String GOOD = """
            {"status":"firing","labels":{"alertname":"Good"},"startsAt":"2026-11-23T10:00:00Z"}""";

    // --- what real Alertmanagers sent

    @ParameterizedTest
    @ValueSource(strings = {"am-0.25.0", "am-0.28.1", "am-0.33.1"})
    void readsEveryCapturedBodyAsWrittenDown(String version) throws IOException {
        var dir = PAYLOADS.resolve(version);

        var read = new StringBuilder();
        for (var file : bodies(dir)) {
            var delivery = delivery(Files.readAllBytes(file));
            assertThat(delivery.unreadable()).isEmpty();
            read.append("%s truncated=%d%n".formatted(file.getFileName(), delivery.truncated()));
            for (var each : delivery.alerts()) {
                var alert = each.alert();
                read.append("  %s %s %s %s %s%n"
                        .formatted(
                                alert.fingerprint(),
                                alert.status().label(),
                                alert.startsAt(),
                                alert.endsAt() == null ? "-" : alert.endsAt(),
                                alert.name()));
            }
        }

        // A body that is not listed fails as well as a listed one that is gone.
        assertThat(read.toString()).isEqualTo(Files.readString(dir.resolve("expected.txt")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"am-0.25.0", "am-0.28.1", "am-0.33.1"})
    void computesTheFingerprintThatAlertmanagerSent(String version) throws IOException {
        for (var file : bodies(PAYLOADS.resolve(version))) {
            for (var each : delivery(Files.readAllBytes(file)).alerts()) {
                assertThat(Fingerprint.of(each.alert().labels()))
                        .as("%s", file)
                        .isEqualTo(each.alert().fingerprint());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"am-0.25.0", "am-0.28.1", "am-0.33.1"})
    void anAlertComesBackFromItsRecordAsItWentIn(String version) throws IOException {
        for (var file : bodies(PAYLOADS.resolve(version))) {
            for (var each : delivery(Files.readAllBytes(file)).alerts()) {
                var record = Events.alert("ours", each).orElseThrow();

                assertThat(AlertStream.stored(record.value())).contains(each.alert());
                assertThat(AlertJson.storedTree(record.value())).isEqualTo(each.alert());
            }
        }
    }

    @Test
    void theTopLevelStatusIsNotBelieved() throws IOException {
        var last = bodies(PAYLOADS.resolve("am-0.33.1")).stream()
                .filter(file -> file.getFileName().toString().startsWith("maxalerts"))
                .reduce((first, second) -> second)
                .orElseThrow();

        var delivery = delivery(Files.readAllBytes(last));

        assertThat(delivery.truncated()).isEqualTo(3);
        assertThat(delivery.alerts()).allMatch(each -> each.alert().status() == Alert.Status.RESOLVED);
    }

    // --- what relatives of Alertmanager send

    @Test
    void readsGrafanas() {
        var delivery = delivery("""
                {"receiver":"react","status":"firing","state":"alerting","orgId":1,"title":"t","message":"m","version":"1",
                 "groupLabels":null,"commonLabels":{},"commonAnnotations":null,"externalURL":"http://grafana/","groupKey":"{}:{}",
                 "truncatedAlerts":0,"appVersion":"12.0.0",
                 "alerts":[{"status":"firing","labels":{"alertname":"High","grafana_folder":"shop"},"annotations":null,
                   "startsAt":"2026-11-23T12:00:00.123456789+02:00","endsAt":"0001-01-01T00:00:00Z",
                   "generatorURL":null,"fingerprint":"c6eadffa33fcdf37","silenceURL":"s","dashboardURL":"","panelURL":"",
                   "ruleUID":"u","values":null,"valueString":"[ var='A' ]","orgId":1,"imageURL":null,"enrichments":null}]}""");

        assertThat(delivery.unreadable()).isEmpty();
        var alert = delivery.alerts().getFirst().alert();
        assertThat(alert.startsAt()).isEqualTo("2026-11-23T10:00:00.123456789Z");
        // Grafana computes it before it takes labels away, so it is not what the labels give.
        assertThat(alert.fingerprint()).isEqualTo(new Fingerprint("c6eadffa33fcdf37"));
        assertThat(alert.generatorUrl()).isEmpty();
        assertThat(alert.annotations()).isEmpty();
        var written = new String(
                Events.alert("ours", delivery.alerts().getFirst()).orElseThrow().value(), UTF_8);
        assertThat(written).contains("\"ruleUID\":\"u\"", "\"values\":null");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'alerts':[%s]}",
                "{'version':'4','groupKey':null,'truncatedAlerts':null,'alerts':[%s]}",
                "{'version':4,'alerts':[%s],'numFiring':1}",
                "{'version':null,'alerts':[%s],'groupLabels':null,'receiver':null,'status':null}",
                "{'alerts':null,'alerts':[%s]}",
                "{'alerts':[%s],'truncatedAlerts':'many'}",
                "{'alerts':[%s],'truncatedAlerts':-5}",
                "{'alerts':[%s],'truncatedAlerts':1e999999999}",
                "{'unknown':{'a':[1,2,{'b':null}]},'alerts':[%s]}",
            })
    void takesWhatMattersFromAnyEnvelope(String form) {
        var delivery = delivery(form.replace('\'', '"').formatted(GOOD));

        assertThat(delivery.unreadable()).isEmpty();
        assertThat(delivery.alerts()).hasSize(1);
        assertThat(delivery.truncated()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"alerts\":[]}", "{\"alerts\":null}"})
    void noAlertsIsFine(String body) {
        assertThat(delivery(body)).isEqualTo(new Delivery(List.of(), List.of(), 0));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-23T10:00:00Z, 2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00.1Z, 2026-11-23T10:00:00.100Z",
        "2026-11-23T10:00:00.31Z, 2026-11-23T10:00:00.310Z",
        "2026-11-23T10:00:00.719019544Z, 2026-11-23T10:00:00.719019544Z",
        "2026-11-23T12:00:00+02:00, 2026-11-23T10:00:00Z",
        "2026-11-23T04:30:00.5-05:30, 2026-11-23T10:00:00.500Z",
    })
    void readsTimesOfEveryForm(String written, String means) {
        var delivery = delivery(alert("'startsAt':'" + written + "'"));

        assertThat(delivery.alerts().getFirst().alert().startsAt()).isEqualTo(means);
    }

    @ParameterizedTest
    @ValueSource(strings = {"'endsAt':'0001-01-01T00:00:00Z'", "'endsAt':null", "'x':1", "'endsAt':'whenever'"})
    void aFiringAlertHasNoEndWhateverItSays(String field) {
        var delivery = delivery(alert(field));

        assertThat(delivery.alerts().getFirst().alert().endsAt()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"'endsAt':'0001-01-01T00:00:00Z'", "'endsAt':null", "'x':1"})
    void aResolvedAlertWithoutAnEndEndedWhenWeHeardOfIt(String field) {
        var delivery = delivery(alert("'status':'resolved'," + field));

        assertThat(delivery.alerts().getFirst().alert().endsAt()).isEqualTo(NOW);
        assertThat(delivery.alerts().getFirst().endKnown()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"'x':1", "'fingerprint':null", "'fingerprint':''", "'fingerprint':'XYZ'", "'fingerprint':7"})
    void aFingerprintThatIsNoneIsComputed(String field) {
        var alert = delivery(alert(field)).alerts().getFirst().alert();

        assertThat(alert.fingerprint()).isEqualTo(Fingerprint.of(alert.labels()));
    }

    @Test
    void theLabelClusterNamesTheClusterElseItIsOurs() {
        assertThat(delivery(alert("'x':1")).alerts().getFirst().alert().cluster())
                .isEqualTo("ours");
        assertThat(delivery(alert("'labels':{'alertname':'A','cluster':'theirs'}"))
                        .alerts()
                        .getFirst()
                        .alert()
                        .cluster())
                .isEqualTo("theirs");
        assertThat(delivery(alert("'labels':{'alertname':'A','cluster':''}"))
                        .alerts()
                        .getFirst()
                        .alert()
                        .cluster())
                .isEqualTo("ours");
    }

    @Test
    void ofTwoFieldsOfOneNameTheLastCounts() {
        var alert = delivery(alert("'startsAt':'yesterday','startsAt':'2026-11-23T11:00:00Z'"))
                .alerts()
                .getFirst()
                .alert();

        assertThat(alert.startsAt()).isEqualTo("2026-11-23T11:00:00Z");
    }

    // --- what nobody should send

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "null                                                            | alerts[1]: missing",
                "7                                                               | alerts[1]: not an object",
                "[]                                                              | alerts[1]: not an object",
                "{}                                                              | alerts[1].status: missing",
                "{'status':null,'labels':{'a':'b'},'startsAt':'2026-01-01T00:00:00Z'}     | alerts[1].status: missing",
                "{'status':'on fire','labels':{'a':'b'},'startsAt':'2026-01-01T00:00:00Z'} | alerts[1].status",
                "{'status':1,'labels':{'a':'b'},'startsAt':'2026-01-01T00:00:00Z'}        | alerts[1].status: not a string",
                "{'status':'firing','startsAt':'2026-01-01T00:00:00Z'}                    | alerts[1].labels",
                "{'status':'firing','labels':null,'startsAt':'2026-01-01T00:00:00Z'}      | alerts[1].labels",
                "{'status':'firing','labels':{},'startsAt':'2026-01-01T00:00:00Z'}        | alerts[1].labels",
                "{'status':'firing','labels':{'a':''},'startsAt':'2026-01-01T00:00:00Z'}  | alerts[1].labels",
                "{'status':'firing','labels':'a','startsAt':'2026-01-01T00:00:00Z'}       | alerts[1].labels: not an object",
                "{'status':'firing','labels':{'a':{}},'startsAt':'2026-01-01T00:00:00Z'}  | alerts[1].labels",
                "{'status':'firing','labels':{'a':'b'}}                                   | alerts[1].startsAt: missing",
                "{'status':'firing','labels':{'a':'b'},'startsAt':null}                   | alerts[1].startsAt: missing",
                "{'status':'firing','labels':{'a':'b'},'startsAt':'yesterday'}            | alerts[1].startsAt: not an RFC 3339 time",
                "{'status':'firing','labels':{'a':'b'},'startsAt':'2026-02-30T00:00:00Z'} | alerts[1].startsAt: not an RFC 3339 time",
                "{'status':'firing','labels':{'a':'b'},'startsAt':'0001-01-01T00:00:00Z'} | alerts[1].startsAt: missing",
                "{'status':'firing','labels':{'a':'b'},'startsAt':'+999999999-12-31T23:59:59Z'} | alerts[1].startsAt",
                "{'status':'firing','labels':{'a':'b'},'startsAt':1764000000}             | alerts[1].startsAt: not a string",
                "{'status':'resolved','labels':{'a':'b'},'startsAt':'2026-01-01T00:00:00Z','endsAt':'x'} | alerts[1].endsAt",
                "{'status':'firing','labels':{'a':'b'},'annotations':[],'startsAt':'2026-01-01T00:00:00Z'} | alerts[1].annotations",
                "{'status':'firing','labels':{'a':'\\ud800'},'startsAt':'2026-01-01T00:00:00Z'}          | alerts[1]: half a character",
                "{'status':'firing','labels':{'a':'b'},'x':['\\udc00'],'startsAt':'2026-01-01T00:00:00Z'} | alerts[1]: half a character",
            })
    void oneUnreadableAlertCostsOnlyItself(String bad, String reason) {
        var json = bad.replace('\'', '"');
        var body = ("{\"alerts\":[" + GOOD + ", " + json + " ," + GOOD + "]}").getBytes(UTF_8);

        var delivery = delivery(body);

        assertThat(delivery.alerts()).hasSize(2);
        assertThat(delivery.unreadable()).hasSize(1);
        var unreadable = delivery.unreadable().getFirst();
        assertThat(unreadable.toString()).startsWith(reason).doesNotContain("yesterday", "on fire");
        assertThat(new String(unreadable.raw().of(body), UTF_8)).isEqualTo(json);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "\n",
                "{",
                "}",
                "{\"alerts\":[",
                "{\"alerts\":[]} x",
                "{\"alerts\":[]}{}",
                "alerts=1",
                "<alerts/>",
                "{'alerts':[]}",
                "{\"alerts\":[],}",
                "{\"alerts\":NaN}",
                "nul",
                "\u0000",
                "\"",
                "{\"a\":\"\u0001\"}",
                "--",
                "{\"alerts\":[01]}"
            })
    void whatIsNotJsonIsSaidToBeSo(String body) {
        assertThat(read(body)).isInstanceOf(Result.NotJson.class);
    }

    @Test
    void bytesThatAreNoTextAreNotJson() {
        assertThat(read(new byte[] {(byte) 0xC3, (byte) 0x28, 0, 1, 2})).isInstanceOf(Result.NotJson.class);
        assertThat(read(new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'})).isInstanceOf(Result.NotJson.class);
        assertThat(read(new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0})).isInstanceOf(Result.NotJson.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "7",
                "\"text\"",
                "true",
                "[]",
                "[{\"alerts\":[]}]",
                "{}",
                "{\"alerts\":{}}",
                "{\"alerts\":\"none\"}",
                "{\"alerts\":1}",
                "{\"Alerts\":[]}",
                "{\"message\":\"custom payload\"}"
            })
    void jsonOfAnotherShapeIsToldApart(String body) {
        assertThat(read(body)).isInstanceOf(Result.WrongShape.class);
    }

    @Test
    void depthAndLengthHaveLimits() {
        assertThat(read("{\"alerts\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}"))
                .isInstanceOf(Result.WrongShape.class);
        assertThat(read("{\"x\":" + "9".repeat(100_000) + ",\"alerts\":[]}")).isInstanceOf(Result.WrongShape.class);
        assertThat(read("{\"" + "n".repeat(1_000_000) + "\":1,\"alerts\":[]}")).isInstanceOf(Result.WrongShape.class);
    }

    @Test
    void anAlertOfMegabytesIsReadSoThatItCanBeCut() {
        var huge = alert("'annotations':{'text':'" + "x".repeat(5_000_000) + "'}");

        assertThat(delivery(huge).alerts()).hasSize(1);
    }

    // --- what nobody thought of

    @Test
    void noBodyMakesItThrow() throws IOException {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        var sources = new ArrayList<byte[]>();
        for (var version : List.of("am-0.25.0", "am-0.33.1")) {
            for (var file : bodies(PAYLOADS.resolve(version))) {
                var bytes = Files.readAllBytes(file);
                if (bytes.length < 5_000) {
                    sources.add(bytes);
                }
            }
        }

        for (int i = 0; i < 4_000; i++) {
            var source = sources.get(random.nextInt(sources.size()));
            var body = random.nextInt(4) == 0 ? withBrokenBytes(source, random) : withStrangeParts(source, random);

            try {
                if (read(body) instanceof Delivery delivery) {
                    delivery.alerts()
                            .forEach(each ->
                                    assertThat(Events.alert("ours", each)).isPresent());
                    delivery.unreadable()
                            .forEach(each -> assertThat(each.raw().of(body)).isNotEmpty());
                }
            } catch (RuntimeException e) {
                throw new AssertionError("seed %d, body %d: %s".formatted(seed, i, new String(body, UTF_8)), e);
            }
        }
    }

    private static final List<String> STRANGE = List.of(
            "null",
            "true",
            "0",
            "-1",
            "1e400",
            "1e-999999999",
            "9223372036854775808",
            "[]",
            "{}",
            "\"\"",
            "\"\\u0000\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\ude00\"",
            "\"\\u2028\"",
            "\"0001-01-01T00:00:00Z\"",
            "\"9999-12-31T23:59:59.999999999Z\"",
            "\"2026-11-23T10:00:00+18:00\"",
            "\"2026-11-23T10:00:60Z\"",
            "\"firing\"",
            "\"resolved\"",
            "[[[[]]]]",
            "{\"\":\"\"}",
            "{\"a\":{\"b\":[null]}}",
            "\"../../etc\"",
            "\"c6eadffa33fcdf37\"",
            "\"\\uffff\"");

    private static byte[] withStrangeParts(byte[] source, Random random) throws IOException {
        var root = MAPPER.readTree(source);
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            change(root, random);
        }
        // Written with escapes: otherwise half a character could not be written at all.
        return MAPPER.writer()
                .with(com.fasterxml.jackson.core.json.JsonWriteFeature.ESCAPE_NON_ASCII)
                .writeValueAsString(root)
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void change(JsonNode node, Random random) throws IOException {
        if (node instanceof ObjectNode object && !object.isEmpty()) {
            var names = new ArrayList<String>();
            object.fieldNames().forEachRemaining(names::add);
            var name = names.get(random.nextInt(names.size()));
            switch (random.nextInt(6)) {
                case 0 -> object.remove(name);
                case 1 -> object.set(name, strange(random));
                case 2 -> object.set("\ud800" + name, strange(random));
                default -> change(object.get(name), random);
            }
        } else if (node instanceof ArrayNode array && !array.isEmpty()) {
            int index = random.nextInt(array.size());
            switch (random.nextInt(6)) {
                case 0 -> array.set(index, strange(random));
                case 1 -> array.insert(index, strange(random));
                default -> change(array.get(index), random);
            }
        }
    }

    private static JsonNode strange(Random random) throws IOException {
        return MAPPER.readTree(STRANGE.get(random.nextInt(STRANGE.size())));
    }

    private static byte[] withBrokenBytes(byte[] source, Random random) {
        var bytes = Arrays.copyOf(source, random.nextInt(3) == 0 ? random.nextInt(source.length) : source.length);
        for (int i = random.nextInt(5); i > 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    // --- saying it shorter

    private static List<Path> bodies(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
    }

    /** A delivery of one alert with these fields besides what every alert needs; later ones win. */
    private static String alert(String fields) {
        return ("{'alerts':[{'status':'firing','labels':{'alertname':'A'},'startsAt':'2026-11-23T10:00:00Z'," + fields
                        + "}]}")
                .replace('\'', '"');
    }

    private static Result read(String body) {
        return read(body.getBytes(UTF_8));
    }

    private static Result read(byte[] body) {
        return WebhookBody.read(body, "ours", NOW);
    }

    private static Delivery delivery(String body) {
        return delivery(body.getBytes(UTF_8));
    }

    private static Delivery delivery(byte[] body) {
        return assertThat(read(body))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.type(Delivery.class))
                .actual();
    }
}
