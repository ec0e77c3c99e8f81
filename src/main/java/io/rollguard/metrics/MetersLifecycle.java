package io.rollguard.metrics;

import io.quarkus.runtime.StartupEvent;
import io.rollguard.config.RollguardConfig;
import io.rollguard.reactor.Alerts;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.Journal;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;

/** Shows the sizes of what is known from the start on. */
@ApplicationScoped
class MetersLifecycle {

    private final RollguardMeters meters;
    private final Journal journal;
    private final Alerts alerts;
    private final Cluster cluster;
    private final Duration alertTimeToLive;

    MetersLifecycle(RollguardMeters meters, Journal journal, Alerts alerts, Cluster cluster, RollguardConfig config) {
        this.meters = meters;
        this.journal = journal;
        this.alerts = alerts;
        this.cluster = cluster;
        this.alertTimeToLive = config.alertTtl();
    }

    void start(@Observes StartupEvent event) {
        var clock = Clock.systemUTC();
        meters.watchIncidents(
                journal,
                (source, state) -> source.log().all().stream()
                        .filter(incident -> incident.state() == state)
                        .count());
        meters.watchForgotten(journal, (source, what) -> source.log().forgotten(what));
        meters.watchAlerts(alerts, (source, state) -> source.table().count(state, clock.instant(), alertTimeToLive));
        meters.watchRights(
                cluster,
                (source, tier) -> source.rights().values().stream()
                        .filter(rights -> rights.tier() == tier)
                        .count());
        meters.watchTable(alerts, source -> source.table().bytes());
        meters.watchDropped(alerts, (source, status) -> source.table().dropped(status));
    }
}
