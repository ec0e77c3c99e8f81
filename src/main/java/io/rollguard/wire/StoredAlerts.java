package io.rollguard.wire;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Fingerprint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Folds the records of the alert topic into the table, one after another. Most of them say what the one before of their alert
 * said, at another time: those are not parsed, and share its texts. Safe for many threads.
 */
public final class StoredAlerts {

    private static final byte[] RECEIVED_AT = "\"receivedAt\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = {'"', '}'};
    private static final int FINGERPRINT = 16;

    private final String cluster;
    private final AlertTable table;

    /** What a record turned out to be. */
    public sealed interface Read {

        /** Of this cluster; {@code history} is what is now known of its alert. */
        record Heard(AlertHistory history) implements Read {}

        /** About another cluster, so the table does not know of it. */
        record Elsewhere() implements Read {}

        record NoAlert() implements Read {}
    }

    /**
     * @param likeness a check sum of all that stands before the time: 64 bits of two kinds of CRC, which two texts of one alert
     *     share by chance only, and a sender who contrives that deceives nobody but with his own alert
     */
    private record Repeatable(Fingerprint fingerprint, long likeness, Instant receivedAt) {}

    /** @param cluster whose alerts the table holds */
    public StoredAlerts(String cluster, AlertTable table) {
        this.cluster = cluster;
        this.table = table;
    }

    /** @param type the header {@code ce_type}; null where there is none */
    public Read read(@Nullable String type, byte @Nullable [] key, byte @Nullable [] value) {
        if (!Events.isAlert(type) || value == null) {
            return new Read.NoAlert();
        }
        var repeatable = key == null ? null : repeatable(key, value);
        if (repeatable != null) {
            var again = table.again(repeatable.fingerprint(), repeatable.likeness(), repeatable.receivedAt());
            if (again.isPresent()) {
                return new Read.Heard(again.get());
            }
        }
        var usual = AlertStream.stored(value);
        var alert = usual.isPresent() ? usual : tree(value);
        if (alert.isEmpty()) {
            return new Read.NoAlert();
        }
        if (!alert.get().cluster().equals(cluster)) {
            return new Read.Elsewhere();
        }
        // where it is unusual, the time may decide about more than when it was heard
        long likeness = usual.isPresent() && repeatable != null ? repeatable.likeness() : AlertTable.UNLIKE_ANY;
        return new Read.Heard(table.apply(alert.get(), likeness));
    }

    private static Optional<Alert> tree(byte[] value) {
        try {
            return Optional.of(AlertJson.storedTree(value));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** Null where the last field is not the time at which it was received. */
    private static @Nullable Repeatable repeatable(byte[] key, byte[] value) {
        int end = value.length - END.length;
        int time = end;
        while (time > 0 && value[time - 1] != '"') {
            time--;
        }
        int field = time - RECEIVED_AT.length;
        if (field < 0
                || !Arrays.equals(value, field, time, RECEIVED_AT, 0, RECEIVED_AT.length)
                || !Arrays.equals(value, end, value.length, END, 0, END.length)
                || key.length < FINGERPRINT) {
            return null;
        }
        var fingerprint = text(key, key.length - FINGERPRINT, key.length);
        var receivedAt = Times.orNull(text(value, time, end));
        if (receivedAt == null || !Fingerprint.isValid(fingerprint)) {
            return null;
        }
        return new Repeatable(new Fingerprint(fingerprint), likeness(value, time), receivedAt);
    }

    private static long likeness(byte[] value, int length) {
        var crc32 = new CRC32();
        crc32.update(value, 0, length);
        var crc32c = new CRC32C();
        crc32c.update(value, 0, length);
        return crc32.getValue() << 32 | crc32c.getValue();
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
