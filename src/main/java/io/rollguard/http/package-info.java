/** What every HTTP edge of the service shares: tokens, who is let in, and how errors look. */
@NullMarked
package io.rollguard.http;

import org.jspecify.annotations.NullMarked;
