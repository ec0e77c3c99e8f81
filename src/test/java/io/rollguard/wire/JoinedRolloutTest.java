package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.rollguard.alert.Alert;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.release.GitOps;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.BlueGreen;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Attribution;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a Rollout says only together with other objects: its active Service, the Deployment that its template is in. */
class JoinedRolloutTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    // --- blue-green

    @Test
    void aBlueGreenNamesItsServiceAndWhatItSelects() {
        assertThat(cart(blueGreen("a", 3)).blueGreen()).isEqualTo(new BlueGreen("users", new RevisionHash("a")));
        assertThat(cart(referencing("")).blueGreen()).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "a, a, false",
        "b, b, true",
        "a, b, true", // the Service is pointed first, and the status tells a moment later
        "b, a, true", // and back
        "b,  , true", // no Service in the picture
        "a,  , false"
    })
    void usersAreOnTheNewRevisionWhereStatusOrServiceSaySo(String status, @Nullable String service, boolean expected) {
        var facts = service == null
                ? cart(blueGreen(status, 3))
                : cart(blueGreen(status, 3), service(service, ""), replicaSet("b", 3));

        assertThat(facts.is(Trait.SWITCHED)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "b, 3, 3, false",
        "b, 2, 3, true",
        "b, 3, 2, true",
        "b, 3,  , true", // its ReplicaSet is not known
        "a, 3, 3, true", // the Service is ahead, and the count is still about the other revision
    })
    void onlyWhereEveryNewPodIsKnownToServeIsItWhole(
            String status, int available, @Nullable Integer ready, boolean partlyUp) {
        var facts = ready == null
                ? cart(blueGreen(status, available), service("b", ""))
                : cart(blueGreen(status, available), service("b", ""), replicaSet("b", ready));

        assertThat(facts.is(Trait.PARTLY_UP)).isEqualTo(partlyUp);
    }

    @Test
    void beforeTheSwitchItDoesNotMatterWhetherThePreviewIsUp() {
        var facts = cart(blueGreen("a", 3), service("a", ""), replicaSet("b", 0));

        assertThat(facts.is(Trait.PARTLY_UP)).isFalse();
    }

    @Test
    void aServiceTellsWhenItWasPointedElsewhere() {
        var read = KubernetesObjects.read("c", service("b", """
                , managedFields: [
                  {manager: ci, time: '2026-11-23T01:00:00Z', fieldsV1: {'f:spec': {'f:selector': {}}}},
                  {manager: rollouts-controller, time: '2026-11-23T02:00:00Z', fieldsV1: {'f:spec': {'f:selector': {}}}},
                  {manager: me, time: '2026-11-23T03:00:00Z', fieldsV1: {'f:spec': {'f:ports': {}}}}]"""));

        assertThat(read.objects().service("shop", "users").orElseThrow().selectorSetAt())
                .isEqualTo(Instant.parse("2026-11-23T02:00:00Z"));
    }

    // --- workloadRef

    @ParameterizedTest
    @CsvSource({"7, true", "8, false"})
    void theStatusIsAboutTheTemplateOnlyWhereItIsOfTheDeploymentsGeneration(int generation, boolean observed) {
        // right after a change the Rollout's own two numbers agree with each other still
        assertThat(cart(referencing(""), template(generation, "")).observed()).isEqualTo(observed);
        assertThat(cart(referencing("")).observed()).isTrue();
    }

    @Test
    void whatSpeaksAgainstChangingTheDeploymentSpeaksAgainstTheRollout() {
        var tracking = "argocd.argoproj.io/tracking-id: 'app:apps/Deployment:shop/cart'";

        var owned = cart(referencing(""), template(7, tracking));
        var migrated = cart(referencing(""), template(7, "rollguard.io/no-rollback: 'a migration ran'"));
        var own = cart(referencing("rollguard.io/no-rollback: mine"), template(7, "rollguard.io/no-rollback: its"));

        assertThat(owned.gitOps()).isEqualTo(new GitOps(GitOps.Tool.ARGO_CD, "app", ""));
        assertThat(migrated.settings().noRollback()).isEqualTo("a migration ran");
        assertThat(own.settings().noRollback()).isEqualTo("mine");
    }

    @Test
    void theDeploymentIsWhereARestoreLeavesItsMark() {
        var facts = cart(referencing(""), template(7, "rollguard.io/rolled-back-from: b"));

        assertThat(facts.settings().rolledBackFrom()).isEqualTo("b");
    }

    @Test
    void theDeploymentIsATemplateAndNothingElse() {
        var objects =
                KubernetesObjects.read("c", referencing(""), template(7, "")).objects();

        var deployment = objects.workload("shop", Kind.DEPLOYMENT, "cart").orElseThrow();

        assertThat(deployment.is(Trait.TEMPLATE_ONLY)).isTrue();
        assertThat(objects.templateUser(deployment.ref())).contains(new WorkloadRef("c", "shop", Kind.ROLLOUT, "cart"));
    }

    @ParameterizedTest
    @CsvSource({"Deployment, WORKLOAD_REF", "ReplicaSet, FOREIGN_TEMPLATE", "PodTemplate, FOREIGN_TEMPLATE"})
    void onlyADeploymentIsATemplateThatIsLookedAt(String kind, Trait trait) {
        var facts =
                cart(node(referencing("").toString().replace("\"kind\":\"Deployment\"", "\"kind\":\"" + kind + "\"")));

        assertThat(facts.traits()).containsExactly(trait);
    }

    @Test
    void anAlertIsAboutTheRolloutAndNotAboutItsTemplate() {
        var objects = KubernetesObjects.read(
                        "c",
                        referencing(""),
                        template(7, ""),
                        replicaSet("b", 3),
                        node("""
                                {apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: its-own, namespace: shop,
                                  creationTimestamp: '2026-11-23T00:00:00Z', labels: {pod-template-hash: b},
                                  annotations: {deployment.kubernetes.io/revision: '3'},
                                  ownerReferences: [{kind: Deployment, name: cart, uid: d, controller: true}]},
                                 spec: {template: {metadata: {labels: {app: cart}}, spec: {}}}}"""),
                        node(
                                "{apiVersion: v1, kind: Service, metadata: {name: users, namespace: shop}, spec: {selector: {app: cart}}}"))
                .objects();
        var attribution = new Attribution(objects);

        assertThat(attribution.of(alert("rollouts_pod_template_hash", "b")))
                .extracting(each -> each.workload().kind())
                .containsExactly(Kind.ROLLOUT);
        assertThat(attribution.of(alert("service", "users")))
                .extracting(each -> each.workload().kind())
                .containsExactly(Kind.ROLLOUT);
    }

    private static Alert alert(String label, String value) {
        var labels = Labels.of(Map.of("alertname", "CartErrors", "namespace", "shop", label, value));
        return new Alert(
                Fingerprint.of(labels),
                Alert.Status.FIRING,
                "c",
                labels,
                Map.of(),
                Instant.EPOCH,
                null,
                "",
                Instant.EPOCH);
    }

    // --- objects

    /** In progress from a to b, three pods. */
    private static JsonNode blueGreen(String active, int available) {
        return node("""
                {apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: cart, namespace: shop, uid: u, generation: 4},
                 spec: {replicas: 3, strategy: {blueGreen: {activeService: users}}},
                 status: {observedGeneration: '4', currentPodHash: b, stableRS: a, availableReplicas: %d,
                          blueGreen: {activeSelector: %s}}}""".formatted(available, active));
    }

    private static JsonNode service(String hash, String metadata) {
        return node("""
                {apiVersion: v1, kind: Service, metadata: {name: users, namespace: shop%s},
                 spec: {selector: {app: cart, rollouts-pod-template-hash: %s}}}""".formatted(metadata, hash));
    }

    private static JsonNode replicaSet(String hash, int ready) {
        return node("""
                {apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: cart-%1$s, namespace: shop,
                  creationTimestamp: '2026-11-23T00:00:00Z', labels: {rollouts-pod-template-hash: %1$s},
                  ownerReferences: [{kind: Rollout, name: cart, uid: u, controller: true}]},
                 spec: {template: {metadata: {labels: {app: cart}}, spec: {}}}, status: {readyReplicas: %2$d}}""".formatted(hash, ready));
    }

    private static JsonNode referencing(String annotations) {
        return node("""
                {apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: cart, namespace: shop, uid: u, generation: 1,
                  annotations: {rollout.argoproj.io/workload-generation: '7'%s}},
                 spec: {replicas: 3, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: cart}, strategy: {canary: {}}},
                 status: {observedGeneration: '1', workloadObservedGeneration: '7', currentPodHash: b, stableRS: a}}""".formatted(annotations.isEmpty() ? "" : ", " + annotations));
    }

    private static JsonNode template(int generation, String annotations) {
        return node("""
                {apiVersion: apps/v1, kind: Deployment, metadata: {name: cart, namespace: shop, uid: d, generation: %d,
                  annotations: {deployment.kubernetes.io/revision: '3'%s}},
                 spec: {replicas: 0}, status: {observedGeneration: %1$d}}""".formatted(generation, annotations.isEmpty() ? "" : ", " + annotations));
    }

    private static WorkloadFacts cart(JsonNode... objects) {
        return KubernetesObjects.read("c", objects)
                .objects()
                .workload("shop", Kind.ROLLOUT, "cart")
                .orElseThrow();
    }

    private static JsonNode node(String yaml) {
        try {
            return YAML.readTree(yaml);
        } catch (JsonProcessingException wrong) {
            throw new AssertionError(wrong);
        }
    }
}
