package io.rollguard.api;

import io.rollguard.config.RollguardConfig;
import io.rollguard.config.Surroundings;
import io.rollguard.http.Door;
import io.rollguard.http.TokenFile.Form;
import io.rollguard.reactor.Alerts;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.Journal;
import io.vertx.ext.web.Router;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.time.Clock;

/** Puts the API on the service's port. */
@ApplicationScoped
class ApiRoutes {

    private final RollguardConfig config;
    private final Instance<Journal> journal;
    private final Instance<Alerts> alerts;
    private final Instance<Cluster> cluster;

    /** The sources are looked up when they are first asked: routes are made before anything else is started. */
    ApiRoutes(RollguardConfig config, Instance<Journal> journal, Instance<Alerts> alerts, Instance<Cluster> cluster) {
        this.config = config;
        this.journal = journal;
        this.alerts = alerts;
        this.cluster = cluster;
    }

    void add(@Observes Router router) {
        var door = Door.of("rollguard.api.token-file", config.api().tokenFile(), Form.NAMED, Surroundings.inCluster());
        new Api(door, journal::get, alerts::get, cluster::get, config.bakeTime(), config.alertTtl(), Clock.systemUTC())
                .addTo(router);
        new Contracts().addTo(router);
    }
}
