package io.rollguard.kafka;

import io.rollguard.config.RollguardConfig;
import io.rollguard.incident.IncidentLog.Limits;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Comparator;
import java.util.stream.Stream;

/** Makes the parts that know nothing of where they run. */
@Singleton
class KafkaBeans {

    @Produces
    @Singleton
    Clients clients(KafkaConnection connection) {
        return connection.clients();
    }

    /** What was done counts as long as a breaker's window, a cool-down, a release's baking or a firing that it answered. */
    @Produces
    @Singleton
    TopicCreation topics(Clients clients, RollguardConfig config) {
        var memory = Stream.of(config.lookback(), config.breaker().window(), config.coolDown(), config.bakeTime())
                .max(Comparator.naturalOrder())
                .orElseThrow();
        return new TopicCreation(clients, config.lookback(), memory);
    }

    @Produces
    @Singleton
    AckedLog log(Clients clients, BrokerWatch watch) {
        return new AckedLog(clients, watch::wake);
    }

    @Produces
    @Singleton
    AlertReader alerts(Clients clients, RollguardConfig config) {
        return new AlertReader(clients, config.cluster(), config.lookback(), Clock.systemUTC());
    }

    @Produces
    @Singleton
    IncidentJournal incidents(Clients clients, RollguardConfig config) {
        var limits = new Limits(config.breaker().max(), config.breaker().window(), config.coolDown());
        return new IncidentJournal(clients, config.cluster(), limits);
    }

    void close(@Disposes AckedLog log) {
        log.close();
    }

    void close(@Disposes AlertReader alerts) {
        alerts.close();
    }

    void close(@Disposes IncidentJournal incidents) {
        incidents.close();
    }
}
