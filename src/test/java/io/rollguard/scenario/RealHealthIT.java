package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.rollguard.release.Kind;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** On a real control plane, with what only that one does: quotas and analysis runs. */
@Tag("cluster")
class RealHealthIT extends HealthScenarios {

    RealHealthIT() {
        super(new RealCluster());
    }

    @Test
    void aReleaseThatAQuotaHoldsUpIsNotToBlame() {
        givenADeployment("search");
        spec(
                Kind.DEPLOYMENT,
                "search",
                Map.of(
                        "progressDeadlineSeconds",
                        4,
                        "strategy",
                        Map.of("rollingUpdate", Map.of("maxSurge", 1, "maxUnavailable", 0))));
        client().resourceQuotas()
                .inNamespace(shop().namespace())
                .resource(new ResourceQuotaBuilder()
                        .withNewMetadata()
                        .withName("few")
                        .endMetadata()
                        .withNewSpec()
                        .addToHard("pods", new Quantity("4"))
                        .endSpec()
                        .build())
                .create();

        shop().ship(Kind.DEPLOYMENT, "search", "v2");

        thenJudged("search", "INCONCLUSIVE", "quota-exceeded");
        thenNothingIsIntended("search");
        assertThat(shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v2");
    }

    @Test
    void aCanaryThatArgoAbortedForItsAnalysisIsTold() {
        create("""
                apiVersion: argoproj.io/v1alpha1
                kind: AnalysisTemplate
                metadata: {name: smoke, namespace: %1$s}
                spec:
                  metrics:
                  - name: smoke
                    provider:
                      job:
                        spec:
                          backoffLimit: 0
                          template:
                            metadata: {annotations: {sandbox.rollguard.io/job: Failed}}
                            spec: {restartPolicy: Never, containers: [{name: test, image: "registry.k8s.io/pause:3.9"}]}
                """.formatted(shop().namespace()));
        shop().createRollout(
                        "cart",
                        5,
                        "[{setWeight: 20}, {analysis: {templates: [{templateName: smoke}]}}, {pause: {}}]",
                        BRIEF);

        shop().ship(Kind.ROLLOUT, "cart", "v2");

        var judged = thenJudgedFor("cart", "analysis-failed");
        assertThat(judged.value().at("/allowed/reason/code").asText()).isEqualTo("already-aborted");
        thenSlackShows("cart", "no rollback"); // or closed by then, as its pods are gone
        thenNothingIsIntended("cart");
        thenNeitherAbortedNorPromoted("cart", "the controller did it");
    }

    private void create(String yaml) {
        client().resource(Serialization.unmarshal(yaml, GenericKubernetesResource.class))
                .inNamespace(shop().namespace())
                .create();
    }
}
