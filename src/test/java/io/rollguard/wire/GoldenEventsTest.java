package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.incident.IncidentEvent.Step;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What was written once can be read for ever. {@code events/v1/<edition>/} keeps, for each type that was new or had changed
 * then, an event as it lay on the topic and the schema that other teams had. Of each type the newest is what the code writes
 * now; older ones never change. With {@code -Drollguard.golden.write=true} what is missing is added, in the newest edition
 * where the type is new and in a next one where it changed; nothing is ever overwritten.
 */
class GoldenEventsTest {

    private static final Path ROOT = Path.of("src/test/resources/events/v1");
    private static final Path SUMS = ROOT.resolve("SHA256SUMS");
    private static final String HOW = "; -Drollguard.golden.write=true keeps what is written now as a new edition";

    /** An event and its schema, as they were. */
    private record Golden(EventType type, int edition) {

        Path event() {
            return ROOT.resolve(edition + "/" + type.file());
        }

        Path schema() {
            return ROOT.resolve(edition + "/" + type.name() + ".schema.json");
        }

        JsonNode json() {
            return read(event());
        }

        byte[] value() {
            var value = json().path("value");
            return bytes(value.isTextual() ? value.textValue() : value.toString());
        }

        @Override
        public String toString() {
            return edition + "/" + type.name();
        }
    }

    static List<EventType> types() {
        return EventType.all();
    }

    static List<Golden> goldens() {
        return types().stream().flatMap(type -> goldens(type).stream()).toList();
    }

    /** Oldest first. */
    private static List<Golden> goldens(EventType type) {
        return IntStream.rangeClosed(1, newestEdition())
                .mapToObj(edition -> new Golden(type, edition))
                .filter(golden -> Files.exists(golden.event()))
                .toList();
    }

    private static Optional<Golden> newest(EventType type) {
        return goldens(type).stream().reduce((one, next) -> next);
    }

    private static int newestEdition() {
        int edition = 0;
        while (Files.isDirectory(ROOT.resolve(Integer.toString(edition + 1)))) {
            edition++;
        }
        return edition;
    }

    // --- the newest is what is written

    @ParameterizedTest
    @MethodSource("types")
    void theNewestIsWhatTheCodeWrites(EventType type) {
        var written = golden(SampleEvents.of(type));

        var newest = newest(type);

        assertThat(newest).as("a golden event of %s%s", type.name(), HOW).isPresent();
        assertThat(newest.get().json())
                .as("%s is not what is written now%s", newest.get(), HOW)
                .isEqualTo(written);
    }

    @ParameterizedTest
    @MethodSource("types")
    void theNewestHasThePresentSchema(EventType type) {
        var newest = newest(type).orElseThrow();

        assertThat(read(newest.schema()))
                .as("the schema of %s is not the present one%s", newest, HOW)
                .isEqualTo(EventSchema.of(type).json());
    }

    // --- old ones stay, and stay readable

    @Test
    void nothingElseLiesThereAndNothingWasChanged() throws IOException {
        var sums = sums();
        var known = goldens().stream()
                .flatMap(golden -> Stream.of(golden.event(), golden.schema()))
                .map(GoldenEventsTest::name)
                .toList();

        assertThat(sums.keySet()).as("files of known types").containsExactlyInAnyOrderElementsOf(known);
        assertThat(Files.readAllLines(SUMS))
                .as("a golden event that was kept is never changed: keep a new edition beside it")
                .isEqualTo(lines(sums));
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void everyOneCanBeRead(Golden golden) throws IOException {
        var value = golden.value();
        var name = golden.type().name();
        switch (golden.type().topic()) {
            case ALERT -> assertThat(AlertJson.storedTree(value)).isNotNull();
            case RELEASE ->
                assertThat(ReleaseJson.release(new Fields(golden.json().path("value"), "")))
                        .isNotNull();
            case INCIDENT ->
                assertThat(IncidentEvents.read(name, value))
                        .isInstanceOfSatisfying(
                                IncidentEvents.Read.Event.class,
                                read -> assertThat(read.event().step()).isNotInstanceOf(Step.Unknown.class));
            case COMMAND -> assertThat(CommandEvents.read(name, value)).isInstanceOf(CommandEvents.Read.Asked.class);
            case DEAD_LETTER -> assertThat(value).isNotEmpty();
        }
    }

    // --- compatible both ways

    @ParameterizedTest
    @MethodSource("goldens")
    void everyOneKeepsToThePresentSchema(Golden golden) {
        assertThat(problems(EventSchema.of(golden.type()), golden)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void theNewestKeepsToEverySchemaThatOthersHave(Golden golden) {
        var newest = newest(golden.type()).orElseThrow();

        assertThat(problems(EventSchema.at(golden.schema()), newest)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void noSchemaBreaksWithAnEarlierOne(Golden golden) {
        assertThat(SchemaChange.breaks(
                        read(golden.schema()), EventSchema.of(golden.type()).json()))
                .isEmpty();
    }

    // --- what tests say

    /** A dead letter's schema is about its headers. */
    private static List<String> problems(EventSchema schema, Golden golden) {
        return golden.type().topic() == Topic.DEAD_LETTER
                ? schema.problems(golden.json().path("headers"))
                : schema.problems(golden.value());
    }

    private static ObjectNode golden(EventRecord event) {
        var json = EventSchema.JSON.createObjectNode();
        json.put("topic", event.topic().topicName());
        json.put("key", new String(event.key(), StandardCharsets.UTF_8));
        event.headers().forEach(json.putObject("headers")::put);
        var text = new String(event.value(), StandardCharsets.UTF_8);
        return event.topic() == Topic.DEAD_LETTER ? json.put("value", text) : json.set("value", tree(text));
    }

    @BeforeAll
    static void keepWhatIsNew() throws IOException {
        if (!Boolean.getBoolean("rollguard.golden.write")) {
            return;
        }
        int last = Math.max(1, newestEdition());
        for (var type : types()) {
            var written = golden(SampleEvents.of(type));
            var schema = EventSchema.of(type).json();
            var newest = newest(type);
            if (newest.isEmpty()) {
                keep(new Golden(type, last), written, schema);
            } else if (!newest.get().json().equals(written)
                    || !read(newest.get().schema()).equals(schema)) {
                keep(new Golden(type, newest.get().edition() == last ? last + 1 : last), written, schema);
            }
        }
        var kept = Files.exists(SUMS) ? Files.readAllLines(SUMS) : List.<String>of();
        assertThat(lines(sums())).as("what is kept was not changed").containsAll(kept);
        Files.write(SUMS, lines(sums()));
    }

    private static void keep(Golden golden, JsonNode event, JsonNode schema) {
        write(golden.event(), event);
        write(golden.schema(), schema);
    }

    private static SortedMap<String, String> sums() throws IOException {
        var sums = new TreeMap<String, String>();
        try (var files = Files.walk(ROOT)) {
            files.filter(file -> Files.isRegularFile(file) && !file.equals(SUMS))
                    .forEach(file -> sums.put(name(file), Digest.sha256(content(file))));
        }
        return sums;
    }

    /** As {@code sha256sum -c} reads them. */
    private static List<String> lines(SortedMap<String, String> sums) {
        return sums.entrySet().stream()
                .map(each -> each.getValue() + "  " + each.getKey())
                .toList();
    }

    private static String name(Path file) {
        return ROOT.relativize(file).toString().replace(File.separatorChar, '/');
    }

    private static void write(Path file, JsonNode json) {
        try {
            Files.createDirectories(file.getParent());
            var text =
                    EventSchema.JSON.writer(SerializationFeature.INDENT_OUTPUT).writeValueAsString(json);
            Files.writeString(file, text + "\n", StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode read(Path file) {
        return tree(new String(content(file), StandardCharsets.UTF_8));
    }

    private static JsonNode tree(String text) {
        try {
            return EventSchema.JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] content(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
