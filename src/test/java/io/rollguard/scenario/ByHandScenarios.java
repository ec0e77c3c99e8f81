package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Rollbacks that a person asks for, on every cluster. */
interface ByHandScenarios {

    /** Where they play. */
    Scene scene();

    @Test
    default void aDeploymentThatHasBakedIsRolledBackByHandAndForwardAgainFromItsSnapshot() {
        var scene = scene();
        var good = scene.givenABakedDeployment("search");
        var bad = scene.givenABakedRelease("search", good);

        var answer = rollBack("deployment/search", "{\"reason\": \"checkout fails\"}");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        scene.thenStep("search", "verified");
        assertThat(scene.shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v1");
        assertThat(scene.steps("search", "answered")
                        .getFirst()
                        .value()
                        .path("why")
                        .asText())
                .isEqualTo("checkout fails");
        assertThat(scene.steps("search", "judged")).isEmpty();
        scene.thenSlackShows("search", "Rolled back");
        scene.thenStep("search", "closed");

        var held = rollBack("deployment/search", "{\"reason\": \"it was not that\", \"to\": \"%s\"}".formatted(bad));
        assertThat(held.statusCode()).isEqualTo(409);
        assertThat(held.body()).contains("target-rolled-back");
        var forward = rollBack(
                "deployment/search",
                "{\"reason\": \"it was not that\", \"force\": true, \"to\": \"%s\"}".formatted(bad));

        assertThat(forward.statusCode()).as(forward.body()).isEqualTo(202);
        Await.until(
                "it is back on v2",
                Scene.SOON,
                () -> scene.steps("search", "verified").size() == 2);
        assertThat(scene.shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v2");
        assertThat(scene.restores(Kind.DEPLOYMENT, "search")).hasSize(2);
    }

    @Test
    default void whatOnlyItsSnapshotStillHoldsCanBeBroughtBack() {
        var scene = scene();
        var good = scene.givenADeployment("search");
        scene.shop().ship(Kind.DEPLOYMENT, "search", "v2");
        var bad = scene.shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        scene.shop().awaitComplete(Kind.DEPLOYMENT, "search");
        rollBack("deployment/search", "{\"reason\": \"checkout fails\"}");
        scene.thenStep("search", "verified");
        scene.removeReplicaSet("search", bad);

        var forward = rollBack(
                "deployment/search",
                "{\"reason\": \"it was not that\", \"force\": true, \"to\": \"%s\"}".formatted(bad));

        assertThat(forward.statusCode()).as(forward.body()).isEqualTo(202);
        Await.until(
                "it is back on v2",
                Scene.SOON,
                () -> scene.steps("search", "verified").size() == 2);
        assertThat(scene.shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v2");
    }

    @Test
    default void aCanaryIsAbortedByHandOnceHoweverOftenItIsAskedFor() {
        var scene = scene();
        var bad = scene.givenACanary("cart");

        var answers = IntStream.range(0, 4)
                .parallel()
                .mapToObj(each -> rollBack("rollout/cart", "{\"reason\": \"it fails\"}"))
                .map(HttpResponse::statusCode)
                .toList();

        assertThat(answers).contains(202).isSubsetOf(202, 409);
        scene.thenStep("cart", "verified");
        scene.thenAborted("cart", bad);
        scene.thenOneAbort("cart");
        assertThat(scene.intents("cart")).hasSize(1);
        var again = rollBack("rollout/cart", "{\"reason\": \"it fails\"}");
        assertThat(again.statusCode()).isEqualTo(409);
        scene.thenOneMessageAbout("cart");
    }

    @Test
    default void whatIsHeldIsHeldForPeopleTooUnlessTheyInsist() {
        var scene = scene();
        var bad = scene.givenACanary("cart");
        scene.pause(true);
        try {
            var held = rollBack("rollout/cart", "{\"reason\": \"it fails\"}");
            assertThat(held.statusCode()).isEqualTo(409);
            assertThat(held.body()).contains("paused");
            assertThat(scene.stage().tap().incidents(scene.shop().namespace(), "cart"))
                    .isEmpty();

            var forced = rollBack("rollout/cart", "{\"reason\": \"it fails\", \"force\": true}");

            assertThat(forced.statusCode()).as(forced.body()).isEqualTo(202);
            scene.thenStep("cart", "verified");
        } finally {
            scene.pause(false);
        }
        scene.thenAborted("cart", bad);
        assertThat(scene.steps("cart", "answered")
                        .getFirst()
                        .value()
                        .path("force")
                        .asBoolean())
                .isTrue();
    }

    @Test
    default void aDryRunSaysWhatWouldBeDoneAndWritesNothing() {
        var scene = scene();
        var bad = scene.givenACanary("cart");

        var answer = rollBack("rollout/cart", "{\"dryRun\": true}");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body())
                .contains("\"act\":\"abort\"", "\"revision\":\"%s\"".formatted(bad), "\"passes\":true");
        scene.thenNothingWasDone("cart");
        assertThat(scene.stage().tap().incidents(scene.shop().namespace(), "cart"))
                .isEmpty();
    }

    @Test
    default void aDryRunOfWhatChangesMeanwhileIsMadeAnew() {
        var scene = scene();
        scene.givenACanary("cart");
        scene.instance()
                .api()
                .onceBefore(
                        "PATCH",
                        scene.statusOf("cart"),
                        () -> scene.shop().annotate(Kind.ROLLOUT, "cart", "owner", "somebody"));

        var answer = rollBack("rollout/cart", "{\"dryRun\": true}");

        assertThat(scene.shop().get(Kind.ROLLOUT, "cart").getMetadata().getAnnotations())
                .containsKey("owner");
        assertThat(answer.body()).contains("\"passes\":true");
        scene.thenNothingWasDone("cart");
    }

    @Test
    default void killedBetweenTheOrderAndTheActItIsDoneOnceAfterTheRestart() throws Exception {
        var scene = scene();
        var bad = scene.givenACanary("cart");
        var reached = scene.instance()
                .api()
                .holdBefore(
                        "PATCH",
                        "/%s/rollouts/cart/status".formatted(scene.shop().namespace()));
        var answer = rollBack("rollout/cart", "{\"reason\": \"it fails\"}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        reached.get(Scene.SOON.toSeconds(), TimeUnit.SECONDS);

        scene.instance().kill();
        scene.startInstances();

        scene.thenStep("cart", "verified");
        scene.thenAborted("cart", bad);
        scene.thenOneAbort("cart");
    }

    @Test
    default void anAlertThatFiresWhenAPersonRollsBackIsWatchedUntilItEnds() {
        var scene = scene();
        scene.givenACanary("cart");
        var alert = scene.whenItAlerts(scene.firing("CartSlow", Map.of("service", "cart")));
        scene.thenStep("cart", "suspected");

        var answer = rollBack("rollout/cart", "{\"reason\": \"it is slow\"}");

        assertThat(List.of(202, 409)).contains(answer.statusCode());
        scene.thenStep("cart", "verified");
        scene.thenOneAbort("cart");
        scene.whenItAlerts(alert.resolved(Scene.now()));
        scene.thenStep("cart", "cured");
    }

    private HttpResponse<String> rollBack(String workload, String body) {
        var path = "/api/v1/workloads/%s/%s/rollback".formatted(scene().shop().namespace(), workload);
        return Scene.untilAnswered(() -> scene().service().post(path, body));
    }
}
