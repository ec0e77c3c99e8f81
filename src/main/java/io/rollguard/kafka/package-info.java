/**
 * The Kafka edge: records in and out, the topics' settings, which workloads are ours. Plain clients where an offset or an
 * acknowledgement decides something (alerts, the incident log); SmallRye's channels for {@code command} and {@code release},
 * where neither does.
 */
@NullMarked
package io.rollguard.kafka;

import org.jspecify.annotations.NullMarked;
