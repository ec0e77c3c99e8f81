package io.rollguard.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ComplaintsTest {

    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

    private final Complaints complaints = new Complaints();

    @Test
    void theFirstOfEachKindIsTold() {
        assertThat(complaints.about("not-json", "a", NOW)).contains("a");
        assertThat(complaints.about("too-large", "b", NOW)).contains("b");
    }

    @Test
    void othersOfTheKindAreCountedUntilAMinuteHasPassed() {
        complaints.about("not-json", "a", NOW);

        assertThat(complaints.about("not-json", "b", NOW.plusSeconds(1))).isEmpty();
        assertThat(complaints.about("not-json", "c", NOW.plusMillis(59_999))).isEmpty();
        assertThat(complaints.about("not-json", "d", NOW.plusSeconds(60)))
                .contains("d (and 2 of this kind before it, since the last such line)");
        assertThat(complaints.about("not-json", "e", NOW.plusSeconds(120))).contains("e");
    }

    @Test
    void aClockThatWasPutBackDoesNotSilenceIt() {
        complaints.about("not-json", "a", NOW);

        assertThat(complaints.about("not-json", "b", NOW.minusSeconds(3_600))).contains("b");
    }
}
