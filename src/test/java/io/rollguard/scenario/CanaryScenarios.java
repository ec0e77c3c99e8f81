package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Webhook.Alert;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Canary Rollouts in every state that the decision table knows. */
abstract class CanaryScenarios extends Scene {

    private static final String NGINX =
            "canaryService: %1$s-canary, stableService: %1$s," + " trafficRouting: {nginx: {stableIngress: %1$s}}";
    private static final String WINDOW = "rollbackWindow: {revisions: 3}";
    private static final String AT_60 = "[{setWeight: 60}, {pause: {}}]";

    CanaryScenarios(TestCluster cluster) {
        super(cluster, 1);
    }

    // --- in progress

    @Test
    void aPausedCanaryIsAbortedAndUnpausedAfterwards() {
        var bad = givenACanary("cart");
        shop().pause("cart");

        whenAPodAlerts("cart", bad);

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        assertThat(shop().isPaused("cart")).isFalse();
        assertThat(accepted(specOf("cart"))).as("it was unpaused once").hasSize(1);
    }

    @Test
    void aCanaryBehindNginxIsAbortedAndItsTrafficIsBack() {
        var bad = givenACanaryBehindNginx("cart", AT_60, "");
        assertThat(shop().weightOnIngress("cart")).contains(60);

        whenAPodAlerts("cart", bad);

        thenStep("cart", "verified");
        assertThat(shop().isAborted("cart")).isTrue();
        assertThat(shop().weightOnIngress("cart")).contains(0);
        thenOneAbort("cart");
    }

    @Test
    void aPausedCanaryBehindNginxIsAbortedAndUnpausedAfterwards() {
        var bad = givenACanaryBehindNginx("cart", AT_60, "");
        shop().pause("cart");

        whenAPodAlerts("cart", bad);

        thenStep("cart", "verified");
        assertThat(shop().weightOnIngress("cart")).contains(0);
        assertThat(shop().isAborted("cart")).isTrue();
        assertThat(shop().isPaused("cart")).isFalse();
    }

    @Test
    void anAbortBehindNginxIsNotVerifiedBeforeTheStablePodsCanTakeTheTraffic() {
        var bad = givenACanaryBehindNginx("cart", AT_60, "");
        var stable = shop().readyPods(Kind.ROLLOUT, "cart", stableOf("cart")).getFirst();
        shop().setReady(stable, false);
        Await.until(
                "the controller sees that one pod of eight is not ready",
                SOON,
                () -> Integer.valueOf(7).equals(shop().get(Kind.ROLLOUT, "cart").get("status", "availableReplicas")));

        whenAPodAlerts("cart", bad);
        thenStep("cart", "accepted");
        Await.until(
                "the abort is acknowledged",
                SOON,
                () -> shop().get(Kind.ROLLOUT, "cart").get("status", "abortedAt") != null);
        assertThat(shop().weightOnIngress("cart")).contains(60);
        assertThat(steps("cart", "verified")).isEmpty();
        shop().setReady(stable, true);

        thenStep("cart", "verified");
        assertThat(shop().weightOnIngress("cart")).contains(0);
    }

    @Test
    void aCanaryThatIsBeingPromotedInFullIsAborted() {
        shop().createRollout("cart", 5, STEPS, BRIEF);
        var stable = stableOf("cart");
        shop().shipMisbehaving(Kind.ROLLOUT, "cart", "v2", "sandbox.rollguard.io/fail", "NotReady");
        var bad = shop().awaitCurrentOtherThan(Kind.ROLLOUT, "cart", stable);
        shop().promote("cart");

        whenItAlerts(firing("CartErrors", Map.of("rollouts_pod_template_hash", bad, "service", "cart")));

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        assertThat(stableOf("cart")).isEqualTo(stable);
    }

    @Test
    void aCanaryThatScalesStableDownIsRestored() {
        var bad = givenACanaryBehindNginx("cart", AT_60, ", dynamicStableScale: true, abortScaleDownDelaySeconds: 30");
        var stable = stableOf("cart");

        whenAPodAlerts("cart", bad);

        thenStep("cart", "verified");
        thenRestored("cart", stable, bad);
        assertThat(shop().weightOnIngress("cart")).contains(0);
        thenNeitherAbortedNorPromoted("cart", "an abort would dead-lock");
    }

    @Test
    void aCanaryThatScalesStableDownAndThatGitOwnsIsLeftToPeopleWhereAnAbortWouldLock() {
        var bad = givenACanaryBehindNginx("cart", AT_60, ", dynamicStableScale: true, abortScaleDownDelaySeconds: 30");
        ownedByArgoCd("cart");

        whenAPodAlerts("cart", bad);

        thenRefused("cart", "gitops-owned");
        thenNothingWasDone("cart");
    }

    /** Step by step, as its controller moves pods and traffic together. */
    @Test
    void aCanaryThatScalesStableDownAndThatGitOwnsIsAbortedWhereThatArrives() {
        var bad = givenACanaryBehindNginx("cart", AT_60, ", dynamicStableScale: true");
        ownedByArgoCd("cart");

        whenAPodAlerts("cart", bad);

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        assertThat(shop().weightOnIngress("cart")).contains(0);
        thenOneAbort("cart");
    }

    /** The controller skips the steps then, and takes every abort back. */
    @Test
    void aRolloutThatGoesBackWithinItsWindowToAGoodRevisionIsLeftAlone() {
        var first = givenAGoodRollout("cart", "{steps: %s}".formatted(STEPS), WINDOW, BRIEF);
        var second = whenASlowVersionIsPromoted("cart");
        Await.until("v2 is known to be good", SOON, () -> shop().goodRevisions(Kind.ROLLOUT, "cart") == 2);
        whenPromoted("cart", "v3", second);
        assertThat(first).isNotEqualTo(second);

        whenItGoesBackTo("cart", second);
        whenItAlerts(firing("CartErrors", Map.of("rollouts_pod_template_hash", second)));

        thenRefused("cart", "moves-to-good");
        thenNothingWasDone("cart");
    }

    @Test
    void aRolloutThatGoesBackWithinItsWindowToARevisionNotKnownToBeGoodIsRestored() {
        givenAGoodRollout("cart", "{steps: %s}".formatted(STEPS), WINDOW);
        var second = whenASlowVersionIsPromoted("cart");
        var third = whenPromoted("cart", "v3", second);

        whenItGoesBackTo("cart", second);
        whenItAlerts(firing("CartErrors", Map.of("rollouts_pod_template_hash", second)));

        thenStep("cart", "verified");
        thenRestored("cart", "v3", third, second);
        thenNeitherAbortedNorPromoted("cart", "an abort would be taken back");
    }

    @Test
    void aCanaryWhoseSpecItsControllerRefusesIsLeftAlone() {
        var bad = givenACanary("cart");
        var pod = podOf("cart", bad);
        spec(Kind.ROLLOUT, "cart", Map.of("strategy", Map.of("canary", Map.of("canaryService", "nowhere"))));
        Await.until(
                "its controller refuses the spec",
                SOON,
                () -> shop().get(Kind.ROLLOUT, "cart")
                        .get("status", "conditions")
                        .toString()
                        .contains("InvalidSpec"));

        whenItAlerts(firing("CartErrors", Map.of("pod", pod)));

        thenRefused("cart", "state-unsupported");
        thenNothingWasDone("cart");
    }

    @Test
    void aPausedCanaryThatGitOwnsIsLeftToPeopleWithTheCommand() {
        var bad = givenACanary("cart");
        ownedByArgoCd("cart");
        shop().pause("cart");

        whenAPodAlerts("cart", bad);

        thenRefused("cart", "workload-paused");
        thenNothingWasDone("cart");
        assertThat(steps("cart", "judged").getLast().value().path("command").asText())
                .startsWith("kubectl argo rollouts abort cart -n " + shop().namespace())
                .contains("\"paused\":false");
    }

    // --- fully promoted

    @Test
    void aPromotedRolloutIsRestoredWithoutItsSteps() {
        var good = givenAGoodRollout("cart", "{steps: %s}".formatted(STEPS), "");
        var bad = whenPromoted("cart", good);

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenStep("cart", "verified");
        thenRestored("cart", good, bad);
        assertThat(promotions("cart")).as("it was promoted once").hasSize(1);
    }

    @Test
    void aPromotedRolloutBehindNginxIsRestored() {
        shop().createIngress("cart");
        var good = givenAGoodRollout("cart", nginx("cart", AT_60, ""), "");
        var bad = whenPromoted("cart", good);

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenStep("cart", "verified");
        thenRestored("cart", good, bad);
        assertThat(shop().weightOnIngress("cart")).contains(0);
    }

    @Test
    void aPromotedRolloutWithinItsRollbackWindowIsRestored() {
        var good = givenAGoodRollout("cart", "{steps: %s}".formatted(STEPS), WINDOW);
        var bad = whenPromoted("cart", good);

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenStep("cart", "verified");
        thenRestored("cart", good, bad);
    }

    @Test
    void aPromotedRolloutThatIsPausedIsRestoredAndUnpaused() {
        var good = givenAGoodRollout("cart", "{steps: %s}".formatted(STEPS), "");
        var bad = whenPromoted("cart", good);
        shop().pause("cart");

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenStep("cart", "verified");
        thenRestored("cart", good, bad);
        assertThat(shop().isPaused("cart")).isFalse();
    }

    // --- words

    String givenACanaryBehindNginx(String name, String steps, String more) {
        shop().createIngress(name);
        shop().createCanary(name, 5, nginx(name, steps, more), "", BRIEF);
        shop().ship(Kind.ROLLOUT, name, "v2");
        return shop().awaitCanary(name);
    }

    private static String nginx(String name, String steps, String more) {
        return "{%s, steps: %s%s}".formatted(NGINX.formatted(name), steps, more);
    }

    /** A Rollout with a long bake time whose revision is known to be good. */
    String givenAGoodRollout(String name, String canary, String more) {
        return givenAGoodRollout(name, canary, more, LONG);
    }

    String givenAGoodRollout(String name, String canary, String more, String bakeTime) {
        shop().createCanary(name, 5, canary, more, bakeTime);
        Await.until("its revision is known to be good", SOON, () -> shop().goodRevisions(Kind.ROLLOUT, name) > 0);
        return stableOf(name);
    }

    /** Ships v2 and lets it take all; says its hash. */
    String whenPromoted(String name, String before) {
        return whenPromoted(name, "v2", before);
    }

    private String whenPromoted(String name, String version, String before) {
        shop().ship(Kind.ROLLOUT, name, version);
        return whenPromotedTo(name, before);
    }

    /** Ships v2, whose pods take their time until they are ready, and lets it take all; says its hash. */
    private String whenASlowVersionIsPromoted(String name) {
        var before = stableOf(name);
        shop().shipMisbehaving(Kind.ROLLOUT, name, "v2", "sandbox.rollguard.io/ready-after", "4s");
        return whenPromotedTo(name, before);
    }

    private void whenItGoesBackTo(String name, String hash) {
        var stable = stableOf(name);
        shop().ship(Kind.ROLLOUT, name, "v2");
        assertThat(shop().awaitCurrentOtherThan(Kind.ROLLOUT, name, stable)).isEqualTo(hash);
    }

    private String whenPromotedTo(String name, String before) {
        var next = shop().awaitCanary(name);
        shop().promote(name);
        shop().awaitComplete(Kind.ROLLOUT, name);
        assertThat(stableOf(name)).isEqualTo(next).isNotEqualTo(before);
        return next;
    }

    Alert whenAPodAlerts(String name, String hash) {
        return whenItAlerts(firing("CartErrors", Map.of("pod", podOf(name, hash))));
    }

    private void ownedByArgoCd(String name) {
        shop().annotate(
                        Kind.ROLLOUT,
                        name,
                        "argocd.argoproj.io/tracking-id",
                        "shop:argoproj.io/Rollout:%s/%s".formatted(shop().namespace(), name));
    }

    private String stableOf(String name) {
        return String.valueOf((Object) shop().get(Kind.ROLLOUT, name).get("status", "stableRS"));
    }

    /** Where a Rollout is restored or unpaused. */
    private String specOf(String name) {
        return "/%s/rollouts/%s(\\?|$)".formatted(shop().namespace(), name);
    }

    void thenRestored(String name, String good, String bad) {
        thenRestored(name, "v1", good, bad);
    }

    private void thenRestored(String name, String version, String good, String bad) {
        var rollout = shop().get(Kind.ROLLOUT, name);
        assertThat(shop().version(Kind.ROLLOUT, name)).isEqualTo(version);
        assertThat(List.of(stableOf(name), String.valueOf((Object) rollout.get("status", "currentPodHash"))))
                .containsOnly(good);
        assertThat(rollout.getMetadata().getAnnotations()).containsEntry("rollguard.io/rolled-back-from", bad);
        assertThat(shop().isAborted(name)).isFalse();
        assertThat(accepted(specOf(name))).as("its template was restored once").hasSize(1);
    }
}
