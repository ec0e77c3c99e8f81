package io.rollguard.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rollguard.alert.Labels;
import io.rollguard.reactor.Rules.Active;
import io.rollguard.reactor.Rules.Evaluation;
import io.rollguard.sandbox.stage.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PrometheusRulesTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Map<String, String> FIRING = Map.of("alertname", "CartErrors", "pod", "cart-1");

    private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    private final FakePrometheus prometheus = new FakePrometheus(clock);

    @AfterEach
    void close() {
        prometheus.close();
    }

    @Test
    void theFirstQuestionIsAnsweredLaterAndNeverWaitedFor() {
        prometheus.fires(FIRING);
        var rules = new PrometheusRules(prometheus.url(), null, clock);

        assertThat(rules.of("CartErrors")).isEmpty();

        var known = Await.value("an answer", SOON, () -> rules.of("CartErrors"));
        assertThat(known).isEqualTo(new Evaluation(NOW, List.of(new Active(Labels.of(FIRING), NOW))));
        assertThat(prometheus.questions())
                .as("asked once, as no time has passed")
                .hasSize(1);
    }

    @Test
    void whereNoneIsConfiguredNobodyIsAsked() {
        assertThat(new PrometheusRules(null, null, clock).of("CartErrors")).isEmpty();
    }

    @Test
    void theTokenIsReadForEachQuestion(@TempDir Path directory) throws IOException {
        var token = Files.writeString(directory.resolve("token"), "secret\n");
        var rules = new PrometheusRules(prometheus.url(), token, clock);

        Await.value("an answer", SOON, () -> rules.of("CartErrors"));

        assertThat(prometheus.authorization()).isEqualTo("Bearer secret");
    }

    @Test
    void anAnswerThatIsNoneTellsNothing() {
        prometheus.answersWith(503);
        var rules = new PrometheusRules(prometheus.url(), null, clock);
        rules.of("CartErrors");

        Await.until("it was asked", SOON, () -> !prometheus.questions().isEmpty());

        assertThat(rules.of("CartErrors")).isEmpty();
    }

    static Stream<Arguments> answers() {
        return Stream.of(
                Arguments.of("quiet", FakePrometheus.rules("A", NOW, "ok", ""), true),
                Arguments.of("evaluated long ago", FakePrometheus.rules("A", NOW.minusSeconds(46), "ok", ""), false),
                Arguments.of(
                        "evaluated not so long ago", FakePrometheus.rules("A", NOW.minusSeconds(45), "ok", ""), true),
                Arguments.of("its evaluation fails", FakePrometheus.rules("A", NOW, "err", ""), false),
                Arguments.of("never evaluated", FakePrometheus.rules("A", NOW, "unknown", ""), false),
                Arguments.of("not there", FakePrometheus.rules("B", NOW, "ok", ""), false),
                Arguments.of("an error", "{\"status\":\"error\"}", false),
                Arguments.of("another shape", "[]", false));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("answers")
    void onlyAFreshAndHealthyEvaluationTells(String what, String answer, boolean tells) throws JsonProcessingException {
        var state = RuleState.of("A", new ObjectMapper().readTree(answer), NOW);

        assertThat(state.isPresent()).isEqualTo(tells);
        assertThat(state.map(Evaluation::active).orElse(List.of())).isEmpty();
        assertThat(state.map(Evaluation::at).filter(at -> at.isAfter(NOW))).isEqualTo(Optional.empty());
    }
}
