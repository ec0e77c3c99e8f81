package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A JSON Schema as other teams get it: it stands alone, and formats are demanded. */
public final class EventSchema {

    /** The contracts as the service serves them. */
    static final Path CONTRACTS = Path.of("src/main/resources/contracts");

    static final ObjectMapper JSON = new ObjectMapper();

    private static final Map<EventType, EventSchema> KNOWN = new ConcurrentHashMap<>();

    private final JsonNode json;
    private final Schema schema;

    private EventSchema(JsonNode json) {
        this.json = json;
        // a registry knows one schema by each $id, and released ones share theirs with the present
        this.schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(json.toString(), InputFormat.JSON);
    }

    static EventSchema of(JsonNode json) {
        return new EventSchema(json);
    }

    static EventSchema at(Path file) {
        try {
            return new EventSchema(JSON.readTree(Files.readString(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static EventSchema of(EventType type) {
        return at(CONTRACTS.resolve("schemas").resolve(type.file()));
    }

    /**
     * What of an event does not keep to its contract; empty where all does.
     *
     * @param value a missing node where it is not JSON, as of many a dead letter
     */
    public static List<String> problems(String topic, Map<String, String> headers, JsonNode value) {
        var type = EventType.all().stream()
                .filter(each -> each.name().equals(headers.get("ce_type")))
                .findFirst();
        if (type.isEmpty() || !type.get().topic().topicName().equals(topic)) {
            return List.of("no type of %s: %s".formatted(topic, headers.get("ce_type")));
        }
        var schema = KNOWN.computeIfAbsent(type.get(), EventSchema::of);
        if (type.get() == EventType.DEAD_LETTER) {
            return schema.problems(JSON.valueToTree(headers));
        }
        return type.get().schema().equals(headers.get("ce_dataschema"))
                ? schema.problems(value)
                : List.of("ce_dataschema is " + headers.get("ce_dataschema"));
    }

    JsonNode json() {
        return json;
    }

    /** What does not keep to it; empty where all does. */
    List<String> problems(byte[] value) {
        return schema
                .validate(
                        new String(value, StandardCharsets.UTF_8),
                        InputFormat.JSON,
                        context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)))
                .stream()
                .map(Object::toString)
                .toList();
    }

    List<String> problems(JsonNode value) {
        return problems(value.toString().getBytes(StandardCharsets.UTF_8));
    }
}
