package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.alert.AlertHistory.Span;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Onset;
import io.rollguard.incident.Command;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.release.Kind;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Judge;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Relation;
import io.rollguard.verdict.Verdict;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The incident log's entries as records: nothing is lost, the same entry is the same bytes, others can rely on the names. */
class IncidentEventsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Instant T = Instant.parse("2026-11-24T10:00:00.123456789Z");
    private static final WorkloadRef CART = new WorkloadRef("prod", "shop", Kind.ROLLOUT, "cart");
    private static final Fingerprint ALERT = new Fingerprint("00000000000000ab");

    // --- without loss

    static Stream<Step> steps() {
        return Stream.of(
                new Step.Suspected(release(true)),
                new Step.Suspected(release(false)),
                new Step.Judged(Judge.judge(input(1)), new Allowed(Act.ABORT, Mode.AUTO, null), input(1)),
                new Step.Judged(Judge.judge(input(3)), new Allowed(Act.NONE, Mode.OBSERVE, Reason.PAUSED), input(3)),
                new Step.Judged(
                        Verdict.inconclusive(Reason.JUDGE_FAILED), new Allowed(Act.NONE, Mode.AUTO, null), null),
                new Step.Intended(List.of()),
                new Step.Intended(List.of(new Episode(ALERT, T), new Episode(ALERT, T.plusSeconds(1)))),
                new Step.Accepted("patched"),
                new Step.Accepted("patched", "cart-replaced-bad", "the next apply is refused"),
                new Step.Verified(""),
                new Step.Cured(),
                new Step.Uncured("still 2 alerts"),
                new Step.Uncured("still 2 alerts", "cart-replaced-bad", "kubectl argo rollouts retry rollout cart"),
                new Step.Failed(false, "", "", "cart-replaced-bad"),
                new Step.Returned(null, "kubectl argo rollouts abort cart"),
                new Step.Returned(new Write("argocd-controller", "Apply", T), ""),
                new Step.Failed(true, "503 \"quoted\" \u2028 ä 😀", "kubectl argo rollouts abort cart"),
                new Step.Told("root", "C1", "1.2", "d", null),
                new Step.Told("evidence", "C1", "1.3", "", "1.2"),
                new Step.Answered(Command.Kind.RETRY, new UUID(7, 8), 12),
                new Step.Closed());
    }

    @ParameterizedTest
    @MethodSource("steps")
    void whatWasWrittenIsRead(Step step) {
        var event = event(step);

        var written = IncidentEvents.write(event);

        assertThat(read(written)).isEqualTo(new IncidentEvents.Read.Event(event));
    }

    @ParameterizedTest
    @EnumSource(Reason.class)
    void everyReasonIsRead(Reason reason) {
        var event = event(new Step.Closed(), reason);

        assertThat(read(IncidentEvents.write(event))).isEqualTo(new IncidentEvents.Read.Event(event));
    }

    @Test
    void theSameEntryIsTheSameBytesWhateverTheLanguage() {
        var usual = Locale.getDefault();
        try {
            Locale.setDefault(Locale.US);
            var one = IncidentEvents.write(event(judged()));
            Locale.setDefault(Locale.forLanguageTag("ar-SA-u-nu-arab"));

            var other = IncidentEvents.write(event(judged()));

            assertThat(other.value()).isEqualTo(one.value());
            assertThat(other.headers()).isEqualTo(one.headers());
        } finally {
            Locale.setDefault(usual);
        }
    }

    @Test
    void differentEntriesHaveDifferentIds() {
        var one = IncidentEvents.write(event(new Step.Verified("a")));
        var other = IncidentEvents.write(event(new Step.Verified("b")));

        assertThat(one.headers().get("ce_id")).isNotEqualTo(other.headers().get("ce_id"));
    }

    // --- what others rely on

    @Test
    void headersAndKeyAreThoseOfTheContract() {
        var event = event(new Step.Cured());

        var written = IncidentEvents.write(event);

        assertThat(new String(written.key(), StandardCharsets.UTF_8))
                .isEqualTo(event.incident().toString());
        assertThat(written.headers())
                .containsEntry("ce_specversion", "1.0")
                .containsEntry("ce_type", "io.rollguard.incident.cured.v1")
                .containsEntry("ce_subject", "prod/shop/Rollout/cart")
                .containsEntry("ce_correlationid", event.incident().toString())
                .containsEntry("ce_time", "2026-11-24T10:00:00.123456789Z")
                .containsEntry("content-type", "application/json")
                .containsKeys("ce_id", "ce_source");
    }

    @ParameterizedTest
    @MethodSource("steps")
    void everyEntryHasWhatTheContractNames(Step step) throws Exception {
        var json = json(IncidentEvents.write(event(step)));

        assertThat(json.fieldNames())
                .toIterable()
                .contains("incident", "version", "attempt", "workload", "revision", "target", "act", "by", "reason");
        assertThat(json.get("workload").fieldNames())
                .toIterable()
                .containsExactly("cluster", "namespace", "kind", "name", "uid");
    }

    @Test
    void aJudgementHoldsWhatJudgePrints() throws Exception {
        var judged = judged();
        var printed = VerdictJson.of(release(true), judged.verdict(), judged.allowed(), null);

        var json = json(IncidentEvents.write(event(judged)));

        for (var name : List.of("verdict", "score", "reason", "evidence", "allowed", "revision", "target")) {
            assertThat(json.get(name))
                    .as(name)
                    .isEqualTo(JSON.readTree(printed.toString()).get(name));
        }
        assertThat(json.get("reason").fieldNames()).toIterable().containsExactly("code", "text");
    }

    @Test
    void aRecordedJudgementCanBeRepeatedFromItsValueAlone() {
        var judged = judged();
        var value = IncidentEvents.write(event(judged)).value();

        var read = (Step.Judged) ((IncidentEvents.Read.Event) IncidentEvents.readJudged(value))
                .event()
                .step();

        assertThat(Judge.judge(read.input())).isEqualTo(judged.verdict());
    }

    // --- size

    @Test
    void anInputThatIsTooLargeIsLeftOutAndDecidesNothing() {
        var huge = input(20_000);
        var event = event(new Step.Judged(Judge.judge(huge), new Allowed(Act.ABORT, Mode.AUTO, null), huge));

        var written = IncidentEvents.write(event);

        assertThat(IncidentEvents.fits(huge)).isFalse();
        assertThat(IncidentEvents.fits(input(5))).isTrue();
        assertThat(written.value().length).isLessThan(IncidentEvents.MAX_INPUT_BYTES);
        var step = ((IncidentEvents.Read.Event) read(written)).event().step();
        assertThat(step)
                .isEqualTo(new Step.Judged(
                        Verdict.inconclusive(Reason.TOO_MUCH_EVIDENCE), new Allowed(Act.NONE, Mode.AUTO, null), null));
    }

    // --- what is not understood

    @ParameterizedTest
    @ValueSource(strings = {"io.rollguard.incident.postponed.v1", "io.rollguard.incident.judged.v2"})
    void aKindFromTheFutureIsReadAsUnknown(String type) {
        var value = IncidentEvents.write(event(new Step.Cured())).value();

        var read = (IncidentEvents.Read.Event) IncidentEvents.read(type, value);

        assertThat(read.event().step()).isEqualTo(new Step.Unknown(type));
    }

    @Test
    void fieldsFromTheFutureAreIgnored() throws Exception {
        var event = event(new Step.Verified("done"));
        var json = (ObjectNode) json(IncidentEvents.write(event));
        json.put("mood", "good").putObject("more").put("a", 1);

        var read = IncidentEvents.read("io.rollguard.incident.verified.v1", JSON.writeValueAsBytes(json));

        assertThat(read).isEqualTo(new IncidentEvents.Read.Event(event));
    }

    @ParameterizedTest
    @ValueSource(strings = {"incident", "version", "attempt", "workload", "revision", "act", "by", "at", "detail"})
    void anEntryThatLacksWhatItNeedsIsForeign(String field) throws Exception {
        var json = (ObjectNode) json(IncidentEvents.write(event(new Step.Verified("x"))));
        json.remove(field);

        var read = IncidentEvents.read("io.rollguard.incident.verified.v1", JSON.writeValueAsBytes(json));

        assertThat(read)
                .isInstanceOfSatisfying(
                        IncidentEvents.Read.Foreign.class,
                        foreign -> assertThat(foreign.problem()).contains(field));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "null", "7", "{\"incident\":\"x\"}"})
    void rubbishOfOurTypeIsForeignAndOfAnotherIsNothing(String text) {
        var value = text.getBytes(StandardCharsets.UTF_8);

        assertThat(IncidentEvents.read("io.rollguard.incident.cured.v1", value))
                .isInstanceOf(IncidentEvents.Read.Foreign.class);
        assertThat(IncidentEvents.read("com.example.thing", value)).isInstanceOf(IncidentEvents.Read.Nothing.class);
        assertThat(IncidentEvents.read(null, value)).isInstanceOf(IncidentEvents.Read.Nothing.class);
        assertThat(IncidentEvents.read("io.rollguard.incident.cured.v1", null))
                .isInstanceOf(IncidentEvents.Read.Nothing.class);
    }

    // --- what tests say

    private static IncidentEvents.Read read(EventRecord written) {
        return IncidentEvents.read(written.headers().get("ce_type"), written.value());
    }

    private static JsonNode json(EventRecord written) throws Exception {
        return JSON.readTree(written.value());
    }

    private static Step.Judged judged() {
        return new Step.Judged(Judge.judge(input(2)), new Allowed(Act.ABORT, Mode.AUTO, null), input(2));
    }

    private static IncidentEvent event(Step step) {
        return event(step, step instanceof Step.Judged judged ? reason(judged) : Reason.WITHDRAWN);
    }

    private static Reason reason(Step.Judged judged) {
        var refusal = judged.allowed().reason();
        return refusal == null ? judged.verdict().reason() : refusal;
    }

    private static IncidentEvent event(Step step, @Nullable Reason reason) {
        return new IncidentEvent(
                new IncidentId(new UUID(1, 2)),
                7,
                2,
                CART,
                "uid-1",
                new RevisionHash("bad"),
                new RevisionHash("good"),
                Act.ABORT,
                "pod-1",
                reason,
                T,
                step);
    }

    private static Release release(boolean known) {
        return new Release(
                CART,
                "uid-1",
                Strategy.CANARY,
                Release.Stage.IN_PROGRESS,
                new RevisionHash("bad"),
                known ? new RevisionHash("good") : null,
                T.minusSeconds(300),
                known ? null : T.minusSeconds(10),
                known ? List.of(T.minusSeconds(300), T.minusSeconds(200)) : List.of(),
                known ? new Release.Target(new RevisionHash("good"), Release.Target.Basis.PROVEN) : null,
                known,
                !known,
                false,
                known ? 7 : 0);
    }

    private static Case input(int hits) {
        var list = new ArrayList<Case.Hit>();
        for (int i = 0; i < hits; i++) {
            boolean pod = i % 2 == 0;
            list.add(new Case.Hit(
                    new Fingerprint("%016x".formatted(i)),
                    "HighErrorRate",
                    pod ? "critical" : "",
                    true,
                    pod ? Relation.NEW_REVISION : Relation.SERVICE,
                    pod ? new RevisionHash("bad") : null,
                    pod ? "cart-bad-" + i : null,
                    State.FIRING,
                    new Onset(T.minusSeconds(60), T.minusSeconds(50)),
                    List.of(new Span(T.minusSeconds(50), pod ? null : T, T.minusSeconds(45), T)),
                    List.of(new WorkloadRef("prod", "shop", Kind.DEPLOYMENT, "other"))));
        }
        return new Case(
                T,
                Duration.ofSeconds(30),
                release(true),
                list,
                List.of(new Case.Elsewhere(ALERT, "Other", CART, new Onset(T, T))),
                List.of(
                        new Case.Pod("cart-bad-0", new RevisionHash("bad"), true, false, "node-1"),
                        new Case.Pod("cart-good-0", new RevisionHash("good"), false, true, null)),
                List.of(new NodeFacts("node-1", true, T), new NodeFacts("node-2", false, null)),
                2,
                8,
                List.of(CART),
                false,
                1);
    }
}
