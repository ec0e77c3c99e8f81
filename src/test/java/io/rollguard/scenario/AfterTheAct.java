package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.prometheus.FakePrometheus;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Tap;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What comes after the act, and who else holds the spec: GitOps, a person, a pipeline. */
interface AfterTheAct {

    Scene scene();

    // --- what was rolled back from comes back

    @Test
    default void aTemplateThatArgoCdAppliesAgainIsToldOnceWithItsName() {
        var bad = givenARestoredDeployment();
        var cluster = scene().shop();

        cluster.shipAs("argocd-controller", Kind.DEPLOYMENT, "search", "v2");

        var returned = thenReturned("search", "argocd-controller");
        assertThat(returned.value().path("revision").asText()).isEqualTo(bad);
        assertThat(returned.value().path("command").asText()).startsWith("kubectl rollout undo deployment/search -n ");
        scene().thenSlackShows("search", "runs the revision again that was rolled back");
        scene().whenItAlerts(scene().firing("SearchSlow", Map.of("deployment", "search")));
        scene().thenRefused("search", "rolled-back-before");
        thenNothingMoreWasDoneAndSaid("search");
        assertThat(cluster.version(Kind.DEPLOYMENT, "search")).as("no loop").isEqualTo("v2");
    }

    @Test
    default void aPersonsUndoAfterOurRestoreIsTold() {
        givenARestoredDeployment();

        scene().shop().shipAs("kubectl-rollout", Kind.DEPLOYMENT, "search", "v2"); // the second highest is the bad one

        thenReturned("search", "kubectl-rollout");
        thenNothingMoreWasDoneAndSaid("search");
    }

    @Test
    default void aPersonsRetryOfAnAbortIsTold() {
        scene().givenARolledBackCanary("cart");

        scene().shop().retryAs("kubectl-argo-rollouts", "cart");

        var returned = thenReturned("cart", "kubectl-argo-rollouts");
        assertThat(returned.value().path("command").asText()).startsWith("kubectl argo rollouts abort cart -n ");
        scene().thenOneAbort("cart");
        scene().thenSlackShows("cart", "runs the revision again that was rolled back");
    }

    @Test
    default void editedStepsThatTakeAnAbortBackAreTold() {
        scene().givenARolledBackCanary("cart");

        scene().shop().editStepsAs("kustomize-controller", "cart", "[{\"setWeight\": 40}, {\"pause\": {}}]");

        thenReturned("cart", "kustomize-controller");
        scene().thenOneAbort("cart");
    }

    /** Within the second on a quick cluster, so that no time of its controller tells the two releases apart. */
    @Test
    default void aRevisionThatComesBackAtOnceIsAReleaseOfItsOwn() {
        var bad = scene().givenACanary("cart");
        var alert = scene().whenItAlerts(scene().firing("CartErrors", Map.of("pod", scene().podOf("cart", bad))));
        scene().thenStep("cart", "verified");
        scene().whenItAlerts(alert.resolved(Scene.now()));

        scene().shop().ship(Kind.ROLLOUT, "cart", "v1");
        scene().shop().awaitComplete(Kind.ROLLOUT, "cart");
        scene().shop().ship(Kind.ROLLOUT, "cart", "v2");
        assertThat(scene().shop().awaitCanary("cart")).isEqualTo(bad);
        scene().thenStep("cart", "returned");
        scene().whenItAlerts(scene().firing("CartErrors", Map.of("pod", scene().podOf("cart", bad))));

        scene().thenRefused("cart", "rolled-back-before");
        scene().thenOneAbort("cart");
        assertThat(scene().steps("cart", "suspected").stream()
                        .map(event -> event.value().path("incident").asText()))
                .doesNotHaveDuplicates()
                .hasSize(2);
    }

    // --- who else holds the spec

    @Test
    default void aDeploymentThatArgoCdOwnsIsNotRestoredAndTheCommandsAreShown() {
        var id = "shop-app:apps/Deployment:%s/search".formatted(scene().shop().namespace());
        givenAMarkedDeploymentThatAlerts("annotations", "argocd.argoproj.io/tracking-id", id);

        scene().thenRefused("search", "gitops-owned");

        var commands = scene().steps("search", "judged")
                .getLast()
                .value()
                .path("command")
                .asText();
        assertThat(commands.lines()).first().isEqualTo("argocd app set shop-app --sync-policy none");
        assertThat(commands).contains("\nkubectl rollout undo deployment/search -n ", "\ngit revert ");
        scene().thenSlackShows("search", "no automatic rollback");
        assertThat(scene().restores(Kind.DEPLOYMENT, "search")).isEmpty();
        scene().thenNothingIsIntended("search");
    }

    @Test
    default void aCopiedTrackingIdDoesNotCount() {
        givenAMarkedDeploymentThatAlerts(
                "annotations", "argocd.argoproj.io/tracking-id", "shop-app:apps/Deployment:elsewhere/search");

        scene().thenStep("search", "verified");
        assertThat(scene().shop().version(Kind.DEPLOYMENT, "search")).isEqualTo("v1");
    }

    @Test
    default void aDeploymentOfAFluxKustomizationIsNotRestored() {
        givenAMarkedDeploymentThatAlerts("labels", "kustomize.toolkit.fluxcd.io/name", "apps");

        scene().thenRefused("search", "gitops-owned");
        assertThat(scene().steps("search", "judged")
                        .getLast()
                        .value()
                        .path("command")
                        .asText())
                .startsWith("flux suspend kustomization apps -n ");
        assertThat(scene().restores(Kind.DEPLOYMENT, "search")).isEmpty();
    }

    @Test
    default void aDeploymentOfAHelmReleaseIsRestoredAndTheNextUpgradeIsWarnedOf() {
        givenADeploymentThatAlerts(() -> {
            scene().shop().mark(Kind.DEPLOYMENT, "search", "labels", "app.kubernetes.io/managed-by", "Helm");
            scene().shop()
                    .mark(Kind.DEPLOYMENT, "search", "annotations", "meta.helm.sh/release-name", "search-release");
        });

        scene().thenStep("search", "verified");
        var accepted = scene().steps("search", "accepted").getLast().value();
        assertThat(accepted.path("next").asText())
                .contains("helm rollback search-release REVISION", "--force-conflicts");
        assertThat(accepted.path("snapshot").asText()).startsWith("search-replaced-");
        assertThat(scene().client()
                        .apps()
                        .controllerRevisions()
                        .inNamespace(scene().shop().namespace())
                        .withName(accepted.path("snapshot").asText())
                        .get())
                .as("it is there")
                .isNotNull();
    }

    // --- cured or not

    @Test
    default void whatDidNotCureOffersTheWayForward() {
        scene().restartWith(Map.of("ROLLGUARD_CURE_DEADLINE", "PT1S"));
        try {
            var bad = scene().givenACanary("cart");
            scene().whenItAlerts(scene().firing("CartErrors", Map.of("pod", scene().podOf("cart", bad))));

            scene().thenStep("cart", "uncured");
            assertThat(scene().steps("cart", "uncured")
                            .getLast()
                            .value()
                            .path("forward")
                            .asText())
                    .isEqualTo("kubectl argo rollouts retry rollout cart -n "
                            + scene().shop().namespace());
            scene().thenSlackShows("cart", "but the alerts go on");
            scene().thenOneAbort("cart");
        } finally {
            scene().restartWith(Map.of());
        }
    }

    @Test
    default void whatPrometheusFindsQuietIsCuredWithoutAResolved() {
        try (var prometheus = new FakePrometheus(Clock.systemUTC())) {
            scene().restartWith(Map.of("ROLLGUARD_PROMETHEUS_URL", prometheus.url()));
            try {
                var bad = scene().givenACanary("cart");
                var pod = scene().podOf("cart", bad);
                prometheus.fires(Map.of(
                        "alertname",
                        "CartErrors",
                        "pod",
                        pod,
                        "namespace",
                        scene().shop().namespace()));
                scene().whenItAlerts(scene().firing("CartErrors", Map.of("pod", pod)));
                scene().thenStep("cart", "verified");
                prometheus.awaitQuestions(2);
                assertThat(scene().steps("cart", "cured")).as("it is active").isEmpty();

                prometheus.quiets();

                scene().thenStep("cart", "cured");
                scene().thenStep("cart", "closed");
            } finally {
                scene().restartWith(Map.of());
            }
        }
    }

    // --- words

    /** A Deployment that went from v1 to v2 and back to v1, and the alert is over. Says what v2 is. */
    private String givenARestoredDeployment() {
        var good = scene().givenADeployment("search");
        scene().shop().ship(Kind.DEPLOYMENT, "search", "v2");
        var bad = scene().shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        scene().shop().awaitComplete(Kind.DEPLOYMENT, "search");
        var alert = scene().whenItAlerts(scene().firing("SearchSlow", Map.of("deployment", "search")));
        scene().thenStep("search", "verified");
        scene().whenItAlerts(alert.resolved(Scene.now()));
        scene().thenStep("search", "closed");
        return bad;
    }

    private void givenAMarkedDeploymentThatAlerts(String where, String name, String value) {
        givenADeploymentThatAlerts(() -> scene().shop().mark(Kind.DEPLOYMENT, "search", where, name, value));
    }

    private void givenADeploymentThatAlerts(Runnable marking) {
        var good = scene().givenADeployment("search");
        marking.run();
        scene().shop().ship(Kind.DEPLOYMENT, "search", "v2");
        scene().shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        scene().shop().awaitComplete(Kind.DEPLOYMENT, "search");
        scene().whenItAlerts(scene().firing("SearchSlow", Map.of("deployment", "search")));
    }

    private Tap.Event thenReturned(String name, String manager) {
        scene().thenStep(name, "returned");
        var returned = scene().steps(name, "returned").getLast();
        assertThat(returned.value().at("/who/manager").asText()).isEqualTo(manager);
        assertThat(returned.value().at("/reason/code").asText()).isEqualTo("rolled-back-before");
        return returned;
    }

    private void thenNothingMoreWasDoneAndSaid(String name) {
        assertThat(scene().steps(name, "returned")).hasSize(1);
        assertThat(scene().restores(Kind.DEPLOYMENT, name)).hasSize(1);
    }
}
