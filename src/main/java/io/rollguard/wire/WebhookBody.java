package io.rollguard.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads what Alertmanager posts (webhook version 4), and what Grafana, Mimir and their relatives post in its stead. Never
 * throws; one alert that can't be read costs only itself.
 */
public final class WebhookBody {

    /** A longer body is refused before it is read. 200 small alerts are a hundredth of this. */
    public static final int MAX_BYTES = 10 * 1024 * 1024;

    private WebhookBody() {}

    /** What a body turned out to be. */
    public sealed interface Result {

        /**
         * A delivery.
         *
         * @param truncated alerts that the sender left out of it ({@code max_alerts}): it tells less than the whole truth
         */
        record Delivery(List<ReceivedAlert> alerts, List<UnreadableAlert> unreadable, long truncated)
                implements Result {
            public Delivery {
                alerts = List.copyOf(alerts);
                unreadable = List.copyOf(unreadable);
            }
        }

        /** Not JSON at all. */
        record NotJson(String detail) implements Result {}

        /** JSON, but no delivery of alerts. */
        record WrongShape(String field, String detail) implements Result {}
    }

    /** One alert that can't be read: where, why, and the bytes it stood in. */
    public record UnreadableAlert(String field, String detail, Raw raw) {
        @Override
        public String toString() {
            return field + ": " + detail;
        }
    }

    /**
     * A part of the body.
     *
     * @param to exclusive
     */
    public record Raw(int from, int to) {
        public byte[] of(byte[] body) {
            return Arrays.copyOfRange(body, from, to);
        }
    }

    /** @param cluster ours: what an alert without a label {@code cluster} is about */
    public static Result read(byte[] body, String cluster, Instant receivedAt) {
        var usual = AlertStream.delivery(body, cluster, receivedAt);
        return usual.isPresent() ? usual.get() : readTree(body, cluster, receivedAt);
    }

    /** Reads any body, and says what is wrong with it. */
    static Result readTree(byte[] body, String cluster, Instant receivedAt) {
        JsonNode root;
        try {
            root = Json.read(body);
        } catch (StreamConstraintsException e) {
            return new Result.WrongShape("body", "nested too deep, or a name or number too long");
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            return new Result.NotJson(
                    at == null ? "not JSON" : "not JSON at line " + at.getLineNr() + ", column " + at.getColumnNr());
        } catch (IOException e) {
            return new Result.NotJson("not JSON");
        }
        if (root.isMissingNode()) {
            return new Result.NotJson("empty");
        }
        if (!root.isObject()) {
            return new Result.WrongShape("body", "not an object");
        }
        var alerts = root.path("alerts");
        if (!alerts.isArray() && !alerts.isNull()) {
            return new Result.WrongShape("alerts", alerts.isMissingNode() ? "missing" : "not a list");
        }
        return delivery(body, root, alerts, cluster, receivedAt);
    }

    private static Result delivery(byte[] body, JsonNode root, JsonNode alerts, String cluster, Instant receivedAt) {
        var read = new ArrayList<ReceivedAlert>(alerts.size());
        var problems = new HashMap<Integer, Unreadable>();
        for (int i = 0; i < alerts.size(); i++) {
            try {
                var alert = new Fields(alerts.get(i), "alerts[" + i + "]");
                requireUnicode(alert.node(), alert.path());
                read.add(AlertJson.received(alert, cluster, receivedAt));
            } catch (Unreadable e) {
                problems.put(i, e);
            }
        }
        return new Result.Delivery(
                read,
                unreadable(body, problems),
                Math.max(0, root.path("truncatedAlerts").asLong(0)));
    }

    /** An escape may name half a character, which no UTF-8 can carry on. */
    private static void requireUnicode(JsonNode node, String path) {
        if (node.isTextual()) {
            requireUnicode(node.textValue(), path);
        }
        node.properties().forEach(field -> {
            requireUnicode(field.getKey(), path);
            requireUnicode(field.getValue(), path);
        });
        if (node.isArray()) {
            node.forEach(element -> requireUnicode(element, path));
        }
    }

    private static void requireUnicode(String text, String path) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (i + 1 == text.length() || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
                    throw new Unreadable(path, "half a character");
                }
                i++;
            }
        }
    }

    private static List<UnreadableAlert> unreadable(byte[] body, Map<Integer, Unreadable> problems) {
        if (problems.isEmpty()) {
            return List.of();
        }
        var parts = parts(body);
        return problems.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(each -> new UnreadableAlert(
                        each.getValue().field(),
                        each.getValue().problem(),
                        each.getKey() < parts.size() ? parts.get(each.getKey()) : new Raw(0, body.length)))
                .toList();
    }

    /** Where in the body each alert stands. Only called when somebody wants to see one of them raw. */
    private static List<Raw> parts(byte[] body) {
        var parts = new ArrayList<Raw>();
        try (var parser = Json.factory().createParser(body)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean alerts = parser.currentName().equals("alerts");
                var token = parser.nextToken();
                if (!alerts || token != JsonToken.START_ARRAY) {
                    parser.skipChildren();
                    continue;
                }
                parts.clear(); // of two fields of the same name the last counts
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    long from = parser.currentTokenLocation().getByteOffset();
                    parser.skipChildren();
                    parser.finishToken();
                    long to = parser.currentLocation().getByteOffset();
                    if (from < 0 || to < from || to > body.length) {
                        return List.of(); // not UTF-8, so there are no such offsets
                    }
                    parts.add(new Raw((int) from, (int) to));
                }
            }
            return parts;
        } catch (IOException e) {
            return List.of();
        }
    }
}
