package io.rollguard.alert;

import java.time.Instant;
import java.util.Map;
import java.util.Map.Entry;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
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

    /** The same with other labels. */
    public Alert labelled(Labels other) {
        return new Alert(fingerprint, status, cluster, other, annotations, startsAt, endsAt, generatorUrl, receivedAt);
    }

    /** The same with each of its texts put through this, which gives back an equal one. Names are few. */
    Alert share(UnaryOperator<String> one) {
        @SuppressWarnings({"unchecked", "rawtypes"})
        Entry<String, String>[] shared = new Entry[annotations.size()];
        int at = 0;
        for (var annotation : annotations.entrySet()) {
            shared[at++] = Map.entry(annotation.getKey(), one.apply(annotation.getValue()));
        }
        return new Alert(
                fingerprint,
                status,
                one.apply(cluster),
                labels.share(one),
                Map.ofEntries(shared),
                startsAt,
                endsAt,
                one.apply(generatorUrl),
                receivedAt);
    }

    void forEachText(Consumer<String> each) {
        each.accept(cluster);
        for (int at = 0; at < labels.size(); at++) {
            each.accept(labels.value(at));
        }
        annotations.values().forEach(each);
        each.accept(generatorUrl);
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
