package io.rollguard.reactor;

import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.verdict.Case;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The incident log as the reactor needs it: append, and fold what all instances appended. */
public interface Journal {

    /** The fold, kept current. */
    IncidentLog log();

    /** Whether the log was folded to the end that it had at the start. */
    boolean isWhole();

    /** Appends; completes with the entry's offset once every in-sync replica has it. Entries keep the order of the calls. */
    CompletionStage<Long> append(IncidentEvent event);

    /** Whether the input of a judgement is small enough for the log; one that is not explains nothing, so it decides nothing. */
    default boolean canRecord(Case input) {
        return true;
    }

    /** Waits until the entry at {@code offset} is folded; false where it was not in time. */
    boolean awaitFolded(long offset, Duration atMost);

    /** Asks the broker for the log's end and folds up to it; false where that was not possible in time. */
    boolean foldToEnd(Duration atMost);

    /** As {@link #foldToEnd}, but asks now; what is returned waits for the answer, and folds. */
    default BooleanSupplier askEnd(Duration atMost) {
        return () -> foldToEnd(atMost);
    }

    /** Calls back, soon, for each incident that changed. The callback must not block. */
    void onChange(Consumer<Incident> listener);
}
