package io.rollguard.sandbox.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * What a process of a JVM holds.
 *
 * @param liveBytes of its heap, after a full collection
 * @param residentKiB as Linux tells it; 0 elsewhere
 */
record Memory(long liveBytes, long residentKiB) {

    private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)");

    /** Dead space that a collection leaves where it is, dressed up as objects. */
    private static final Pattern FILLER =
            Pattern.compile("(?m)^\\s*\\d+:\\s+\\d+\\s+(\\d+)\\s+\\S*jdk\\.internal\\.vm\\.Filler\\S*");

    private static final Pattern RSS = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");

    static Memory of(long pid) throws IOException {
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        var histogram = new ProcessBuilder(jcmd, Long.toString(pid), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        var text = new String(histogram.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Memory(liveBytes(text), residentKiB(pid));
    }

    static long liveBytes(String histogram) {
        long filled = FILLER.matcher(histogram)
                .results()
                .mapToLong(each -> Long.parseLong(each.group(1)))
                .sum();
        return number(TOTAL, histogram) - filled;
    }

    static long residentKiB(long pid) throws IOException {
        var status = Path.of("/proc/" + pid + "/status");
        return Files.isReadable(status) ? number(RSS, Files.readString(status)) : 0;
    }

    private static long number(Pattern pattern, String text) {
        var matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + pattern + " in what was printed");
        }
        return Long.parseLong(matcher.group(1));
    }

    @Override
    public String toString() {
        return "live heap %.1f MiB, resident %d MiB".formatted(liveBytes / 1048576.0, residentKiB / 1024);
    }
}
