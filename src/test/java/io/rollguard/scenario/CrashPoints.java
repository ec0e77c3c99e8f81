package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Webhook.Alert;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The service is killed (-9) exactly where a crash could cost an alert, or double an act. What must hold after it is asked of
 * the API server's answers, the topics and Slack's store, never of the service itself.
 */
abstract class CrashPoints extends Scene {

    /** An owner that is gone is replaced within this time, and a live alert is then acted on. */
    static final Duration TAKEOVER = Duration.ofSeconds(15);

    CrashPoints(TestCluster cluster, int size) {
        super(cluster, size);
    }

    /** Where an instance is stopped, on its way with one alert about one canary. */
    enum CrashPoint {
        BEFORE_ALL_ACKS,
        AFTER_200,
        VERDICT_MADE,
        INTENT_SENT,
        INTENT_APPENDED,
        INTENT_READ_BACK,
        REQUEST_SENT,
        REQUEST_DONE,
        ANSWER_RECEIVED,
        OUTCOME_WRITTEN,
        ROOT_POSTED;

        String workload() {
            return "cart-" + name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    private CompletableFuture<Void> holdAt(CrashPoint point, Instance instance) {
        var name = point.workload();
        var subject = "/%s/Rollout/%s".formatted(shop().namespace(), name);
        return switch (point) {
            case BEFORE_ALL_ACKS -> instance.kafka().holdAcks("alert.firing.v1", shop().namespace(), alertAbout(name));
            case AFTER_200 -> instance.kafka().holdReading(shop().namespace(), alertAbout(name));
            case VERDICT_MADE -> instance.kafka().holdRecords("incident.suspected.v1", subject);
            case INTENT_SENT -> instance.kafka().holdRecords("incident.intended.v1", subject);
            case INTENT_APPENDED -> instance.kafka().holdAcks("incident.intended.v1", subject);
            case INTENT_READ_BACK ->
                instance.api().holdBefore("GET", "/%s/rollouts/%s$".formatted(shop().namespace(), name));
            case REQUEST_SENT -> instance.api().holdBefore("PATCH", statusOf(name));
            case REQUEST_DONE -> instance.api().holdAnswer("PATCH", statusOf(name));
            case ANSWER_RECEIVED -> instance.kafka().holdRecords("incident.accepted.v1", subject);
            case OUTCOME_WRITTEN -> instance.kafka().holdAcks("incident.accepted.v1", subject);
            case ROOT_POSTED -> instance.kafka().holdRecords("incident.told.v1", subject);
        };
    }

    private static String alertAbout(String name) {
        return "Errors-" + name;
    }

    Alert alertOf(String name, String hash) {
        return firing(alertAbout(name), Map.of("pod", podOf(name, hash)));
    }

    /** Brings an instance to each of these points, in this order, kills it there, and sees how it goes on. */
    void crashAt(CrashPoint... points) throws Exception {
        var bad = new EnumMap<CrashPoint, String>(CrashPoint.class);
        for (var point : points) {
            bad.put(point, givenACanary(point.workload()));
        }
        var alerts = new EnumMap<CrashPoint, Alert>(CrashPoint.class);
        var killed = instance();
        for (var point : points) {
            alerts.put(point, alertOf(point.workload(), bad.get(point)));
            killed = whenItStandsAt(point, alerts.get(point));
        }
        killed.kill();
        whenSomebodyGoesOn(killed);
        for (var point : points) {
            if (point == CrashPoint.BEFORE_ALL_ACKS) { // its sender was told nothing, so it comes again
                whenItAlerts(anyAlive(), alerts.get(point));
            }
            thenAllIsAsIfNothingHadHappened(point.workload(), bad.get(point));
        }
    }

    /** Who it was that came to the point. */
    private Instance whenItStandsAt(CrashPoint point, Alert alert) throws Exception {
        var through = instance();
        var holders = point == CrashPoint.BEFORE_ALL_ACKS ? List.of(through) : instances();
        var reached = holders.stream()
                .map(each -> holdAt(point, each).thenApply(done -> each))
                .toArray(CompletableFuture<?>[]::new);
        if (point == CrashPoint.BEFORE_ALL_ACKS) {
            Thread.ofVirtual().start(() -> {
                try {
                    through.service().post("/api/v1/alertmanager", Webhook.body(alert));
                } catch (IllegalStateException e) {
                    // killed before it could answer
                }
            });
        } else {
            whenItAlerts(through, alert);
        }
        return (Instance) CompletableFuture.anyOf(reached).get(SOON.toSeconds(), TimeUnit.SECONDS);
    }

    private void whenSomebodyGoesOn(Instance killed) {
        if (instances().size() == 1) {
            startInstances();
        } else {
            instances().stream().filter(each -> each != killed).forEach(Instance::open);
        }
    }

    Instance anyAlive() {
        return instances().stream().filter(Instance::isAlive).findFirst().orElseThrow();
    }

    void thenAllIsAsIfNothingHadHappened(String name, String bad) {
        stage().tap().awaitStep(shop().namespace(), name, "accepted", TAKEOVER);
        thenStep(name, "verified");
        thenAborted(name, bad);
        thenOneAbort(name);
        thenOneAttempt(name);
        for (var step : List.of("suspected", "accepted", "verified")) {
            assertThat(steps(name, step)).as("%s of %s", step, name).hasSize(1);
        }
        assertThat(steps(name, "failed")).isEmpty();
        assertThat(stage().tap()
                        .events()
                        .filter(event -> event.type().equals("alert.firing"))
                        .filter(event ->
                                event.value().at("/labels/alertname").asText().equals(alertAbout(name)))
                        .filter(event ->
                                event.value().at("/labels/namespace").asText().equals(shop().namespace())))
                .as("the alert about %s is on its topic", name)
                .isNotEmpty();
        thenOneMessageAbout(name);
    }
}
