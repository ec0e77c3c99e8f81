package io.rollguard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertTable;
import io.rollguard.release.ClusterObjects;
import io.rollguard.wire.KubernetesObjects;
import io.rollguard.wire.ReceivedAlert;
import io.rollguard.wire.Reduced;
import io.rollguard.wire.WebhookBody;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What was true at one time, from files: the objects of a cluster and the alerts about it.
 *
 * @param at the time given, else the latest that stands in the files
 * @param skipped objects that could not be understood
 */
record Picture(ClusterObjects objects, AlertTable alerts, Instant at, List<Reduced.Unreadable> skipped) {

    private static final String DEFAULT_CLUSTER = "default";

    /** Fields that hold a time which has passed; deletionTimestamp, for one, lies ahead. */
    private static final Pattern TIME_FIELD = Pattern.compile("time|creationTimestamp|[a-z]+[A-Za-z]*(Time|At)");

    static Picture read(
            Inputs inputs, String clusterFile, List<String> alertFiles, Settings settings, @Nullable Instant at)
            throws UnreadableInput {
        var documents = inputs.documents(clusterFile);
        if (documents.stream().noneMatch(each -> each.hasNonNull("kind"))) {
            throw new UnreadableInput(Inputs.name(clusterFile)
                    + ": kind: missing, so these are no Kubernetes objects; give what kubectl get ... -o yaml prints");
        }
        var received = new ArrayList<ReceivedAlert>();
        for (var file : alertFiles) {
            received.addAll(alerts(inputs, file));
        }
        var cluster = settings.cluster().orElseGet(() -> cluster(received));
        var judgedAt = at != null ? at : latest(documents, received);
        var table = new AlertTable(Math.max(1, received.size()));
        received.forEach(each -> table.apply(heard(each, cluster, judgedAt)));
        var read = KubernetesObjects.read(cluster, documents.toArray(JsonNode[]::new));
        return new Picture(read.objects(), table, judgedAt, read.skipped());
    }

    private static List<ReceivedAlert> alerts(Inputs inputs, String file) throws UnreadableInput {
        var alerts = new ArrayList<ReceivedAlert>();
        var bodies = inputs.jsonValues(file);
        for (int i = 0; i < bodies.size(); i++) {
            var where = Inputs.name(file) + ": " + (bodies.size() > 1 ? "[" + i + "]." : "");
            var bytes = bodies.get(i).toString().getBytes(StandardCharsets.UTF_8);
            switch (WebhookBody.read(bytes, DEFAULT_CLUSTER, Instant.EPOCH)) {
                case WebhookBody.Result.NotJson(var detail) -> throw new UnreadableInput(where + detail);
                case WebhookBody.Result.WrongShape(var field, var detail) ->
                    throw new UnreadableInput(where + field + ": " + detail
                            + ", so this is no webhook body; give what Alertmanager posts");
                case WebhookBody.Result.Delivery(var read, var unreadable, var truncated) -> {
                    if (!unreadable.isEmpty()) {
                        throw new UnreadableInput(where + unreadable.getFirst());
                    }
                    alerts.addAll(read);
                }
            }
        }
        return alerts;
    }

    /** The cluster that all alerts name. */
    private static String cluster(List<ReceivedAlert> received) {
        var named = received.stream()
                .map(each -> each.alert().labels().get("cluster").orElse(""))
                .distinct()
                .toList();
        return named.size() == 1 && !named.getFirst().isEmpty() ? named.getFirst() : DEFAULT_CLUSTER;
    }

    /** As if each alert had been delivered the moment it began or ended. */
    private static Alert heard(ReceivedAlert received, String cluster, Instant at) {
        var alert = received.alert();
        var end = alert.endsAt();
        if (end != null && !received.endKnown()) {
            end = at.isAfter(alert.startsAt()) ? at : alert.startsAt();
        }
        return new Alert(
                alert.fingerprint(),
                alert.status(),
                alert.labels().get("cluster").orElse(cluster),
                alert.labels(),
                alert.annotations(),
                alert.startsAt(),
                end,
                alert.generatorUrl(),
                end == null ? alert.startsAt() : end);
    }

    private static Instant latest(List<JsonNode> documents, List<ReceivedAlert> received) {
        var ofAlerts = received.stream().flatMap(each -> {
            var alert = each.alert();
            return each.endKnown()
                    ? Stream.of(alert.startsAt(), alert.endsAt()).filter(Objects::nonNull)
                    : Stream.of(alert.startsAt());
        });
        var ofObjects = documents.stream().flatMap(Picture::times);
        return Stream.concat(ofAlerts, ofObjects).max(Instant::compareTo).orElse(Instant.EPOCH);
    }

    private static Stream<Instant> times(JsonNode node) {
        if (node.isArray()) {
            return node.valueStream().flatMap(Picture::times);
        }
        return node.propertyStream()
                .filter(field ->
                        !field.getKey().equals("annotations") && !field.getKey().equals("labels"))
                .flatMap(field -> field.getValue().isTextual() ? time(field).stream() : times(field.getValue()));
    }

    private static Optional<Instant> time(Map.Entry<String, JsonNode> field) {
        if (!TIME_FIELD.matcher(field.getKey()).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.parse(field.getValue().textValue()));
        } catch (java.time.DateTimeException notOne) {
            return Optional.empty();
        }
    }
}
