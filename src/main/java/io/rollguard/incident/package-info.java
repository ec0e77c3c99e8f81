/** Pure: the incident, its events, and the fold of the incident log that is Rollguard's only lock. */
@NullMarked
package io.rollguard.incident;

import org.jspecify.annotations.NullMarked;
