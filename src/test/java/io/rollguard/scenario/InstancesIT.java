package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Tap;
import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Webhook.Alert;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two instances on one broker, one cluster and one Slack, of which one is killed, stopped or cut off. */
class InstancesIT extends CrashPoints {

    private static final Map<String, String> NOTHING_ELSE = Map.of();

    /** Longer than it takes to be replaced and to ship once more. */
    private static final Duration COOL_DOWN = Duration.ofSeconds(40);

    private Map<String, String> configured = NOTHING_ELSE;

    InstancesIT() {
        super(new Simulated(), 2);
    }

    @BeforeEach
    void bothAreThere() {
        bothRunWith(NOTHING_ELSE);
    }

    private void bothRunWith(Map<String, String> own) {
        if (!configured.equals(own)) {
            instances().stream().filter(Instance::isAlive).forEach(Instance::kill);
            configured = own;
        }
        startInstances(own);
    }

    @ParameterizedTest
    @EnumSource
    void theOtherGoesOnWhereOneWasKilled(CrashPoint point) throws Exception {
        crashAt(point);
    }

    @Test
    void aHundredCopiesOfAnAlertOverBothAreOneStreamOfVerdictsOneActAndOneMessage() {
        var bad = givenACanary("cart");
        var body = Webhook.body(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        var answers = IntStream.range(0, 100)
                .parallel()
                .map(each -> instances()
                        .get(each % 2)
                        .service()
                        .post("/api/v1/alertmanager", body)
                        .statusCode())
                .boxed()
                .toList();

        assertThat(answers).containsOnly(200);
        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        for (var step : List.of("suspected", "judged", "intended", "accepted", "verified")) {
            assertThat(steps("cart", step)).as("%s of cart", step).hasSize(1);
        }
        thenOneMessageAbout("cart");
    }

    @Test
    void oneThatIsStoppedWithARequestOnItsWayIsReplacedAndChangesNothingWhenItWakesUp() throws Exception {
        var bad = givenACanary("cart");
        var alert = alertOf("cart", bad);
        var sleeper = whenOneHolds("PATCH", statusOf("cart"), alert);
        sleeper.service().freeze();
        try {
            other(sleeper).open();
            stage().tap().awaitStep(shop().namespace(), "cart", "accepted", TAKEOVER);
            thenStep("cart", "verified");
        } finally {
            sleeper.service().thaw();
        }
        sleeper.api().letGo(); // the request arrives after all

        Await.until(
                "the cluster has refused what was judged before",
                SOON,
                () -> sleeper.api()
                        .answered("PATCH", statusOf("cart"))
                        .anyMatch(request -> request.status() == 409 || request.status() == 422));
        thenNothingMoreComesOf(alert);
    }

    @Test
    void oneThatIsCutOffFromKafkaBetweenIntentAndRequestIsReplacedAndAsksNothingOfTheCluster() throws Exception {
        var bad = givenACanary("cart");
        var alert = alertOf("cart", bad);
        var lost = whenOneHolds("GET", "/%s/rollouts/cart$".formatted(shop().namespace()), alert);
        lost.kafka().cutOff();
        other(lost).open();
        stage().tap().awaitStep(shop().namespace(), "cart", "accepted", TAKEOVER);
        thenStep("cart", "verified");

        lost.api().letGo();
        lost.kafka().reconnect();

        thenNothingMoreComesOf(alert);
        assertThat(lost.api().answered("PATCH", statusOf("cart"))).isEmpty();
    }

    @Test
    void oneThatTheClusterDoesNotAnswerIsReplaced() throws Exception {
        var bad = givenACanary("cart");
        var alert = alertOf("cart", bad);
        var lost = whenOneHolds("GET", "/%s/rollouts/cart$".formatted(shop().namespace()), alert);
        lost.api().cutOff();
        other(lost).open();
        stage().tap().awaitStep(shop().namespace(), "cart", "accepted", TAKEOVER);
        thenStep("cart", "verified");

        lost.api().open();

        thenNothingMoreComesOf(alert);
        assertThat(lost.api().answered("PATCH", statusOf("cart"))).isEmpty();
    }

    @Test
    void theBreakerCountsTheActsOfBoth() {
        bothRunWith(Map.of("ROLLGUARD_CLUSTER", "test-" + shop().namespace(), "ROLLGUARD_BREAKER_MAX", "2"));
        var bad = new HashMap<String, String>();
        var names = IntStream.range(0, 6).mapToObj(number -> "cart-" + number).toList();
        names.forEach(name -> bad.put(name, givenACanary(name)));

        names.parallelStream()
                .forEach(name -> whenItAlerts(instances().get(names.indexOf(name) % 2), alertOf(name, bad.get(name))));

        Await.until(
                "two are rolled back and four are refused",
                SOON,
                () -> names.stream()
                                        .filter(name -> !steps(name, "verified").isEmpty())
                                        .count()
                                == 2
                        && names.stream().filter(this::isRefusedByTheBreaker).count() == 4);
        assertThat(accepted("/%s/rollouts/cart-.*/status".formatted(shop().namespace())))
                .hasSize(2);
    }

    @Test
    void whoeverTakesOverKeepsToTheCoolDownOfAnActOfTheOneThatWasKilled() {
        bothRunWith(Map.of("ROLLGUARD_COOL_DOWN", COOL_DOWN.toString()));
        givenARolledBackCanary("cart");
        var first = steps("cart", "intended").getFirst();
        var killed = instances().stream()
                .filter(each ->
                        each.api().answered("PATCH", statusOf("cart")).findAny().isPresent())
                .findFirst()
                .orElseThrow();
        killed.kill();
        shop().ship(Kind.ROLLOUT, "cart", "v3");
        var bad = shop().awaitCurrentOtherThan(
                        Kind.ROLLOUT, "cart", first.value().path("revision").asText());
        shop().awaitCanary("cart");

        whenItAlerts(other(killed), firing("CartErrors", Map.of("pod", podOf("cart", bad))));

        thenRefused("cart", "cooling-down");
        thenOneAbort("cart");
        Await.until(
                "it is rolled back once the cool-down is over",
                COOL_DOWN,
                () -> steps("cart", "verified").size() == 2);
        thenAborted("cart", bad);
        var intents = steps("cart", "intended");
        assertThat(intents)
                .extracting(intent -> intent.value().path("revision").asText())
                .endsWith(bad)
                .hasSize(2);
        assertThat(intents.getLast().appendedAt())
                .isAfterOrEqualTo(first.appendedAt().plus(COOL_DOWN));
        assertThat(accepted(statusOf("cart"))).hasSize(2);
    }

    private boolean isRefusedByTheBreaker(String name) {
        return steps(name, "judged").stream()
                .anyMatch(event ->
                        event.value().at("/allowed/reason/code").asText().equals("breaker-open"));
    }

    private Instance whenOneHolds(String method, String path, Alert alert) throws Exception {
        var reached = instances().stream()
                .map(each -> each.api().holdBefore(method, path).thenApply(done -> each))
                .toArray(CompletableFuture<?>[]::new);
        whenItAlerts(alert);
        return (Instance) CompletableFuture.anyOf(reached).get(SOON.toSeconds(), TimeUnit.SECONDS);
    }

    private Instance other(Instance one) {
        return instances().stream().filter(each -> each != one).findFirst().orElseThrow();
    }

    /** The alert ends, and with it the incident, whose log holds each step once. */
    private void thenNothingMoreComesOf(Alert alert) {
        whenItAlerts(alert.resolved(now()));
        thenStep("cart", "closed");
        thenOneAbort("cart");
        assertThat(stage().tap().incidents(shop().namespace(), "cart").stream()
                        .map(Tap.Event::type)
                        .filter(type -> !type.equals("incident.told")))
                .containsExactlyElementsOf(
                        List.of("suspected", "judged", "intended", "accepted", "verified", "cured", "closed").stream()
                                .map(step -> "incident." + step)
                                .toList());
        thenOneMessageAbout("cart");
    }
}
