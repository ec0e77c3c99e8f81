package io.rollguard.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectorTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "app=cart;                  true",
                "app==cart;                 true",
                "app=shop;                  false",
                "app!=shop;                 true",
                "gone!=x;                   true",
                "app in (shop, cart),tier;  true",
                "app in (shop);             false",
                "app notin (cart);          false",
                "gone notin (cart);         true",
                "!gone,app;                 true",
                "gone;                      false",
                "'';                        true",
            })
    void picksByLabels(String query, boolean picked) {
        var labels = Json.parseObject("{\"app\":\"cart\",\"tier\":\"web\"}");

        assertThat(LabelSelector.parse(query).matches(labels)).isEqualTo(picked);
    }

    @Test
    void formatsTheSelectorOfAWorkloadAsControllersDo() {
        var selector = Json.parseObject("{\"matchLabels\":{\"tier\":\"web\",\"app\":\"cart\"}}");

        assertThat(LabelSelector.format(selector)).isEqualTo("app=cart,tier=web");
    }

    @Test
    void picksPodsOfANode() {
        var pod = Json.parseObject("{\"spec\":{\"nodeName\":\"node-a\"}}");

        assertThat(FieldSelector.parse(Catalog.PODS, "spec.nodeName=node-a").matches(pod))
                .isTrue();
        assertThat(FieldSelector.parse(Catalog.PODS, "spec.nodeName!=node-a").matches(pod))
                .isFalse();
    }

    @Test
    void refusesAFieldThatTheServerHasNoIndexFor() {
        assertThatThrownBy(() -> FieldSelector.parse(Catalog.DEPLOYMENTS, "spec.nodeName=node-a"))
                .isInstanceOfSatisfying(
                        ApiFailure.class, failure -> assertThat(failure.code()).isEqualTo(400));
    }
}
