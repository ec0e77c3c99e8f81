package io.rollguard.alert;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Alertmanager's identity of a label set: 16 lower-case hex digits. Any changed label is another fingerprint. Held as the
 * number they are, since the table may hold a million.
 */
public final class Fingerprint implements Comparable<Fingerprint> {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final byte SEPARATOR = (byte) 0xFF;

    private final long bits;

    public Fingerprint(String value) {
        if (!isValid(value)) {
            throw new IllegalArgumentException("a fingerprint is 16 lower-case hex digits");
        }
        this.bits = Long.parseUnsignedLong(value, 16);
    }

    private Fingerprint(long bits) {
        this.bits = bits;
    }

    public static boolean isValid(String value) {
        boolean valid = value.length() == 16;
        for (int i = 0; valid && i < 16; i++) {
            char c = value.charAt(i);
            valid = c >= '0' && c <= '9' || c >= 'a' && c <= 'f';
        }
        return valid;
    }

    /**
     * FNV-1a over name, 0xFF, value, 0xFF of the labels sorted by name (prometheus/common model/signature.go). Go sorts the
     * bytes of the names, which for rare letters is another order than Java's.
     */
    public static Fingerprint of(Labels labels) {
        long hash = FNV_OFFSET;
        var names = labels.values().keySet().stream()
                .sorted((one, other) -> Arrays.compareUnsigned(bytes(one), bytes(other)))
                .toList();
        for (var name : names) {
            hash = add(add(hash, name), labels.get(name).orElseThrow());
        }
        return new Fingerprint(hash);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static long add(long hash, String text) {
        long result = hash;
        for (byte b : bytes(text)) {
            result = (result ^ (b & 0xFF)) * FNV_PRIME;
        }
        return (result ^ (SEPARATOR & 0xFF)) * FNV_PRIME;
    }

    public String value() {
        return HexFormat.of().toHexDigits(bits);
    }

    @Override
    public int compareTo(Fingerprint other) {
        return Long.compareUnsigned(bits, other.bits);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fingerprint that && bits == that.bits;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(bits);
    }

    @Override
    public String toString() {
        return value();
    }
}
