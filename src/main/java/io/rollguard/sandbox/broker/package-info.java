/** A real Kafka broker (KRaft, one node) in a JVM of its own, for a machine that has none. */
@NullMarked
package io.rollguard.sandbox.broker;

import org.jspecify.annotations.NullMarked;
