package io.rollguard.service;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.rollguard.config.RollguardConfig;
import io.rollguard.config.Surroundings;
import io.rollguard.policy.Mode;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.reactor.Alerts;
import io.rollguard.reactor.ByHand;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.Commands;
import io.rollguard.reactor.Journal;
import io.rollguard.reactor.Ownership;
import io.rollguard.reactor.Reactor;
import io.rollguard.reactor.ReleaseEvents;
import io.rollguard.reactor.Rules;
import io.rollguard.reactor.Settings;
import io.rollguard.reactor.Telemetry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Starts the reactor with the service and ends it with it. */
@ApplicationScoped
class ReactorLifecycle {

    private final RollguardConfig config;
    private final Cluster cluster;
    private final Alerts alerts;
    private final Rules rules;
    private final Journal journal;
    private final Commands commands;
    private final Ownership ownership;
    private final ReleaseEvents releaseEvents;
    private final Telemetry telemetry;
    private final Settings settings;
    private @Nullable Reactor reactor;

    ReactorLifecycle(
            RollguardConfig config,
            Cluster cluster,
            Alerts alerts,
            Rules rules,
            Journal journal,
            Commands commands,
            Ownership ownership,
            ReleaseEvents releaseEvents,
            Telemetry telemetry) {
        this.config = config;
        this.cluster = cluster;
        this.alerts = alerts;
        this.rules = rules;
        this.journal = journal;
        this.commands = commands;
        this.ownership = ownership;
        this.releaseEvents = releaseEvents;
        this.telemetry = telemetry;
        this.settings = settings();
    }

    void start(@Observes StartupEvent event) {
        reactor = new Reactor(
                cluster,
                alerts,
                rules,
                journal,
                commands,
                ownership,
                releaseEvents,
                telemetry,
                settings,
                Clock.systemUTC());
        reactor.start();
    }

    /** What people who ask for a rollback are answered by, on whichever instance. */
    @Produces
    @Singleton
    ByHand byHand() {
        return new ByHand(cluster, journal, settings);
    }

    void stop(@Observes ShutdownEvent event) {
        if (reactor != null) {
            reactor.close();
        }
    }

    private Settings settings() {
        return new Settings(
                instance(),
                new RollbackPolicy(mode(), cluster.ownNamespace().map(Set::of).orElse(Set.of())),
                config.bakeTime(),
                config.settle(),
                config.lookback(),
                config.alertTtl(),
                config.cureDwell(),
                config.cureDeadline(),
                config.storm().maxWorkloads(),
                config.statefulset().deleteStuckPod());
    }

    private Mode mode() {
        return Mode.named(config.mode())
                .orElseThrow(() -> new ConfigurationException(
                        "rollguard.mode is '%s': it must be observe, approve or auto".formatted(config.mode())));
    }

    /** The host with something that tells two processes apart. */
    private static String instance() {
        return Surroundings.host() + "-" + UUID.randomUUID().toString().substring(0, 8);
    }
}
