package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rollguard.release.Reference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodReferencesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'containers':[{'envFrom':[{'configMapRef':{'name':'a'}}]}]} | ConfigMap a",
                "{'containers':[{'envFrom':[{'secretRef':{'name':'a'}}]}]} | Secret a",
                "{'containers':[{'env':[{'name':'x','valueFrom':{'configMapKeyRef':{'name':'a','key':'k'}}}]}]} | ConfigMap a",
                "{'containers':[{'env':[{'name':'x','valueFrom':{'secretKeyRef':{'name':'a','key':'k'}}}]}]} | Secret a",
                "{'initContainers':[{'envFrom':[{'secretRef':{'name':'a'}}]}]} | Secret a",
                "{'volumes':[{'name':'v','configMap':{'name':'a'}}]} | ConfigMap a",
                "{'volumes':[{'name':'v','secret':{'secretName':'a'}}]} | Secret a",
                "{'volumes':[{'name':'v','projected':{'sources':[{'configMap':{'name':'a'}}]}}]} | ConfigMap a",
                "{'volumes':[{'name':'v','projected':{'sources':[{'secret':{'name':'a'}}]}}]} | Secret a",
                "{'volumes':[{'name':'v','persistentVolumeClaim':{'claimName':'a'}}]} | PersistentVolumeClaim a",
                "{'volumes':[{'name':'v','csi':{'driver':'d','nodePublishSecretRef':{'name':'a'}}}]} | Secret a",
                "{'volumes':[{'name':'v','azureFile':{'secretName':'a'}}]} | Secret a",
                "{'volumes':[{'name':'v','rbd':{'secretRef':{'name':'a'}}}]} | Secret a",
                "{'serviceAccountName':'a'} | ServiceAccount a",
            })
    void whatPodsDoNotStartWithoutIsNeeded(String spec, String reference) {
        assertThat(PodReferences.of(template(spec)))
                .extracting(Reference::toString, Reference::needed)
                .containsExactly(tuple(reference, true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'containers':[{'envFrom':[{'configMapRef':{'name':'a','optional':true}}]}]}",
                "{'containers':[{'env':[{'valueFrom':{'secretKeyRef':{'name':'a','optional':true}}}]}]}",
                "{'volumes':[{'configMap':{'name':'a','optional':true}},{'secret':{'secretName':'a','optional':true}}]}",
                "{'volumes':[{'projected':{'sources':[{'secret':{'name':'a','optional':true}},{'serviceAccountToken':{'path':'t'}}]}}]}",
                "{'volumes':[{'emptyDir':{}},{'ephemeral':{'volumeClaimTemplate':{}}}],'serviceAccountName':'default'}",
                "{'containers':[{'env':[{'name':'x','value':'y'},{'valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}]}]}",
                "{}",
            })
    void whatIsOptionalOrMadeWithThePodIsNotNamed(String spec) {
        assertThat(PodReferences.of(template(spec))).isEmpty();
    }

    @Test
    void aPullSecretIsNamedAndNotNeeded() {
        assertThat(PodReferences.of(template("{'imagePullSecrets':[{'name':'a'}]}")))
                .containsExactly(new Reference(Reference.Kind.SECRET, "a", false));
    }

    @Test
    void whatIsNamedTwiceIsNeededWhereOnePlaceNeedsIt() {
        var both =
                "{'imagePullSecrets':[{'name':'a'}],'volumes':[{'secret':{'secretName':'a'}},{'secret':{'secretName':'a'}}]}";

        assertThat(PodReferences.of(template(both))).containsExactly(new Reference(Reference.Kind.SECRET, "a", true));
    }

    private static JsonNode template(String spec) {
        try {
            return new ObjectMapper().readTree("{\"spec\":" + spec.replace('\'', '"') + "}");
        } catch (JsonProcessingException wrong) {
            throw new AssertionError(wrong);
        }
    }
}
