package io.rollguard.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.release.WorkloadRef;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class StormWatchTest {

    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

    private final StormWatch storm = new StormWatch(2);

    private static WorkloadRef workload(int number) {
        return new WorkloadRef("test", "shop", Kind.DEPLOYMENT, "w" + number);
    }

    private void began(int workload, int second) {
        storm.note(workload(workload), NOON.plusSeconds(second));
    }

    private boolean isOn(int second) {
        return storm.isOn(NOON.plusSeconds(second));
    }

    @Test
    void isOnFromTheFirstWorkloadAboveTheLimitUntilAMinuteHasPassed() {
        began(1, 0);
        began(2, 10);
        assertThat(isOn(10)).isFalse();

        began(3, 20);
        assertThat(isOn(20)).isTrue();
        assertThat(isOn(59)).isTrue();
        assertThat(isOn(60)).isFalse();
    }

    @Test
    void manyAlertsOfOneWorkloadAreNoStorm() {
        for (int second = 0; second < 30; second++) {
            began(1, second);
            began(2, second);
        }

        assertThat(isOn(30)).isFalse();
    }

    @Test
    void whatIsHeardLateDoesNotMakeAWorkloadsLastBeginningOlder() {
        began(1, 30);
        began(1, 0);
        began(2, 30);
        began(3, 30);

        assertThat(isOn(70)).isTrue();
    }

    /** Heard in order, it is on at some beginning exactly if some minute has more workloads than the limit. */
    @Property
    void seesEveryMinuteThatHasTooMany(
            @ForAll @Size(max = 12) List<@IntRange(max = 200) Integer> seconds, @ForAll @IntRange(max = 3) int max) {
        var bySecond = new TreeMap<Integer, Set<WorkloadRef>>();
        for (int i = 0; i < seconds.size(); i++) {
            bySecond.computeIfAbsent(seconds.get(i), second -> new HashSet<>()).add(workload(i % 5));
        }
        boolean expected = bySecond.keySet().stream()
                .anyMatch(from -> bySecond.subMap(from, from + 60).values().stream()
                                .flatMap(Set::stream)
                                .distinct()
                                .count()
                        > max);

        var watch = new StormWatch(max);
        var on = new ArrayList<Boolean>();
        bySecond.forEach((second, workloads) -> {
            workloads.forEach(each -> watch.note(each, NOON.plusSeconds(second)));
            on.add(watch.isOn(NOON.plusSeconds(second)));
        });

        assertThat(on.contains(true)).isEqualTo(expected);
    }
}
