/** Puts the service together: configuration, the reactor and its edges. */
@NullMarked
package io.rollguard.service;

import org.jspecify.annotations.NullMarked;
