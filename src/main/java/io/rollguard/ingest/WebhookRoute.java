package io.rollguard.ingest;

import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.rollguard.config.RollguardConfig;
import io.rollguard.config.Surroundings;
import io.rollguard.http.Door;
import io.rollguard.http.TokenFile.Form;
import io.rollguard.wire.DurableLog;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Puts the webhook among the routes of the service. Refuses to start where everybody could call: in a cluster without tokens.
 */
@ApplicationScoped
class WebhookRoute {

    private final RollguardConfig config;
    private final DurableLog log;
    private final MeterRegistry registry;
    private final Vertx vertx;
    /** One thread: it may wait for Kafka, which an event loop must not, and keeps deliveries in their order. */
    private final ExecutorService sender = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("webhook-sender").daemon().factory());

    WebhookRoute(RollguardConfig config, DurableLog log, MeterRegistry registry, Vertx vertx) {
        this.config = config;
        this.log = log;
        this.registry = registry;
        this.vertx = vertx;
    }

    void addTo(@Observes Router router) {
        var door = Door.of(
                "rollguard.webhook.token-file", config.webhook().tokenFile(), Form.TOKEN, Surroundings.inCluster());
        var meters = new IngestMeters(registry);
        new Webhook(
                        vertx,
                        door,
                        new Intake(config.cluster(), log, meters),
                        meters,
                        new ByteBudget(Webhook.MAX_HELD_BYTES),
                        sender,
                        Clock.systemUTC(),
                        Webhook.BUDGET)
                .addTo(router);
    }

    void stop(@Observes ShutdownEvent event) {
        sender.shutdown();
    }
}
