package io.rollguard.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonToken;
import io.rollguard.alert.Alert;
import io.rollguard.alert.Alert.Status;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.wire.WebhookBody.Result.Delivery;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Alerts as Alertmanager posts them and as we write them, read in one pass. Whatever is not exactly so, wrong or merely rare, is left
 * to {@link WebhookBody} and {@link AlertJson}, which read a tree and can say what is wrong; what is read here is what they would
 * read.
 */
final class AlertStream {

    private final JsonParser parser;

    /** Where an alert stands. */
    private enum Form {
        POSTED,
        STORED
    }

    /** Not an error: somebody else reads it. */
    private static final class Unusual extends IOException {
        private static final long serialVersionUID = 1;

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }

    private AlertStream(JsonParser parser) {
        this.parser = parser;
    }

    /** A body in which every alert is of the usual form; empty where one is not, or the body is not. */
    static Optional<Delivery> delivery(byte[] body, String cluster, Instant receivedAt) {
        try (var parser = Json.factory().createParser(body)) {
            return Optional.of(new AlertStream(parser).delivery(cluster, receivedAt));
        } catch (IOException | DateTimeException e) {
            return Optional.empty();
        }
    }

    /** The value of an alert's record; empty where it is not of the usual form. */
    static Optional<Alert> stored(byte[] value) {
        try (var parser = Json.factory().createParser(value)) {
            var stream = new AlertStream(parser);
            require(parser.nextToken() == JsonToken.START_OBJECT);
            var alert = stream.alert(Form.STORED, "", Instant.EPOCH);
            require(parser.nextToken() == null);
            return Optional.of(alert);
        } catch (IOException | DateTimeException e) {
            return Optional.empty();
        }
    }

    private Delivery delivery(String cluster, Instant receivedAt) throws IOException {
        List<ReceivedAlert> alerts = null;
        int truncated = -1;
        require(parser.nextToken() == JsonToken.START_OBJECT);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            switch (parser.currentName()) {
                case "alerts" -> {
                    require(alerts == null);
                    alerts = alerts(cluster, receivedAt);
                }
                case "truncatedAlerts" -> {
                    require(truncated < 0
                            && parser.nextToken() == JsonToken.VALUE_NUMBER_INT
                            && parser.getNumberType() == NumberType.INT);
                    truncated = Math.max(0, parser.getIntValue());
                }
                default -> passOver();
            }
        }
        require(parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null);
        if (alerts == null) {
            throw new Unusual();
        }
        return new Delivery(alerts, List.of(), Math.max(0, truncated));
    }

    private List<ReceivedAlert> alerts(String cluster, Instant receivedAt) throws IOException {
        require(parser.nextToken() == JsonToken.START_ARRAY);
        var alerts = new ArrayList<ReceivedAlert>();
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            alerts.add(new ReceivedAlert(alert(Form.POSTED, cluster, receivedAt), true, Map.of()));
        }
        require(parser.currentToken() == JsonToken.END_ARRAY);
        return alerts;
    }

    /** The parser stands at its brace, and afterwards at the other. */
    private Alert alert(Form form, String ours, Instant now) throws IOException {
        Status status = null;
        Labels labels = null;
        Map<String, String> annotations = null;
        String startsAt = null;
        String endsAt = null;
        String url = null;
        String fingerprint = null;
        String cluster = form == Form.POSTED ? ours : null;
        Instant receivedAt = form == Form.POSTED ? now : null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            switch (parser.currentName()) {
                case "status" -> status = first(status, status());
                case "labels" -> labels = first(labels, Labels.sorted(texts(form)));
                case "annotations" -> annotations = first(annotations, annotations(form));
                case "startsAt" -> startsAt = first(startsAt, text(form));
                case "endsAt" -> endsAt = first(endsAt, text(form));
                case "generatorURL" -> url = first(url, text(form));
                case "fingerprint" -> fingerprint = first(fingerprint, text(form));
                case "cluster" -> cluster = first(cluster, text(form)); // set already where it is not ours to read
                case "receivedAt" -> receivedAt = first(receivedAt, Times.utc(text(form)));
                default -> {
                    require(form == Form.STORED); // what was posted is kept
                    passOver();
                }
            }
        }
        require(parser.currentToken() == JsonToken.END_OBJECT);
        if (status == null
                || labels == null
                || labels.isEmpty()
                || startsAt == null
                || fingerprint == null
                || !Fingerprint.isValid(fingerprint)
                || cluster == null
                || receivedAt == null) {
            throw new Unusual();
        }
        return new Alert(
                new Fingerprint(fingerprint),
                status,
                labels.get("cluster").orElse(cluster),
                labels,
                annotations == null ? Map.of() : annotations,
                time(startsAt),
                status == Status.RESOLVED ? time(endsAt) : null,
                url == null ? "" : url,
                receivedAt);
    }

    private static <T> T first(@Nullable T known, @Nullable T now) throws Unusual {
        if (known != null || now == null) {
            throw new Unusual();
        }
        return now;
    }

    private Status status() throws IOException {
        require(parser.nextToken() == JsonToken.VALUE_STRING);
        return switch (parser.getText()) {
            case "firing" -> Status.FIRING;
            case "resolved" -> Status.RESOLVED;
            default -> throw new Unusual();
        };
    }

    /** Of a year that {@link AlertJson} takes for a time. */
    private static Instant time(@Nullable String text) throws Unusual {
        var time = text == null ? null : Times.utc(text);
        if (time == null || time.getEpochSecond() < 0) {
            throw new Unusual();
        }
        return time;
    }

    private Map<String, String> annotations(Form form) throws IOException {
        var texts = texts(form);
        @SuppressWarnings({"unchecked", "rawtypes"})
        Entry<String, String>[] entries = new Entry[texts.size() / 2];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = Map.entry(texts.get(2 * i), texts.get(2 * i + 1));
        }
        return Map.ofEntries(entries);
    }

    /** An object of texts: names and values by turns, the names ascending, so none comes twice; no value is empty. */
    private List<String> texts(Form form) throws IOException {
        require(parser.nextToken() == JsonToken.START_OBJECT);
        var texts = new ArrayList<String>(24);
        String before = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            var name = whole(form, parser.currentName());
            require(before == null || before.compareTo(name) < 0);
            before = name;
            texts.add(name);
            var value = text(form);
            require(!value.isEmpty());
            texts.add(value);
        }
        require(parser.currentToken() == JsonToken.END_OBJECT);
        return texts;
    }

    private String text(Form form) throws IOException {
        require(parser.nextToken() == JsonToken.VALUE_STRING);
        return whole(form, parser.getText());
    }

    /** What is posted may hold half a character, which no UTF-8 can carry on. */
    private static String whole(Form form, String text) throws Unusual {
        for (int i = 0; form == Form.POSTED && i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                require(i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1)));
                i++;
            }
        }
        return text;
    }

    /** A value that nobody needs. A number may be one that no tree can hold, so it is not for here to pass over. */
    private void passOver() throws IOException {
        int depth = 0;
        do {
            var token = parser.nextToken();
            require(token != null && !token.isNumeric());
            depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        } while (depth > 0);
    }

    private static void require(boolean usual) throws Unusual {
        if (!usual) {
            throw new Unusual();
        }
    }
}
