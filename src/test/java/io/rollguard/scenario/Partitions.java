package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Tap;
import io.rollguard.sandbox.stage.Webhook.Alert;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Two instances on one broker, one cluster and one Slack, of which one is stopped or cut off: one of them acts, once. */
abstract class Partitions extends CrashPoints {

    Partitions(TestCluster cluster) {
        super(cluster, 2);
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

    Instance whenOneHolds(String method, String path, Alert alert) throws Exception {
        var reached = instances().stream()
                .map(each -> each.api().holdBefore(method, path).thenApply(done -> each))
                .toArray(CompletableFuture<?>[]::new);
        whenItAlerts(alert);
        return (Instance) CompletableFuture.anyOf(reached).get(SOON.toSeconds(), TimeUnit.SECONDS);
    }

    Instance other(Instance one) {
        return instances().stream().filter(each -> each != one).findFirst().orElseThrow();
    }

    /** The alert ends, and with it the incident, whose log holds each step once. */
    void thenNothingMoreComesOf(Alert alert) {
        whenItAlerts(alert.resolved(now()));
        thenStep("cart", "closed");
        thenOneAbort("cart");
        assertThat(stage().tap().incidents(shop().namespace(), "cart").stream()
                        .map(Tap.Event::type)
                        .filter(type ->
                                !List.of("incident.told", "incident.intended").contains(type)))
                .containsExactlyElementsOf(
                        List.of("suspected", "judged", "accepted", "verified", "cured", "closed").stream()
                                .map(step -> "incident." + step)
                                .toList());
        thenOneAttempt("cart");
        thenOneMessageAbout("cart");
    }
}
