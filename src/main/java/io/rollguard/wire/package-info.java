/** Wire and stored forms: pure mappings between JSON or YAML and the domain types. */
@NullMarked
package io.rollguard.wire;

import org.jspecify.annotations.NullMarked;
