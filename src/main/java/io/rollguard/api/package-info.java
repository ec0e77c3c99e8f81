/** What people and other programs ask: incidents, releases, alerts. Reads only. */
@NullMarked
package io.rollguard.api;

import org.jspecify.annotations.NullMarked;
