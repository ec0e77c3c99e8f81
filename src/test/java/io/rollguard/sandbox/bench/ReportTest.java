package io.rollguard.sandbox.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {

    private static Report report(Target... targets) {
        return new Report("ingest", List.of(targets), "a table", Map.of("requests", 12.5));
    }

    @Test
    void aTargetIsHeldOnItsBoundAndMissedBeyondIt() {
        assertThat(Target.atLeast(0.85, "speed", 0.85).held()).isTrue();
        assertThat(Target.atLeast(0.85, "speed", 0.8499).held()).isFalse();
        assertThat(Target.atMost(1.5, "latency", 1.5).held()).isTrue();
        assertThat(Target.atMost(1.5, "latency", 1.5001).held()).isFalse();
    }

    @Test
    void whatWasNotMeasuredIsNotHeld() {
        assertThat(Target.atLeast(0.85, "speed", Double.NaN).held()).isFalse();
        assertThat(Target.atMost(1.5, "latency", Double.NaN).held()).isFalse();
    }

    @Test
    void oneMissedTargetIsEnough() {
        var report = report(Target.atLeast(0.85, "speed", 0.9), Target.atMost(1.5, "latency", 2));

        assertThat(report.held()).isFalse();
        assertThat(report.text()).contains("held   speed: 0.90, should be at least 0.85");
        assertThat(report.text()).contains("MISSED latency: 2, should be at most 1.50");
    }

    @Test
    void jsonIsOneLineWithTheFirstTargetInFront() throws Exception {
        var line = report(Target.atLeast(0.85, "speed", 0.9), Target.atMost(1.5, "latency", 1.2))
                .json();

        assertThat(line).doesNotContain("\n");
        JsonNode json = new ObjectMapper().readTree(line);
        assertThat(json.path("name").asText()).isEqualTo("ingest");
        assertThat(json.path("ratio").asDouble()).isEqualTo(0.9);
        assertThat(json.path("target").asDouble()).isEqualTo(0.85);
        assertThat(json.path("held").asBoolean()).isTrue();
        assertThat(json.path("targets").path(1).path("side").asText()).isEqualTo("at_most");
        assertThat(json.path("raw").path("requests").asDouble()).isEqualTo(12.5);
    }

    @Test
    void aRatioThatIsNoneIsNullInJson() throws Exception {
        var json = new ObjectMapper()
                .readTree(report(Target.atLeast(1, "speed", Double.NaN)).json());

        assertThat(json.path("ratio").isNull()).isTrue();
        assertThat(json.path("held").asBoolean()).isFalse();
    }

    @Test
    void exitStatusSaysWhetherAllIsHeld() throws Exception {
        Bench good = progress -> report(Target.atLeast(1, "speed", 1));
        Bench bad = progress -> report(Target.atLeast(1, "speed", 0.5));
        var out = new StringWriter();

        assertThat(good.show(true, new PrintWriter(out))).isZero();
        assertThat(bad.show(true, new PrintWriter(out))).isEqualTo(1);
        assertThat(out.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("{"));
    }

    @Test
    void aTableAlignsItsColumns() {
        var table = new Table("who", "ms").row("service", 1234.5).row("floor", 0.5);

        assertThat(table.toString()).isEqualTo("""
                who         ms
                service  1,235
                floor     0.50
                """);
        assertThatThrownBy(() -> table.row("one")).hasMessageContaining("1 cells under 2 heads");
    }

    @Test
    void percentilesAreOfTheNearestRank() {
        var samples = Samples.of(5, 1, 4, 2, 3);

        assertThat(samples.percentile(20)).isEqualTo(1);
        assertThat(samples.percentile(21)).isEqualTo(2);
        assertThat(samples.percentile(99)).isEqualTo(5);
        assertThat(samples.median()).isEqualTo(3);
        assertThat(Samples.of(1, 2, 3, 10).median()).isEqualTo(2.5);
        assertThat(Samples.of().median()).isNaN();
        assertThat(Samples.of().percentile(99)).isNaN();
    }

    @Test
    void sidesTakeTurnsInGoingFirst() throws Exception {
        var order = new ArrayList<String>();
        var rounds = Rounds.alternate(
                3,
                () -> {
                    order.add("s");
                    return 8.0 + order.size();
                },
                () -> {
                    order.add("f");
                    return 10.0;
                });

        assertThat(order).containsExactly("f", "s", "s", "f", "f", "s");
        assertThat(rounds.ratio(value -> value)).isEqualTo(1.1);
        assertThat(rounds.ratios(value -> value).min()).isEqualTo(1.0);
        assertThat(rounds.ratios(value -> value).max()).isCloseTo(1.4, within(1e-9));
    }
}
