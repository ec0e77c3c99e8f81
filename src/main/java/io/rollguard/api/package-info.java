/** What people and other programs ask: incidents, releases, alerts, the contracts; and what people decide. */
@NullMarked
package io.rollguard.api;

import org.jspecify.annotations.NullMarked;
