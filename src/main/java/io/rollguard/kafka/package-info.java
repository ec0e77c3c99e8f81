/**
 * The Kafka edge: records in and out, the topics' settings, which workloads are ours. Plain clients throughout, because
 * offsets, the broker's time and the assignment decide (docs/adr/003).
 */
@NullMarked
package io.rollguard.kafka;

import org.jspecify.annotations.NullMarked;
