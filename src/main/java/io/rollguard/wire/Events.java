package io.rollguard.wire;

import io.rollguard.incident.Uuid5;
import io.rollguard.reactor.ReleaseEvents;
import io.rollguard.release.Release;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Alerts, releases and dead letters as records; the incident log is {@link IncidentEvents}. */
public final class Events {

    /** What an alert may take up as a record: Kafka's default limit, less room for what a batch adds. */
    public static final int MAX_RECORD_BYTES = 1_000_000;

    /** A dead letter's value is cut to this. */
    public static final int MAX_DEAD_LETTER_BYTES = 64 * 1024;

    private static final String ALERT_PREFIX = "io.rollguard.alert.";

    private Events() {}

    // --- alerts

    /** An alert's record; empty where it holds text that can't be written, such as half a character. */
    public static Optional<EventRecord> alert(String install, ReceivedAlert received) {
        var alert = received.alert();
        try {
            var key = alert.cluster() + "/" + alert.fingerprint();
            var headers = CloudEvent.headers(
                    received.id(),
                    ALERT_PREFIX + alert.status().label() + ".v1",
                    webhook(install),
                    key,
                    alert.receivedAt(),
                    null,
                    CloudEvent.JSON);
            return Optional.of(new EventRecord(Topic.ALERT, key, headers, AlertJson.write(received)));
        } catch (Unreadable e) {
            return Optional.empty();
        }
    }

    static boolean isAlert(@Nullable String type) {
        return type != null && type.startsWith(ALERT_PREFIX);
    }

    // --- releases

    /** @param at when it happened; part of the event's identity, so that every instance that sees it names it alike */
    public static EventRecord release(ReleaseEvents.Step step, Release release, Instant at) {
        var workload = release.workload();
        var id = Uuid5.of(
                "release",
                workload.cluster(),
                release.uid(),
                release.revision().value(),
                release.startedAt().toString(),
                step.label(),
                at.toString());
        var headers = CloudEvent.headers(
                id,
                "io.rollguard.release." + step.label() + ".v1",
                CloudEvent.source(workload.cluster(), "releases"),
                workload.toString(),
                at,
                null,
                CloudEvent.JSON);
        var json = ReleaseJson.release(release).put("at", at.toString());
        return new EventRecord(Topic.RELEASE, workload.toString(), headers, Json.write(json));
    }

    // --- dead letters

    /** Why something became a dead letter: the metric's tag and the header {@code ce_reason}. */
    public enum DeadLetterReason {
        NOT_JSON("not-json"),
        WRONG_SHAPE("wrong-shape"),
        UNREADABLE_ALERT("unreadable-alert"),
        TOO_LARGE("too-large");

        private final String code;

        DeadLetterReason(String code) {
            this.code = code;
        }

        public String code() {
            return code;
        }
    }

    /**
     * What could not be read, raw.
     *
     * @param install the cluster of this install
     * @param detail which field, and what is wrong with it; header {@code ce_detail}
     * @param contentType of the raw bytes
     */
    public static EventRecord deadLetter(
            String install,
            DeadLetterReason reason,
            String detail,
            byte[] raw,
            String contentType,
            Instant receivedAt) {
        boolean cut = raw.length > MAX_DEAD_LETTER_BYTES;
        var value = cut ? Arrays.copyOf(raw, MAX_DEAD_LETTER_BYTES) : raw;
        var source = webhook(install);
        var headers = CloudEvent.headers(
                Uuid5.of("dead-letter", install, reason.code(), detail, Digest.sha256(raw)),
                EventType.DEAD_LETTER.name(),
                source,
                source,
                receivedAt,
                null,
                contentType);
        headers.put("ce_reason", reason.code());
        headers.put("ce_detail", detail);
        headers.put("ce_truncated", String.valueOf(cut));
        return new EventRecord(Topic.DEAD_LETTER, source, headers, value);
    }

    private static String webhook(String install) {
        return CloudEvent.source(install, "webhook");
    }
}
