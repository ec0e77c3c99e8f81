/**
 * The stage that the demo, the drills and the scenario suite play on: a broker, a Slack, the real service as a process of
 * its own, and verbs for a cluster that is simulated or real.
 */
@NullMarked
package io.rollguard.sandbox.stage;

import org.jspecify.annotations.NullMarked;
