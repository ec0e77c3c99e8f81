package io.rollguard.kafka;

import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Whether alerts can be taken in, as far as the last look and the last write tell; asks nobody, so it answers at once. Not
 * ready, Rollguard would answer 503 anyway.
 */
@Readiness
@Singleton
class KafkaHealth implements HealthCheck {

    private final TopicCreation topics;
    private final AckedLog log;
    private final BrokerWatch watch;

    KafkaHealth(TopicCreation topics, AckedLog log, BrokerWatch watch) {
        this.topics = topics;
        this.log = log;
        this.watch = watch;
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("kafka");
        if (!topics.done().isDone()) {
            return response.down().withData("topics", topics.trouble()).build();
        }
        var trouble = watch.trouble().isEmpty() ? log.trouble() : watch.trouble();
        if (!trouble.isEmpty()) {
            response.withData("trouble", trouble);
        }
        for (int at = 0; at < topics.differences().size(); at++) {
            response.withData(
                    "difference-" + (at + 1), topics.differences().get(at).toString());
        }
        return response.status(trouble.isEmpty()).build();
    }
}
