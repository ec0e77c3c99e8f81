package io.rollguard.api;

import io.quarkus.runtime.StartupEvent;
import io.rollguard.config.RollguardConfig;
import io.rollguard.config.Surroundings;
import io.rollguard.http.Door;
import io.rollguard.http.TokenFile.Form;
import io.rollguard.reactor.Alerts;
import io.rollguard.reactor.ByHand;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.Commands;
import io.rollguard.reactor.Journal;
import io.vertx.ext.web.Router;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.time.Clock;
import java.time.Duration;

/** Puts the API on the service's port. */
@ApplicationScoped
class ApiRoutes {

    /** The owner's answer takes two writes to Kafka; whoever waits longer is told that it is still to come. */
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(3);

    private final RollguardConfig config;
    private final Instance<Journal> journal;
    private final Instance<Alerts> alerts;
    private final Instance<Cluster> cluster;
    private final Operations operations;
    private final Rollbacks rollbacks;

    /** The sources are looked up when they are first asked: routes are made before anything else is started. */
    ApiRoutes(
            RollguardConfig config,
            Instance<Journal> journal,
            Instance<Alerts> alerts,
            Instance<Cluster> cluster,
            Instance<Commands> commands,
            Instance<ByHand> byHand) {
        this.config = config;
        this.journal = journal;
        this.alerts = alerts;
        this.cluster = cluster;
        this.operations = new Operations(journal::get, commands::get, cluster::get, ANSWER_WITHIN, Clock.systemUTC());
        this.rollbacks = new Rollbacks(byHand::get, cluster::get, journal::get, operations, Clock.systemUTC());
    }

    void add(@Observes Router router) {
        var door = Door.of("rollguard.api.token-file", config.api().tokenFile(), Form.NAMED, Surroundings.inCluster());
        var routes = new Routes(router, door);
        new Api(journal::get, alerts::get, cluster::get, config.bakeTime(), config.alertTtl(), Clock.systemUTC())
                .addTo(routes);
        operations.addTo(routes);
        rollbacks.addTo(routes);
        new Contracts().addTo(router);
    }

    void start(@Observes StartupEvent event) {
        operations.listen();
    }
}
