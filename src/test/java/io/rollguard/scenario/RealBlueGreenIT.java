package io.rollguard.scenario;

import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.rollguard.release.Kind;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Blue-green and referenced templates on a real control plane; the service has the shipped rights only. */
@Tag("cluster")
class RealBlueGreenIT extends BlueGreenScenarios {

    RealBlueGreenIT() {
        super(new RealCluster());
    }

    /** Of a template elsewhere Rollguard sees only a Deployment's. */
    @Test
    void aCanaryWhoseTemplateIsInAPodTemplateIsLeftToPeople() {
        create("""
                apiVersion: v1
                kind: PodTemplate
                metadata: {name: cart}
                template: %s
                """.formatted(template("cart")));
        create("""
                apiVersion: argoproj.io/v1alpha1
                kind: Rollout
                metadata: {name: cart}
                spec:
                  replicas: 3
                  selector: {matchLabels: {app: cart}}
                  workloadRef: {apiVersion: v1, kind: PodTemplate, name: cart}
                  strategy: {canary: {steps: %s}}
                """.formatted(STEPS));
        shop().awaitComplete(Kind.ROLLOUT, "cart");
        var good = shop().current(Kind.ROLLOUT, "cart");
        client().genericKubernetesResources("v1", "PodTemplate")
                .inNamespace(shop().namespace())
                .withName("cart")
                .patch(
                        PatchContext.of(PatchType.JSON),
                        "[{\"op\":\"replace\",\"path\":\"/template/spec/containers/0/env/0/value\",\"value\":\"v2\"}]");
        var bad = shop().awaitCurrentOtherThan(Kind.ROLLOUT, "cart", good);
        shop().awaitCanary("cart");

        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenRefused("cart", "state-unsupported");
        thenNothingWasDone("cart");
    }
}
