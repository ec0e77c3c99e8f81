package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.slack.Fault;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Webhook;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What Rollguard does, end to end, written once for every cluster. */
abstract class Scenarios extends Scene implements ByHandScenarios {

    private static final List<String> METHODS_OF_SLACK =
            List.of("chat.postMessage", "chat.update", "conversations.history", "conversations.replies");

    Scenarios(TestCluster cluster) {
        super(cluster, 1);
    }

    @Override
    public Scene scene() {
        return this;
    }

    // --- aborts

    @Test
    void aCanaryWhosePodAlertsIsAbortedAtOnce() {
        var bad = givenACanary("cart");

        var alert = whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        whenItAlerts(alert.resolved(now()));
        thenStep("cart", "cured");
        for (var step : List.of("started", "aborted")) {
            stage().tap()
                    .await(
                            "other teams are told that the release " + step,
                            SOON,
                            event -> event.type().equals("release." + step)
                                    && event.isAbout(shop().namespace(), "cart"));
        }
        thenStep("cart", "closed");
        thenSlackShows("cart", "Rolled back");
    }

    @Test
    void aSlackThatHangsDelaysNoRollbackAndIsToldOnceItIsBack() {
        var bad = givenACanary("cart");
        METHODS_OF_SLACK.forEach(method -> stage().slack().fail(method, new Fault.Silence()));
        try {
            whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

            thenStep("cart", "verified");
            thenAborted("cart", bad);
            Await.until(
                    "health says that Slack is away",
                    SOON,
                    () -> service().get("/q/health").body().contains("Slack is not reachable"));
            assertThat(rootsAbout("cart")).isEmpty();
        } finally {
            stage().slack().heal();
        }
        thenSlackShows("cart", "watching the alerts");
        assertThat(rootsAbout("cart")).hasSize(1);
    }

    @Test
    void aCanaryWhoseHashIsNamedIsAbortedAtOnce() {
        var bad = givenACanary("cart");

        whenItAlerts(firing("CartErrors", Map.of("rollouts_pod_template_hash", bad, "service", "cart")));

        thenStep("cart", "verified");
        assertThat(judged("cart").value().at("/reason/code").asText()).isEqualTo("names-new-revision");
        thenAborted("cart", bad);
    }

    @Test
    void aCanaryBehindAnAlertingServiceIsAbortedOnceItHasSettled() {
        var bad = givenACanary("cart");
        var before = now();

        whenItAlerts(firing("CartErrors", Map.of("service", "cart")));

        thenStep("cart", "verified");
        assertThat(judged("cart").value().at("/reason/code").asText()).isEqualTo("began-with-release");
        assertThat(judged("cart").appendedAt()).isAfterOrEqualTo(before.plus(SETTLE));
        thenAborted("cart", bad);
    }

    @Test
    void aHundredCopiesOfAnAlertAbortOnce() {
        var bad = givenACanary("cart");
        var body = Webhook.body(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        var answers = IntStream.range(0, 100)
                .parallel()
                .map(each -> service().post("/api/v1/alertmanager", body).statusCode())
                .boxed()
                .toList();

        assertThat(answers).containsOnly(200);
        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        assertThat(intents("cart")).hasSize(1);
        thenOneMessageAbout("cart");
    }

    // --- restores

    @Test
    void aBakingDeploymentThatAlertsIsRestored() {
        var good = givenADeployment("search");
        shop().ship(Kind.DEPLOYMENT, "search", "v2");
        var bad = shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        shop().awaitComplete(Kind.DEPLOYMENT, "search");
        shop().scale(Kind.DEPLOYMENT, "search", 3);

        var alert = whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenStep("search", "verified");
        assertThat(shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v1");
        assertThat(shop().current(Kind.DEPLOYMENT, "search")).isEqualTo(good);
        assertThat(shop().get(Kind.DEPLOYMENT, "search").<Integer>get("spec", "replicas"))
                .isEqualTo(3);
        assertThat(shop().get(Kind.DEPLOYMENT, "search").getMetadata().getAnnotations())
                .containsEntry("rollguard.io/rolled-back-from", bad);
        assertThat(restores(Kind.DEPLOYMENT, "search")).hasSize(1);
        whenItAlerts(alert.resolved(now()));
        thenStep("search", "cured");
        thenStep("search", "closed");
    }

    @Test
    void aDeploymentWhoseNewPodsAlertInMidRolloutIsRestoredAtOnce() {
        var good = givenADeployment("search");
        shop().shipMisbehaving(Kind.DEPLOYMENT, "search", "v2", "sandbox.rollguard.io/fail", "NotReady");
        var bad = shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        var pods = Await.value(
                "pods of v2",
                SOON,
                () -> Optional.of(shop().pods(Kind.DEPLOYMENT, "search", bad)).filter(list -> list.size() >= 2));

        for (var pod : pods) {
            whenItAlerts(firing("PodNotReady", Map.of("pod", pod.getMetadata().getName())));
        }

        thenStep("search", "verified");
        assertThat(shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v1");
    }

    // --- what is not held against a release

    @Test
    void anAlertThatBeganBeforeIsNotHeldAgainstTheRelease() {
        shop().createRollout("cart", 5, STEPS, BRIEF);
        whenItAlerts(firing("CartErrors", Map.of("service", "cart"), now().minusSeconds(60)));

        shop().ship(Kind.ROLLOUT, "cart", "v2");
        shop().awaitCanary("cart");

        thenJudged("cart", "INNOCENT", "fired-before");
        thenNothingWasDone("cart");
    }

    @Test
    void anAlertThatStablePodsFireAsMuchIsNotHeldAgainstTheRelease() {
        shop().createRollout("cart", 5, STEPS, BRIEF);
        var stable = shop().current(Kind.ROLLOUT, "cart");
        shop().ship(Kind.ROLLOUT, "cart", "v2");
        var canary = shop().awaitCanary("cart");

        for (var pod : shop().readyPods(Kind.ROLLOUT, "cart", stable)) {
            whenItAlerts(firing("CartErrors", Map.of("pod", pod)));
        }
        thenJudged("cart", "INNOCENT", "fires-on-stable");
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", canary))));

        thenNothingWasDone("cart");
        thenSlackShows("cart", "no rollback");
    }

    /** A rollback would fire it. */
    @Test
    void whatAControllerReportsOfItsDoingsIsEvidenceAndStartsNothing() {
        var bad = givenACanary("cart");
        whenItAlerts(firing("RolloutDegraded", Map.of("pod", podOf("cart", bad))));
        Await.until(
                "it is known",
                SOON,
                () -> service().get("/api/v1/alerts").body().contains(shop().namespace()));
        var before = now();

        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenStep("cart", "verified");
        assertThat(steps("cart", "suspected").getFirst().appendedAt()).isAfterOrEqualTo(before);
        assertThat(intents("cart").getFirst().value().path("triggers")).hasSize(1);
        assertThat(judged("cart").value().path("evidence").findValuesAsText("name"))
                .contains("context");
    }

    @Test
    void scalingRestartingAndAnnotatingAreNoReleases() {
        givenADeployment("search");
        shop().scale(Kind.DEPLOYMENT, "search", 4);
        shop().awaitComplete(Kind.DEPLOYMENT, "search");
        shop().restart(Kind.DEPLOYMENT, "search", now().toString());
        shop().awaitComplete(Kind.DEPLOYMENT, "search");
        shop().annotate(Kind.DEPLOYMENT, "search", "owner", "somebody");
        double before = counted("rollguard_no_release_total");

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        Await.until("the alert is counted", SOON, () -> counted("rollguard_no_release_total") > before);
        assertThat(stage().tap().incidents(shop().namespace(), "search")).isEmpty();
    }

    // --- what people decide

    @Test
    void nothingIsDoneWhilePausedAndTheActFollowsAfter() {
        var bad = givenACanary("cart");
        pause(true);
        try {
            whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

            thenRefused("cart", "paused");
            thenNothingWasDone("cart");
        } finally {
            pause(false);
        }
        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
    }

    @Test
    void theSwitchCanBeTurnedOverTheApi() {
        var paused = service().post("/api/v1/automation/pause", "{\"reason\": \"maintenance\"}");
        try {
            assertThat(paused.statusCode()).as(paused.body()).isEqualTo(200);
            var object = client().configMaps().inNamespace(OWN_NAMESPACE).withName("rollguard-automation");
            assertThat(object.get().getData()).containsEntry("paused", "true").containsEntry("reason", "maintenance");
        } finally {
            var resumed = service().post("/api/v1/automation/resume", "");
            assertThat(resumed.statusCode()).as(resumed.body()).isEqualTo(200);
        }
        assertThat(service().get("/api/v1/automation").body()).contains("\"paused\":false");
    }

    @Test
    void inObserveModeItIsOnlySaidWhatWouldBeDone() {
        var bad = givenACanary("cart", Map.of("rollguard.io/mode", "observe"));

        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        var judged = stage().tap()
                .await(
                        "cart judged in observe mode",
                        SOON,
                        event -> event.type().equals("incident.judged")
                                && event.isAbout(shop().namespace(), "cart")
                                && event.value().at("/allowed/mode").asText().equals("observe"));
        assertThat(judged.value().at("/reason/code").asText()).isEqualTo("names-new-revision");
        assertThat(judged.value().at("/allowed/act").asText()).isEqualTo("abort");
        thenNothingWasDone("cart");
        assertThat(steps("cart", "intended")).isEmpty();
    }

    @Test
    void inApproveModeItIsDoneOnceAPersonApproves() {
        var bad = givenACanary("cart", Map.of("rollguard.io/mode", "approve"));
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));
        var judged = thenJudged("cart", "GUILTY", "names-new-revision");
        thenSlackShows("cart", "A person must approve it");
        thenNothingWasDone("cart");
        assertThat(steps("cart", "intended")).isEmpty();
        var path = "/api/v1/incidents/" + judged.value().path("incident").asText();

        var first = service().post(path + "/approve", "{\"version\": %d}".formatted(version(path)));
        var second = service().post(path + "/approve", "");

        assertThat(first.statusCode()).as(first.body()).isEqualTo(202);
        assertThat(second.statusCode()).as(second.body()).isEqualTo(409);
        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        assertThat(steps("cart", "answered")).hasSize(1);
    }

    private long version(String incident) {
        try {
            return new ObjectMapper()
                    .readTree(service().get(incident).body())
                    .path("version")
                    .asLong();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aWorkloadThatOptedOutIsLeftAlone() {
        var bad = givenACanary("cart", Map.of("rollguard.io/no-rollback", "a migration ran"));

        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenRefused("cart", "opted-out");
        thenNothingWasDone("cart");
        assertThat(steps("cart", "intended")).isEmpty();
    }

    @Test
    void aRevisionThatComesBackIsToldAndNotRolledBackAgain() {
        var bad = givenARolledBackCanary("cart");
        shop().ship(Kind.ROLLOUT, "cart", "v1");
        shop().awaitComplete(Kind.ROLLOUT, "cart");

        shop().ship(Kind.ROLLOUT, "cart", "v2");
        assertThat(shop().awaitCanary("cart")).isEqualTo(bad);
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenRefused("cart", "rolled-back-before");
        thenOneAbort("cart");
    }

    @Test
    void aSecondRollbackOfAWorkloadWaitsForItsCoolDown() {
        var bad = givenARolledBackCanary("cart");

        shop().ship(Kind.ROLLOUT, "cart", "v3");
        var next = shop().awaitCurrentOtherThan(Kind.ROLLOUT, "cart", bad);
        shop().awaitCanary("cart");
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", next))));

        thenRefused("cart", "cooling-down");
        thenOneAbort("cart");
    }

    // --- crashes

    @Test
    void killedBetweenIntentAndActItActsOnceAfterTheRestart() throws Exception {
        var bad = givenACanary("cart");
        var reached = instance().api().holdBefore("PATCH", "/%s/rollouts/cart/status".formatted(shop().namespace()));
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));
        reached.get(SOON.toSeconds(), TimeUnit.SECONDS);

        instance().kill();
        assertThat(shop().isAborted("cart")).isFalse();
        startInstances();

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        thenOneAttempt("cart");
        thenOneMessageAbout("cart");
    }

    @Test
    void killedBetweenActAndOutcomeItFindsTheActDone() throws Exception {
        var bad = givenACanary("cart");
        var reached = instance().api().holdAnswer("PATCH", "/%s/rollouts/cart/status".formatted(shop().namespace()));
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));
        reached.get(SOON.toSeconds(), TimeUnit.SECONDS);

        instance().kill();
        Await.until("the abort reached the cluster", SOON, () -> shop().isAborted("cart"));
        startInstances();

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        thenOneAttempt("cart");
        thenOneMessageAbout("cart");
    }
}
