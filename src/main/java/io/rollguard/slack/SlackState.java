package io.rollguard.slack;

import io.rollguard.incident.IncidentId;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
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

    /** Incidents one of whose messages Slack does not accept, and why. */
    private final Map<IncidentId, Now> refused = new LinkedHashMap<>();

    synchronized Now now() {
        if (now.trouble() != null || refused.isEmpty()) {
            return now;
        }
        var first = refused.values().iterator().next();
        return new Now(
                "Slack does not accept a message about %d incident(s): %s".formatted(refused.size(), first.trouble()),
                first.since());
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

    /** Nobody waits to be told anything, so what the trouble is now is not known. */
    synchronized void nothingLeft() {
        if (now.trouble() != null) {
            LOG.infof("nothing is left to tell (before: %s)", now.trouble());
            now = FINE;
        }
    }

    synchronized void refuses(IncidentId incident, String error, Instant at) {
        var before = refused.get(incident);
        if (before == null || !error.equals(before.trouble())) {
            refused.put(incident, new Now(error, before == null ? at : before.since()));
            LOG.warnf("Slack does not accept a message about incident %s: %s. It is tried again", incident, error);
        }
    }

    synchronized void accepts(IncidentId incident) {
        if (refused.remove(incident) != null) {
            LOG.infof("Slack accepts the message about incident %s now", incident);
        }
    }

    synchronized void forget(IncidentId incident) {
        refused.remove(incident);
    }
}
