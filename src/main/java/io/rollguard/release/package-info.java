/** Pure: workloads, revisions and releases, as reduced from cluster objects. */
@NullMarked
package io.rollguard.release;

import org.jspecify.annotations.NullMarked;
