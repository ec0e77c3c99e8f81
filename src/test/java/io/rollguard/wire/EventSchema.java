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

/** A JSON Schema as other teams get it: it stands alone, and formats are demanded. */
public final class EventSchema {

    /** The contracts as the service serves them. */
    static final Path CONTRACTS = Path.of("src/main/resources/contracts");

    static final ObjectMapper JSON = new ObjectMapper();

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
