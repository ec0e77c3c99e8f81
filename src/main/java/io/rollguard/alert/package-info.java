/** Pure: alerts as Alertmanager delivers them, their identity, episodes and onset. */
@NullMarked
package io.rollguard.alert;

import org.jspecify.annotations.NullMarked;
