package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Webhook;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two instances on one broker, one cluster and one Slack, of which one is killed, stopped or cut off. */
class InstancesIT extends Partitions {

    private static final Map<String, String> NOTHING_ELSE = Map.of();

    /** Longer than it takes to be replaced and to ship once more. */
    private static final Duration COOL_DOWN = Duration.ofSeconds(40);

    private Map<String, String> configured = NOTHING_ELSE;

    InstancesIT() {
        super(new Simulated());
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
        thenOneAttempt("cart");
        for (var step : List.of("suspected", "judged", "accepted", "verified")) {
            assertThat(steps("cart", step)).as("%s of cart", step).hasSize(1);
        }
        thenOneMessageAbout("cart");
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
        assertThat(names.stream().flatMap(name -> aborts(name).stream())).hasSize(2);
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
                SOON,
                () -> steps("cart", "verified").size() == 2);
        thenAborted("cart", bad);
        var intents = steps("cart", "intended");
        assertThat(intents)
                .extracting(intent -> intent.value().path("revision").asText())
                .endsWith(bad)
                .hasSize(2);
        assertThat(intents.getLast().appendedAt())
                .isAfterOrEqualTo(first.appendedAt().plus(COOL_DOWN));
        assertThat(aborts("cart")).hasSize(2);
    }

    private boolean isRefusedByTheBreaker(String name) {
        return steps(name, "judged").stream()
                .anyMatch(event ->
                        event.value().at("/allowed/reason/code").asText().equals("breaker-open"));
    }
}
