package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.Write;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The states of objects that are easily read wrong. Objects are YAML flow, cut to what matters. */
class KubernetesObjectsTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final String CREATED = "creationTimestamp: '2026-11-23T00:00:00Z'";

    // --- observed

    @ParameterizedTest
    @CsvSource({
        "'4', 4, true",
        "'3', 4, false",
        "'5', 4, true",
        "'6c8fdb', 4, true", // a hash: Argo Rollouts before 0.10
        ", 4, false"
    })
    void aRolloutIsObservedByItsGenerationAsText(String observed, int generation, boolean expected) {
        var status = observed == null ? "{}" : "{observedGeneration: '" + observed + "'}";

        var facts = workload(rollout("generation: " + generation, "{strategy: {canary: {}}}", status));

        assertThat(facts.observed()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"2, '2', true", "3, '2', false"})
    void aTemplateElsewhereMustBeObservedToo(String wanted, String observed, boolean expected) {
        var facts = workload(rollout(
                "generation: 1, annotations: {rollout.argoproj.io/workload-generation: '" + wanted + "'}",
                "{workloadRef: {kind: Deployment, name: cart}, strategy: {canary: {}}}",
                "{observedGeneration: '1', workloadObservedGeneration: " + observed + "}"));

        assertThat(facts.observed()).isEqualTo(expected);
        assertThat(facts.is(Trait.WORKLOAD_REF)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "text", "{observedGeneration: {}}", "{observedGeneration: null}"})
    void aStatusThatIsNotUnderstoodIsNotObserved(String status) {
        var facts = workload(rollout("generation: 1", "{strategy: {canary: {}}}", status));

        assertThat(facts.observed()).isFalse();
    }

    @Test
    void whatKubectlAppliedIsKnown() {
        var applied = "annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}";

        assertThat(workload(rollout(applied, "{strategy: {canary: {}}}", "{}")).is(Trait.CLIENT_SIDE_APPLIED))
                .isTrue();
        assertThat(workload(rollout("generation: 1", "{strategy: {canary: {}}}", "{}"))
                        .is(Trait.CLIENT_SIDE_APPLIED))
                .isFalse();
    }

    // --- Rollouts

    @ParameterizedTest
    @CsvSource({
        "b, a, 'False', false", // in progress
        "b, b, 'True', true",
        "b, b, 'False', false", // the first deployment
        "b, b, , true", // a controller before 1.3
        ", , 'True', false"
    })
    void aRolloutIsCompleteWhereTheCurrentRevisionIsTheStableOne(
            String current, String stable, String completed, boolean expected) {
        var facts = workload(rollout(
                "generation: 1",
                "{strategy: {canary: {}}}",
                "{observedGeneration: '1', currentPodHash: '%s', stableRS: '%s', conditions: [%s]}"
                        .formatted(
                                current == null ? "" : current,
                                stable == null ? "" : stable,
                                completed == null
                                        ? ""
                                        : "{type: Completed, status: '" + completed
                                                + "', lastTransitionTime: '2026-11-23T01:00:00Z'}")));

        assertThat(facts.complete()).isEqualTo(expected);
        assertThat(facts.completedAt() != null).isEqualTo(expected && completed != null);
        assertThat(facts.changedAt() != null).isEqualTo("False".equals(completed));
    }

    @ParameterizedTest
    @CsvSource({
        "PAUSED, '{paused: true, strategy: {canary: {}}}', '{}'",
        "DYNAMIC_STABLE_SCALE, '{strategy: {canary: {dynamicStableScale: true, trafficRouting: {nginx: {}}}}}', '{}'",
        "TRAFFIC_ROUTING, '{strategy: {canary: {trafficRouting: {nginx: {}}}}}', '{}'",
        "WAITING, '{strategy: {canary: {}}}', '{pauseConditions: [{reason: CanaryPauseStep}]}'",
        "PROMOTE_FULL, '{strategy: {canary: {}}}', '{promoteFull: true}'",
        "ROLLBACK_WINDOW, '{rollbackWindow: {revisions: 3}, strategy: {canary: {}}}', '{}'",
        "WORKLOAD_REF, '{workloadRef: {kind: Deployment, name: cart}, strategy: {canary: {}}}', '{}'",
        "SWITCHED, '{strategy: {blueGreen: {}}}', '{currentPodHash: b, stableRS: a, blueGreen: {activeSelector: b}}'",
        "INVALID, '{strategy: {canary: {}}}', '{conditions: [{type: InvalidSpec, status: \"True\"}]}'"
    })
    void aTraitIsRead(Trait trait, String spec, String status) {
        var with = workload(rollout("generation: 1", spec, status));
        var without = workload(rollout("generation: 1", "{strategy: {canary: {}}}", "{}"));

        assertThat(with.is(trait)).isTrue();
        assertThat(without.traits()).isEmpty();
    }

    @Test
    void aBlueGreenBeforeItsSwitchIsNotSwitched() {
        var facts = workload(rollout(
                "generation: 1",
                "{strategy: {blueGreen: {}}}",
                "{currentPodHash: b, stableRS: a, blueGreen: {activeSelector: a}}"));

        assertThat(facts.strategy()).isEqualTo(Strategy.BLUE_GREEN);
        assertThat(facts.is(Trait.SWITCHED)).isFalse();
    }

    @Test
    void anAbortIsAskedForAndThenAcknowledged() {
        var asked = workload(rollout("generation: 1", "{strategy: {canary: {}}}", "{abort: true}"));
        var done = workload(rollout(
                "generation: 1",
                "{strategy: {canary: {}}}",
                "{abort: true, abortedAt: '2026-11-23T01:02:03Z', canary: {weights: {canary: {weight: 0}}}}"));

        assertThat(asked.aborted()).isTrue();
        assertThat(asked.abortedAt()).isNull();
        assertThat(asked.canaryWeight()).isNull();
        assertThat(done.abortedAt()).isEqualTo(Instant.parse("2026-11-23T01:02:03Z"));
        assertThat(done.canaryWeight()).isZero();
    }

    // --- Deployments

    @ParameterizedTest
    @CsvSource({
        "NewReplicaSetAvailable, 4, 4, 4, true",
        "NewReplicaSetAvailable, 5, 4, 4, false", // an old pod is still there
        "ReplicaSetUpdated, 4, 4, 4, false",
        "ProgressDeadlineExceeded, 4, 4, 0, false",
        ", 4, 4, 4, true", // without a deadline there is no such condition
        ", 4, 4, 3, false",
        ", 3, 3, 3, false",
        "DeploymentPaused, 4, 4, 4, true"
    })
    void aDeploymentIsComplete(String reason, int total, int updated, int available, boolean expected) {
        var facts = workload(deployment("", "", """
            {observedGeneration: 1, replicas: %d, updatedReplicas: %d, availableReplicas: %d, conditions: [%s]}\
            """.formatted(
                total,
                updated,
                available,
                reason == null
                        ? ""
                        : "{type: Progressing, reason: " + reason + ", lastUpdateTime: '2026-11-23T01:00:00Z'}")));

        assertThat(facts.complete()).isEqualTo(expected);
        assertThat(facts.completedAt() != null).isEqualTo("NewReplicaSetAvailable".equals(reason) && expected);
        assertThat(facts.stuck()).isEqualTo("ProgressDeadlineExceeded".equals(reason));
    }

    @Test
    void theCurrentRevisionOfADeploymentIsTheOneWithItsNumberInWhateverOrderTheyCome() {
        var workload = deployment("", "", "{observedGeneration: 1}");
        var old = replicaSet("cart-a", "a", "2", "{image: 'cart:1'}");
        var current = replicaSet("cart-b", "b", "3", "{image: 'cart:2'}");

        var before = read(workload, old);
        var after = read(old, current, workload);

        assertThat(before.current()).isNull();
        assertThat(after.current()).hasToString("b");
    }

    @Test
    void aRevisionThatCameBackSaysSo() throws JsonProcessingException {
        var fresh = revision(replicaSet("cart-a", "a", "2", "{image: 'cart:1'}"));
        var reused = revision(node(replicaSet("cart-a", "a", "4", "{image: 'cart:1'}")
                .toString()
                .replace("\"2\"", "\"4\"")
                .replace(
                        "\"deployment.kubernetes.io/revision\"",
                        "\"deployment.kubernetes.io/revision-history\":\"2\",\"deployment.kubernetes.io/revision\"")));

        assertThat(fresh.reused()).isFalse();
        assertThat(reused.reused()).isTrue();
        assertThat(reused.number()).isEqualTo(4);
    }

    // --- StatefulSets and DaemonSets

    @Test
    void aStatefulSetNamesItsRevisionsByControllerRevision() {
        var facts = workload(object("StatefulSet", "generation: 1", "{replicas: 2}", """
            {observedGeneration: 1, replicas: 2, updatedReplicas: 1, currentRevision: my-db-7ph24, updateRevision: my-db-dxdmw}\
            """));

        assertThat(facts.current()).hasToString("dxdmw");
        assertThat(facts.stable()).hasToString("7ph24");
        assertThat(facts.complete()).isFalse();
    }

    @Test
    void onDeleteNeverMovesTheStatefulSetsCurrentRevision() {
        var facts = workload(object(
                "StatefulSet",
                "generation: 1",
                "{replicas: 2, updateStrategy: {type: OnDelete}}",
                "{observedGeneration: 1, replicas: 2, updatedReplicas: 2, currentRevision: my-db-a,"
                        + " updateRevision: my-db-b}"));

        assertThat(facts.strategy()).isEqualTo(Strategy.ON_DELETE);
        assertThat(facts.complete()).isTrue();
        assertThat(facts.stable()).isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {}                                                              | ORDERED
        {podManagementPolicy: OrderedReady}                             | ORDERED
        {podManagementPolicy: Parallel}                                 |
        {updateStrategy: {rollingUpdate: {partition: 0}}}               | ORDERED
        {updateStrategy: {rollingUpdate: {partition: 2}}}               | ORDERED PARTITIONED
        """)
    void whatHoldsTheOthersBackIsATraitOfAStatefulSet(String spec, @Nullable String traits) {
        var facts = workload(object("StatefulSet", "generation: 1", spec, "{observedGeneration: 1}"));

        assertThat(facts.traits().stream().map(Enum::name).sorted().collect(Collectors.joining(" ")))
                .isEqualTo(traits == null ? "" : traits);
    }

    @Test
    void aDaemonSetsCurrentRevisionIsItsNewestAndItsPodsNameTheirs() {
        var daemonSet = object("DaemonSet", "generation: 1", "{}", "{observedGeneration: 1}");
        var old = controllerRevision("cart-a", "a", 4);
        var current = controllerRevision("cart-b", "b", 5);
        var pod = node("{apiVersion: v1, kind: Pod, metadata: {name: cart-x, namespace: shop, " + CREATED
                + ", labels: {controller-revision-hash: a}, ownerReferences: [{kind: DaemonSet, name: cart,"
                + " uid: u, controller: true}]}}");

        var objects = KubernetesObjects.read("c", daemonSet, current, old, pod).objects();

        var facts = objects.workload("shop", Kind.DAEMONSET, "cart").orElseThrow();
        assertThat(facts.current()).hasToString("b");
        assertThat(objects.podsOf(objects.revision("shop", "cart-a").orElseThrow()))
                .hasSize(1);
    }

    // --- who else has a say

    @ParameterizedTest
    @CsvSource({
        "'annotations: {argocd.argoproj.io/tracking-id: \"app:apps/Deployment:shop/cart\"}', 'ARGO_CD app in '",
        "'annotations: {argocd.argoproj.io/tracking-id: \"team_app:apps/Deployment:shop/cart\"}', 'ARGO_CD app in"
                + " team'",
        "'annotations: {argocd.argoproj.io/tracking-id: \"a;b:apps/Deployment:shop/cart\"}', 'ARGO_CD APPLICATION in '",
        "'annotations: {argocd.argoproj.io/tracking-id: \"app:apps/Deployment:shop/other\"}',", // copied
        "'labels: {app.kubernetes.io/instance: cart}',", // any Helm chart sets it
        "'labels: {app.kubernetes.io/instance: cart}, managedFields: [{manager: kubectl, fieldsV1: {}}]',",
        "'labels: {app.kubernetes.io/instance: cart}, managedFields: [{manager: argocd-controller, fieldsV1: {}}]',"
                + " 'ARGO_CD cart in '",
        "'labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: flux-system}',"
                + " 'FLUX_KUSTOMIZATION apps in flux-system'",
        "'labels: {helm.toolkit.fluxcd.io/name: cart, helm.toolkit.fluxcd.io/namespace: shop,"
                + " app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: cart}',"
                + " 'FLUX_HELM_RELEASE cart in shop'",
        "'labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: cart,"
                + " meta.helm.sh/release-namespace: shop}', 'HELM cart in shop'",
        "'labels: {app.kubernetes.io/managed-by: Helm}',"
    })
    void aGitOpsToolIsKnownByItsMark(String metadata, String tool) {
        var facts = workload(deployment(metadata, "", "{}"));

        var found = facts.gitOps();
        assertThat(found == null ? null : found.tool() + " " + found.name() + " in " + found.namespace())
                .isEqualTo(tool);
    }

    @Test
    void flaggerIsKnownByThePrimaryItMade() {
        var primary =
                node(deployment("ownerReferences: [{kind: Canary, name: cart, uid: c, controller: true}]", "", "{}")
                        .toString()
                        .replace("\"name\":\"cart\",\"namespace\"", "\"name\":\"cart-primary\",\"namespace\"")
                        .replace("\"uid\":\"u\"", "\"uid\":\"p\""));

        var alone = read(deployment("", "", "{}"));
        var governed = read(deployment("", "", "{}"), primary);

        assertThat(alone.flagger()).isFalse();
        assertThat(governed.flagger()).isTrue();
    }

    @Test
    void aDeploymentWhoseTemplateARolloutUsesIsThatRolloutsBusiness() {
        var rollout =
                rollout("generation: 1", "{workloadRef: {kind: Deployment, name: cart}, strategy: {canary: {}}}", "{}");

        var facts = read(deployment("", "", "{}"), node(rollout.toString().replace("\"uid\":\"u\"", "\"uid\":\"r\"")));

        assertThat(facts.owner()).isEqualTo("Rollout/cart");
    }

    @ParameterizedTest
    @CsvSource({"PT5M, 300", "5m, 300", "1h30m, 5400", "soon,", "'',", "-PT5M,"})
    void theBakeTimeIsADurationOfEitherForm(String text, Long seconds) {
        var facts = workload(deployment("annotations: {rollguard.io/bake-time: '" + text + "'}", "", "{}"));

        assertThat(facts.settings().bakeTime()).isEqualTo(seconds == null ? null : Duration.ofSeconds(seconds));
    }

    @Test
    void theNewestWriterOfTheTemplateTellsWhenItWasSet() {
        var facts = workload(deployment("""
            managedFields: [
              {manager: ci, time: '2026-11-23T01:00:00Z', fieldsV1: {'f:spec': {'f:template': {}}}},
              {manager: me, time: '2026-11-23T02:00:00Z', fieldsV1: {'f:spec': {'f:template': {}}}},
              {manager: hpa, time: '2026-11-23T03:00:00Z', subresource: scale, fieldsV1: {'f:spec': {'f:template': {}}}},
              {manager: kubectl, time: '2026-11-23T04:00:00Z', fieldsV1: {'f:metadata': {}}}]\
            """, "", "{}"));

        assertThat(facts.templateSetAt()).isEqualTo(Instant.parse("2026-11-23T02:00:00Z"));
    }

    @ParameterizedTest
    @CsvSource({
        "'', ",
        "'{manager: ci, operation: Update, time: \"2026-11-23T01:00:00Z\", fieldsV1: {\"f:metadata\": {}}}',",
        "'{manager: argocd-controller, operation: Apply, time: \"2026-11-23T01:00:00Z\", fieldsV1: {\"f:spec\":"
                + " {\"f:template\": {}}}}','Argo CD (argocd-controller, Apply, at 2026-11-23T01:00:00Z)'",
        "'{manager: ci, operation: Update, time: \"2026-11-23T01:00:00Z\", fieldsV1: {\"f:spec\": {\"f:template\":"
                + " {}}}}, {manager: rollguard, operation: Update, time: \"2026-11-23T02:00:00Z\", fieldsV1: {\"f:spec\":"
                + " {\"f:template\": {}}}}, {manager: rollouts-controller, operation: Update, time:"
                + " \"2026-11-23T03:00:00Z\", fieldsV1: {\"f:spec\": {\"f:template\": {}}}}','ci (Update, at"
                + " 2026-11-23T01:00:00Z)'",
        "'{manager: kubectl-argo-rollouts, operation: Update, subresource: status, time: \"2026-11-23T01:00:00Z\","
                + " fieldsV1: {\"f:status\": {\"f:abort\": {}}}}','somebody with kubectl (kubectl-argo-rollouts, Update,"
                + " at 2026-11-23T01:00:00Z)'",
        "'{manager: kustomize-controller, operation: Apply, time: \"2026-11-23T01:00:00Z\", fieldsV1: {\"f:spec\":"
                + " {\"f:strategy\": {}}}}','Flux (kustomize-controller, Apply, at 2026-11-23T01:00:00Z)'",
        "'{manager: hpa, operation: Update, subresource: scale, time: \"2026-11-23T01:00:00Z\", fieldsV1: {\"f:spec\":"
                + " {\"f:template\": {}}}}',"
    })
    void whoLastWroteWhatDecidesTheRevisionIsNamed(String entries, String who) {
        var rollout = rollout("generation: 1, managedFields: [" + entries + "]", "{strategy: {canary: {}}}", "{}");

        assertThat(KubernetesObjects.lastWrite(rollout).map(Write::toString)).isEqualTo(Optional.ofNullable(who));
    }

    // --- templates

    @Test
    void whatARestartChangesIsNoOtherTemplate() {
        var before = revision(replicaSet("cart-a", "a", "1", "{image: 'cart:1'}"));
        var restarted = revision(replicaSet(
                "cart-b", "b", "2", "{image: 'cart:1'}", "kubectl.kubernetes.io/restartedAt: '2026-11-23T01:00:00Z'"));
        var other = revision(replicaSet("cart-c", "c", "3", "{image: 'cart:2'}"));

        assertThat(restarted.templateDigest()).isEqualTo(before.templateDigest());
        assertThat(other.templateDigest()).isNotEqualTo(before.templateDigest());
    }

    @ParameterizedTest
    @ValueSource(strings = {"checksum/config", "config-hash", "reloader.stakater.com/last-reloaded-from"})
    void aChecksumOfConfigurationIsAnotherTemplateButNoOtherConfigDigest(String annotation) {
        var before = revision(replicaSet("cart-a", "a", "1", "{image: 'cart:1'}", annotation + ": one"));
        var after = revision(replicaSet("cart-b", "b", "2", "{image: 'cart:1'}", annotation + ": two"));

        assertThat(after.templateDigest()).isNotEqualTo(before.templateDigest());
        assertThat(after.configDigest()).isEqualTo(before.configDigest());
    }

    @Test
    void whatArgoRolloutsInjectsIsNoOtherTemplate() {
        var plain = argoReplicaSet("{}", "{labels: {app: cart, rollouts-pod-template-hash: a}}", "{containers: []}");
        var injected = argoReplicaSet(
                "{rollout.argoproj.io/ephemeral-metadata:"
                        + " '{\"labels\":{\"role\":\"stable\"},\"annotations\":{\"x\":\"y\"}}'}",
                "{labels: {app: cart, role: stable, rollouts-pod-template-hash: a}, annotations: {x: 'y'}}",
                """
                {containers: [], affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [
                  {topologyKey: z, labelSelector: {matchExpressions: [{key: rollouts-pod-template-hash, operator: NotIn, values: [b]}]}}]}}}\
                """);

        assertThat(revision(injected).templateDigest())
                .isEqualTo(revision(plain).templateDigest());
        assertThat(revision(injected).podLabels()).containsEntry("role", "stable");
    }

    @Test
    void theDigestDoesNotDependOnTheOrderOfKeysOrOnNulls() {
        var one = node("{metadata: {creationTimestamp: null, labels: {a: '1', b: '2'}}, spec: {x: 1, y: 2}}");
        var other = node("{spec: {y: 2, x: 1}, metadata: {labels: {b: '2', a: '1'}}}");

        assertThat(PodTemplate.digest(one)).isEqualTo(PodTemplate.digest(other));
    }

    // --- what can't be read

    @Test
    void anObjectThatCannotBeReadIsLeftOutAndNamed() {
        var broken =
                node("{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: shop, creationTimestamp: never}}");

        var read = KubernetesObjects.read(
                "c", node("{kind: List, items: [" + broken + "," + deployment("", "", "{}") + "]}"));

        assertThat(read.objects().workloadCount()).isEqualTo(1);
        assertThat(read.skipped())
                .containsExactly(new Reduced.Unreadable("Pod shop/x", "metadata.creationTimestamp: not a time"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "text",
                "{kind: Pod, apiVersion: v1}",
                "{kind: Deployment, apiVersion: apps/v1, metadata: []}",
                "{kind: ReplicaSet, apiVersion: apps/v1, metadata: {ownerReferences: [{controller: true}]}}",
                "{kind: ControllerRevision, apiVersion: apps/v1, metadata: {labels: {rollguard.io/good-of: u}}}",
                "{kind: Service, apiVersion: serving.knative.dev/v1, metadata: {}}",
                "{kind: List, items: [[], 1, null, {}]}"
            })
    void nothingMakesItThrow(String object) {
        var read = KubernetesObjects.read("c", node(object));

        assertThat(read.objects().workloadCount()).isZero();
    }

    @Test
    void aListOfOneKindNamesItOnce() {
        var item = deployment("", "", "{}");
        ((ObjectNode) item).remove("kind");
        ((ObjectNode) item).remove("apiVersion");

        var read =
                KubernetesObjects.read("c", node("{kind: DeploymentList, apiVersion: apps/v1, items: [" + item + "]}"));

        assertThat(read.objects().workload("shop", Kind.DEPLOYMENT, "cart")).isPresent();
    }

    @Test
    void aLeaseTellsWhenItsNodeWasHeardOf() {
        var node = node("{apiVersion: v1, kind: Node, metadata: {name: n}, status: {conditions: [{type: Ready, status:"
                + " 'True'}]}}");
        var lease = node(
                "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: n, namespace: kube-node-lease}, "
                        + "spec: {renewTime: '2026-11-23T00:00:00.123456Z'}}");

        var read = KubernetesObjects.read("c", lease, node).objects().node("n").orElseThrow();

        assertThat(read.ready()).isTrue();
        assertThat(read.leaseRenewedAt()).isEqualTo(Instant.parse("2026-11-23T00:00:00.123456Z"));
    }

    // --- objects

    private static JsonNode node(String yaml) {
        try {
            return YAML.readTree(yaml);
        } catch (JsonProcessingException wrong) {
            throw new AssertionError(wrong);
        }
    }

    private static JsonNode object(String kind, String metadata, String spec, String status) {
        var version = kind.equals("Rollout") ? "argoproj.io/v1alpha1" : "apps/v1";
        return node("{apiVersion: " + version + ", kind: " + kind + ", metadata: {name: cart, namespace: shop, uid: u, "
                + CREATED + (metadata.isEmpty() ? "" : ", " + metadata) + "}, spec: " + spec + ", status: " + status
                + "}");
    }

    private static JsonNode rollout(String metadata, String spec, String status) {
        return object("Rollout", metadata, spec, status);
    }

    private static JsonNode deployment(String metadata, String spec, String status) {
        var revision = "deployment.kubernetes.io/revision: '3'";
        var merged = metadata.startsWith("annotations: {")
                ? metadata.replace("annotations: {", "annotations: {" + revision + ", ")
                : "annotations: {" + revision + "}" + (metadata.isEmpty() ? "" : ", " + metadata);
        return object("Deployment", "generation: 1, " + merged, "{replicas: 4" + spec + "}", status);
    }

    private static JsonNode replicaSet(
            String name, String hash, String number, String container, String... annotation) {
        return node(("{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: %s, namespace: shop, " + CREATED
                        + ", labels: {pod-template-hash: %s}, annotations: {deployment.kubernetes.io/revision: '%s'},"
                        + " ownerReferences: [{kind: Deployment, name: cart, uid: u, controller: true}]}, spec:"
                        + " {template: {metadata: {labels: {app: cart, pod-template-hash: %s}%s}, spec: {containers:"
                        + " [%s]}}}}")
                .formatted(
                        name,
                        hash,
                        number,
                        hash,
                        annotation.length == 0 ? "" : ", annotations: {" + annotation[0] + "}",
                        container));
    }

    private static JsonNode argoReplicaSet(String annotations, String metadata, String spec) {
        return node("{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: cart-a, namespace: shop, " + CREATED
                + ", labels: {rollouts-pod-template-hash: a}, annotations: " + annotations
                + ", ownerReferences: [{kind: Rollout, name: cart, uid: u, controller: true}]}, spec: {template: "
                + "{metadata: " + metadata + ", spec: " + spec + "}}}");
    }

    private static JsonNode controllerRevision(String name, String hash, int revision) {
        return node("{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: " + name + ", namespace: shop, "
                + CREATED
                + ", labels: {controller-revision-hash: " + hash
                + "}, ownerReferences: [{kind: DaemonSet, name: cart, uid: u, controller: true}]}, revision: "
                + revision
                + ", data: {spec: {template: {'$patch': replace, metadata: {}, spec: {}}}}}");
    }

    private static WorkloadFacts workload(JsonNode object) {
        return ((Reduced.Workload) KubernetesObjects.reduce("c", object)).facts();
    }

    private static RevisionFacts revision(JsonNode object) {
        return ((Reduced.Revision) KubernetesObjects.reduce("c", object)).facts();
    }

    private static WorkloadFacts read(JsonNode... objects) {
        return KubernetesObjects.read("c", objects)
                .objects()
                .workload("shop", Kind.DEPLOYMENT, "cart")
                .orElseThrow();
    }
}
