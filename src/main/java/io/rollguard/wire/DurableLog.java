package io.rollguard.wire;

import java.util.function.Consumer;

/** Where a record has to be before a sender may be told that it is kept. */
public interface DurableLog {

    /**
     * Puts a record where every in-sync replica has it. May block for half a second when the broker is away, so call it from
     * a thread that may wait.
     *
     * @param receipt called once: on this thread, or on one that must not be blocked
     */
    void append(EventRecord event, Consumer<Receipt> receipt);

    /** What became of a record. */
    sealed interface Receipt {

        /** Every in-sync replica has it. */
        record Kept() implements Receipt {}

        /** Not known to be kept; trying again may help. */
        record NotKept(String detail) implements Receipt {}

        /** The broker takes no record of this size. */
        record TooLarge() implements Receipt {}
    }
}
