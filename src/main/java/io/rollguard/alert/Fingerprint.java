package io.rollguard.alert;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.stream.IntStream;

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
     * bytes of the names, which is another order than Java's where surrogates are among them.
     */
    public static Fingerprint of(Labels labels) {
        var order = IntStream.range(0, labels.size());
        if (IntStream.range(0, labels.size()).anyMatch(at -> hasSurrogate(labels.name(at)))) {
            order = order.boxed()
                    .sorted(Comparator.comparing(at -> bytes(labels.name(at)), Arrays::compareUnsigned))
                    .mapToInt(Integer::intValue);
        }
        long hash = FNV_OFFSET;
        for (int at : order.toArray()) {
            hash = add(add(hash, labels.name(at)), labels.value(at));
        }
        return new Fingerprint(hash);
    }

    private static boolean hasSurrogate(String name) {
        return name.chars().anyMatch(each -> Character.isSurrogate((char) each));
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
