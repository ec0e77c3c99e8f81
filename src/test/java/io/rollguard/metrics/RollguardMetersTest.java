package io.rollguard.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import io.rollguard.verdict.Verdict.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RollguardMetersTest {

    private static final Pattern ROW = Pattern.compile("\\| `(rollguard_[a-z_]+)` \\| ([^|]+) \\| ([^|]+) \\|.*");

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final RollguardMeters meters = new RollguardMeters(registry);

    @Test
    void everySeriesIsThereBeforeAnythingHappened() {
        assertThat(registry.find(RollguardMeters.DECISIONS).counters())
                .hasSize(Outcome.values().length * Reason.values().length)
                .allMatch(counter -> counter.count() == 0);
        assertThat(registry.find(RollguardMeters.ROLLBACKS).counters())
                .hasSize(2 * (Reason.values().length + 3))
                .allMatch(counter -> counter.count() == 0);
        assertThat(registry.find(RollguardMeters.MESSAGES).counters()).hasSize(Telling.values().length);
        assertThat(registry.find(RollguardMeters.NO_RELEASE).counter()).isNotNull();
        assertThat(registry.find(RollguardMeters.REACTION).timer()).isNotNull();
    }

    @Test
    void aDecisionIsCountedByWhatForbadeItElseByWhatDecidedIt() {
        var guilty = new Verdict(Outcome.GUILTY, 0.9, Reason.NAMES_NEW_REVISION, List.of());

        meters.judged(guilty, new Allowed(Act.ABORT, Mode.AUTO, null));
        meters.judged(guilty, new Allowed(Act.NONE, Mode.AUTO, Reason.PAUSED));

        assertThat(count(RollguardMeters.DECISIONS, "verdict", "guilty", "reason", "names-new-revision"))
                .isEqualTo(1);
        assertThat(count(RollguardMeters.DECISIONS, "verdict", "guilty", "reason", "paused"))
                .isEqualTo(1);
    }

    @Test
    void anOutcomeThatNoListNamesMakesNoNewSeries() {
        meters.acted(Act.ABORT, "verified");
        meters.acted(Act.RESTORE, "pod-7 of somebody");

        assertThat(count(RollguardMeters.ROLLBACKS, "act", "abort", "outcome", "verified"))
                .isEqualTo(1);
        assertThat(count(RollguardMeters.ROLLBACKS, "act", "restore", "outcome", "other"))
                .isEqualTo(1);
        assertThat(registry.find(RollguardMeters.ROLLBACKS).counters()).hasSize(2 * (Reason.values().length + 3));
    }

    @Test
    void aClockThatRunsBackwardsIsNoReactionTime() {
        meters.reactionTime(Duration.ofSeconds(-3));
        meters.reactionTime(Duration.ofSeconds(3));

        var reaction = registry.get(RollguardMeters.REACTION).timer();
        assertThat(reaction.count()).isEqualTo(2);
        assertThat(reaction.max(java.util.concurrent.TimeUnit.SECONDS)).isEqualTo(3);
    }

    @Test
    void thePageForPeopleListsExactlyTheseMetricsWithTheirTags() throws IOException {
        meters.watchIncidents(this, (self, state) -> 0);
        meters.watchAlerts(this, (self, state) -> 0);

        var written = new TreeMap<String, String>();
        for (var line : Files.readAllLines(Path.of("docs/metrics.md"))) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                written.put(
                        row.group(1),
                        row.group(2).strip() + " / "
                                + row.group(3).replace("`", "").strip());
            }
        }

        var real = new TreeMap<String, String>();
        registry.getMeters().stream()
                .filter(meter -> !meter.getId().getName().endsWith(".histogram")) // the buckets of a timer
                .forEach(meter -> real.put(exported(meter.getId()), kind(meter) + " / " + tags(meter.getId())));
        assertThat(written).containsAllEntriesOf(real);
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

    private double count(String name, String... tags) {
        return registry.get(name).tags(tags).counter().count();
    }
}
