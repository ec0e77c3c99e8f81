package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Tap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Releases whose pods fail, and nobody has a rule for it: no alert comes in any of these. */
abstract class HealthScenarios extends Scene {

    static final String FAIL = "sandbox.rollguard.io/fail";
    static final String FAIL_AFTER = "sandbox.rollguard.io/fail-after";

    HealthScenarios(TestCluster cluster) {
        super(cluster, 1);
    }

    @Test
    void aCanaryThatCrashLoopsIsAborted() {
        shop().createRollout("cart", 5, STEPS, BRIEF);

        shop().shipMisbehaving(Kind.ROLLOUT, "cart", "v2", FAIL, "CrashLoopBackOff");

        thenStep("cart", "verified");
        assertThat(judged("cart").value().at("/reason/code").asText()).isEqualTo("new-pods-fail");
        assertThat(steps("cart", "intended")
                        .getFirst()
                        .value()
                        .at("/triggers/0/finding")
                        .asText())
                .isEqualTo("crash-loop");
        assertThat(shop().isAborted("cart")).isTrue();
        thenOneAbort("cart");
        thenStep("cart", "cured");
        thenStep("cart", "closed");
        thenSlackShows("cart", "Rolled back");
        thenOneMessageAbout("cart");
    }

    @Test
    void aCanaryWhoseImageCannotBePulledIsAborted() {
        shop().createRollout("cart", 5, STEPS, BRIEF);

        shop().shipMisbehaving(Kind.ROLLOUT, "cart", "v2", FAIL, "ImagePullBackOff");

        thenStep("cart", "verified");
        assertThat(steps("cart", "intended")
                        .getFirst()
                        .value()
                        .at("/triggers/0/finding")
                        .asText())
                .isEqualTo("image-pull");
        thenOneAbort("cart");
    }

    @Test
    void aDeploymentThatCrashLoopsInMidRolloutIsRestored() {
        var good = givenADeployment("search");

        shop().shipMisbehaving(Kind.DEPLOYMENT, "search", "v2", FAIL, "CrashLoopBackOff");

        thenStep("search", "verified");
        assertThat(shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v1");
        assertThat(shop().current(Kind.DEPLOYMENT, "search")).isEqualTo(good);
        assertThat(restores(Kind.DEPLOYMENT, "search")).hasSize(1);
        thenStep("search", "cured");
    }

    @Test
    void aPromotedDeploymentThatCrashLoopsLaterIsRestored() {
        var good = givenADeployment("search");
        shop().ship(Kind.DEPLOYMENT, "search", "v2");
        var bad = shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        shop().awaitComplete(Kind.DEPLOYMENT, "search");

        shop().pods(Kind.DEPLOYMENT, "search", bad)
                .forEach(pod -> fallsOver(pod.getMetadata().getName()));

        thenStep("search", "verified");
        assertThat(judged("search").value().at("/input/release/stage").asText()).isEqualTo("baking");
        assertThat(shop().current(Kind.DEPLOYMENT, "search")).isEqualTo(good);
        thenStep("search", "cured");
    }

    @Test
    void whereStablePodsCrashTooNothingIsDone() {
        shop().createRollout("cart", 5, STEPS, BRIEF);
        var stable = shop().current(Kind.ROLLOUT, "cart");
        shop().pods(Kind.ROLLOUT, "cart", stable)
                .forEach(pod -> fallsOver(pod.getMetadata().getName()));
        Await.until(
                "the stable pods crash",
                SOON,
                () -> shop().readyPods(Kind.ROLLOUT, "cart", stable).isEmpty());

        shop().shipMisbehaving(Kind.ROLLOUT, "cart", "v2", FAIL, "CrashLoopBackOff");

        thenJudgedFor("cart", "stable-fail-too");
        thenNothingWasDone("cart");
        thenSlackShows("cart", "no rollback");
    }

    @Test
    void aPodThatIsSlowToStartIsNoTrouble() {
        shop().createRollout("cart", 5, STEPS, BRIEF);

        shop().shipMisbehaving(Kind.ROLLOUT, "cart", "v2", "sandbox.rollguard.io/ready-after", "4s");

        shop().awaitCanary("cart");
        assertThat(stage().tap().incidents(shop().namespace(), "cart")).isEmpty();
        thenNothingWasDone("cart");
    }

    @Test
    void aDeploymentWhoseProgressDeadlinePassesIsRestored() {
        var good = givenADeployment("search");
        spec(Kind.DEPLOYMENT, "search", Map.of("progressDeadlineSeconds", 4));

        shop().shipMisbehaving(Kind.DEPLOYMENT, "search", "v2", FAIL, "NotReady");

        thenStep("search", "verified");
        assertThat(judged("search").value().at("/reason/code").asText()).isEqualTo("deadline-passed");
        assertThat(shop().current(Kind.DEPLOYMENT, "search")).isEqualTo(good);
    }

    @Test
    void aCanaryWhoseProgressDeadlinePassesIsAborted() {
        shop().createRollout("cart", 5, STEPS, BRIEF);
        spec(Kind.ROLLOUT, "cart", Map.of("progressDeadlineSeconds", 4));

        shop().shipMisbehaving(Kind.ROLLOUT, "cart", "v2", FAIL, "NotReady");

        thenStep("cart", "verified");
        assertThat(judged("cart").value().at("/reason/code").asText()).isEqualTo("deadline-passed");
        thenOneAbort("cart");
    }

    @Test
    void inObserveModeItIsSaidAndClosesOnceThePodsRun() {
        shop().createRollout("cart", 5, STEPS, BRIEF);
        shop().annotate(Kind.ROLLOUT, "cart", "rollguard.io/mode", "observe");
        shop().shipMisbehaving(Kind.ROLLOUT, "cart", "v2", FAIL, "CrashLoopBackOff");
        thenJudged("cart", "GUILTY", "new-pods-fail");
        thenSlackShows("cart", "would be rolled back");

        shop().ship(Kind.ROLLOUT, "cart", "v1");

        thenStep("cart", "closed");
        thenNothingWasDone("cart");
    }

    // --- the words of these scenarios

    /** It crash-loops from now on. */
    void fallsOver(String pod) {
        client().pods()
                .inNamespace(shop().namespace())
                .withName(pod)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        Serialization.asJson(Map.of("metadata", Map.of("annotations", Map.of(FAIL_AFTER, "100ms")))));
    }

    Tap.Event thenJudgedFor(String name, String reason) {
        return stage().tap()
                .await(
                        "%s judged for %s".formatted(name, reason),
                        SOON,
                        event -> event.type().equals("incident.judged")
                                && event.isAbout(shop().namespace(), name)
                                && event.value().at("/reason/code").asText().equals(reason));
    }
}
