package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Stage;
import io.rollguard.sandbox.stage.Tap;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where a restore goes, and what it needs there: good revisions, and what their templates name. */
abstract class TargetScenarios extends Scene {

    /** Of the template that {@link #givenARelease} starts from. */
    private static final String NOTHING = "";

    TargetScenarios(TestCluster cluster) {
        super(cluster, 1);
    }

    // --- good revisions

    @Test
    void aProvenRevisionIsKnownAsProvenAfterRollguardAndKafkaWereLost() {
        shop().createDeployment("search", 4, BRIEF);
        Await.until("v1 is assumed to be good", SOON, () -> kept("search", "assumed") == 1);
        shop().ship(Kind.DEPLOYMENT, "search", "v2");
        Await.until("v2 is proven good", SOON, () -> kept("search", "good") == 1);
        var good = shop().current(Kind.DEPLOYMENT, "search");
        shop().annotate(Kind.DEPLOYMENT, "search", "rollguard.io/bake-time", LONG);

        instance().kill();
        stage().loseBroker();
        startInstances();

        shop().ship(Kind.DEPLOYMENT, "search", "v3");
        shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        shop().awaitComplete(Kind.DEPLOYMENT, "search");
        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));
        thenStep("search", "verified");
        thenRestored("search", good, "v2");
        assertThat(judged("search").value().at("/input/release/basis").asText()).isEqualTo("proven");
        assertThat(evidenceOf("search")).doesNotContain("target-assumed");
    }

    @Test
    void whatIsOnlyAssumedGoodSaysSoInTheEvidenceAndInSlackAndTheOutcomeNamesTheSnapshot() {
        var good = givenADeployment("search");
        var bad = whenItShips("search", good, "v2");

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenStep("search", "verified");
        assertThat(evidenceOf("search")).contains("target-assumed");
        assertThat(steps("search", "accepted").getFirst().value().path("detail").asText())
                .contains("snapshot search-replaced-" + bad);
        Await.until(
                "Slack says so",
                SOON,
                () -> stage().slack().roots(Stage.CHANNEL).toString().contains("(assumed good)"));
    }

    @Test
    void aDeploymentThatKeepsNoHistoryIsRestoredFromWhatWasKept() {
        var good = givenADeployment("search");
        whenItKeeps("search", 0);
        whenItShips("search", good, "v2");
        Await.until("its ReplicaSet is gone", SOON, () -> !replicaSets("search").contains(good));

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenStep("search", "verified");
        thenRestored("search", good, "v1");
    }

    @Test
    void twoBadReleasesInARowGoBackToTheLastGoodOneAlsoWhereItsReplicaSetIsPruned() {
        var good = givenADeployment("search");
        whenItKeeps("search", 1);
        var first = whenItShips("search", good, "v2");
        whenItShips("search", first, "v3");
        Await.until("its ReplicaSet is gone", SOON, () -> !replicaSets("search").contains(good));
        assertThat(replicaSets("search")).contains(first);

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenStep("search", "verified");
        thenRestored("search", good, "v1");
    }

    @Test
    void aRevisionThatWasNeverReadyIsNoTarget() {
        var good = givenADeployment("search");
        shop().shipMisbehaving(Kind.DEPLOYMENT, "search", "v2", "sandbox.rollguard.io/fail", "NotReady");
        var never = shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        shop().shipMisbehaving(Kind.DEPLOYMENT, "search", "v3", "sandbox.rollguard.io/fail", "NotReady");
        var bad = shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", never);
        var pods = Await.value(
                "pods of v3",
                SOON,
                () -> Optional.of(shop().pods(Kind.DEPLOYMENT, "search", bad)).filter(list -> list.size() >= 2));

        for (var pod : pods) {
            whenItAlerts(firing("PodNotReady", Map.of("pod", pod.getMetadata().getName())));
        }

        thenStep("search", "verified");
        thenRestored("search", good, "v1");
    }

    // --- what the template of the target names

    @Test
    void aRestoreWhoseConfigMapIsGoneIsRefusedBeforeAnythingIsChanged() {
        given("{apiVersion: v1, kind: ConfigMap, metadata: {name: search-config}}");
        var bad = givenARelease("search", "volumes: [{name: config, configMap: {name: search-config}}]");
        client().configMaps()
                .inNamespace(shop().namespace())
                .withName("search-config")
                .delete();

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenRefusedUnchanged("search", bad, "reference-missing", "ConfigMap search-config");
    }

    @Test
    void aRestoreWhoseConfigMapHasMovedToAnotherNameIsRefusedBeforeAnythingIsChanged() {
        given("{apiVersion: v1, kind: ConfigMap, metadata: {name: search-7f9}}");
        var good = givenADeployment("search", "volumes: [{name: config, configMap: {name: search-7f9}}]");
        given("{apiVersion: v1, kind: ConfigMap, metadata: {name: search-b42}}");
        shop().edit(Kind.DEPLOYMENT, "search", """
                [{"op":"replace","path":"/spec/template/spec/volumes/0/configMap/name","value":"search-b42"},
                 {"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"v2"}]""");
        var bad = shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        shop().awaitComplete(Kind.DEPLOYMENT, "search");
        client().configMaps()
                .inNamespace(shop().namespace())
                .withName("search-7f9")
                .delete();

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenRefusedUnchanged("search", bad, "reference-missing", "ConfigMap search-7f9");
    }

    @Test
    void aRestoreWhoseServiceAccountIsGoneIsRefusedBeforeAnythingIsChanged() {
        given("{apiVersion: v1, kind: ServiceAccount, metadata: {name: search}}");
        var bad = givenARelease("search", "serviceAccountName: search");
        client().serviceAccounts()
                .inNamespace(shop().namespace())
                .withName("search")
                .delete();

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenRefusedUnchanged("search", bad, "reference-missing", "ServiceAccount search");
    }

    /** A claim that pods still use stays until they are gone, and no new pod may use it. */
    @Test
    void aRestoreWhoseClaimIsGoneOrGoingIsRefusedBeforeAnythingIsChanged() {
        var volume = shop().namespace();
        given(
                "{apiVersion: v1, kind: PersistentVolume, metadata: {name: %s}, spec: {capacity: {storage: 1Mi}, storageClassName: none, "
                                .formatted(volume)
                        + "accessModes: [ReadWriteMany], hostPath: {path: /nowhere}}}");
        given("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: search-data}, spec: {volumeName: %s, "
                        .formatted(volume)
                + "storageClassName: none, accessModes: [ReadWriteMany], resources: {requests: {storage: 1Mi}}}}");
        var bad = givenARelease("search", "volumes: [{name: data, persistentVolumeClaim: {claimName: search-data}}]");
        client().persistentVolumeClaims()
                .inNamespace(shop().namespace())
                .withName("search-data")
                .delete();

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenRefusedUnchanged("search", bad, "reference-missing", "PersistentVolumeClaim search-data");
        client().persistentVolumes().withName(volume).delete();
    }

    @Test
    void aRestoreWhoseSecretIsGoneIsRefusedWhereThisSecretMayBeLookedAt() {
        givenSecret("search-tls");
        cluster().mayRead(client(), shop().namespace(), "search-tls");
        var bad = givenARelease("search", "volumes: [{name: tls, secret: {secretName: search-tls}}]");
        client().secrets()
                .inNamespace(shop().namespace())
                .withName("search-tls")
                .delete();

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenRefusedUnchanged("search", bad, "reference-missing", "Secret search-tls");
    }

    @Test
    void whatIsOptionalMayBeMissing() {
        var bad = givenARelease("search", "volumes: [{name: c, configMap: {name: nowhere, optional: true}}]");

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenStep("search", "verified");
        assertThat(shop().current(Kind.DEPLOYMENT, "search")).isNotEqualTo(bad);
        assertThat(shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v1");
    }

    @Test
    void aRestoreIsRefusedWhereAQuotaLeavesNoRoomForAPod() {
        var bad = givenARelease("search", NOTHING);
        given("{apiVersion: v1, kind: ResourceQuota, metadata: {name: small}, spec: {hard: {pods: \"2\"}}, "
                + "status: {hard: {pods: \"2\"}, used: {pods: \"2\"}}}");
        Await.until(
                "the quota has been counted",
                SOON,
                () -> client().resourceQuotas()
                                        .inNamespace(shop().namespace())
                                        .withName("small")
                                        .get()
                                        .getStatus()
                                        .getUsed()
                                instanceof Map<?, ?> used
                        && used.containsKey("pods"));

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenRefusedUnchanged("search", bad, "no-quota-left", "ResourceQuota small leaves 0 pods, and 1 is needed");
    }

    // --- steps

    void given(String yaml) {
        for (HasMetadata object : client().load(
                        new ByteArrayInputStream(("---\n" + yaml).getBytes(StandardCharsets.UTF_8)))
                .items()) {
            if (object instanceof Namespaced) {
                client().resource(object).inNamespace(shop().namespace()).create();
            } else {
                client().resource(object).create();
            }
        }
    }

    void givenSecret(String name) {
        given("{apiVersion: v1, kind: Secret, metadata: {name: %s}, stringData: {key: none}}".formatted(name));
    }

    /** A Deployment of two pods whose revision is known to be good; answers that revision. */
    String givenADeployment(String name, String podSpec) {
        shop().createDeployment(name, 2, LONG, podSpec);
        Await.until("its revision is known to be good", SOON, () -> shop().goodRevisions(Kind.DEPLOYMENT, name) > 0);
        return shop().current(Kind.DEPLOYMENT, name);
    }

    /** The same, and then v2 was shipped; answers that revision. */
    String givenARelease(String name, String podSpec) {
        return whenItShips(name, givenADeployment(name, podSpec), "v2");
    }

    String whenItShips(String name, String before, String version) {
        shop().ship(Kind.DEPLOYMENT, name, version);
        var now = shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, name, before);
        shop().awaitComplete(Kind.DEPLOYMENT, name);
        return now;
    }

    private void whenItKeeps(String name, int revisions) {
        shop().edit(
                        Kind.DEPLOYMENT,
                        name,
                        "[{\"op\":\"add\",\"path\":\"/spec/revisionHistoryLimit\",\"value\":%d}]".formatted(revisions));
    }

    private List<String> replicaSets(String name) {
        return client()
                .apps()
                .replicaSets()
                .inNamespace(shop().namespace())
                .withLabel("app", name)
                .list()
                .getItems()
                .stream()
                .map(each -> each.getMetadata().getLabels().get("pod-template-hash"))
                .toList();
    }

    private long kept(String name, String what) {
        return client().apps().controllerRevisions().inNamespace(shop().namespace()).list().getItems().stream()
                .filter(each -> each.getMetadata().getName().startsWith(name + "-" + what + "-"))
                .count();
    }

    private List<String> evidenceOf(String name) {
        return judged(name).value().path("evidence").findValuesAsText("name");
    }

    private void thenRestored(String name, String good, String version) {
        assertThat(shop().version(Kind.DEPLOYMENT, name)).isEqualTo(version);
        assertThat(shop().current(Kind.DEPLOYMENT, name)).isEqualTo(good);
        assertThat(restores(Kind.DEPLOYMENT, name)).hasSize(1);
    }

    /** The attempt ends for good with that reason and a command to type; nothing was written for it, no snapshot either. */
    Tap.Event thenRefusedUnchanged(String name, String bad, String reason, String detail) {
        thenStep(name, "failed");
        var failed = steps(name, "failed").getFirst();
        assertThat(failed.value().at("/reason/code").asText())
                .as(failed.value().toString())
                .isEqualTo(reason);
        assertThat(failed.value().path("detail").asText()).startsWith(detail);
        assertThat(failed.value().path("again").asBoolean(true)).isFalse();
        assertThat(failed.value().path("command").asText())
                .isEqualTo(
                        "kubectl rollout undo deployment/%s -n %s --to-revision=1".formatted(name, shop().namespace()));
        assertThat(intents(name)).hasSize(1);
        assertThat(restores(Kind.DEPLOYMENT, name)).isEmpty();
        assertThat(kept(name, "replaced")).isZero();
        assertThat(shop().current(Kind.DEPLOYMENT, name)).isEqualTo(bad);
        return failed;
    }
}
