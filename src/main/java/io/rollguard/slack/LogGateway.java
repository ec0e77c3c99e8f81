package io.rollguard.slack;

import java.time.Instant;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Writes messages to the log where there is no Slack: the headline and why on each change, the evidence once. */
final class LogGateway implements Gateway {

    private static final Logger LOG = Logger.getLogger("io.rollguard.messages");
    private static final Place THE_LOG = new Place("log", "-");

    @Override
    public Answer post(@Nullable Place under, Tag tag, Message message, boolean broadcast) {
        if (under == null) {
            return update(THE_LOG, tag, message);
        }
        if (tag.kind().equals(Messages.EVIDENCE)) {
            LOG.infof("%s%n  %s", tag.incident(), String.join(System.lineSeparator() + "  ", message.lines()));
        }
        return new Answer.Done(THE_LOG);
    }

    @Override
    public Answer update(Place place, Tag tag, Message message) {
        if (tag.kind().equals(Conversation.ROOT)) {
            LOG.info(String.join(" | ", message.lines()));
        }
        return new Answer.Done(THE_LOG);
    }

    @Override
    public Search find(@Nullable Place under, Tag tag, Instant since) {
        return new Search.Nothing();
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
