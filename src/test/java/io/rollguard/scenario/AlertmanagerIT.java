package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Service;
import io.rollguard.sandbox.stage.Stage;
import io.rollguard.sandbox.stage.Tap;
import io.rollguard.sandbox.stage.Workloads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * A real Alertmanager with the shipped configuration, changed in nothing but URL and token path, posts to the service on a
 * real control plane.
 */
@Tag("cluster")
@TestInstance(Lifecycle.PER_CLASS)
class AlertmanagerIT {

    private static final Duration SOON = Duration.ofSeconds(60);

    /** A flush that failed comes again with the next group_interval of the shipped file, 30 s. */
    private static final Duration NEXT_FLUSH = Duration.ofSeconds(75);

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final String token = UUID.randomUUID().toString();
    private Path directory;
    private Path credentials;
    private KubernetesClient client;
    private Stage stage;
    private Process alertmanager;
    private int port;
    private Workloads shop;

    @BeforeAll
    void raiseTheCurtain() throws Exception {
        directory = Files.createTempDirectory("rollguard-alertmanager-");
        credentials = Files.writeString(directory.resolve("credentials"), token);
        var accepted = Files.writeString(directory.resolve("accepted"), token + "\n");
        client = new RealCluster().connect();
        var log = Files.newBufferedWriter(Home.current().root().resolve("target/AlertmanagerIT.log"));
        stage = new Stage(
                Home.current(),
                directory,
                Path.of(System.getenv("KUBECONFIG")),
                Map.of(
                        "ROLLGUARD_MODE", "auto",
                        "ROLLGUARD_CLUSTER", "test",
                        "ROLLGUARD_NAMESPACE", "rollguard",
                        "ROLLGUARD_WEBHOOK_TOKEN_FILE", accepted.toString()),
                line -> {
                    try {
                        log.write(line + "\n");
                        log.flush();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
        stage.startService();
        startAlertmanager();
    }

    private void startAlertmanager() throws IOException {
        var shipped = Files.readString(Home.current().root().resolve("alertmanager/alertmanager.yaml"));
        var ours = shipped.replaceAll("url: .*", "url: " + stage.service().url() + "/api/v1/alertmanager")
                .replaceAll("credentials_file: .*", "credentials_file: " + credentials);
        assertThat(ours.lines().count()).isEqualTo(shipped.lines().count());
        var config = Files.writeString(directory.resolve("alertmanager.yaml"), ours);
        port = Service.freePort();
        alertmanager = new ProcessBuilder(
                        "prometheus-alertmanager",
                        "--config.file=" + config,
                        "--storage.path=" + directory.resolve("alertmanager"),
                        "--web.listen-address=127.0.0.1:" + port,
                        "--cluster.listen-address=")
                .redirectErrorStream(true)
                .redirectOutput(Home.current()
                        .root()
                        .resolve("target/AlertmanagerIT-alertmanager.log")
                        .toFile())
                .start();
        Await.until("Alertmanager is ready", SOON, () -> alertmanager.isAlive() && status("/-/ready") == 200);
    }

    @BeforeEach
    void setTheScene() throws IOException {
        Files.writeString(credentials, token);
        shop = new Workloads(client, "shop-am-" + UUID.randomUUID().toString().substring(0, 8));
        shop.createNamespace();
    }

    @AfterEach
    void clearTheScene() {
        shop.removeNamespace();
    }

    @AfterAll
    void dropTheCurtain() throws IOException {
        if (alertmanager != null) {
            alertmanager.destroyForcibly();
        }
        if (stage != null) {
            stage.close();
        }
        client.close();
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }

    @Test
    void whatAlertmanagerPostsAbortsTheCanary() {
        var pod = givenACanary();

        whenAlertmanagerHears("CartErrors", pod);

        thenAborted();
    }

    @Test
    void nothingIsLostWhileRollguardIsAway() {
        var pod = givenACanary();
        stage.service().kill();
        var gone = Instant.now();
        double failedBefore = failedRequests();

        whenAlertmanagerHears("CartErrors", pod);
        Await.until(
                "several tries have failed, over ten seconds",
                Duration.ofSeconds(60),
                () -> failedRequests() - failedBefore >= 3
                        && Duration.between(gone, Instant.now()).toSeconds() >= 10);
        stage.startService();

        stage.tap().await("the alert is on its topic", NEXT_FLUSH, event -> isAlert(event, "CartErrors"));
        thenAborted();
    }

    @Test
    void aBadTokenIsAnsweredAndSeenAndTheAlertComesOnceItIsMended() throws IOException {
        var pod = givenACanary();
        double refusedBefore = refused();
        Files.writeString(credentials, "not-the-token");

        whenAlertmanagerHears("CartErrors", pod);

        Await.until("the refusal is counted", SOON, () -> refused() > refusedBefore);
        assertThat(stage.tap().events().anyMatch(event -> isAlert(event, "CartErrors")))
                .isFalse();
        Files.writeString(credentials, token);
        stage.tap().await("the alert is on its topic", NEXT_FLUSH, event -> isAlert(event, "CartErrors"));
        thenAborted();
    }

    private String givenACanary() {
        shop.createRollout("cart", 5, "[{setWeight: 20}, {pause: {}}]", "PT1S");
        shop.ship(Kind.ROLLOUT, "cart", "v2");
        return shop.readyPods(Kind.ROLLOUT, "cart", shop.awaitCanary("cart")).getFirst();
    }

    private void whenAlertmanagerHears(String name, String pod) {
        var alert = """
                [{"labels": {"alertname": "%s", "severity": "critical", "react": "true", "namespace": "%s", "pod": "%s"},
                  "annotations": {"summary": "too many errors", "rollguard_for": "0s"}, "startsAt": "%s"}]""".formatted(name, shop.namespace(), pod, Instant.now());
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/api/v2/alerts".formatted(port)))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(alert))
                .build();
        assertThat(send(request).statusCode()).isEqualTo(200);
    }

    private void thenAborted() {
        stage.tap().awaitStep(shop.namespace(), "cart", "verified", SOON);
        assertThat(shop.isAborted("cart")).isTrue();
    }

    private boolean isAlert(Tap.Event event, String name) {
        return event.type().startsWith("alert.")
                && event.value().at("/labels/alertname").asText().equals(name)
                && event.value().at("/labels/namespace").asText().equals(shop.namespace());
    }

    private double failedRequests() {
        return counted(get("/metrics"), "alertmanager_notification_requests_failed_total{integration=\"webhook\"");
    }

    private double refused() {
        return counted(
                stage.service().get("/q/metrics").body(), "rollguard_webhook_requests_total{outcome=\"unauthorized\"");
    }

    private static double counted(String metrics, String series) {
        return metrics.lines()
                .filter(line -> line.startsWith(series))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private int status(String path) {
        try {
            return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .build())
                    .statusCode();
        } catch (UncheckedIOException e) {
            return 0;
        }
    }

    private String get(String path) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build())
                .body();
    }

    private static HttpResponse<String> send(HttpRequest request) {
        try {
            return HTTP.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
