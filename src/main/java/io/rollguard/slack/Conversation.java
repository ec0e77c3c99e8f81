package io.rollguard.slack;

import java.util.List;

/**
 * Everything that is to be said about an incident as it stands: one message that is kept current, and answers to it.
 *
 * @param replies oldest first
 */
record Conversation(Phase phase, Message root, List<Reply> replies) {

    /** The kind of the root message in {@code told} events. */
    static final String ROOT = "root";

    /**
     * An answer.
     *
     * @param kind names it among the incident's messages
     * @param broadcast whether it is shown in the channel too, since somebody has to look
     */
    record Reply(String kind, Message message, boolean broadcast) {}

    Conversation {
        replies = List.copyOf(replies);
    }
}
