package io.rollguard.slack;

import io.rollguard.incident.IncidentId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where messages go. May block; says of each failure whether trying again may help. */
interface Gateway extends AutoCloseable {

    /** Which message of which incident: it goes with the message, so that it can be found again. */
    record Tag(IncidentId incident, String kind) {}

    /** Where a message stands. */
    record Place(String channel, String messageId) {}

    /** What became of a message. */
    sealed interface Answer {

        record Done(Place place) implements Answer {}

        /** The message to change, or the one to answer to, is not there any more. */
        record Gone() implements Answer {}

        /** Not done: too fast. */
        record Wait(Duration time) implements Answer {}

        /** Not done, and may pass. {@code maybeDone} where the answer was lost, so that it may stand there after all. */
        record Later(String error, boolean maybeDone) implements Answer {}

        /** Only a person can help: the channel, the token, the rights. Holds for every message. */
        record Refused(String error) implements Answer {}

        /** This very message is not accepted. */
        record Unfit(String error) implements Answer {}
    }

    /**
     * A message that was found.
     *
     * @param under the message that it answers; null for one of the channel itself
     */
    record Seen(String kind, Place place, @Nullable String under) {}

    /** What a look for messages found. */
    sealed interface Search {

        record Found(List<Seen> messages) implements Search {
            public Found {
                messages = List.copyOf(messages);
            }
        }

        /** There is no way to look. */
        record Impossible(String error) implements Search {}

        record Failed(Answer how) implements Search {}
    }

    /** Posts a message to the channel, or as an answer to the message {@code under}. */
    Answer post(@Nullable Place under, Tag tag, Message message, boolean broadcast);

    Answer update(Place place, Tag tag, Message message);

    /** Deletes a message; done, too, where it is not there any more. */
    Answer delete(Place place);

    /** Looks for the messages of an incident in the channel, or among the answers to {@code under}, since a time. */
    Search find(@Nullable Place under, IncidentId incident, Instant since);

    /** Whether messages stay where they are put, so that it is worth remembering where. */
    boolean keeps();

    @Override
    void close();
}
