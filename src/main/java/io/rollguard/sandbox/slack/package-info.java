/**
 * A Slack in this JVM for the demo, drills and tests. It keeps what it is sent and behaves as Slack's Web API does where
 * that matters to us: threads, updates, metadata, the limits of Block Kit, rate limits, and answers that get lost.
 */
@NullMarked
package io.rollguard.sandbox.slack;

import org.jspecify.annotations.NullMarked;
