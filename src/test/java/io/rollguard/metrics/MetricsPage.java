package io.rollguard.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** docs/metrics.md, held to what is registered. */
public final class MetricsPage {

    private static final Pattern ROW = Pattern.compile("\\| `(rollguard_[a-z_]+)` \\| ([^|]+) \\| ([^|]+) \\|.*");

    private MetricsPage() {}

    /** The section lists exactly these metrics, with their type and tags. */
    public static void assertLists(String section, MeterRegistry registry) throws IOException {
        var page = Files.readString(Path.of("docs/metrics.md"));
        int from = page.indexOf("## " + section + "\n");
        assertThat(from).as("section '%s'", section).isNotNegative();
        int to = page.indexOf("\n## ", from);
        var written = new TreeMap<String, String>();
        page.substring(from, to < 0 ? page.length() : to).lines().forEach(line -> {
            var row = ROW.matcher(line);
            if (row.matches()) {
                written.put(
                        row.group(1),
                        row.group(2).strip() + " / "
                                + row.group(3).replace("`", "").strip());
            }
        });

        var real = new TreeMap<String, String>();
        registry.getMeters().stream()
                .filter(meter -> !meter.getId().getName().endsWith(".histogram")) // the buckets of a timer
                .forEach(meter -> real.put(exported(meter.getId()), kind(meter) + " / " + tags(meter.getId())));
        assertThat(written).isEqualTo(real);
    }

    /** As Prometheus shows it: Micrometer appends the unit or {@code _total}. */
    private static String exported(Meter.Id id) {
        var name = id.getName().replace('.', '_');
        return switch (id.getType()) {
            case COUNTER -> name + "_total";
            case TIMER -> name + "_seconds";
            default -> name;
        };
    }

    private static String kind(Meter meter) {
        return switch (meter.getId().getType()) {
            case COUNTER -> "counter";
            case TIMER -> "histogram";
            default -> "gauge";
        };
    }

    private static String tags(Meter.Id id) {
        return id.getTags().isEmpty()
                ? "none"
                : id.getTags().stream().map(Tag::getKey).collect(Collectors.joining(", "));
    }
}
