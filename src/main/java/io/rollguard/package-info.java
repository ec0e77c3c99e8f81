/** Takes a bad release back the moment its alerts fire, and can say why. */
@NullMarked
package io.rollguard;

import org.jspecify.annotations.NullMarked;
