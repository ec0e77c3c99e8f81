package io.rollguard.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OnsetTest {

    private static final Instant STARTS = Instant.parse("2026-11-23T10:05:00Z");

    @Test
    void isKnownWhereTheRuleTellsItsFor() {
        var onset = Onset.of(STARTS, Map.of("rollguard_for", "2m"));

        assertThat(onset).isEqualTo(new Onset(STARTS.minusSeconds(120), STARTS.minusSeconds(120)));
        assertThat(Onset.of(STARTS, Map.of("rollguard_for", "0s"))).isEqualTo(new Onset(STARTS, STARTS));
    }

    @Test
    void isSomewhereInFiveMinutesWhereItDoesNotOrWritesNonsense() {
        var unknown = new Onset(STARTS.minus(Duration.ofMinutes(5)), STARTS);

        assertThat(Onset.of(STARTS, Map.of())).isEqualTo(unknown);
        assertThat(Onset.of(STARTS, Map.of("rollguard_for", "two minutes"))).isEqualTo(unknown);
    }

    @Test
    void straddlesWhatLiesInsideOnly() {
        var onset = Onset.of(STARTS, Map.of());

        assertThat(onset.straddles(onset.earliest())).isFalse();
        assertThat(onset.straddles(onset.earliest().plusMillis(1))).isTrue();
        assertThat(onset.straddles(STARTS)).isTrue();
        assertThat(onset.straddles(STARTS.plusMillis(1))).isFalse();
        assertThat(onset.isBefore(STARTS)).isFalse();
        assertThat(onset.isBefore(STARTS.plusMillis(1))).isTrue();
    }

    @Test
    void doesNotEndBeforeItBegins() {
        assertThatThrownBy(() -> new Onset(STARTS, STARTS.minusMillis(1))).isInstanceOf(IllegalArgumentException.class);
    }
}
