package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;

/**
 * Writes the Events of controllers, one for all repetitions of the same. Keeps the last 2,000, where a cluster keeps those
 * of an hour.
 */
final class EventRecorder {

    private static final int MOST = 2_000;

    private final Registry registry;

    private record Same(String uid, String by, String type, String reason, String message) {}

    private final LinkedHashMap<Same, ObjectKey> written = new LinkedHashMap<>();
    private long count;

    EventRecorder(Registry registry) {
        this.registry = registry;
    }

    void normal(ObjectNode about, Writer by, String reason, String message) {
        write(about, by, "Normal", reason, message);
    }

    void warning(ObjectNode about, Writer by, String reason, String message) {
        write(about, by, "Warning", reason, message);
    }

    private synchronized void write(ObjectNode about, Writer by, String type, String reason, String message) {
        Same same = new Same(Metadata.uid(about), by.name(), type, reason, message);
        ObjectKey before = written.get(same);
        if (before != null && registry.store().find(before).isPresent()) {
            registry.modify(before, "", by, event -> {
                event.set("count", Json.number(Json.number(event, 1, "count") + 1));
                event.put("lastTimestamp", registry.now());
            });
            return;
        }
        String namespace = Metadata.namespace(about).isEmpty() ? "default" : Metadata.namespace(about);
        ObjectNode event = Json.object();
        Metadata.of(event).put("name", Metadata.name(about) + "." + Long.toHexString(0x18b0000000000000L + count++));
        ObjectNode involved = event.putObject("involvedObject");
        for (String field : new String[] {"apiVersion", "kind"}) {
            involved.set(field, about.path(field));
        }
        for (String field : new String[] {"name", "namespace", "resourceVersion", "uid"}) {
            JsonNode value = Json.at(about, "metadata", field);
            if (!value.isMissingNode()) {
                involved.set(field, value);
            }
        }
        String now = registry.now();
        event.put("type", type).put("reason", reason).put("message", message);
        event.put("count", 1).put("firstTimestamp", now).put("lastTimestamp", now);
        event.putNull("eventTime");
        event.putObject("source").put("component", by.name());
        event.put("reportingComponent", by.name()).put("reportingInstance", "");
        try {
            ObjectNode stored = registry.create(Catalog.EVENTS, namespace, event, by, false);
            written.put(same, ObjectKey.of(Catalog.EVENTS, stored));
        } catch (ApiFailure namespaceIsGoing) {
            return;
        }
        if (written.size() > MOST) {
            registry.store().remove(written.pollFirstEntry().getValue());
        }
    }
}
