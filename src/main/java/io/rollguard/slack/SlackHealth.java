package io.rollguard.slack;

import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Shows whether people are told. Never down: Slack's trouble is no reason to take no alerts in. */
@Readiness
@Singleton
class SlackHealth implements HealthCheck {

    private final SlackState state;

    SlackHealth(SlackState state) {
        this.state = state;
    }

    @Override
    public HealthCheckResponse call() {
        var now = state.now();
        var response = HealthCheckResponse.named("slack").up();
        if (now.trouble() != null) {
            response.withData("trouble", now.trouble()).withData("since", String.valueOf(now.since()));
        }
        return response.build();
    }
}
