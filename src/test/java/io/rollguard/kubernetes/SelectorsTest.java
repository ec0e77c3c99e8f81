package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectorsTest {

    /** The labels of what Rollguard keeps: a controller must not take it for its own. */
    private static final String KEPT = "{'app.kubernetes.io/managed-by':'rollguard','rollguard.io/good-of':'uid'}";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {'matchLabels':{'app':'db'}}                                                                        | false
            {'matchLabels':{'app.kubernetes.io/managed-by':'rollguard'}}                                        | true
            {'matchLabels':{'app.kubernetes.io/managed-by':'rollguard','app':'db'}}                             | false
            {'matchExpressions':[{'key':'env','operator':'NotIn','values':['dev']}]}                            | true
            {'matchExpressions':[{'key':'env','operator':'DoesNotExist'}]}                                      | true
            {'matchExpressions':[{'key':'app','operator':'Exists'}]}                                            | false
            {'matchExpressions':[{'key':'app','operator':'In','values':['db','cache']}]}                        | false
            {'matchExpressions':[{'key':'app.kubernetes.io/managed-by','operator':'NotIn','values':['rollguard']}]} | false
            {'matchExpressions':[{'key':'app.kubernetes.io/managed-by','operator':'In','values':['helm','rollguard']}]} | true
            {'matchExpressions':[{'key':'app','operator':'Like','values':['d*']}]}                              | true
            """, quoteCharacter = '"')
    void tellsWhetherItWouldTakeInWhatIsKept(String selector, boolean selects) throws JsonProcessingException {
        assertThat(Selectors.selects(json(selector), json(KEPT))).isEqualTo(selects);
    }

    private static JsonNode json(String text) throws JsonProcessingException {
        return ApiServer.JSON.readTree(text.replace('\'', '"'));
    }
}
