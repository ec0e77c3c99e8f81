package io.rollguard.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import io.rollguard.verdict.Verdict.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RollguardMetersTest {

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
        assertThat(reaction.max(TimeUnit.SECONDS)).isEqualTo(3);
    }

    @Test
    void thePageForPeopleListsExactlyTheseMetricsWithTheirTags() throws IOException {
        meters.watchIncidents(this, (self, state) -> 0);
        meters.watchForgotten(this, (self, what) -> 0);
        meters.watchAlerts(this, (self, state) -> 0);
        meters.watchRights(this, (self, tier) -> 0);
        meters.watchTable(this, self -> 0);
        meters.watchDropped(this, (self, status) -> 0);

        MetricsPage.assertLists("Decisions, rollbacks, messages", registry);
    }

    private double count(String name, String... tags) {
        return registry.get(name).tags(tags).counter().count();
    }
}
