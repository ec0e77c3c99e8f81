package io.rollguard.slack;

import java.time.Instant;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Whether people are told, for health and the log. A trouble is said once, and again only when it becomes another. */
final class SlackState {

    private static final Logger LOG = Logger.getLogger(Notifier.class);

    /**
     * @param trouble why messages do not get through; null while they do
     * @param since when that began
     */
    record Now(@Nullable String trouble, @Nullable Instant since) {}

    private static final Now FINE = new Now(null, null);

    private Now now = FINE;

    synchronized Now now() {
        return now;
    }

    synchronized void works() {
        if (now.trouble() != null) {
            LOG.infof("people are told again (before: %s)", now.trouble());
            now = FINE;
        }
    }

    synchronized void fails(String trouble, Instant at) {
        if (!trouble.equals(now.trouble())) {
            now = new Now(trouble, now.since() == null ? at : now.since());
            LOG.warnf("people are not told: %s. It is tried again; rollbacks go on", trouble);
        }
    }
}
