package io.rollguard.sandbox.bench;

import java.io.PrintStream;
import java.util.Locale;

/** Says how far a benchmark is, with the seconds since it began. */
public final class Progress {

    private final PrintStream to;
    private final long began = System.nanoTime();

    public Progress(PrintStream to) {
        this.to = to;
    }

    public void say(String format, Object... values) {
        to.printf(
                Locale.ROOT,
                "%6.1f s  %s%n",
                (System.nanoTime() - began) / 1e9,
                values.length == 0 ? format : String.format(Locale.ROOT, format, values));
    }
}
