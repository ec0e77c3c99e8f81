package io.rollguard.alert;

import java.util.HashMap;
import java.util.Map;

/**
 * Holds each text once, however many alerts have it: all but two or three texts of an alert are those of its neighbours. Counts
 * who holds what, so that it knows its size. Not safe for many threads.
 */
final class Texts {

    private final Map<String, Held> held = new HashMap<>();
    private long bytes;

    private static final class Held {
        final String text;
        int holders;

        Held(String text) {
            this.text = text;
        }
    }

    /** The one that is kept of those that are equal to this; to be released as often as it is held. */
    String hold(String text) {
        var kept = held.get(text);
        if (kept == null) {
            kept = new Held(text);
            held.put(text, kept);
            bytes += bytes(text);
        }
        kept.holders++;
        return kept.text;
    }

    void release(String text) {
        var kept = held.get(text);
        if (kept == null) {
            throw new IllegalStateException("a text is released that nobody holds");
        }
        kept.holders--;
        if (kept.holders == 0) {
            held.remove(text);
            bytes -= bytes(text);
        }
    }

    /** About so many bytes of memory. */
    long bytes() {
        return bytes;
    }

    /** Java holds texts of Latin letters in a byte a letter, others in two; the rest is its head, and its place here. */
    static long bytes(String text) {
        boolean latin = true;
        for (int i = 0; i < text.length() && latin; i++) {
            latin = text.charAt(i) < 256;
        }
        return 112 + (latin ? 1L : 2L) * text.length();
    }
}
