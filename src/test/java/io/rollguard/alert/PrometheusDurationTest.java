package io.rollguard.alert;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrometheusDurationTest {

    @ParameterizedTest
    @CsvSource({
        "0, PT0S",
        "0s, PT0S",
        "5m, PT5M",
        "1h30m, PT1H30M",
        "90s, PT90S",
        "500ms, PT0.5S",
        "1d, PT24H",
        "1w2d, PT216H",
        "1y, PT8760H",
        "1m0s, PT1M",
        "364d23h59m59s999ms, PT8759H59M59.999S"
    })
    void readsWhatPrometheusWrites(String text, Duration expected) {
        assertThat(PrometheusDuration.parse(text)).contains(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "5",
                "-5m",
                "+5m",
                "5 m",
                "5M",
                "1m1h",
                "1.5h",
                "5mm",
                "PT5M",
                "m",
                "2y",
                "1y1ms",
                "366d",
                "99999999999y",
                "58494241735y",
                "99999999999h",
                "99999999999w99999999999d",
                "٥m"
            })
    void refusesEverythingElse(String text) {
        assertThat(PrometheusDuration.parse(text)).isEmpty();
    }
}
