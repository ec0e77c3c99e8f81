/** What people and other programs ask: incidents, releases, alerts; and the contracts with other teams. Reads only. */
@NullMarked
package io.rollguard.api;

import org.jspecify.annotations.NullMarked;
