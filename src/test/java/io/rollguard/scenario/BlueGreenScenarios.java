package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * What is done about Rollouts of blue-green in each of their states, where a wrong abort is an outage of everything, and
 * about Rollouts whose template is in a Deployment.
 */
abstract class BlueGreenScenarios extends Scene {

    private static final int PODS = 3;
    private static final String HASH = "rollouts-pod-template-hash";
    private static final String TRACKING = "argocd.argoproj.io/tracking-id";
    private static final String BY_HAND = "autoPromotionEnabled: false";

    /** An analysis that does not end keeps the Rollout between its switch and its promotion. */
    private static final String ENDLESS = "postPromotionAnalysis: {templates: [{templateName: endless}]}";

    private static final ResourceDefinitionContext ROLLOUTS = new ResourceDefinitionContext.Builder()
            .withGroup("argoproj.io")
            .withVersion("v1alpha1")
            .withKind("Rollout")
            .withPlural("rollouts")
            .withNamespaced(true)
            .build();

    BlueGreenScenarios(TestCluster cluster) {
        super(cluster, 1);
    }

    // --- blue-green before its switch

    @Test
    void aPreviewThatAlertsIsAbortedAndUsersStayWhereTheyAre() {
        var good = givenABlueGreen("cart", BY_HAND, BRIEF);
        var bad = whenAPreviewIsShipped("cart");

        whenItAlerts(firing("CartErrors", Map.of(HASH.replace('-', '_'), bad)));

        thenStep("cart", "verified");
        assertThat(shop().isAborted("cart")).isTrue();
        assertThat(shop().served("cart")).isEqualTo(good);
        thenOneAbort("cart");
    }

    @Test
    void aPausedPreviewThatAlertsIsAbortedAndStaysPaused() {
        var good = givenABlueGreen("cart", BY_HAND, BRIEF);
        var bad = whenAPreviewIsShipped("cart");
        shop().pause("cart");

        whenItAlerts(firing("CartErrors", Map.of(HASH.replace('-', '_'), bad)));

        thenStep("cart", "verified");
        assertThat(shop().isAborted("cart")).isTrue();
        assertThat(shop().isPaused("cart")).isTrue();
        assertThat(shop().served("cart")).isEqualTo(good);
    }

    // --- after its switch

    @Test
    void aSwitchedBlueGreenIsRestored() {
        var good = givenABlueGreen("cart", ENDLESS, BRIEF);
        var bad = whenItIsSwitched("cart", good);

        whenItAlerts(firing("CartErrors", Map.of(HASH.replace('-', '_'), bad)));

        thenRestored("cart", good, bad);
    }

    @Test
    void aSwitchedBlueGreenWithAnUnreadyPodIsRestoredAndNotAborted() {
        var good = givenABlueGreen("cart", ENDLESS, BRIEF);
        var bad = whenItIsSwitched("cart", good);
        var failing = whenAPodFails("cart", bad);

        whenItAlerts(firing("PodCrashLooping", Map.of("pod", failing, HASH.replace('-', '_'), bad)));
        whenItAlerts(firing("CartErrors", Map.of(HASH.replace('-', '_'), bad)));

        thenRestored("cart", good, bad);
    }

    @Test
    void aSwitchedBlueGreenThatIsPausedIsRestoredAndUnpausedInOne() {
        var good = givenABlueGreen("cart", ENDLESS, BRIEF);
        var bad = whenItIsSwitched("cart", good);
        shop().pause("cart");

        whenItAlerts(firing("CartErrors", Map.of(HASH.replace('-', '_'), bad)));

        thenRestored("cart", good, bad);
        assertThat(shop().isPaused("cart")).isFalse();
    }

    @Test
    void aSwitchedBlueGreenThatGitOwnsIsAbortedWhereEveryNewPodServes() {
        var good = givenABlueGreen("cart", ENDLESS, BRIEF);
        givenGitOwns(Kind.ROLLOUT, "argoproj.io", "cart");
        var bad = whenItIsSwitched("cart", good);

        whenItAlerts(firing("CartErrors", Map.of(HASH.replace('-', '_'), bad)));

        thenStep("cart", "verified");
        assertThat(shop().isAborted("cart")).isTrue();
        assertThat(shop().served("cart")).isEqualTo(good);
        assertThat(shop().version(Kind.ROLLOUT, "cart")).isEqualTo("v2");
        thenOneAbort("cart");
    }

    @Test
    void aSwitchedBlueGreenThatGitOwnsIsLeftToPeopleWhereAnAbortWouldStrandUsers() {
        var good = givenABlueGreen("cart", ENDLESS, BRIEF);
        givenGitOwns(Kind.ROLLOUT, "argoproj.io", "cart");
        var bad = whenItIsSwitched("cart", good);
        whenAPodFails("cart", bad);

        whenItAlerts(firing("CartErrors", Map.of(HASH.replace('-', '_'), bad)));

        thenRefused("cart", "gitops-owned");
        var refused = steps("cart", "judged").getLast();
        assertThat(refused.value().path("command").asText())
                .contains("kubectl argo rollouts undo cart -n %s --to-revision=1".formatted(shop().namespace()))
                .startsWith("argocd app set app --sync-policy none");
        thenNothingWasDone("cart");
        assertThat(shop().served("cart")).isEqualTo(bad);
    }

    @Test
    void usersWhomSomebodysAbortLeftBehindAreTakenBackByARestore() {
        var good = givenABlueGreen("cart", ENDLESS, BRIEF);
        var bad = whenItIsSwitched("cart", good);
        whenAPodFails("cart", bad);
        abortByHand("cart");

        whenItAlerts(firing("CartErrors", Map.of(HASH.replace('-', '_'), bad)));

        thenRestored("cart", good, bad);
    }

    // --- promoted

    @Test
    void aPromotedBlueGreenIsRestoredWithoutWaitingForAPerson() {
        var good = givenABlueGreen("cart", BY_HAND + ", scaleDownDelaySeconds: 1", LONG);
        var bad = whenAPreviewIsShipped("cart");
        shop().promote("cart");
        shop().awaitComplete(Kind.ROLLOUT, "cart");
        Await.until(
                "the old pods are gone",
                SOON,
                () -> shop().pods(Kind.ROLLOUT, "cart", good).isEmpty());

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenRestored("cart", good, bad);
    }

    // --- a template in a Deployment

    @Test
    void aCanaryWhoseTemplateIsInADeploymentIsAborted() {
        var good = givenAReferencingRollout("cart", BRIEF);
        var bad = whenItsDeploymentIsShipped("cart", good);

        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        assertThat(shop().version(Kind.DEPLOYMENT, "cart")).isEqualTo("v2");
    }

    @Test
    void aPromotedRolloutWhoseTemplateIsInADeploymentIsRestoredThere() {
        var good = givenAReferencingRollout("cart", LONG);
        var bad = whenItsDeploymentIsPromoted("cart", good);

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenStep("cart", "verified");
        assertThat(shop().version(Kind.DEPLOYMENT, "cart")).isEqualTo("v1");
        assertThat(shop().get(Kind.DEPLOYMENT, "cart").getMetadata().getAnnotations())
                .containsEntry("rollguard.io/rolled-back-from", bad);
        assertThat(shop().get(Kind.DEPLOYMENT, "cart").<Integer>get("spec", "replicas"))
                .isZero();
        assertThat(text("cart", "status", "stableRS")).isEqualTo(good);
        assertThat(restores(Kind.DEPLOYMENT, "cart")).hasSize(1);
    }

    @Test
    void aPausedRolloutWhoseTemplateIsInADeploymentIsLeftToPeople() {
        var good = givenAReferencingRollout("cart", LONG);
        whenItsDeploymentIsPromoted("cart", good);
        shop().pause("cart");

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenRefused("cart", "workload-paused");
        thenNothingWasDone("cart");
        assertThat(shop().version(Kind.DEPLOYMENT, "cart")).isEqualTo("v2");
    }

    @Test
    void aPromotedRolloutWhoseDeploymentGitOwnsIsLeftToPeople() {
        var good = givenAReferencingRollout("cart", LONG);
        givenGitOwns(Kind.DEPLOYMENT, "apps", "cart");
        whenItsDeploymentIsPromoted("cart", good);

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenRefused("cart", "gitops-owned");
        thenNothingWasDone("cart");
        assertThat(shop().version(Kind.DEPLOYMENT, "cart")).isEqualTo("v2");
    }

    @Test
    void aDeploymentThatIsOnlyARolloutsTemplateHasNoReleaseOfItsOwn() {
        var good = givenAReferencingRollout("cart", LONG);
        double before = counted("rollguard_no_release_total");
        // until its Rollout was there, it was a Deployment as any other, and one that is complete is kept as good
        long kept = shop().goodRevisions(Kind.DEPLOYMENT, "cart");
        whenItsDeploymentIsShipped("cart", good);

        whenItAlerts(firing("CartSlow", Map.of("deployment", "cart")));

        Await.until("the alert is counted", SOON, () -> counted("rollguard_no_release_total") > before);
        assertThat(stage().tap().incidents(shop().namespace(), "cart")).isEmpty();
        assertThat(shop().goodRevisions(Kind.DEPLOYMENT, "cart")).isEqualTo(kept);
    }

    // --- given

    /** Of version v1, behind a Service of its name, its first revision known to be good. */
    private String givenABlueGreen(String name, String strategy, String bakeTime) {
        create("""
                apiVersion: argoproj.io/v1alpha1
                kind: AnalysisTemplate
                metadata: {name: endless}
                spec:
                  metrics:
                    - {name: never, initialDelay: 1h, provider: {web: {url: "http://127.0.0.1:1", jsonPath: "{$.ok}"}}}
                """);
        shop().createBlueGreen(name, PODS, strategy, bakeTime);
        return awaitGood(name);
    }

    private String givenAReferencingRollout(String name, String bakeTime) {
        create("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: %1$s}
                spec:
                  replicas: 0
                  selector: {matchLabels: {app: %1$s}}
                  template: %2$s
                """.formatted(name, template(name)));
        service(name);
        create("""
                apiVersion: argoproj.io/v1alpha1
                kind: Rollout
                metadata: {name: %1$s, annotations: {rollguard.io/bake-time: "%2$s"}}
                spec:
                  replicas: %3$d
                  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: %1$s}
                  strategy: {canary: {steps: %4$s}}
                """.formatted(name, bakeTime, PODS, STEPS));
        shop().awaitComplete(Kind.ROLLOUT, name);
        return awaitGood(name);
    }

    private String awaitGood(String name) {
        Await.until("its revision is known to be good", SOON, () -> shop().goodRevisions(Kind.ROLLOUT, name) > 0);
        return shop().current(Kind.ROLLOUT, name);
    }

    private void givenGitOwns(Kind kind, String group, String name) {
        shop().annotate(kind, name, TRACKING, "app:%s/%s:%s/%s".formatted(group, kind, shop().namespace(), name));
    }

    static String template(String name) {
        return """
                {metadata: {labels: {app: %s}}, spec: {containers: [{name: app, image: "registry.k8s.io/pause:3.9", env: [{name: VERSION, value: v1}]}]}}""".formatted(name);
    }

    private void service(String name) {
        create("""
                apiVersion: v1
                kind: Service
                metadata: {name: %1$s}
                spec: {selector: {app: %1$s}, ports: [{port: 80, targetPort: 8080}]}
                """.formatted(name));
    }

    void create(String yaml) {
        var object = Serialization.unmarshal(yaml, GenericKubernetesResource.class);
        client().resource(object).inNamespace(shop().namespace()).create();
    }

    // --- when

    private String whenAPreviewIsShipped(String name) {
        shop().ship(Kind.ROLLOUT, name, "v2");
        return shop().awaitCanary(name);
    }

    /** A canary of the template in the Deployment. */
    private String whenItsDeploymentIsShipped(String name, String good) {
        shop().ship(Kind.DEPLOYMENT, name, "v2");
        var bad = awaitOther(name, good);
        shop().awaitCanary(name);
        return bad;
    }

    private String whenItsDeploymentIsPromoted(String name, String good) {
        var bad = whenItsDeploymentIsShipped(name, good);
        shop().promote(name);
        shop().awaitComplete(Kind.ROLLOUT, name);
        assertThat(text(name, "status", "stableRS")).isEqualTo(bad);
        return bad;
    }

    /** Users are on v2, all of whose pods serve. */
    private String whenItIsSwitched(String name, String good) {
        shop().ship(Kind.ROLLOUT, name, "v2");
        var bad = awaitOther(name, good);
        Await.until(
                "users are on v2",
                SOON,
                () -> shop().served(name).equals(bad)
                        && bad.equals(text(name, "status", "blueGreen", "activeSelector"))
                        && number(name, "status", "availableReplicas") == PODS);
        assertThat(text(name, "status", "stableRS")).isEqualTo(good);
        return bad;
    }

    /** One pod of it stops serving, and the controller knows. */
    private String whenAPodFails(String name, String hash) {
        var pod = shop().readyPods(Kind.ROLLOUT, name, hash).getFirst();
        client().pods()
                .inNamespace(shop().namespace())
                .withName(pod)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"metadata\":{\"annotations\":{\"sandbox.rollguard.io/fail-after\":\"0s\"}}}");
        Await.until(
                "the Rollout counts one pod less", SOON, () -> number(name, "status", "availableReplicas") == PODS - 1);
        return pod;
    }

    private void abortByHand(String name) {
        client().genericKubernetesResources(ROLLOUTS)
                .inNamespace(shop().namespace())
                .withName(name)
                .subresource("status")
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"status\":{\"abort\":true}}");
        Await.until("the abort is acknowledged", SOON, () -> text(name, "status", "abortedAt") != null);
    }

    // --- then

    /** By one restore, with no moment at which users had nowhere to go. */
    private void thenRestored(String name, String good, String bad) {
        thenStep(name, "verified");
        assertThat(shop().served(name)).isEqualTo(good);
        assertThat(text(name, "status", "blueGreen", "activeSelector")).isEqualTo(good);
        assertThat(text(name, "status", "stableRS")).isEqualTo(good);
        assertThat(shop().version(Kind.ROLLOUT, name)).isEqualTo("v1");
        assertThat(shop().get(Kind.ROLLOUT, name).getMetadata().getAnnotations())
                .containsEntry("rollguard.io/rolled-back-from", bad);
        assertThat(shop().readyPods(Kind.ROLLOUT, name, good)).hasSize(PODS);
        assertThat(intents(name)).hasSize(1);
    }

    private String awaitOther(String name, String hash) {
        return shop().awaitCurrentOtherThan(Kind.ROLLOUT, name, hash);
    }

    private String text(String name, Object... path) {
        return Optional.ofNullable(shop().get(Kind.ROLLOUT, name).<Object>get(path))
                .map(Object::toString)
                .orElse(null);
    }

    private int number(String name, Object... path) {
        return shop().get(Kind.ROLLOUT, name).<Object>get(path) instanceof Number value ? value.intValue() : 0;
    }
}
