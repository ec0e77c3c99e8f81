package io.rollguard.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What kube-apiserver 1.35 was seen to do, the places included where it departs from RFC 6902. */
class JsonPatchTest {

    private static final String DOCUMENT =
            "{'metadata':{'generation':4},'spec':{'list':[1,2]},'status':{'abort':false,'hash':'abc'}}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'op':'test','path':'/metadata/generation','value':4}   | unchanged |",
                "{'op':'test','path':'/status/gone','value':null}        | unchanged |",
                "{'op':'test','path':'/spec','value':{'list':[1,2]}}     | unchanged |",
                "{'op':'replace','path':'/status/gone','value':1}        | '/status/gone' | 1",
                "{'op':'add','path':'/status/abort','value':true}        | '/status/abort' | true",
                "{'op':'add','path':'/spec/list/-','value':3}            | '/spec/list/2' | 3",
                "{'op':'add','path':'/spec/list/0','value':3}            | '/spec/list/0' | 3",
                "{'op':'remove','path':'/status/hash'}                   | '/status/hash' |",
                "{'op':'copy','from':'/status/hash','path':'/spec/hash'} | '/spec/hash' | '\"abc\"'",
                "{'op':'move','from':'/status/hash','path':'/spec/hash'} | '/status/hash' |",
            })
    void applies(String operation, String path, String expected) {
        ObjectNode before = document();

        ObjectNode after = JsonPatch.apply(patch(operation), before);

        if (path.equals("unchanged")) {
            assertThat(after).isEqualTo(before);
        } else {
            JsonNode value = after.at(path.replace("'", ""));
            assertThat(value.isMissingNode() ? null : value.toString()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'op':'test','path':'/metadata/generation','value':5}",
                "{'op':'test','path':'/metadata/generation','value':4.0}",
                "{'op':'test','path':'/metadata/generation','value':'4'}",
                "{'op':'test','path':'/status/gone/deeper','value':null}",
                "{'op':'test','path':'/status/hash','value':null}",
                "{'op':'remove','path':'/status/gone'}",
                "{'op':'add','path':'/metadata/annotations/mine','value':'x'}",
                "{'op':'replace','path':'/gone/deeper','value':1}",
                "{'op':'add','path':'/spec/list/7','value':1}",
                "{'op':'copy','from':'/gone','path':'/spec/x'}",
                "{'op':'invent','path':'/spec/x','value':1}",
            })
    void refusesWithoutSayingWhich(String operation) {
        assertThatThrownBy(() -> JsonPatch.apply(patch(operation), document()))
                .isInstanceOfSatisfying(
                        ApiFailure.class,
                        failure -> assertThat(failure.status().toString())
                                .isEqualTo(
                                        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
                                                + "\"message\":\"the server rejected our request due to an error in our request\","
                                                + "\"reason\":\"Invalid\",\"details\":{},\"code\":422}"));
    }

    @Test
    void changesNothingWhenALaterOperationFails() {
        ObjectNode before = document();
        JsonNode patch = patch(
                "{'op':'add','path':'/status/abort','value':true},{'op':'test','path':'/status/hash','value':'other'}");

        assertThatThrownBy(() -> JsonPatch.apply(patch, before)).isInstanceOf(ApiFailure.class);

        assertThat(before).isEqualTo(document());
    }

    private static ObjectNode document() {
        return Json.parseObject(DOCUMENT.replace('\'', '"'));
    }

    private static JsonNode patch(String operations) {
        return Json.parse(("[" + operations.replace('\'', '"') + "]").getBytes(StandardCharsets.UTF_8));
    }
}
