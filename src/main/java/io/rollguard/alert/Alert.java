package io.rollguard.alert;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One alert of one delivery.
 *
 * @param cluster the cluster it is about: its label {@code cluster}, else the one that Rollguard watches
 * @param endsAt when it ended; null while it fires
 * @param receivedAt when Rollguard took it
 */
public record Alert(
        Fingerprint fingerprint,
        Status status,
        String cluster,
        Labels labels,
        Map<String, String> annotations,
        Instant startsAt,
        @Nullable Instant endsAt,
        String generatorUrl,
        Instant receivedAt) {

    public enum Status {
        FIRING("firing"),
        RESOLVED("resolved");

        private final String label;

        Status(String label) {
            this.label = label;
        }

        /** As Alertmanager writes it. */
        public String label() {
            return label;
        }
    }

    public Alert {
        annotations = Map.copyOf(annotations);
        if ((status == Status.RESOLVED) != (endsAt != null)) {
            throw new IllegalArgumentException("an alert has an end exactly when it is resolved");
        }
    }

    /** The same, delivered at another time. */
    public Alert heardAt(Instant time) {
        return new Alert(fingerprint, status, cluster, labels, annotations, startsAt, endsAt, generatorUrl, time);
    }

    public Episode episode() {
        return new Episode(fingerprint, startsAt);
    }

    public String name() {
        return labels.alertname();
    }

    /** Label values may be personal or long; a log line needs the identity only. */
    @Override
    public String toString() {
        return name() + "[" + fingerprint + " " + status.label() + " since " + startsAt + "]";
    }
}
