/** {@code ./rollguard demo}: the whole story, played with the real service on this machine. */
@NullMarked
package io.rollguard.sandbox.demo;

import org.jspecify.annotations.NullMarked;
