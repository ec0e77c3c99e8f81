package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Objects as {@code kubectl get} shows them. */
final class Tables {

    /** What a client accepts that wants a table. */
    static final String ACCEPTED = "as=Table";

    private record Column(String name, String type, Function<JsonNode, String> cell) {}

    private static final Column NAME = text("Name", Metadata::name);
    private static final Column AGE = text("Age", object -> "");

    private Tables() {}

    static ObjectNode of(ResourceType type, List<? extends JsonNode> objects, long revision, Instant now) {
        ObjectNode table = Json.object().put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        Metadata.of(table).put("resourceVersion", Long.toString(revision));
        ArrayNode definitions = table.putArray("columnDefinitions");
        List<Column> columns = columns(type);
        for (Column column : columns) {
            definitions
                    .addObject()
                    .put("name", column.name())
                    .put("type", column.type())
                    .put("format", column == NAME ? "name" : "")
                    .put("description", "")
                    .put("priority", 0);
        }
        ArrayNode rows = table.putArray("rows");
        for (JsonNode object : objects) {
            ObjectNode row = rows.addObject();
            ArrayNode cells = row.putArray("cells");
            for (Column column : columns) {
                if (column == AGE) {
                    cells.add(age(Metadata.created(object), now));
                } else if (column.type().equals("integer")) {
                    cells.add(Long.parseLong(column.cell().apply(object)));
                } else {
                    cells.add(column.cell().apply(object));
                }
            }
            ObjectNode partial = row.putObject("object");
            partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
            partial.set("metadata", object.path("metadata"));
        }
        return table;
    }

    private static List<Column> columns(ResourceType type) {
        List<Column> columns = new ArrayList<>(List.of(NAME));
        columns.addAll(
                switch (type.plural()) {
                    case "pods" ->
                        List.of(
                                text("Ready", Tables::readyContainers),
                                text("Status", Tables::podStatus),
                                text("Restarts", Tables::restarts));
                    case "deployments" ->
                        List.of(
                                text(
                                        "Ready",
                                        set -> count(set, "status", "readyReplicas") + "/"
                                                + count(set, "spec", "replicas")),
                                number("Up-to-date", "status", "updatedReplicas"),
                                number("Available", "status", "availableReplicas"));
                    case "statefulsets" ->
                        List.of(text(
                                "Ready",
                                set -> count(set, "status", "readyReplicas") + "/" + count(set, "spec", "replicas")));
                    case "replicasets" ->
                        List.of(
                                number("Desired", "spec", "replicas"),
                                number("Current", "status", "replicas"),
                                number("Ready", "status", "readyReplicas"));
                    case "daemonsets" ->
                        List.of(
                                number("Desired", "status", "desiredNumberScheduled"),
                                number("Current", "status", "currentNumberScheduled"),
                                number("Ready", "status", "numberReady"),
                                number("Up-to-date", "status", "updatedNumberScheduled"),
                                number("Available", "status", "numberAvailable"));
                    case "rollouts" ->
                        List.of(
                                number("Desired", "spec", "replicas"),
                                number("Current", "status", "replicas"),
                                number("Up-to-date", "status", "updatedReplicas"),
                                number("Available", "status", "availableReplicas"));
                    case "nodes" -> List.of(text("Status", Tables::nodeStatus));
                    case "namespaces" -> List.of(text("Status", object -> Json.text(object, "status", "phase")));
                    case "services" ->
                        List.of(
                                text("Type", object -> Json.text(object, "spec", "type")),
                                text("Cluster-IP", object -> Json.text(object, "spec", "clusterIP")));
                    case "events" ->
                        List.of(
                                text("Type", event -> Json.text(event, "type")),
                                text("Reason", event -> Json.text(event, "reason")),
                                text("Message", event -> Json.text(event, "message")));
                    default -> List.of();
                });
        columns.add(AGE);
        return columns;
    }

    private static Column text(String name, Function<JsonNode, String> cell) {
        return new Column(name, "string", cell);
    }

    private static Column number(String name, String half, String field) {
        return new Column(name, "integer", object -> Long.toString(count(object, half, field)));
    }

    private static long count(JsonNode object, String half, String field) {
        return Json.number(object, 0, half, field);
    }

    private static String readyContainers(JsonNode pod) {
        int ready = 0;
        for (JsonNode container : Json.at(pod, "status", "containerStatuses")) {
            ready += container.path("ready").asBoolean() ? 1 : 0;
        }
        return ready + "/" + Json.at(pod, "spec", "containers").size();
    }

    private static String podStatus(JsonNode pod) {
        if (Metadata.deleting(pod)) {
            return "Terminating";
        }
        for (JsonNode container : Json.at(pod, "status", "containerStatuses")) {
            String waiting = Json.text(container, "state", "waiting", "reason");
            if (!waiting.isEmpty()) {
                return waiting;
            }
        }
        return Json.text(pod, "status", "phase");
    }

    private static String restarts(JsonNode pod) {
        long restarts = 0;
        for (JsonNode container : Json.at(pod, "status", "containerStatuses")) {
            restarts += Json.number(container, 0, "restartCount");
        }
        return Long.toString(restarts);
    }

    private static String nodeStatus(JsonNode node) {
        return Conditions.isTrue(node.path("status"), "Ready") ? "Ready" : "NotReady";
    }

    /** As kubectl rounds it: seconds up to two minutes, then minutes, hours, days. */
    static String age(Instant created, Instant now) {
        Duration age = Duration.between(created, now);
        if (age.isNegative()) {
            return "0s";
        }
        if (age.toSeconds() < 120) {
            return age.toSeconds() + "s";
        }
        if (age.toMinutes() < 10) {
            return age.toMinutes() + "m" + (age.toSecondsPart() > 0 ? age.toSecondsPart() + "s" : "");
        }
        if (age.toMinutes() < 180) {
            return age.toMinutes() + "m";
        }
        return age.toHours() < 48 ? age.toHours() + "h" : age.toDays() + "d";
    }
}
