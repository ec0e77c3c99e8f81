package io.rollguard.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes the meters of the service, once. */
@Singleton
class MetersProducer {

    @Produces
    @Singleton
    RollguardMeters meters(MeterRegistry registry) {
        return new RollguardMeters(registry);
    }
}
