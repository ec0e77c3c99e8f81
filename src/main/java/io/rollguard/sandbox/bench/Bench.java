package io.rollguard.sandbox.bench;

import java.io.PrintWriter;
import java.util.List;

/** One benchmark. */
public interface Bench {

    /** As in a small pod: Java takes this collector by itself where there are less than 1,792 MiB. */
    List<String> SMALL_POD = List.of("-Xmx512m", "-XX:+UseSerialGC");

    Report run(Progress progress) throws Exception;

    /**
     * Runs it and prints what it found, and meanwhile on stderr how far it is.
     *
     * @param json one line of JSON and nothing else; else tables for people
     * @return the exit status: 0 where every target is held, else 1
     */
    default int show(boolean json, PrintWriter out) throws Exception {
        var report = run(new Progress(System.err));
        out.println(json ? report.json() : report.text());
        out.flush();
        return report.held() ? 0 : 1;
    }
}
