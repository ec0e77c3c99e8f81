/** The webhook: what Alertmanager posts goes to Kafka before the sender is told that it was taken. */
@NullMarked
package io.rollguard.ingest;

import org.jspecify.annotations.NullMarked;
