package io.rollguard.incident;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** Name-based UUIDs with SHA-1 (RFC 9562, version 5): deterministic ids, so that doubles can be dropped. */
public final class Uuid5 {

    /** Rollguard's own name space. */
    private static final UUID NAMESPACE = UUID.fromString("6f2b8a54-6d0c-5f0e-9a6e-3c1f4f0b7d21");

    /** Never updated, only copied: what every name begins with is in it. */
    private static final MessageDigest BEGUN = begun();

    private Uuid5() {}

    /** The id of a name made of parts; different splits of the same text are different names. */
    public static UUID of(String... parts) {
        var sha1 = copy(BEGUN);
        sha1.update(String.join("\u0000", parts).getBytes(StandardCharsets.UTF_8));
        var bytes = ByteBuffer.wrap(sha1.digest());
        long high = (bytes.getLong() & 0xFFFFFFFFFFFF0FFFL) | 0x5000L;
        long low = (bytes.getLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
        return new UUID(high, low);
    }

    private static MessageDigest begun() {
        try {
            var sha1 = MessageDigest.getInstance("SHA-1");
            sha1.update(ByteBuffer.allocate(16)
                    .putLong(NAMESPACE.getMostSignificantBits())
                    .putLong(NAMESPACE.getLeastSignificantBits())
                    .array());
            return sha1;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }

    private static MessageDigest copy(MessageDigest digest) {
        try {
            return (MessageDigest) digest.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("Java's own SHA-1 can be copied", e);
        }
    }
}
