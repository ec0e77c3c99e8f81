package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Home;
import io.rollguard.sandbox.stage.Service;
import io.rollguard.sandbox.stage.Stage;
import io.rollguard.sandbox.stage.Tap;
import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Webhook.Alert;
import io.rollguard.sandbox.stage.Workloads;
import io.rollguard.wire.EventSchema;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.http.HttpResponse;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Where scenarios play, and their words: the service as processes of its own, a real broker, a Slack that behaves, and the
 * API of a cluster that is simulated or real. Each scenario plays in a namespace of its own.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class Scene {

    /** What comes to pass does so in a few seconds; a busy machine is given time. */
    static final Duration SOON = Duration.ofSeconds(90);

    /** How long evidence that is weaker is waited for. */
    static final Duration SETTLE = Duration.ofSeconds(2);

    static final String STEPS = "[{setWeight: 20}, {pause: {}}]";
    static final String BRIEF = "PT1S";
    static final String LONG = "PT30M";

    static final String OWN_NAMESPACE = "rollguard";
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final TestCluster cluster;
    private final int size;
    private final List<Instance> instances = new ArrayList<>();
    private Path directory;
    private KubernetesClient client;
    private Stage stage;
    private Workloads shop;
    private BufferedWriter log;
    private int held;

    /** A scenario that fails says what the log holds of it: a verdict for another reason is seen at once. */
    @RegisterExtension
    final TestExecutionExceptionHandler story = (context, failure) -> {
        throw new AssertionError("%s\n%s".formatted(failure.getMessage(), logged()), failure);
    };

    /** @param size how many instances of the service there are */
    Scene(TestCluster cluster, int size) {
        this.cluster = cluster;
        this.size = size;
    }

    @BeforeAll
    void raiseTheCurtain() throws Exception {
        directory = Files.createTempDirectory("rollguard-scenarios-");
        client = cluster.connect();
        var token = cluster.admit(client, OWN_NAMESPACE);
        for (int number = 1; number <= size; number++) {
            var api = new ApiGate(client.getConfiguration());
            var kubeconfig = api.writeKubeconfig(directory.resolve("kubeconfig-" + number), token, OWN_NAMESPACE);
            instances.add(new Instance("instance-" + number, api, new KafkaGate(Service.freePort()), kubeconfig));
        }
        log = Files.newBufferedWriter(Home.current()
                .root()
                .resolve("target/%s.log".formatted(getClass().getSimpleName())));
        stage = new Stage(
                Home.current(),
                directory,
                instances.getFirst().kubeconfig(),
                configuration(),
                instances.stream()
                        .collect(Collectors.toMap(
                                each -> each.kafka().listener(),
                                each -> each.kafka().port())),
                this::write);
        startInstances();
    }

    private synchronized void write(String line) {
        try {
            log.write(line + "\n");
            log.flush();
        } catch (IOException e) {
            // the test tells what went wrong
        }
    }

    private String logged() {
        return stage.tap()
                .events()
                .filter(event -> event.subject().contains("/" + shop.namespace() + "/"))
                .map(event -> "  %s %s %s %s %s"
                        .formatted(
                                event.appendedAt(),
                                event.subject(),
                                event.type(),
                                event.value().path("verdict").asText(),
                                event.value().at("/reason/code").asText()))
                .collect(Collectors.joining("\n"));
    }

    private static Map<String, String> configuration() {
        return Map.of(
                "ROLLGUARD_MODE", "auto",
                "ROLLGUARD_CLUSTER", "test",
                "ROLLGUARD_NAMESPACE", OWN_NAMESPACE,
                "ROLLGUARD_SETTLE", SETTLE.toString(),
                "ROLLGUARD_CURE_DWELL", "PT1S",
                "ROLLGUARD_BREAKER_MAX", "1000",
                "ROLLGUARD_STORM_MAX_WORKLOADS", "1000",
                "ROLLGUARD_COOL_DOWN", "PT15M");
    }

    @BeforeEach
    void setTheScene() {
        shop = new Workloads(
                client, "shop-%d-%d".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet()));
        shop.createNamespace();
        if (instances.stream().noneMatch(Instance::isAlive)) {
            startInstances(); // one that a scenario killed and that failed before it started it again
        }
    }

    @AfterEach
    void clearTheScene() {
        instances.forEach(Instance::open);
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
        for (var instance : instances) {
            instance.close();
        }
        cluster.disconnect(client);
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }

    // --- the players

    TestCluster cluster() {
        return cluster;
    }

    List<Instance> instances() {
        return instances;
    }

    /** The first one; the only one in many scenarios. */
    Instance instance() {
        return instances.getFirst();
    }

    Service service() {
        return instance().service();
    }

    Stage stage() {
        return stage;
    }

    Workloads shop() {
        return shop;
    }

    KubernetesClient client() {
        return client;
    }

    /** Starts those that don't run, and waits until all decide. */
    void startInstances() {
        startInstances(Map.of());
    }

    /** @param own what is different in their configuration */
    void startInstances(Map<String, String> own) {
        instances.stream().filter(each -> !each.isAlive()).forEach(each -> each.start(stage, own));
        instances.forEach(each -> each.service().awaitDecides());
    }

    /** Starts them anew, with this for their configuration. */
    void restartWith(Map<String, String> own) {
        instances.forEach(Instance::kill);
        startInstances(own);
    }

    // --- given

    String givenACanary(String name) {
        return givenACanary(name, Map.of());
    }

    /** @param annotations of the Rollout, there before its canary is, so that nobody knows of the one without the other */
    String givenACanary(String name, Map<String, String> annotations) {
        shop.createRollout(name, 5, STEPS, BRIEF);
        annotations.forEach((annotation, value) -> shop.annotate(Kind.ROLLOUT, name, annotation, value));
        shop.ship(Kind.ROLLOUT, name, "v2");
        return shop.awaitCanary(name);
    }

    /** A canary that was rolled back, and the alert is over. */
    String givenARolledBackCanary(String name) {
        var bad = givenACanary(name);
        var alert = whenItAlerts(firing("CartErrors", Map.of("pod", podOf(name, bad))));
        thenStep(name, "verified");
        whenItAlerts(alert.resolved(now()));
        thenStep(name, "closed");
        return bad;
    }

    /** A Deployment with a long bake time whose revision is known to be good. */
    String givenADeployment(String name) {
        shop.createDeployment(name, 4, LONG);
        Await.until("its revision is known to be good", SOON, () -> shop.goodRevisions(Kind.DEPLOYMENT, name) > 0);
        return shop.current(Kind.DEPLOYMENT, name);
    }

    /** A Deployment on v1, known to be good, whose releases are soon forgotten. */
    String givenABakedDeployment(String name) {
        shop.createDeployment(name, 4, BRIEF);
        Await.until("v1 is known to be good", SOON, () -> shop.goodRevisions(Kind.DEPLOYMENT, name) > 0);
        return shop.current(Kind.DEPLOYMENT, name);
    }

    /** It moves to v2, which bakes and is known to be good as well. */
    String givenABakedRelease(String name, String before) {
        shop.ship(Kind.DEPLOYMENT, name, "v2");
        var hash = shop.awaitCurrentOtherThan(Kind.DEPLOYMENT, name, before);
        shop.awaitComplete(Kind.DEPLOYMENT, name);
        Await.until("v2 is known to be good", SOON, () -> shop.goodRevisions(Kind.DEPLOYMENT, name) > 1);
        return hash;
    }

    void removeReplicaSet(String deployment, String hash) {
        client.apps()
                .replicaSets()
                .inNamespace(shop.namespace())
                .withName(deployment + "-" + hash)
                .delete();
    }

    String podOf(String rollout, String hash) {
        return shop.readyPods(Kind.ROLLOUT, rollout, hash).getFirst();
    }

    void pause(boolean paused) {
        client.configMaps()
                .inNamespace(OWN_NAMESPACE)
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("rollguard-automation")
                        .withNamespace(OWN_NAMESPACE)
                        .endMetadata()
                        .addToData("paused", Boolean.toString(paused))
                        .addToData("by", "a test")
                        .addToData("reason", "to see that nothing is done")
                        .build())
                .createOr(existing -> existing.update());
    }

    // --- when

    /** Somebody writes these fields of its spec. */
    void spec(Kind kind, String name, Map<String, Object> fields) {
        object(kind, name).patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of("spec", fields)));
    }

    private Resource<GenericKubernetesResource> object(Kind kind, String name) {
        var version = kind == Kind.ROLLOUT ? "argoproj.io/v1alpha1" : "apps/v1";
        return client.genericKubernetesResources(version, kind.label())
                .inNamespace(shop.namespace())
                .withName(name);
    }

    Alert firing(String name, Map<String, String> labels) {
        return firing(name, labels, now());
    }

    Alert firing(String name, Map<String, String> labels, Instant startsAt) {
        var all = new HashMap<>(labels);
        all.put("namespace", shop.namespace());
        return Alert.firing(name, all, startsAt);
    }

    Alert whenItAlerts(Alert alert) {
        return whenItAlerts(instance(), alert);
    }

    Alert whenItAlerts(Instance through, Alert alert) {
        var body = Webhook.body(alert);
        var answer = untilAnswered(() -> through.service().post("/api/v1/alertmanager", body));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return alert;
    }

    /** A client that is told that it can't be done now, asks again. */
    static HttpResponse<String> untilAnswered(Supplier<HttpResponse<String>> request) {
        return Await.value(
                "an answer other than 503",
                SOON,
                () -> Optional.of(request.get()).filter(answer -> answer.statusCode() != 503));
    }

    static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    // --- then

    void thenStep(String name, String step) {
        stage.tap().awaitStep(shop.namespace(), name, step, SOON);
    }

    List<Tap.Event> steps(String name, String step) {
        return stage.tap().incidents(shop.namespace(), name).stream()
                .filter(event -> event.type().equals("incident." + step))
                .toList();
    }

    Tap.Event judged(String name) {
        return steps(name, "judged").stream()
                .filter(event -> event.value().path("verdict").asText().equals("GUILTY"))
                .findFirst()
                .orElseThrow();
    }

    Tap.Event thenJudged(String name, String verdict, String reason) {
        return stage.tap()
                .await(
                        "%s judged %s for %s".formatted(name, verdict, reason),
                        SOON,
                        event -> event.type().equals("incident.judged")
                                && event.isAbout(shop.namespace(), name)
                                && event.value().path("verdict").asText().equals(verdict)
                                && event.value().at("/reason/code").asText().equals(reason));
    }

    void thenRefused(String name, String reason) {
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

    /** What was intended, but for what was withdrawn: a look right before the act notices what has just changed. */
    List<Tap.Event> intents(String name) {
        var withdrawn = steps(name, "failed").stream()
                .filter(event -> event.value().at("/reason/code").asText().equals("withdrawn"))
                .map(Scene::attempt)
                .collect(Collectors.toSet());
        return steps(name, "intended").stream()
                .filter(event -> !withdrawn.contains(attempt(event)))
                .toList();
    }

    private static List<String> attempt(Tap.Event event) {
        return List.of(
                event.value().path("incident").asText(),
                event.value().path("attempt").asText());
    }

    void thenNothingIsIntended(String name) {
        Await.until("nothing is intended for " + name, SOON, () -> intents(name).isEmpty());
    }

    void thenNothingWasDone(String name) {
        thenNothingIsIntended(name);
        assertThat(shop.isAborted(name)).isFalse();
        assertThat(accepted("/%s/rollouts/%s".formatted(shop.namespace(), name)))
                .isEmpty();
    }

    void thenAborted(String name, String bad) {
        assertThat(shop.isAborted(name)).isTrue();
        assertThat(shop.readyPods(Kind.ROLLOUT, name, bad)).isEmpty();
    }

    /** Where an abort of this Rollout is asked for. */
    String statusOf(String name) {
        return "/%s/rollouts/%s/status".formatted(shop.namespace(), name);
    }

    /** The patches of a path that the cluster accepted, from whichever instance. */
    List<ApiGate.Request> accepted(String path) {
        return instances.stream()
                .flatMap(each -> each.api().answered("PATCH", path))
                .filter(request -> request.status() < 300)
                .toList();
    }

    /** The restores of this workload that the cluster accepted. */
    List<ApiGate.Request> restores(Kind kind, String name) {
        return accepted("/%s/%ss/%s(\\?|$)".formatted(shop.namespace(), kind.alertLabel(), name));
    }

    /** The aborts of this Rollout that the cluster accepted. */
    List<ApiGate.Request> aborts(String name) {
        return settings(name, "abort");
    }

    /** Its promotions, likewise. */
    List<ApiGate.Request> promotions(String name) {
        return settings(name, "promoteFull");
    }

    /** What asks for that; a nudge, which a slow controller is given, takes the same way and asks for nothing. */
    private List<ApiGate.Request> settings(String name, String field) {
        return accepted(statusOf(name)).stream()
                .filter(request -> sets(Serialization.unmarshal(request.body(), JsonNode.class), "/status/" + field))
                .toList();
    }

    private static boolean sets(JsonNode patch, String path) {
        return StreamSupport.stream(patch.spliterator(), false)
                .anyMatch(step -> step.path("path").asText().equals(path)
                        && step.path("value").asBoolean());
    }

    void thenNeitherAbortedNorPromoted(String name, String because) {
        assertThat(aborts(name)).as(because).isEmpty();
        assertThat(promotions(name)).as(because).isEmpty();
    }

    /** Whoever takes an intent over writes it again, in its own name. */
    void thenOneAttempt(String name) {
        assertThat(steps(name, "intended"))
                .isNotEmpty()
                .allMatch(event -> event.value().path("attempt").asInt() == 1);
    }

    void thenOneAbort(String name) {
        assertThat(aborts(name)).hasSize(1);
    }

    List<String> rootsAbout(String name) {
        var found = new ArrayList<String>();
        for (var root : stage.slack().roots(Stage.CHANNEL)) {
            if (root.headline().contains(shop.namespace() + "/" + name)) {
                found.add(root.headline());
            }
        }
        return found;
    }

    void thenOneMessageAbout(String name) {
        Await.until(
                "Slack has a message about " + name,
                SOON,
                () -> !rootsAbout(name).isEmpty());
        assertThat(rootsAbout(name)).hasSize(1);
    }

    void thenSlackShows(String name, String words) {
        Await.until(
                "Slack's message about %s says '%s'".formatted(name, words),
                SOON,
                () -> rootsAbout(name).stream().anyMatch(headline -> headline.contains(words)));
    }

    double counted(String metric) {
        return service()
                .get("/q/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(metric))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
