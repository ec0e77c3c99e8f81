/** Tells people in Slack, or in the log where there is no Slack. Nothing here decides, delays or is waited for. */
@NullMarked
package io.rollguard.slack;

import org.jspecify.annotations.NullMarked;
