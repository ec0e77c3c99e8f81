package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.slack.Fault;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Service;
import io.rollguard.sandbox.stage.Stage;
import io.rollguard.sandbox.stage.Tap;
import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Webhook.Alert;
import io.rollguard.sandbox.stage.Workloads;
import io.rollguard.wire.EventSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * What Rollguard does, end to end, written once for every cluster: the service as a process of its own, a real broker, a
 * Slack that behaves, and the API of a cluster that is simulated or real. Each scenario plays in a namespace of its own.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class Scenarios {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String STEPS = "[{setWeight: 20}, {pause: {}}]";
    private static final String BRIEF = "PT1S";
    private static final String LONG = "PT30M";
    private static final List<String> METHODS_OF_SLACK =
            List.of("chat.postMessage", "chat.update", "conversations.history", "conversations.replies");
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private Path directory;
    private KubernetesClient client;
    private ApiGate gate;
    private Stage stage;
    private Workloads shop;
    private int held;

    /** The cluster's owner's client. */
    abstract KubernetesClient connect() throws Exception;

    /** The token of the service's own account there; empty where the cluster asks for none. Makes its namespace. */
    abstract String admit(KubernetesClient owner, String namespace) throws Exception;

    abstract void disconnect() throws Exception;

    @BeforeAll
    void raiseTheCurtain() throws Exception {
        directory = Files.createTempDirectory("rollguard-scenarios-");
        client = connect();
        gate = new ApiGate(client.getConfiguration());
        var token = admit(client, ownNamespace());
        var kubeconfig = gate.writeKubeconfig(directory.resolve("kubeconfig"), token, ownNamespace());
        var log = Files.newBufferedWriter(Home.current()
                .root()
                .resolve("target/%s.log".formatted(getClass().getSimpleName())));
        stage = new Stage(Home.current(), directory, kubeconfig, configuration(), line -> {
            try {
                log.write(line + "\n");
                log.flush();
            } catch (IOException e) {
                // the test tells what went wrong
            }
        });
        stage.startService();
    }

    private Map<String, String> configuration() {
        return Map.of(
                "ROLLGUARD_MODE", "auto",
                "ROLLGUARD_CLUSTER", "test",
                "ROLLGUARD_NAMESPACE", ownNamespace(),
                "ROLLGUARD_SETTLE", "PT2S",
                "ROLLGUARD_CURE_DWELL", "PT1S",
                "ROLLGUARD_BREAKER_MAX", "1000",
                "ROLLGUARD_STORM_MAX_WORKLOADS", "1000",
                "ROLLGUARD_COOL_DOWN", "PT15M");
    }

    private static String ownNamespace() {
        return "rollguard";
    }

    @BeforeEach
    void setTheScene(TestInfo test) {
        shop = new Workloads(
                client, "shop-%d-%d".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet()));
        shop.createNamespace();
    }

    @AfterEach
    void clearTheScene() {
        gate.open();
        shop.removeNamespace();
        var written = stage.tap().events().skip(held).toList();
        held += written.size();
        assertThat(written)
                .as("what is on the topics keeps to what other teams are told")
                .allSatisfy(event -> assertThat(EventSchema.problems(event.topic(), event.headers(), event.value()))
                        .isEmpty());
    }

    @AfterAll
    void dropTheCurtain() throws Exception {
        if (stage != null) {
            stage.close();
        }
        if (gate != null) {
            gate.close();
        }
        disconnect();
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
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
        thenStep("cart", "closed");
        thenSlackShows("cart", "Rolled back");
    }

    @Test
    void aSlackThatHangsDelaysNoRollbackAndIsToldOnceItIsBack() {
        var bad = givenACanary("cart");
        METHODS_OF_SLACK.forEach(method -> stage.slack().fail(method, new Fault.Silence()));
        try {
            whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

            thenStep("cart", "verified");
            thenAborted("cart", bad);
            Await.until(
                    "health says that Slack is away",
                    SOON,
                    () -> stage.service().get("/q/health").body().contains("Slack is not reachable"));
            assertThat(rootsAbout("cart")).isEmpty();
        } finally {
            stage.slack().heal();
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

        whenItAlerts(firing("CartErrors", Map.of("service", "cart")));

        thenJudged("cart", "SUSPECT", "settling");
        thenStep("cart", "verified");
        assertThat(judged("cart").value().at("/reason/code").asText()).isEqualTo("began-with-release");
        thenAborted("cart", bad);
    }

    @Test
    void aHundredCopiesOfAnAlertAbortOnce() {
        var bad = givenACanary("cart");
        var body = Webhook.body(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        var answers = IntStream.range(0, 100)
                .parallel()
                .map(each -> stage.service().post("/api/v1/alertmanager", body).statusCode())
                .boxed()
                .toList();

        assertThat(answers).containsOnly(200);
        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        assertThat(steps("cart", "intended")).hasSize(1);
        thenOneMessageAbout("cart");
    }

    // --- restores

    @Test
    void aBakingDeploymentThatAlertsIsRestored() {
        var good = givenADeployment("search");
        shop.ship(Kind.DEPLOYMENT, "search", "v2");
        var bad = shop.awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        shop.awaitComplete(Kind.DEPLOYMENT, "search");
        shop.scale(Kind.DEPLOYMENT, "search", 3);

        var alert = whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        thenStep("search", "verified");
        assertThat(shop.version(Kind.DEPLOYMENT, "search")).isEqualTo("v1");
        assertThat(shop.current(Kind.DEPLOYMENT, "search")).contains(good);
        assertThat(shop.get(Kind.DEPLOYMENT, "search").<Integer>get("spec", "replicas"))
                .isEqualTo(3);
        assertThat(shop.get(Kind.DEPLOYMENT, "search").getMetadata().getAnnotations())
                .containsEntry("rollguard.io/rolled-back-from", bad);
        assertThat(gate.accepted("PATCH", "/deployments/search")).hasSize(1);
        whenItAlerts(alert.resolved(now()));
        thenStep("search", "cured");
        thenStep("search", "closed");
    }

    @Test
    void aDeploymentWhoseNewPodsAlertInMidRolloutIsRestoredAtOnce() {
        var good = givenADeployment("search");
        shop.shipMisbehaving(Kind.DEPLOYMENT, "search", "v2", "sandbox.rollguard.io/fail", "CrashLoopBackOff");
        var bad = shop.awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        var pods = Await.value(
                "pods of v2",
                SOON,
                () -> Optional.of(shop.pods(Kind.DEPLOYMENT, "search", bad)).filter(list -> list.size() >= 2));

        for (var pod : pods) {
            whenItAlerts(
                    firing("PodCrashLooping", Map.of("pod", pod.getMetadata().getName())));
        }

        thenStep("search", "verified");
        assertThat(shop.version(Kind.DEPLOYMENT, "search")).isEqualTo("v1");
    }

    // --- what is not held against a release

    @Test
    void anAlertThatBeganBeforeIsNotHeldAgainstTheRelease() {
        shop.createRollout("cart", 5, STEPS, BRIEF);
        whenItAlerts(firing("CartErrors", Map.of("service", "cart"), now().minusSeconds(60)));

        shop.ship(Kind.ROLLOUT, "cart", "v2");
        shop.awaitCanary("cart");

        thenJudged("cart", "INNOCENT", "fired-before");
        thenNothingWasDone("cart");
    }

    @Test
    void anAlertThatStablePodsFireAsMuchIsNotHeldAgainstTheRelease() {
        shop.createRollout("cart", 5, STEPS, BRIEF);
        var stable = shop.current(Kind.ROLLOUT, "cart").orElseThrow();
        shop.ship(Kind.ROLLOUT, "cart", "v2");
        var canary = shop.awaitCanary("cart");

        for (var pod : shop.readyPods(Kind.ROLLOUT, "cart", stable)) {
            whenItAlerts(firing("CartErrors", Map.of("pod", pod)));
        }
        thenJudged("cart", "INNOCENT", "fires-on-stable");
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", canary))));

        thenNothingWasDone("cart");
        thenSlackShows("cart", "no rollback");
    }

    @Test
    void scalingRestartingAndAnnotatingAreNoReleases() {
        givenADeployment("search");
        shop.scale(Kind.DEPLOYMENT, "search", 4);
        shop.awaitComplete(Kind.DEPLOYMENT, "search");
        shop.restart(Kind.DEPLOYMENT, "search", now().toString());
        shop.awaitComplete(Kind.DEPLOYMENT, "search");
        shop.annotate(Kind.DEPLOYMENT, "search", "owner", "somebody");
        double before = counted("rollguard_no_release_total");

        whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

        Await.until("the alert is counted", SOON, () -> counted("rollguard_no_release_total") > before);
        assertThat(stage.tap().incidents(shop.namespace(), "search")).isEmpty();
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
        var paused = stage.service().post("/api/v1/automation/pause", "{\"reason\": \"maintenance\"}");
        try {
            assertThat(paused.statusCode()).as(paused.body()).isEqualTo(200);
            var object = client.configMaps().inNamespace(ownNamespace()).withName("rollguard-automation");
            assertThat(object.get().getData()).containsEntry("paused", "true").containsEntry("reason", "maintenance");
        } finally {
            var resumed = stage.service().post("/api/v1/automation/resume", "");
            assertThat(resumed.statusCode()).as(resumed.body()).isEqualTo(200);
        }
        assertThat(stage.service().get("/api/v1/automation").body()).contains("\"paused\":false");
    }

    @Test
    void inObserveModeItIsOnlySaidWhatWouldBeDone() {
        var bad = givenACanary("cart");
        shop.annotate(Kind.ROLLOUT, "cart", "rollguard.io/mode", "observe");

        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        var judged = thenJudged("cart", "GUILTY", "names-new-revision");
        assertThat(judged.value().at("/allowed/act").asText()).isEqualTo("abort");
        assertThat(judged.value().at("/allowed/mode").asText()).isEqualTo("observe");
        thenNothingWasDone("cart");
    }

    @Test
    void inApproveModeItIsDoneOnceAPersonApproves() {
        var bad = givenACanary("cart");
        shop.annotate(Kind.ROLLOUT, "cart", "rollguard.io/mode", "approve");
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));
        var judged = thenJudged("cart", "GUILTY", "names-new-revision");
        thenSlackShows("cart", "A person must approve it");
        thenNothingWasDone("cart");
        var path = "/api/v1/incidents/" + judged.value().path("incident").asText();

        var first = stage.service().post(path + "/approve", "{\"version\": %d}".formatted(version(path)));
        var second = stage.service().post(path + "/approve", "");

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
                    .readTree(stage.service().get(incident).body())
                    .path("version")
                    .asLong();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aWorkloadThatOptedOutIsLeftAlone() {
        var bad = givenACanary("cart");
        shop.annotate(Kind.ROLLOUT, "cart", "rollguard.io/no-rollback", "a migration ran");

        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenRefused("cart", "opted-out");
        thenNothingWasDone("cart");
    }

    @Test
    void aRevisionThatComesBackIsToldAndNotRolledBackAgain() {
        var bad = givenARolledBackCanary("cart");
        shop.ship(Kind.ROLLOUT, "cart", "v1");
        shop.awaitComplete(Kind.ROLLOUT, "cart");

        shop.ship(Kind.ROLLOUT, "cart", "v2");
        assertThat(shop.awaitCanary("cart")).isEqualTo(bad);
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenRefused("cart", "rolled-back-before");
        thenOneAbort("cart");
    }

    @Test
    void aSecondRollbackOfAWorkloadWaitsForItsCoolDown() {
        var bad = givenARolledBackCanary("cart");

        shop.ship(Kind.ROLLOUT, "cart", "v3");
        var next = Await.value(
                "a canary of v3", SOON, () -> shop.current(Kind.ROLLOUT, "cart").filter(hash -> !hash.equals(bad)));
        shop.awaitCanary("cart");
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", next))));

        thenRefused("cart", "cooling-down");
        thenOneAbort("cart");
    }

    // --- crashes

    @Test
    void killedBetweenIntentAndActItActsOnceAfterTheRestart() throws Exception {
        var bad = givenACanary("cart");
        var reached = gate.holdBefore("PATCH", "/%s/rollouts/cart/status".formatted(shop.namespace()));
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));
        reached.get(30, TimeUnit.SECONDS);

        stage.service().kill();
        gate.open();
        assertThat(shop.isAborted("cart")).isFalse();
        stage.startService();

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        assertThat(steps("cart", "intended")).hasSize(1);
        thenOneMessageAbout("cart");
    }

    @Test
    void killedBetweenActAndOutcomeItFindsTheActDone() throws Exception {
        var bad = givenACanary("cart");
        var reached = gate.holdAnswer("PATCH", "/%s/rollouts/cart/status".formatted(shop.namespace()));
        whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));
        reached.get(30, TimeUnit.SECONDS);

        stage.service().kill();
        gate.open();
        Await.until("the abort reached the cluster", SOON, () -> shop.isAborted("cart"));
        stage.startService();

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        assertThat(steps("cart", "intended")).hasSize(1);
        thenOneMessageAbout("cart");
    }

    // --- given

    private String givenACanary(String name) {
        shop.createRollout(name, 5, STEPS, BRIEF);
        shop.ship(Kind.ROLLOUT, name, "v2");
        return shop.awaitCanary(name);
    }

    /** A canary that was rolled back, and the alert is over. */
    private String givenARolledBackCanary(String name) {
        var bad = givenACanary(name);
        var alert = whenItAlerts(firing("CartErrors", Map.of("pod", podOf(name, bad))));
        thenStep(name, "verified");
        whenItAlerts(alert.resolved(now()));
        thenStep(name, "closed");
        return bad;
    }

    /** A Deployment with a long bake time whose revision is known to be good. */
    private String givenADeployment(String name) {
        shop.createDeployment(name, 4, LONG);
        Await.until("its revision is known to be good", SOON, () -> shop.goodRevisions(Kind.DEPLOYMENT, name) > 0);
        return shop.current(Kind.DEPLOYMENT, name).orElseThrow();
    }

    private String podOf(String rollout, String hash) {
        return shop.readyPods(Kind.ROLLOUT, rollout, hash).getFirst();
    }

    private void pause(boolean paused) {
        client.configMaps()
                .inNamespace(ownNamespace())
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("rollguard-automation")
                        .withNamespace(ownNamespace())
                        .endMetadata()
                        .addToData("paused", Boolean.toString(paused))
                        .addToData("by", "a test")
                        .addToData("reason", "to see that nothing is done")
                        .build())
                .createOr(existing -> existing.update());
    }

    // --- when

    private Alert firing(String name, Map<String, String> labels) {
        return firing(name, labels, now());
    }

    private Alert firing(String name, Map<String, String> labels, Instant startsAt) {
        var all = new HashMap<>(labels);
        all.put("namespace", shop.namespace());
        return Alert.firing(name, all, startsAt);
    }

    private Alert whenItAlerts(Alert alert) {
        var answer = stage.service().post("/api/v1/alertmanager", Webhook.body(alert));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return alert;
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    // --- then

    private void thenStep(String name, String step) {
        stage.tap().awaitStep(shop.namespace(), name, step, SOON);
    }

    private List<Tap.Event> steps(String name, String step) {
        return stage.tap().incidents(shop.namespace(), name).stream()
                .filter(event -> event.type().equals("incident." + step))
                .toList();
    }

    private Tap.Event judged(String name) {
        return steps(name, "judged").stream()
                .filter(event -> event.value().path("verdict").asText().equals("GUILTY"))
                .findFirst()
                .orElseThrow();
    }

    private Tap.Event thenJudged(String name, String verdict, String reason) {
        return stage.tap()
                .await(
                        "%s judged %s for %s".formatted(name, verdict, reason),
                        SOON,
                        event -> event.type().equals("incident.judged")
                                && event.isAbout(shop.namespace(), name)
                                && event.value().path("verdict").asText().equals(verdict)
                                && event.value().at("/reason/code").asText().equals(reason));
    }

    private void thenRefused(String name, String reason) {
        stage.tap()
                .await(
                        "a rollback of %s refused for %s".formatted(name, reason),
                        SOON,
                        event -> event.type().equals("incident.judged")
                                && event.isAbout(shop.namespace(), name)
                                && event.value()
                                        .at("/allowed/reason/code")
                                        .asText()
                                        .equals(reason));
    }

    private void thenNothingWasDone(String name) {
        assertThat(steps(name, "intended")).isEmpty();
        assertThat(shop.isAborted(name)).isFalse();
        assertThat(gate.accepted("PATCH", "/%s/rollouts/%s".formatted(shop.namespace(), name)))
                .isEmpty();
    }

    private void thenAborted(String name, String bad) {
        assertThat(shop.isAborted(name)).isTrue();
        assertThat(shop.readyPods(Kind.ROLLOUT, name, bad)).isEmpty();
    }

    private void thenOneAbort(String name) {
        assertThat(gate.accepted("PATCH", "/%s/rollouts/%s/status".formatted(shop.namespace(), name)))
                .hasSize(1);
    }

    private List<String> rootsAbout(String name) {
        var found = new ArrayList<String>();
        for (var root : stage.slack().roots(Stage.CHANNEL)) {
            if (root.headline().contains(shop.namespace() + "/" + name)) {
                found.add(root.headline());
            }
        }
        return found;
    }

    private void thenOneMessageAbout(String name) {
        Await.until(
                "Slack has a message about " + name,
                SOON,
                () -> !rootsAbout(name).isEmpty());
        assertThat(rootsAbout(name)).hasSize(1);
    }

    private void thenSlackShows(String name, String words) {
        Await.until(
                "Slack's message about %s says '%s'".formatted(name, words),
                SOON,
                () -> rootsAbout(name).stream().anyMatch(headline -> headline.contains(words)));
    }

    private double counted(String metric) {
        return stage.service()
                .get("/q/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(metric))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    Service service() {
        return stage.service();
    }

    Workloads shop() {
        return shop;
    }

    Stage stage() {
        return stage;
    }

    KubernetesClient client() {
        return client;
    }
}
