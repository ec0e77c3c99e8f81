/** What Rollguard counts: one class, tags from closed lists only, every series there from the start. */
@NullMarked
package io.rollguard.metrics;

import org.jspecify.annotations.NullMarked;
