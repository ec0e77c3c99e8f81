package io.rollguard.kafka;

import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Whether alerts can be taken in, as far as the last results tell; asks nobody, so it answers at once. */
@Readiness
@Singleton
class KafkaHealth implements HealthCheck {

    private final TopicCreation topics;
    private final AckedLog log;

    KafkaHealth(TopicCreation topics, AckedLog log) {
        this.topics = topics;
        this.log = log;
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("kafka");
        if (!topics.done().isDone()) {
            return response.down().withData("topics", topics.trouble()).build();
        }
        var trouble = log.trouble();
        if (!trouble.isEmpty()) {
            response.withData("last-write", trouble);
        }
        for (int at = 0; at < topics.differences().size(); at++) {
            response.withData("difference-" + (at + 1), topics.differences().get(at));
        }
        return response.up().build();
    }
}
