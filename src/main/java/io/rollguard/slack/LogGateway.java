package io.rollguard.slack;

import io.rollguard.incident.IncidentId;
import io.rollguard.incident.Told;
import java.time.Instant;
import java.util.List;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Writes messages to the log where there is no Slack: the headline and why on each change, the evidence once. */
final class LogGateway implements Gateway {

    private static final Logger LOG = Logger.getLogger("io.rollguard.messages");

    @Override
    public Answer post(@Nullable Place under, Tag tag, Message message, boolean broadcast) {
        if (under == null) {
            return update(place(tag), tag, message);
        }
        if (tag.kind().equals(Messages.EVIDENCE)) {
            LOG.infof("%s%n  %s", tag.incident(), String.join(System.lineSeparator() + "  ", message.lines()));
        }
        return new Answer.Done(place(tag));
    }

    @Override
    public Answer update(Place place, Tag tag, Message message) {
        if (tag.kind().equals(Told.ROOT)) {
            LOG.info(String.join(" | ", message.lines()));
        }
        return new Answer.Done(place);
    }

    @Override
    public Answer delete(Place place) {
        return new Answer.Done(place);
    }

    @Override
    public Search find(@Nullable Place under, IncidentId incident, Instant since) {
        return new Search.Found(List.of());
    }

    private static Place place(Tag tag) {
        return new Place("log", tag.kind());
    }

    @Override
    public boolean keeps() {
        return false;
    }

    @Override
    public void close() {
        // nothing is open
    }
}
