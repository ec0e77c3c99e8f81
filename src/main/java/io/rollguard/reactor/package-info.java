/** The reconcile loop: look, judge, decide, act, record. Owns the ports that edges implement. */
@NullMarked
package io.rollguard.reactor;

import org.jspecify.annotations.NullMarked;
