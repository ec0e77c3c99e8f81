package io.rollguard.incident;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Onset;
import io.rollguard.incident.Incident.Judgement;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentLog.Forgotten;
import io.rollguard.incident.IncidentLog.Limits;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.release.Kind;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Relation;
import io.rollguard.verdict.Verdict;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A log that forgets beside one that does not: forgetting changes no decision. */
class ForgettingTest {

    private static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");
    private static final Limits LIMITS = new Limits(2, Duration.ofMinutes(15), Duration.ofMinutes(10));
    private static final Room ENDLESS = new Room(Integer.MAX_VALUE, Integer.MAX_VALUE);

    /** Only so many of the incidents are acted on or dismissed, so that those never exceed their room. */
    private static final int ACTORS = 4;

    private static final int INCIDENTS = 16;

    record Line(int incident, int attempt, int step, int detail, int seconds) {}

    @Provide
    Arbitrary<List<Line>> histories() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, INCIDENTS - 1),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.integers().between(0, 11),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.integers().between(0, 200))
                .as(Line::new)
                .list()
                .ofMaxSize(200);
    }

    @Property(tries = 400)
    void withoutInputsEverythingElseIsTheSame(
            @ForAll("histories") List<Line> history, @ForAll @IntRange(max = 12) int parts) {
        var all = new IncidentLog(LIMITS, ENDLESS);
        var little = new IncidentLog(LIMITS, new Room(parts, Integer.MAX_VALUE));
        var at = T0;
        for (var line : history) {
            at = at.plusSeconds(line.seconds());
            append(all, at, event(line));
            append(little, at, event(line));

            assertThat(bare(little.all())).isEqualTo(bare(all.all()));
            assertThat(little.all().stream()
                            .map(Incident::judged)
                            .filter(judged -> judged != null && judged.input() != null)
                            .mapToInt(judged -> Room.parts(judged.input()))
                            .sum())
                    .isLessThanOrEqualTo(parts);
            assertSameAnswers(little, all, at);
        }
    }

    @Property(tries = 400)
    void withoutIncidentsOfAKindThatHasNoRoomNothingElseChanges(@ForAll("histories") List<Line> history) {
        var room = new Room(3, ACTORS);
        var all = new IncidentLog(LIMITS, ENDLESS);
        var little = new IncidentLog(LIMITS, room);
        var doubled = new IncidentLog(LIMITS, room);
        var gone = new HashSet<IncidentId>();
        var at = T0;
        for (var line : history) {
            at = at.plusSeconds(line.seconds());
            if (all.find(id(line.incident())).isPresent()
                    && little.find(id(line.incident())).isEmpty()) {
                continue; // nobody writes about what ended so long ago
            }
            append(all, at, event(line));
            append(little, at, event(line));
            append(doubled, at, event(line));
            doubled.apply(doubled.nextOffset() / 2, at, event(line));

            assertThat(bare(little.open())).isEqualTo(bare(all.open()));
            for (var incident : all.all()) {
                var found = little.find(incident.id());
                if (found.isPresent()) {
                    assertThat(bare(found.get())).isEqualTo(bare(incident));
                } else if (gone.add(incident.id())) {
                    var kind = Room.Kind.of(incident);
                    assertThat(kind).isNotEqualTo(Room.Kind.ACTED);
                    assertThat(little.all().stream()
                                    .filter(other -> !other.isOpen() && Room.Kind.of(other) == kind)
                                    .filter(other -> !other.changedAt().isBefore(incident.changedAt())))
                            .hasSize(room.closed());
                }
            }
            assertThat(little.forgotten(Forgotten.INCIDENT))
                    .isEqualTo(all.all().size() - little.all().size());
            assertThat(doubled.all()).isEqualTo(little.all());
            assertSameAnswers(little, all, at);
        }
    }

    /** On all that a decision asks of the log for a workload or a release. */
    private static void assertSameAnswers(IncidentLog little, IncidentLog all, Instant at) {
        for (int incident = 0; incident < INCIDENTS; incident++) {
            assertThat(little.spentOn(uid(incident))).isEqualTo(all.spentOn(uid(incident)));
            for (int episode = 0; episode < 4; episode++) {
                assertThat(hold(little, incident, episode, at)).isEqualTo(hold(all, incident, episode, at));
            }
        }
        assertThat(little.nextOffset()).isEqualTo(all.nextOffset());
    }

    private static Optional<Reason> hold(IncidentLog log, int incident, int episode, Instant at) {
        return log.hold(id(incident), uid(incident), revision(incident), List.of(episode(episode)), at);
    }

    private static List<Incident> bare(Collection<Incident> incidents) {
        return incidents.stream().map(ForgettingTest::bare).toList();
    }

    private static Incident bare(Incident incident) {
        var judged = incident.judged();
        return judged == null
                ? incident
                : incident.with(new Judgement(
                        judged.verdict(),
                        judged.allowed(),
                        null,
                        null,
                        judged.command(),
                        judged.offset(),
                        judged.at()));
    }

    // --- by example

    @Test
    void theInputOfAClosedIncidentGoesBeforeThatOfAnOpenOne() {
        var log = new IncidentLog(LIMITS, new Room(2 * Room.parts(input(4)), 10));
        append(log, T0, judged(4));
        append(log, T0, judged(5));
        append(log, T0, event(5, 0, Reason.RESOLVED, new Step.Closed()));

        append(log, T0, judged(6));

        assertThat(judgement(log, 4).whyNoInput()).isEmpty();
        assertThat(judgement(log, 5).whyNoInput())
                .contains("it is no longer held here; the incident log has it at offset 1");
        assertThat(judgement(log, 6).whyNoInput()).isEmpty();
        assertThat(log.forgotten(Forgotten.INPUT)).isEqualTo(1);
    }

    @Test
    void howLongTheReactionTookIsKeptOfTheInput() {
        var log = new IncidentLog(LIMITS, new Room(Room.parts(input(0)), 10));
        append(log, T0, judged(0));
        append(log, T0, event(0, 1, null, new Step.Intended(List.of(episode(0)))));
        var known = log.find(id(0)).orElseThrow().causesHeard();

        append(log, T0, judged(4));

        assertThat(judgement(log, 0).input()).isNull();
        assertThat(log.find(id(0)).orElseThrow().causesHeard()).isEqualTo(known).isPresent();
    }

    @Test
    void whatWasActedOnOutlivesAnyNumberOfOthers() {
        var log = new IncidentLog(LIMITS, new Room(0, 2));
        append(log, T0, event(0, 1, null, new Step.Intended(List.of(episode(0)))));
        append(log, T0, event(0, 1, null, new Step.Verified("")));
        append(log, T0, event(0, 1, null, new Step.Closed()));
        IntStream.range(4, 4 + 100).forEach(other -> {
            append(log, T0, event(other, 0, null, new Step.Suspected(release(other))));
            append(log, T0, event(other, 0, Reason.RESOLVED, new Step.Closed()));
        });

        assertThat(log.all()).hasSize(3);
        assertThat(log.of(workload(4))).isEmpty();
        assertThat(hold(log, 1, 3, T0.plus(Duration.ofDays(30)))).contains(Reason.ROLLED_BACK_BEFORE);
    }

    // --- making events

    private static Judgement judgement(IncidentLog log, int incident) {
        return log.find(id(incident)).map(Incident::judged).orElseThrow();
    }

    private static void append(IncidentLog log, Instant at, IncidentEvent event) {
        log.apply(log.nextOffset(), at, event);
    }

    private static IncidentEvent judged(int incident) {
        return event(incident, 0, null, step(new Line(incident, 0, 9, 0, 0)));
    }

    private static IncidentEvent event(Line line) {
        var step = step(line);
        var reasons = List.of(Reason.WITHDRAWN, Reason.STALE, Reason.UNREACHABLE, Reason.NOT_EFFECTIVE);
        boolean hasReason = step instanceof Step.Failed || step instanceof Step.Closed;
        return event(line.incident(), line.attempt(), hasReason ? reasons.get(line.detail()) : null, step);
    }

    private static Step step(Line line) {
        int step = line.incident() >= ACTORS && line.step() < 4 ? 8 + line.step() : line.step();
        return switch (step) {
            case 0 -> new Step.Intended(List.of(episode(line.detail())));
            case 1 -> new Step.Accepted("");
            case 2 -> new Step.Verified("");
            case 3 -> new Step.Answered(Command.Kind.DISMISS, new UUID(1, line.seconds()), line.detail() * 3L);
            case 4 -> new Step.Failed(true, "", "");
            case 5, 6, 7 -> new Step.Closed();
            case 8 -> new Step.Suspected(release(line.incident()));
            case 9 -> judged(line, Outcome.GUILTY, Reason.NAMES_NEW_REVISION);
            case 10 -> judged(line, Outcome.INNOCENT, Reason.RESOLVED);
            default -> new Step.Told("root", "C1", "m" + line.seconds(), "d", null);
        };
    }

    private static Step judged(Line line, Outcome outcome, Reason reason) {
        return new Step.Judged(
                new Verdict(outcome, 0.5, reason, List.of()),
                new Allowed(Act.ABORT, Mode.AUTO, null),
                input(line.incident()));
    }

    private static Case input(int incident) {
        var hit = new Case.Hit(
                episode(incident % 4).fingerprint(),
                "Errors",
                "critical",
                true,
                Relation.NEW_REVISION,
                revision(incident),
                "pod",
                AlertHistory.State.FIRING,
                new Onset(T0, T0),
                List.of(new AlertHistory.Span(T0, null, T0, T0)),
                List.of());
        return new Case(
                T0,
                Duration.ofSeconds(30),
                release(incident),
                List.of(hit),
                List.of(),
                List.of(),
                List.of(),
                1,
                1,
                List.of(),
                false,
                0);
    }

    /** 0 and 1 are of one revision, 2 of another of the same workload, the rest in pairs of one workload. */
    private static int workloadOf(int incident) {
        return incident <= 2 ? 0 : incident / 2;
    }

    private static WorkloadRef workload(int incident) {
        return new WorkloadRef("default", "shop", Kind.ROLLOUT, "w" + workloadOf(incident));
    }

    private static String uid(int incident) {
        return "uid" + workloadOf(incident);
    }

    private static RevisionHash revision(int incident) {
        return new RevisionHash(incident <= 1 ? "bad" : "bad" + incident);
    }

    private static Release release(int incident) {
        return new Release(
                workload(incident),
                uid(incident),
                Strategy.CANARY,
                Release.Stage.IN_PROGRESS,
                revision(incident),
                new RevisionHash("good"),
                T0,
                null,
                List.of(T0),
                new Release.Target(new RevisionHash("good"), Release.Target.Basis.PROVEN),
                false,
                false,
                false,
                0);
    }

    private static IncidentId id(int number) {
        return new IncidentId(new UUID(0x5000, number));
    }

    private static Episode episode(int number) {
        return new Episode(new Fingerprint("%016x".formatted(number)), T0);
    }

    private static IncidentEvent event(int incident, int attempt, @Nullable Reason reason, Step step) {
        return new IncidentEvent(
                id(incident),
                0,
                attempt,
                workload(incident),
                uid(incident),
                revision(incident),
                new RevisionHash("good"),
                Act.ABORT,
                "test",
                reason,
                T0,
                step);
    }
}
