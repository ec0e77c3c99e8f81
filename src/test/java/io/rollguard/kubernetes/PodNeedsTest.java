package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodNeedsTest {

    @Test
    void whatContainersAskForIsAddedUp() {
        var needs = PodNeeds.of(json("{'spec':{'containers':["
                + "{'resources':{'requests':{'cpu':'100m','memory':'64Mi'},'limits':{'cpu':'1'}}},"
                + "{'resources':{'limits':{'cpu':'500m','memory':'1Gi'}}},{}]}}"));

        assertThat(needs.get("pods")).isEqualByComparingTo("1");
        assertThat(needs.get("count/pods")).isEqualByComparingTo("1");
        assertThat(needs.get("requests.cpu")).isEqualByComparingTo("0.6");
        assertThat(needs.get("cpu")).isEqualByComparingTo("0.6");
        assertThat(needs.get("limits.cpu")).isEqualByComparingTo("1.5");
        assertThat(needs.get("requests.memory")).isEqualByComparingTo(new BigDecimal((64L << 20) + (1L << 30)));
        assertThat(needs).doesNotContainKey("requests.storage");
    }

    @ParameterizedTest
    @CsvSource({
        // replicas, maxSurge, maxUnavailable, pods now, pods that must fit
        "4, 1, 0, 4, 1",
        "4, 1, 0, 5, 0",
        "4, 25%, 25%, 4, 0",
        "2, 25%, 25%, 2, 1",
        "4, 25%, 25%, 3, 1",
        "4, 0, 0, 4, 0",
        "0, 25%, 25%, 0, 0",
    })
    void aPodMustFitWhereNoneMayBeTakenAwayFirst(int replicas, String surge, String unavailable, int now, int must) {
        var workload = json(("{'spec':{'replicas':%d,'strategy':{'type':'RollingUpdate','rollingUpdate':"
                        + "{'maxSurge':'%s','maxUnavailable':'%s'}}},'status':{'replicas':%d}}")
                .formatted(replicas, surge, unavailable, now));

        assertThat(PodNeeds.beyondThePresent(workload)).isEqualTo(must);
    }

    @Test
    void whoTakesAllAwayFirstNeedsNoRoom() {
        var workload = json("{'spec':{'replicas':4,'strategy':{'type':'Recreate'}},'status':{'replicas':4}}");

        assertThat(PodNeeds.beyondThePresent(workload)).isZero();
    }

    private static JsonNode json(String text) {
        try {
            return ApiServer.JSON.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException wrong) {
            throw new AssertionError(wrong);
        }
    }
}
