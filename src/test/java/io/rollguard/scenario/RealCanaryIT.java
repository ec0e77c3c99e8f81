package io.rollguard.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Canary Rollouts on a real control plane, and what only its controllers do; the service has the shipped rights only. */
@Tag("cluster")
class RealCanaryIT extends CanaryScenarios {

    RealCanaryIT() {
        super(new RealCluster());
    }

    /** It measures the service as long as the bad revision has the traffic yet. */
    @Test
    void aRestoreReachesItsTargetThoughItsOwnAnalysisAbortsIt() throws IOException {
        var isWell = new AtomicBoolean(true);
        var measured = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        measured.createContext("/", exchange -> {
            var answer = "{\"ok\":%s}".formatted(isWell).getBytes(UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        measured.start();
        try {
            createAnalysis(
                    "http://127.0.0.1:%d/".formatted(measured.getAddress().getPort()));
            var good = givenAGoodRollout(
                    "cart", "{analysis: {templates: [{templateName: well}]}, steps: %s}".formatted(STEPS), "");
            var bad = whenPromoted("cart", good);
            isWell.set(false);

            whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

            thenStep("cart", "verified");
            thenRestored("cart", good, bad);
            assertThat(client().genericKubernetesResources("argoproj.io/v1alpha1", "AnalysisRun")
                            .inNamespace(shop().namespace())
                            .list()
                            .getItems())
                    .as("an analysis of the restore has failed")
                    .anyMatch(run -> "Failed".equals(run.get("status", "phase")));
        } finally {
            measured.stop(0);
        }
    }

    /** Pods and traffic of the canary apart from each other ({@code setCanaryScale}), and more pods than a weight asks for. */
    @Test
    void aCanaryWhosePodsAreNotCountedByItsWeightIsAborted() {
        var bad = givenACanaryBehindNginx(
                "cart", "[{setCanaryScale: {replicas: 3}}, {setWeight: 20}, {pause: {}}]", ", minPodsPerReplicaSet: 2");
        assertThat(shop().readyPods(Kind.ROLLOUT, "cart", bad)).hasSize(3);

        whenAPodAlerts("cart", bad);

        thenStep("cart", "verified");
        assertThat(shop().isAborted("cart")).isTrue();
        assertThat(shop().weightOnIngress("cart"))
                .as("its pods stay for a while")
                .contains(0);
        thenOneAbort("cart");
    }

    @Test
    void anAlertAboutThePodOfAnExperimentSpeaksAgainstNoRelease() {
        var bad = givenACanary("cart");
        create("""
                apiVersion: argoproj.io/v1alpha1
                kind: Experiment
                metadata: {name: trial}
                spec:
                  templates:
                  - name: baseline
                    selector: {matchLabels: {app: trial}}
                    template: {metadata: {labels: {app: trial}}, spec: {containers: [{name: app, image: "registry.k8s.io/pause:3.9"}]}}
                """);
        var pod = Await.value(
                "its pod",
                SOON,
                () ->
                        client()
                                .pods()
                                .inNamespace(shop().namespace())
                                .withLabel("app", "trial")
                                .list()
                                .getItems()
                                .stream()
                                .findFirst());
        whenItAlerts(firing("TrialErrors", Map.of("pod", pod.getMetadata().getName())));
        Await.until(
                "it is known",
                SOON,
                () -> service().get("/api/v1/alerts").body().contains("TrialErrors"));
        var before = now();

        whenAPodAlerts("cart", bad);

        thenStep("cart", "verified");
        assertThat(steps("cart", "suspected").getFirst().appendedAt()).isAfterOrEqualTo(before);
        assertThat(judged("cart").value().path("evidence").toString()).doesNotContain("TrialErrors");
    }

    private void createAnalysis(String url) {
        create("""
                apiVersion: argoproj.io/v1alpha1
                kind: AnalysisTemplate
                metadata: {name: well}
                spec: {metrics: [{name: well, interval: 1s, successCondition: "result == true", provider: {web: {url: "%s", jsonPath: "{$.ok}"}}}]}
                """.formatted(url));
    }

    private void create(String yaml) {
        client().resource(Serialization.unmarshal(yaml, GenericKubernetesResource.class))
                .inNamespace(shop().namespace())
                .create();
    }
}
