package io.rollguard.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.alert.Alert;
import io.rollguard.alert.Alert.Status;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One alert: as Alertmanager and its relatives post it, and as the alert topic carries it. */
final class AlertJson {

    /** Go's zero time: an alert that has not ended. */
    private static final String NO_END = "0001-01-01T00:00:00Z";

    private static final Set<String> OURS = Set.of(
            "status",
            "labels",
            "annotations",
            "startsAt",
            "endsAt",
            "generatorURL",
            "fingerprint",
            "cluster",
            "receivedAt");

    private AlertJson() {}

    /**
     * Reads an element of {@code alerts}. Tolerated: nulls and absence of what is not needed, any offset and 0 to 9 digits of a
     * fraction, an end that is absent, null or of year 1, fields nobody knows.
     *
     * @param cluster ours: the alert's, unless its label {@code cluster} says another
     * @throws Unreadable which names the field
     */
    static ReceivedAlert received(Fields json, String cluster, Instant receivedAt) {
        var status = json.oneOf("status", Status.values(), Status::label);
        var labels = labels(json);
        var end = status == Status.RESOLVED ? set(json.optionalTime("endsAt")) : null;
        var endsAt = status == Status.FIRING ? null : end == null ? receivedAt : end;
        var alert = new Alert(
                fingerprint(json, labels),
                status,
                labels.get("cluster").orElse(cluster),
                labels,
                strings(json, "annotations"),
                startsAt(json),
                endsAt,
                url(json),
                receivedAt);
        var more = new LinkedHashMap<String, JsonNode>();
        json.node().properties().forEach(field -> {
            if (!OURS.contains(field.getKey())) {
                more.put(field.getKey(), field.getValue());
            }
        });
        return new ReceivedAlert(alert, end != null || endsAt == null, more);
    }

    static byte[] write(ReceivedAlert received) {
        return Json.write(json -> write(received, json));
    }

    private static void write(ReceivedAlert received, JsonGenerator json) throws IOException {
        var alert = received.alert();
        json.writeStartObject();
        json.writeStringField("status", alert.status().label());
        json.writeObjectFieldStart("labels");
        for (int at = 0; at < alert.labels().size(); at++) {
            json.writeStringField(alert.labels().name(at), alert.labels().value(at));
        }
        json.writeEndObject();
        json.writeObjectFieldStart("annotations");
        for (var annotation : sorted(alert.annotations())) {
            json.writeStringField(annotation.getKey(), annotation.getValue());
        }
        json.writeEndObject();
        json.writeStringField("startsAt", Times.text(alert.startsAt()));
        var end = alert.endsAt();
        json.writeStringField("endsAt", end == null ? NO_END : Times.text(end));
        json.writeStringField("generatorURL", alert.generatorUrl());
        json.writeStringField("fingerprint", alert.fingerprint().value());
        for (var more : sorted(received.more())) {
            json.writeFieldName(more.getKey());
            json.writeTree(more.getValue());
        }
        json.writeStringField("cluster", alert.cluster());
        json.writeStringField("receivedAt", Times.text(alert.receivedAt()));
        json.writeEndObject();
    }

    private static <T> List<Entry<String, T>> sorted(Map<String, T> texts) {
        var sorted = new ArrayList<>(texts.entrySet());
        sorted.sort(Entry.comparingByKey());
        return sorted;
    }

    /** Reads what {@link #write} wrote. */
    static Alert storedTree(byte[] value) throws IOException {
        var json = new Fields(Json.read(value), "");
        return received(json, json.text("cluster"), json.time("receivedAt")).alert();
    }

    private static Labels labels(Fields json) {
        var labels = Labels.of(strings(json, "labels"));
        if (labels.values().isEmpty()) {
            throw new Unreadable(json.path() + ".labels", "no label, so nobody can tell what it is about");
        }
        return labels;
    }

    /** An object of texts; null values count as absent, numbers and booleans as their text. */
    private static Map<String, String> strings(Fields json, String name) {
        var strings = new TreeMap<String, String>();
        if (json.has(name)) {
            var object = json.object(name);
            object.node().properties().forEach(entry -> {
                var value = entry.getValue();
                if (value.isContainerNode()) {
                    throw new Unreadable(object.path(), "a value that is not a string");
                }
                if (!value.isNull()) {
                    strings.put(entry.getKey(), value.asText());
                }
            });
        }
        return strings;
    }

    /** The sender's, where it has the right form: Grafana takes labels away after computing it. */
    private static Fingerprint fingerprint(Fields json, Labels labels) {
        var given = json.node().path("fingerprint").asText("");
        return Fingerprint.isValid(given) ? new Fingerprint(given) : Fingerprint.of(labels);
    }

    private static Instant startsAt(Fields json) {
        var startsAt = set(json.optionalTime("startsAt"));
        if (startsAt == null) {
            throw new Unreadable(json.path() + ".startsAt", "missing");
        }
        return startsAt;
    }

    private static String url(Fields json) {
        var url = json.node().path("generatorURL");
        return url.isTextual() ? url.textValue() : "";
    }

    /** Null for Go's zero time and what else can't be a time of ours. */
    private static @Nullable Instant set(@Nullable Instant time) {
        if (time == null) {
            return null;
        }
        int year = time.atOffset(ZoneOffset.UTC).getYear();
        return year < 1970 || year > 9999 ? null : time;
    }
}
