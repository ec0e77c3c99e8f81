package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.rollguard.sandbox.stage.Await;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** These scenarios on a real control plane, and what only its admission can say. */
@Tag("cluster")
class RealTargetsIT extends TargetScenarios {

    RealTargetsIT() {
        super(new RealCluster());
    }

    @Test
    void whatAnAdmissionPolicyDeniesIsToldByThePolicysNameAndNotTriedAgain() {
        var policy = shop().namespace();
        var bad = givenARelease("search", "");
        given("""
                {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: %1$s}, spec: {
                  failurePolicy: Fail,
                  matchConstraints: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %1$s}}, resourceRules: [
                    {apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments]}]},
                  validations: [{expression: "object.spec.template == oldObject.spec.template", messageExpression: "'no change of ' + string(object.spec.template.spec.containers[0].env[0].value)"}]}}
                """.formatted(policy));
        given("""
                {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: %1$s},
                 spec: {policyName: %1$s, validationActions: [Deny]}}
                """.formatted(policy));
        try {
            awaitDenied("search");

            whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

            var failed = thenRefusedUnchanged("search", bad, "denied-by-policy", "ValidatingAdmissionPolicy " + policy);
            assertThat(failed.value().toString()).doesNotContain("no change of");
        } finally {
            client().resources(ValidatingAdmissionPolicyBinding.class)
                    .withName(policy)
                    .delete();
            client().resources(ValidatingAdmissionPolicy.class).withName(policy).delete();
        }
    }

    private void awaitDenied(String name) {
        Await.until("the policy is in force", SOON, () -> {
            try {
                client().apps()
                        .deployments()
                        .inNamespace(shop().namespace())
                        .withName(name)
                        .dryRun()
                        .patch(PatchContext.of(PatchType.JSON), """
                                [{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"v3"}]""");
                return false;
            } catch (KubernetesClientException denied) {
                return denied.getMessage().contains("denied request");
            }
        });
    }
}
