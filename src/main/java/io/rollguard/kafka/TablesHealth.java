package io.rollguard.kafka;

import io.rollguard.alert.Alert.Status;
import io.smallrye.health.api.HealthGroup;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** Whether alerts and incidents were read back whole. Taking alerts in does not depend on it. */
@HealthGroup("reactor")
@Singleton
class TablesHealth implements HealthCheck {

    private final AlertReader alerts;
    private final IncidentJournal incidents;
    private final TopicCreation topics;

    TablesHealth(AlertReader alerts, IncidentJournal incidents, TopicCreation topics) {
        this.alerts = alerts;
        this.incidents = incidents;
        this.topics = topics;
    }

    private long dropped() {
        return alerts.table().dropped(Status.FIRING) + alerts.table().dropped(Status.RESOLVED);
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("tables")
                .status(alerts.isWhole() && incidents.isWhole())
                .withData("alerts", alerts.table().size())
                .withData("alerts-dropped", dropped())
                .withData("alerts-unreadable", alerts.unreadable())
                .withData("incidents-open", incidents.log().open().size());
        incidents.log().foreignType().ifPresent(type -> response.withData("not-understood", type));
        for (int at = 0; at < topics.stops().size(); at++) {
            response.withData("stops-" + (at + 1), topics.stops().get(at).toString());
        }
        return response.build();
    }
}
