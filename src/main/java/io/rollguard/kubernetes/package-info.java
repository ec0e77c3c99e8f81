/** Edge: one Kubernetes cluster, watched, read and, where allowed, written. */
@NullMarked
package io.rollguard.kubernetes;

import org.jspecify.annotations.NullMarked;
