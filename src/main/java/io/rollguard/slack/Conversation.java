package io.rollguard.slack;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is to be said about an incident as it stands: one message that is kept current, and answers to it.
 *
 * @param replies oldest first
 */
record Conversation(Phase phase, Message root, List<Reply> replies) {

    /**
     * An answer.
     *
     * @param kind names it among the incident's messages
     * @param calls the phase in which somebody has to look, so that the channel is to show it too; null for the others
     */
    record Reply(String kind, Message message, @Nullable Phase calls) {}

    Conversation {
        replies = List.copyOf(replies);
    }
}
