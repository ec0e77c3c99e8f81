package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.rollguard.alert.AlertHistory;
import io.rollguard.incident.Command;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.policy.Mode;
import io.rollguard.release.Kind;
import io.rollguard.release.Release;
import io.rollguard.release.Strategy;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Evidence;
import io.rollguard.verdict.Relation;
import io.rollguard.verdict.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Code, schemas and AsyncAPI document say the same; {@link GoldenEventsTest} holds them to time, {@link TopicsPageTest} to the page. */
class ContractsTest {

    private static final Path SCHEMAS = EventSchema.CONTRACTS.resolve("schemas");

    private static JsonNode asyncApi;

    @BeforeAll
    static void readTheDocument() throws IOException {
        asyncApi = new YAMLMapper()
                .readTree(EventSchema.CONTRACTS.resolve("asyncapi.yaml").toFile());
    }

    static List<EventType> types() {
        return EventType.all();
    }

    // --- nothing missing, nothing left over

    @Test
    void everyStepOfAnIncidentIsAType() {
        var steps = Arrays.stream(Step.class.getPermittedSubclasses())
                .filter(kind -> kind != Step.Unknown.class)
                .map(kind -> "io.rollguard.incident." + kind.getSimpleName().toLowerCase(Locale.ROOT) + ".v1");

        assertThat(types().stream()
                        .filter(type -> type.topic() == Topic.INCIDENT)
                        .map(EventType::name))
                .containsExactlyInAnyOrderElementsOf(steps.toList());
    }

    @Test
    void everyTypeHasASchema() throws IOException {
        try (var files = Files.list(SCHEMAS)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(
                            types().stream().map(EventType::file).toList());
        }
    }

    @Test
    void everyTypeIsAMessageOfItsChannel() {
        var messages = new HashMap<String, String>();
        asyncApi.path("channels")
                .forEach(channel -> channel.path("messages").forEach(message -> {
                    var name = resolve(message).path("name").asText();
                    assertThat(messages.put(name, channel.path("address").asText()))
                            .as(name)
                            .isNull();
                }));

        assertThat(messages)
                .hasSameSizeAs(types())
                .allSatisfy((name, address) -> assertThat(types()).anySatisfy(type -> {
                    assertThat(type.name()).isEqualTo(name);
                    assertThat(type.topic().topicName()).isEqualTo(address);
                }));
        assertThat(asyncApi.at("/components/messages")).hasSameSizeAs(types());
    }

    // --- the AsyncAPI document

    @ParameterizedTest
    @EnumSource(Topic.class)
    void everyTopicIsAChannelWithItsSettings(Topic topic) {
        var channels = Stream.of(asyncApi.path("channels"))
                .flatMap(each -> each.properties().stream())
                .filter(each -> each.getValue().path("address").asText().equals(topic.topicName()))
                .toList();

        assertThat(channels).hasSize(1);
        assertThat(asyncApi.path("channels")).hasSize(Topic.values().length);
        var kafka = channels.getFirst().getValue().at("/bindings/kafka");
        assertThat(kafka.path("topic").asText()).isEqualTo(topic.topicName());
        assertThat(kafka.path("partitions").asInt()).isEqualTo(topic.partitions());
        assertThat(kafka.path("replicas").asInt()).isEqualTo(3);
        assertThat(kafka.at("/topicConfiguration/retention.ms").asLong())
                .isEqualTo(topic.retention().toMillis());
        assertThat(kafka.at("/topicConfiguration/cleanup.policy").toString()).isEqualTo("[\"delete\"]");
    }

    @Test
    void everyChannelWithMessagesIsSentTo() {
        var sent = new ArrayList<String>();
        asyncApi.path("operations").forEach(operation -> {
            assertThat(operation.path("action").asText()).isEqualTo("send");
            sent.add(operation.at("/channel/$ref").asText());
        });

        assertThat(sent)
                .containsExactlyInAnyOrderElementsOf(asyncApi.path("channels").properties().stream()
                        .filter(channel -> !channel.getValue().path("messages").isEmpty())
                        .map(channel -> "#/channels/" + channel.getKey())
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("types")
    void headersAndValueOfAnEventAreThoseOfItsMessage(EventType type) {
        var event = SampleEvents.of(type);
        var message = asyncApi.path("components").path("messages").properties().stream()
                .map(Map.Entry::getValue)
                .filter(each -> each.path("name").asText().equals(type.name()))
                .findFirst()
                .orElseThrow();
        var schema = EventSchema.of(type);

        assertThat(message.path("title")).isEqualTo(schema.json().path("title"));
        assertThat(headers(message).problems(EventSchema.JSON.valueToTree(event.headers())))
                .isEmpty();
        if (type == EventType.DEAD_LETTER) {
            assertThat(message.has("payload")).isFalse();
            assertThat(event.headers()).doesNotContainKey("ce_dataschema");
        } else {
            assertThat(message.at("/payload/schema/$ref").asText()).isEqualTo("./schemas/" + type.file());
            assertThat(event.headers())
                    .containsEntry("ce_type", type.name())
                    .containsEntry("ce_dataschema", schema.json().path("$id").asText());
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void aHeaderThatIsPromisedIsMissed(EventType type) {
        var message = asyncApi.path("components").path("messages").properties().stream()
                .map(Map.Entry::getValue)
                .filter(each -> each.path("name").asText().equals(type.name()))
                .findFirst()
                .orElseThrow();

        for (var name : SampleEvents.of(type).headers().keySet()) {
            var without = new HashMap<>(SampleEvents.of(type).headers());
            without.remove(name);
            assertThat(headers(message).problems(EventSchema.JSON.valueToTree(without)))
                    .as(name)
                    .isNotEmpty();
        }
    }

    // --- the schemas

    @ParameterizedTest
    @MethodSource("types")
    void aSchemaIsOneAndStandsAlone(EventType type) {
        var schema = EventSchema.of(type).json();
        var meta = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));

        assertThat(meta.validate(schema.toString(), InputFormat.JSON)).isEmpty();
        assertThat(schema.path("$schema").asText()).isEqualTo("https://json-schema.org/draft/2020-12/schema");
        assertThat(schema.path("$id").asText()).isEqualTo(type.schema());
        assertThat(schema.path("title").asText()).isNotEmpty();
        assertThat(schema.findValuesAsText("$ref"))
                .allSatisfy(ref -> assertThat(schema.at(ref.substring(1)).isMissingNode())
                        .as(ref)
                        .isFalse());
        assertThat(schema.findValues("additionalProperties"))
                .as("objects are open")
                .allSatisfy(more -> assertThat(more.isObject()).isTrue());
    }

    @Test
    void whatHasOneNameIsTheSameInEverySchema() {
        var known = new HashMap<String, JsonNode>();
        for (var type : types()) {
            EventSchema.of(type).json().path("$defs").properties().forEach(part -> {
                var first = known.putIfAbsent(part.getKey(), part.getValue());
                if (first != null) {
                    assertThat(part.getValue())
                            .as("%s of %s", part.getKey(), type.name())
                            .isEqualTo(first);
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void whatIsPromisedIsMissedAndWhatIsNewIsNot(EventType type) throws IOException {
        var event = SampleEvents.of(type);
        var schema = EventSchema.of(type);
        var value = (ObjectNode)
                (type == EventType.DEAD_LETTER
                        ? EventSchema.JSON.valueToTree(event.headers())
                        : EventSchema.JSON.readTree(event.value()));
        var promised = new TreeSet<String>();
        schema.json().path("required").forEach(name -> promised.add(name.asText()));
        schema.json()
                .path("allOf")
                .forEach(part -> schema.json()
                        .at(part.path("$ref").asText().substring(1))
                        .path("required")
                        .forEach(name -> promised.add(name.asText())));

        assertThat(promised).isNotEmpty();
        for (var name : promised) {
            assertThat(schema.problems(value.deepCopy().without(name))).as(name).isNotEmpty();
        }
        value.put("fieldOfTheFuture", 1);
        assertThat(schema.problems(value)).isEmpty();
    }

    static Stream<Arguments> lists() {
        var closed = "enum";
        var open = "examples";
        return Stream.of(
                list("release.started", "/$defs/workload/properties/kind", open, Kind.values(), Kind::label),
                list("release.started", "/$defs/release/properties/strategy", open, Strategy.values(), Strategy::label),
                list(
                        "release.started",
                        "/$defs/release/properties/stage",
                        open,
                        Release.Stage.values(),
                        Release.Stage::label),
                list(
                        "release.started",
                        "/$defs/release/properties/basis",
                        open,
                        Release.Target.Basis.values(),
                        Release.Target.Basis::label),
                list("incident.judged", "/$defs/entry/properties/act", closed, Act.values(), Act::label),
                list("incident.judged", "/$defs/allowed/properties/act", closed, Act.values(), Act::label),
                list("incident.judged", "/$defs/allowed/properties/mode", closed, Mode.values(), Mode::label),
                list("incident.judged", "/properties/verdict", closed, Verdict.Outcome.values(), Enum::name),
                list(
                        "incident.judged",
                        "/$defs/evidence/properties/kind",
                        closed,
                        Evidence.Kind.values(),
                        Evidence.Kind::label),
                list(
                        "incident.judged",
                        "/$defs/evidence/properties/relation",
                        open,
                        Relation.values(),
                        Relation::label),
                list("incident.judged", "/$defs/hit/properties/relation", open, Relation.values(), Relation::label),
                list(
                        "incident.judged",
                        "/$defs/hit/properties/state",
                        open,
                        AlertHistory.State.values(),
                        AlertHistory.State::label),
                list("incident.answered", "/properties/command", open, Command.Kind.values(), Command.Kind::label),
                list(
                        "dead-letter",
                        "/properties/ce_reason",
                        open,
                        Events.DeadLetterReason.values(),
                        Events.DeadLetterReason::code));
    }

    private static <T> Arguments list(
            String type, String at, String keyword, T[] constants, Function<T, String> label) {
        return Arguments.of(
                "io.rollguard." + type + ".v1",
                at + "/" + keyword,
                Arrays.stream(constants).map(label).toList());
    }

    @ParameterizedTest
    @MethodSource("lists")
    void aListHoldsTheCodesValues(String type, String at, List<String> labels) {
        var listed = new ArrayList<String>();
        EventSchema.at(SCHEMAS.resolve(type + ".json")).json().at(at).forEach(value -> listed.add(value.asText()));

        assertThat(listed).containsExactlyInAnyOrderElementsOf(labels);
    }

    // --- what tests say

    private static JsonNode resolve(JsonNode node) {
        return node.has("$ref") ? asyncApi.at(node.get("$ref").asText().substring(1)) : node;
    }

    /** The document's own schema of the headers, with those it names in files put in its place. */
    private static EventSchema headers(JsonNode message) {
        var root = EventSchema.JSON.createObjectNode();
        root.set("components", asyncApi.path("components"));
        var text = message.path("headers").toString();
        for (var type : types()) {
            if (text.contains("\"./schemas/" + type.file() + "\"")) {
                root.putObject("files")
                        .set("file", ((ObjectNode) EventSchema.of(type).json()).without("$id"));
                text = text.replace("./schemas/" + type.file(), "#/files/file");
            }
        }
        try {
            root.putArray("allOf").add(EventSchema.JSON.readTree(text));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return EventSchema.of(root);
    }
}
