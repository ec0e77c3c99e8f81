package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules by which a schema may change are held to a change of each kind. */
class SchemaChangeTest {

    private static final String OLD = """
            {"type": "object", "required": ["a"],
             "properties": {
               "a": {"type": ["string", "null"], "pattern": "^x"},
               "closed": {"type": "string", "enum": ["one", "two"]},
               "open": {"type": "string", "examples": ["one", "two"]},
               "either": {"anyOf": [{"$ref": "#/$defs/part"}, {"type": "null"}]},
               "list": {"type": "array", "items": {"type": "integer", "minimum": 0}},
               "title": {"type": "string"}},
             "$defs": {"part": {"type": "object", "properties": {"b": {"type": "string"}}}}}
            """;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /required                | ["a", "closed"]                         | /required: closed added
            /required                | []                                      | /required: a gone
            /properties/a/type       | "string"                                | /properties/a/type: null gone
            /properties/a/type       | ["string", "null", "number"]            | /properties/a/type: number added
            /properties/a/pattern    | "^y"                                    | /properties/a/pattern changed
            /properties/a/minLength  | 1                                       | /properties/a/minLength added
            /properties/closed/enum  | ["one"]                                 | /properties/closed/enum: two gone
            /properties/closed/enum  | ["one", "two", "three"]                 | /properties/closed/enum: three added
            /properties/open/examples| ["one", "three"]                        | /properties/open/examples: two gone
            /properties/either/anyOf | [{"$ref": "#/$defs/part"}]              | /properties/either/anyOf changed
            /properties/either/anyOf | [{"$ref": "#/$defs/p"}, {"type": "null"}] | /properties/either/anyOf/0/$ref changed
            /properties/list/items   | {"type": "string", "minimum": 0}        | /properties/list/items/type: integer gone
            /properties/list/items   | {"type": "integer"}                     | /properties/list/items/minimum gone
            /properties/title/type   | "integer"                               | /properties/title/type: string gone
            /$defs/part/properties   | {}                                      | /$defs/part/properties: b gone
            /additionalProperties    | false                                   | /additionalProperties added
            """)
    void isFound(String path, String value, String expected) throws Exception {
        assertThat(SchemaChange.breaks(json(OLD), changed(path, value))).contains(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /description             | "other words"
            /properties/a/title      | "other words"
            /properties/more         | {"type": "string", "enum": ["x"]}
            /properties/open/examples| ["one", "two", "three"]
            /$defs/new               | {"type": "string"}
            """)
    void isAllowed(String path, String value) throws Exception {
        assertThat(SchemaChange.breaks(json(OLD), changed(path, value))).isEmpty();
    }

    @Test
    void nothingIsFoundInWhatIsTheSame() throws Exception {
        assertThat(SchemaChange.breaks(json(OLD), json(OLD))).isEmpty();
    }

    private static ObjectNode changed(String path, String value) throws Exception {
        var schema = json(OLD);
        int last = path.lastIndexOf('/');
        ((ObjectNode) schema.at(path.substring(0, last)))
                .set(path.substring(last + 1), new ObjectMapper().readTree(value));
        return schema;
    }

    private static ObjectNode json(String text) throws Exception {
        return (ObjectNode) new ObjectMapper().readTree(text);
    }
}
