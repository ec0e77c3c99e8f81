package io.rollguard.reactor;

import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertTable;
import java.util.function.Consumer;

/** The alerts of this cluster as the reactor needs them: the table, kept current from the alert topic. */
public interface Alerts {

    AlertTable table();

    /** Whether the topic was read to the end that it had at the start. */
    boolean isWhole();

    /** Calls back, soon, for each delivery that was taken in. The callback must not block. */
    void onChange(Consumer<AlertHistory> listener);
}
