package io.rollguard.wire;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;

/**
 * A record as it lies in a topic, apart from any client library: a CloudEvent in binary mode. Equal by identity; its value
 * may hold foreign text, which no log shows.
 */
public final class EventRecord {

    private final Topic topic;
    private final byte[] key;
    private final Map<String, String> headers;
    private final byte[] value;
    private final int size;

    /** @param headers handed over: nobody else changes them */
    EventRecord(Topic topic, String key, Map<String, String> headers, byte[] value) {
        this.topic = topic;
        this.key = key.getBytes(StandardCharsets.UTF_8);
        this.headers = Collections.unmodifiableMap(headers);
        this.value = value;
        this.size = size(this.key, headers, value);
    }

    public Topic topic() {
        return topic;
    }

    /** Not copied: nobody changes it. */
    public byte[] key() {
        return key;
    }

    /** {@code ce_type} and so on, in a fixed order. */
    public Map<String, String> headers() {
        return headers;
    }

    /** Not copied: nobody changes it. */
    public byte[] value() {
        return value;
    }

    /** The bytes it takes up in a batch, at most: what a broker compares with its limit. */
    public int size() {
        return size;
    }

    private static int size(byte[] key, Map<String, String> headers, byte[] value) {
        int size = 128 + key.length + value.length;
        for (var header : headers.entrySet()) {
            size += 10 + 3 * (header.getKey().length() + header.getValue().length());
        }
        return size;
    }

    @Override
    public String toString() {
        return topic + " " + headers.getOrDefault("ce_type", "?") + " " + headers.getOrDefault("ce_id", "?");
    }
}
