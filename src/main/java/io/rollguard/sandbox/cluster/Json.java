package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** The one JSON mapper, and how trees are read and written here. Numbers are nodes of the type a parser would make. */
final class Json {

    static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(SerializationFeature.INDENT_OUTPUT);

    private Json() {}

    static JsonNode parse(byte[] json) {
        try {
            return MAPPER.readTree(json);
        } catch (IOException e) {
            throw ApiFailure.badRequest("the object provided is unrecognized: " + e.getMessage());
        }
    }

    static ObjectNode parseObject(byte[] json) {
        if (parse(json) instanceof ObjectNode object) {
            return object;
        }
        throw ApiFailure.badRequest("the object provided is not a JSON object");
    }

    static ObjectNode parseObject(String json) {
        return parseObject(json.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] bytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ObjectNode object() {
        return NODES.objectNode();
    }

    /** Equal numbers must be equal nodes: an {@code IntNode} and a {@code LongNode} of one value are not. */
    static JsonNode number(long value) {
        return value == (int) value ? IntNode.valueOf((int) value) : LongNode.valueOf(value);
    }

    static JsonNode at(JsonNode from, String... path) {
        JsonNode here = from;
        for (String name : path) {
            here = here.path(name);
        }
        return here;
    }

    /** The text at the path, or "" where there is none. */
    static String text(JsonNode from, String... path) {
        return at(from, path).asText("");
    }

    static long number(JsonNode from, long otherwise, String... path) {
        return at(from, path).asLong(otherwise);
    }

    /** The object at the path, made where it is missing. */
    static ObjectNode ensure(ObjectNode from, String... path) {
        ObjectNode here = from;
        for (String name : path) {
            here = here.get(name) instanceof ObjectNode next ? next : here.putObject(name);
        }
        return here;
    }

    /** Object members in alphabetical order all the way down: one text for equal values. */
    static JsonNode sorted(JsonNode node) {
        if (node instanceof ObjectNode object) {
            Map<String, JsonNode> members = new TreeMap<>();
            object.properties().forEach(member -> members.put(member.getKey(), sorted(member.getValue())));
            ObjectNode sorted = object();
            sorted.setAll(members);
            return sorted;
        }
        if (node.isArray()) {
            var sorted = NODES.arrayNode(node.size());
            node.forEach(element -> sorted.add(sorted(element)));
            return sorted;
        }
        return node;
    }
}
