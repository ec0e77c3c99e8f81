package io.rollguard.sandbox.stage;

import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Bodies as Alertmanager posts them (webhook version 4), one group of alerts each. */
public final class Webhook {

    /** One alert; {@code endsAt} null while it fires. */
    public record Alert(
            Map<String, String> labels,
            Map<String, String> annotations,
            Instant startsAt,
            @Nullable Instant endsAt,
            String generatorUrl) {

        public Alert(
                Map<String, String> labels,
                Map<String, String> annotations,
                Instant startsAt,
                @Nullable Instant endsAt) {
            this(labels, annotations, startsAt, endsAt, "");
        }

        /** A firing alert whose rule has no {@code for}, so that its onset is known. */
        public static Alert firing(String name, Map<String, String> labels, Instant startsAt) {
            var all = new LinkedHashMap<String, String>();
            all.put("alertname", name);
            all.putAll(labels);
            all.putIfAbsent("severity", "critical");
            var annotations = Map.of("summary", name + " fires", "rollguard_for", "0s");
            return new Alert(all, annotations, startsAt, null);
        }

        public Alert resolved(Instant at) {
            return new Alert(labels, annotations, startsAt, at, generatorUrl);
        }

        public String fingerprint() {
            return Fingerprint.of(Labels.of(labels)).value();
        }
    }

    private Webhook() {}

    public static String body(Alert... alerts) {
        return body(List.of(alerts));
    }

    public static String body(List<Alert> alerts) {
        boolean firing = alerts.stream().anyMatch(alert -> alert.endsAt() == null);
        var fields = new ArrayList<String>();
        fields.add("\"receiver\":\"react\"");
        fields.add("\"status\":\"" + (firing ? "firing" : "resolved") + "\"");
        fields.add(alerts.stream().map(Webhook::alert).collect(Collectors.joining(",", "\"alerts\":[", "]")));
        fields.add("\"groupLabels\":{},\"commonLabels\":{},\"commonAnnotations\":{}");
        fields.add("\"externalURL\":\"http://alertmanager.example:9093\",\"version\":\"4\"");
        fields.add("\"groupKey\":\"{}:{}\",\"truncatedAlerts\":0");
        return "{" + String.join(",", fields) + "}\n";
    }

    private static String alert(Alert alert) {
        return "{\"status\":\"%s\",\"labels\":%s,\"annotations\":%s,\"startsAt\":\"%s\",\"endsAt\":\"%s\",\"generatorURL\":%s,\"fingerprint\":\"%s\"}"
                .formatted(
                        alert.endsAt() == null ? "firing" : "resolved",
                        object(alert.labels()),
                        object(alert.annotations()),
                        alert.startsAt(),
                        alert.endsAt() == null
                                ? "0001-01-01T00:00:00Z"
                                : alert.endsAt().toString(),
                        quoted(alert.generatorUrl()),
                        alert.fingerprint());
    }

    /** By name, as Go writes maps. */
    private static String object(Map<String, String> values) {
        return new TreeMap<>(values).entrySet().stream().map(Webhook::entry).collect(Collectors.joining(",", "{", "}"));
    }

    private static String entry(Entry<String, String> entry) {
        return quoted(entry.getKey()) + ":" + quoted(entry.getValue());
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
