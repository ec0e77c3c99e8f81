package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldsTest {

    private static Instant read(String time) {
        return new Fields(Json.object().put("at", time), "").time("at");
    }

    /** From year 1 to 9999, with every number of digits. */
    @Property
    void timesOfEveryPrecisionAreReadAsTheyWereWritten(
            @ForAll @LongRange(min = -62_135_596_800L, max = 253_402_300_799L) long second,
            @ForAll @IntRange(max = 999_999_999) int nano,
            @ForAll @IntRange(max = 9) int digits) {
        var fraction = digits == 0 ? "" : "." + "%09d".formatted(nano).substring(0, digits);
        var seconds = Instant.ofEpochSecond(second).truncatedTo(ChronoUnit.SECONDS);
        var text = seconds.toString().replace("Z", fraction + "Z");

        assertThat(read(text)).isEqualTo(OffsetDateTime.parse(text).toInstant());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-11-24T08:30:00+02:00",
                "2026-11-24T08:30:00.25-00:30",
                "2026-11-24t08:30:00z",
                "2026-11-24T08:30Z",
                "2024-02-29T23:59:59.999999999Z"
            })
    void otherFormsAreReadToo(String text) {
        assertThat(read(text)).isEqualTo(OffsetDateTime.parse(text).toInstant());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-02-29T08:30:00Z",
                "2026-13-01T08:30:00Z",
                "2026-11-24T24:30:00Z",
                "2026-11-24T08:60:00Z",
                "2026-11-24T08:30:60Z",
                "2026-11-24T08:30:00.1234567890Z",
                "2026-11-24T08:30:00,5Z",
                "2026-11-24 08:30:00Z",
                "2026-11-24T08:3\u0660:00Z",
                "26-11-24T08:30:00Z",
                "Z",
                ""
            })
    void whatIsNoTimeIsNot(String text) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(Unreadable.class);
    }
}
