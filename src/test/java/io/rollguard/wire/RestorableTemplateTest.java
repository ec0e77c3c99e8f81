package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is left of a ReplicaSet's template once what its controller put there is taken out, to the letter. */
class RestorableTemplateTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final String LISTED = "{labels: {role: stable}, annotations: {seen: 'yes'}}";
    private static final String TERM =
            "labelSelector: {matchExpressions: [{key: rollouts-pod-template-hash, operator: NotIn, values: [abc]}]}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{labels: {app: cart, rollouts-pod-template-hash: abc}} | {labels: {app: cart}}",
                "{labels: {app: cart, role: stable}} | {labels: {app: cart}}",
                "{labels: {app: cart}, annotations: {seen: 'yes'}} | {labels: {app: cart}}",
                "{labels: {app: cart}, annotations: {seen: 'yes', own: 'yes'}} | {labels: {app: cart}, annotations: {own: 'yes'}}",
                "{labels: {app: cart}, annotations: {}} | {labels: {app: cart}, annotations: {}}"
            })
    void metadataOfTheRoleIsTakenOut(String metadata, String left) {
        var template = PodTemplate.restorable(replicaSet(metadata, "{}")).orElseThrow();

        assertThat(template.path("metadata")).isEqualTo(yaml(left));
    }

    @Test
    void ofARequiredTermTheEmptiedParentsGoToo() {
        assertThat(spec("{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{%s}]}}}"))
                .isEqualTo(yaml("{}"));
        assertThat(spec("{affinity: {nodeAffinity: {}, podAntiAffinity:"
                        + " {requiredDuringSchedulingIgnoredDuringExecution: [{%s}]}}}"))
                .isEqualTo(yaml("{affinity: {nodeAffinity: {}}}"));
    }

    @Test
    void ofAPreferredTermTheParentsStay() {
        assertThat(spec("{affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution:"
                        + " [{weight: 1, podAffinityTerm: {%s}}]}}}"))
                .isEqualTo(yaml("{affinity: {podAntiAffinity: {}}}"));
    }

    @Test
    void termsOfOnesOwnStay() {
        assertThat(spec("{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
                        + " [{topologyKey: zone}, {%s}]}}}"))
                .isEqualTo(yaml("{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
                        + " [{topologyKey: zone}]}}}"));
    }

    @Test
    void whereItCantBeToldWhatWasPutThereNothingIsRestored() {
        var unreadable = yaml("{metadata: {annotations: {rollout.argoproj.io/ephemeral-metadata: 'x{'}},"
                + " spec: {template: {metadata: {}, spec: {}}}}");

        assertThat(PodTemplate.restorable(unreadable)).isEmpty();
    }

    private static JsonNode spec(String spec) {
        return PodTemplate.restorable(replicaSet("{labels: {app: cart}}", spec.formatted(TERM)))
                .orElseThrow()
                .path("spec");
    }

    private static JsonNode replicaSet(String metadata, String spec) {
        var set = yaml(
                "{metadata: {annotations: {}}, spec: {template: {metadata: %s, spec: %s}}}".formatted(metadata, spec));
        ((ObjectNode) set.at("/metadata/annotations"))
                .put("rollout.argoproj.io/ephemeral-metadata", yaml(LISTED).toString());
        return set;
    }

    private static JsonNode yaml(String text) {
        try {
            return YAML.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
