package io.rollguard.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** JSON as events carry it: fields in a fixed order, so the same value is the same bytes. */
final class Json {

    static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Deeper than any sender nests; what is deeper costs stack. */
    private static final int MAX_DEPTH = 64;

    private static final int MAX_NUMBER_LENGTH = 400;
    private static final int MAX_NAME_LENGTH = 64 * 1024;

    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(MAX_NUMBER_LENGTH)
                            .maxNameLength(MAX_NAME_LENGTH)
                            // one alert with a huge annotation costs itself, not the alerts beside it
                            .maxStringLength(WebhookBody.MAX_BYTES)
                            .maxDocumentLength(2L * WebhookBody.MAX_BYTES)
                            .build())
                    .streamWriteConstraints(StreamWriteConstraints.builder()
                            .maxNestingDepth(2 * MAX_DEPTH)
                            .build())
                    // names come from strangers: they must not stay in the JVM's table of strings. Not turned off as a
                    // whole (CANONICALIZE_FIELD_NAMES): Jackson would then take bytes that are not UTF-8, and know no
                    // offsets
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private Json() {}

    static JsonFactory factory() {
        return MAPPER.getFactory();
    }

    /** @throws JsonProcessingException where it is no JSON, or breaks a limit */
    static JsonNode read(byte[] bytes) throws IOException {
        var node = MAPPER.readTree(bytes);
        return node == null ? NODES.missingNode() : node;
    }

    /** @throws Unreadable where a text holds half a character */
    static byte[] write(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new Unreadable("text", "not Unicode");
        }
    }

    interface Content {
        void writeTo(JsonGenerator json) throws IOException;
    }

    /**
     * Without a tree in between.
     *
     * @throws Unreadable where a text holds half a character
     */
    static byte[] write(Content content) {
        var bytes = new ByteArrayOutputStream(1024);
        try (var json = factory().createGenerator(bytes)) {
            content.writeTo(json);
        } catch (IOException e) {
            throw new Unreadable("text", "not Unicode");
        }
        return bytes.toByteArray();
    }

    static ObjectNode object() {
        return NODES.objectNode();
    }

    static <T> ArrayNode array(Collection<T> values, Function<T, JsonNode> form) {
        var array = NODES.arrayNode(values.size());
        values.forEach(value -> array.add(form.apply(value)));
        return array;
    }

    static JsonNode text(@Nullable Object value) {
        return value == null ? NODES.nullNode() : NODES.textNode(value.toString());
    }

    static JsonNode time(@Nullable Instant time) {
        return text(time);
    }
}
