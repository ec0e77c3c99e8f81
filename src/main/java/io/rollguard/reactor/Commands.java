package io.rollguard.reactor;

import io.rollguard.incident.Command;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** What people ask, on its way from where they ask it to the owner of the workload. */
public interface Commands {

    /** Hands a command over; completes once every in-sync replica has it. */
    CompletionStage<?> send(Command command);

    /**
     * Calls back, soon, for each command about a workload that this instance reconciles. One that is never answered comes
     * again, here or to another instance. The callback must not block.
     */
    void onCommand(Consumer<Owed> listener);

    /** A command that wants an answer. */
    interface Owed {

        Command command();

        /** Whether it is still this instance that owes the answer. */
        boolean isOurs();

        /** The answer stands in the incident log. */
        void answered();
    }
}
