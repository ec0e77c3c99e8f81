package io.rollguard.wire;

import io.rollguard.alert.Alert;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of the alert topic, one after another. Most of them say what the one before of their alert said, at another
 * time: those cost a comparison, and share its texts. Not safe for many threads.
 */
public final class StoredAlerts {

    /** Of the values that are kept for comparison. */
    private static final long MAX_BYTES = 8L * 1024 * 1024;

    private static final byte[] RECEIVED_AT = "\"receivedAt\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final int END = "\"}".length();

    /** By key, the last used one last. */
    private final LinkedHashMap<ByteBuffer, Read> known = new LinkedHashMap<>(16, 0.75f, true);

    private long bytes;

    /** @param time where in the value the text of {@code receivedAt} begins; it is the last field */
    private record Read(byte[] value, int time, Alert alert) {}

    /** Empty where it is no alert. */
    public Optional<Alert> read(@Nullable String type, byte @Nullable [] key, byte @Nullable [] value) {
        if (!Events.isAlert(type) || value == null) {
            return Optional.empty();
        }
        if (key == null) {
            return Events.readAlert(type, value);
        }
        var name = ByteBuffer.wrap(key);
        var before = known.get(name);
        var repeated = before == null ? null : repeated(before, value);
        if (repeated != null) {
            return Optional.of(repeated);
        }
        var usual = AlertStream.stored(value);
        usual.ifPresent(alert -> remember(name, value, alert));
        return usual.isPresent() ? usual : tree(value);
    }

    private static Optional<Alert> tree(byte[] value) {
        try {
            return Optional.of(AlertJson.storedTree(value));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static @Nullable Alert repeated(Read before, byte[] value) {
        int time = before.time();
        if (value.length < time + END
                || !Arrays.equals(before.value(), 0, time, value, 0, time)
                || value[value.length - 2] != '"'
                || value[value.length - 1] != '}') {
            return null;
        }
        var receivedAt = Times.orNull(new String(value, time, value.length - END - time, StandardCharsets.ISO_8859_1));
        return receivedAt == null ? null : before.alert().heardAt(receivedAt);
    }

    private void remember(ByteBuffer name, byte[] value, Alert alert) {
        int time = value.length - END - Times.text(alert.receivedAt()).length();
        int field = time - RECEIVED_AT.length;
        if (field < 0 || !Arrays.equals(value, field, time, RECEIVED_AT, 0, RECEIVED_AT.length)) {
            return; // written by somebody else
        }
        var replaced = known.put(name, new Read(value, time, alert));
        bytes += value.length - (replaced == null ? 0 : replaced.value().length);
        while (bytes > MAX_BYTES) {
            bytes -= known.pollFirstEntry().getValue().value().length;
        }
    }
}
