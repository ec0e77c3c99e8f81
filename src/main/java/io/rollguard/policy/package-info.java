/** Pure: what may be done about a verdict here and now. */
@NullMarked
package io.rollguard.policy;

import org.jspecify.annotations.NullMarked;
