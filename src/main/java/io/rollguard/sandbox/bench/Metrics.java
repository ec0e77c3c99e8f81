package io.rollguard.sandbox.bench;

import io.rollguard.sandbox.stage.Service;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What the service counts, as Prometheus reads it. */
final class Metrics {

    private Metrics() {}

    /** By series; those that the service does not tell yet are left out. */
    static Map<String, Long> of(Service service, Pattern series) {
        var values = new TreeMap<String, Long>();
        Pattern.compile("(?m)^(" + series + ")\\s+(\\S+)$")
                .matcher(service.get("/q/metrics").body())
                .results()
                .forEach(line -> values.put(line.group(1), (long) Double.parseDouble(line.group(2))));
        return values;
    }

    static long sum(Map<String, Long> values) {
        return values.values().stream().mapToLong(Long::longValue).sum();
    }
}
