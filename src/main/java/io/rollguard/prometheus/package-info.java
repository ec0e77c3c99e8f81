/** Asks a Prometheus how its alerting rules stand. Nothing here decides, and nobody waits for it. */
@NullMarked
package io.rollguard.prometheus;

import org.jspecify.annotations.NullMarked;
