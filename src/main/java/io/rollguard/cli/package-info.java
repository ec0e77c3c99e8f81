/** Edge: commands for people and scripts. */
@NullMarked
package io.rollguard.cli;

import org.jspecify.annotations.NullMarked;
