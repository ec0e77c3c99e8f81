/** The configuration table: every name, what it means and what holds where it is unset. */
@NullMarked
package io.rollguard.config;

import org.jspecify.annotations.NullMarked;
