package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.verdict.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswersTest {

    @ParameterizedTest
    @CsvSource({
        "200, Done",
        "201, Done",
        "202, Done",
        "301, NotDone",
        "400, Refused",
        "401, Refused",
        "403, Refused",
        "404, Refused",
        "405, Refused",
        "409, Moved",
        "410, Refused",
        "413, Refused",
        "415, Refused",
        "422, Moved",
        "429, NotDone",
        "500, NotDone",
        "502, NotDone",
        "503, NotDone",
        "504, Unsure"
    })
    void everyCodeMeansOneThing(int code, String answer) {
        var given = Answers.of(new Reply.Got(code, json("{}")), body -> new Answer.Done(""));

        assertThat(given.getClass().getSimpleName()).isEqualTo(answer);
    }

    @Test
    void aTestThatFailedNamesNoObjectAndAnInvalidOneDoes() {
        var failedTest =
                json("{'message':'the server rejected our request','reason':'Invalid','details':{},'code':422}");
        var invalid = json("{'reason':'Invalid','details':{'name':'cart','causes':[{'field':'spec.template'}]}}");

        assertThat(Answers.of(new Reply.Got(422, failedTest), body -> new Answer.Done("")))
                .isInstanceOf(Answer.Moved.class);
        assertThat(Answers.of(new Reply.Got(422, invalid), body -> new Answer.Done("")))
                .isInstanceOf(Answer.Refused.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "422 | deployments.apps ~cart~ is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'b' denied request: hunter2"
                        + " | DENIED_BY_POLICY | ValidatingAdmissionPolicy no-latest: HTTP 422",
                "403 | admission webhook ~images.example.org~ denied the request: hunter2"
                        + " | DENIED_BY_POLICY | admission webhook images.example.org: HTTP 403",
                "422 | admission webhook ~images.example.org~ denied the request: hunter2"
                        + " | DENIED_BY_POLICY | admission webhook images.example.org: HTTP 422",
                "403 | controllerrevisions.apps ~c~ is forbidden: exceeded quota: small, requested: count=1, used: count=9, limited: count=9"
                        + " | NO_QUOTA_LEFT | ResourceQuota small: HTTP 403",
            })
    void whatAdmissionDeniedIsToldByItsNameUnderWhicheverCodeAndNotTriedAgain(
            int code, String message, Reason reason, String detail) {
        var status = ApiServer.JSON.createObjectNode().put("message", message.replace('~', '"'));
        status.putObject("details").put("name", "cart");

        assertThat(Answers.of(new Reply.Got(code, status), body -> new Answer.Done("")))
                .isEqualTo(new Answer.Refused(reason, detail));
    }

    @Test
    void whatTheServerNeverGotIsNotDoneAndWhatItDidNotAnswerIsUnsure() {
        assertThat(Answers.of(new Reply.NotSent("refused"), body -> new Answer.Done("")))
                .isInstanceOf(Answer.NotDone.class);
        assertThat(Answers.of(new Reply.Lost("closed"), body -> new Answer.Done("")))
                .isInstanceOf(Answer.Unsure.class);
    }

    @Test
    void theDetailNamesFieldsAndNeverValues() {
        var status = json("{'message':'env: Invalid value: \\'hunter2\\'','reason':'Invalid','details':{'name':'cart',"
                + "'causes':[{'field':'spec.template.spec.containers[0].env','message':'hunter2'}]}}");

        var detail = Answers.describe(422, status);

        assertThat(detail)
                .isEqualTo("HTTP 422 Invalid at spec.template.spec.containers[0].env")
                .doesNotContain("hunter2");
    }

    private static JsonNode json(String text) {
        try {
            return ApiServer.JSON.readTree(text.replace("\\'", "").replace('\'', '"'));
        } catch (JsonProcessingException wrong) {
            throw new AssertionError(wrong);
        }
    }
}
