package io.rollguard.incident;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.incident.Incident.State;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentLog.Limits;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class IncidentLogTest {

    private static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");
    private static final Limits LIMITS = new Limits(2, Duration.ofMinutes(15), Duration.ofMinutes(10));

    // --- random histories of several writers, of whom none knows what the others write

    record Line(int incident, int attempt, int step, int reason, int episode, int seconds) {}

    @Provide
    Arbitrary<List<Line>> histories() {
        var steps = Arbitraries.frequency(
                Tuple.of(6, 0),
                Tuple.of(2, 1),
                Tuple.of(2, 2),
                Tuple.of(4, 3),
                Tuple.of(1, 4),
                Tuple.of(1, 5),
                Tuple.of(1, 6),
                Tuple.of(1, 7));
        return Combinators.combine(
                        Arbitraries.integers().between(0, 7),
                        Arbitraries.integers().between(1, 4),
                        steps,
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.integers().between(0, 5),
                        Arbitraries.integers().between(0, 300))
                .as(Line::new)
                .list()
                .ofMaxSize(120);
    }

    @Property(tries = 400)
    void atMostOneEffectiveIntentHoldsALock(@ForAll("histories") List<Line> history) {
        var log = replay(history);

        var locks = new HashSet<List<Object>>();
        for (var incident : log.all()) {
            assertThat(incident.attempts().stream().filter(Attempt::isOpen).count())
                    .isLessThanOrEqualTo(1);
            for (var attempt : incident.attempts()) {
                if (attempt.isEffective() && attempt.countsAsTry()) {
                    assertThat(locks.add(List.of(incident.uid(), incident.revision(), attempt.number())))
                            .isTrue();
                }
            }
            assertThat(incident.tries()).isLessThanOrEqualTo(Incident.MAX_TRIES);
            assertThat(incident.attempts().stream()
                            .filter(each -> each.verifiedAt() != null)
                            .count())
                    .isLessThanOrEqualTo(1);
        }
    }

    @Property(tries = 400)
    void theBreakerIsExactAndAnEpisodeIsSpentOnce(@ForAll("histories") List<Line> history) {
        var log = replay(history);

        var begun = new ArrayList<Instant>();
        var spenders = new HashMap<Episode, IncidentId>();
        for (var incident : log.all()) {
            var tries =
                    incident.attempts().stream().filter(Attempt::countsAsTry).toList();
            tries.stream().map(Attempt::intendedAt).min(Instant::compareTo).ifPresent(begun::add);
            for (var attempt : tries) {
                for (var episode : attempt.triggers()) {
                    assertThat(spenders.merge(episode, incident.id(), (one, other) -> one))
                            .isEqualTo(incident.id());
                }
            }
        }
        for (var start : begun) {
            assertThat(begun.stream()
                            .filter(each -> !each.isBefore(start) && each.isBefore(start.plus(LIMITS.breakerWindow())))
                            .count())
                    .isLessThanOrEqualTo(LIMITS.breakerMax());
        }
    }

    @Property(tries = 200)
    void oneLogGivesOneStateHoweverOftenAnOffsetIsRead(@ForAll("histories") List<Line> history) {
        var once = replay(history);
        var twice = new IncidentLog(LIMITS);
        var at = T0;
        for (int offset = 0; offset < history.size(); offset++) {
            at = at.plusSeconds(history.get(offset).seconds());
            twice.apply(offset, at, event(history.get(offset)));
            twice.apply(offset, at, event(history.get(offset)));
            twice.apply(offset / 2, at, event(history.get(offset / 2)));
        }

        assertThat(twice.all()).isEqualTo(once.all());
        assertThat(twice.nextOffset()).isEqualTo(once.nextOffset());
    }

    @Property(tries = 200)
    void theFirstOutcomeOfAnAttemptStays(@ForAll("histories") List<Line> history) {
        var log = new IncidentLog(LIMITS);
        var outcomes = new HashMap<List<Object>, Object>();
        var at = T0;
        for (int offset = 0; offset < history.size(); offset++) {
            at = at.plusSeconds(history.get(offset).seconds());
            log.apply(offset, at, event(history.get(offset)));
            for (var incident : log.all()) {
                for (var attempt : incident.attempts()) {
                    if (attempt.isEffective() && !attempt.isOpen()) {
                        var outcome = attempt.failure() == null ? "verified" : attempt.failure();
                        assertThat(outcomes.merge(
                                        List.of(incident.id(), attempt.number()), outcome, (first, now) -> first))
                                .isEqualTo(outcome);
                    }
                }
            }
        }
    }

    @Property(tries = 200)
    void whatIsClosedAfterAnActStaysClosed(@ForAll("histories") List<Line> history) {
        var log = new IncidentLog(LIMITS);
        var closed = new HashMap<IncidentId, Reason>();
        var at = T0;
        for (int offset = 0; offset < history.size(); offset++) {
            at = at.plusSeconds(history.get(offset).seconds());
            log.apply(offset, at, event(history.get(offset)));
            for (var incident : log.all()) {
                if (closed.containsKey(incident.id())) {
                    assertThat(incident.state()).isEqualTo(State.CLOSED);
                    assertThat(incident.closedFor()).isEqualTo(closed.get(incident.id()));
                } else if (incident.state() == State.CLOSED
                        && incident.attempts().stream().anyMatch(Attempt::isEffective)) {
                    closed.put(incident.id(), incident.closedFor());
                }
            }
        }
    }

    private static IncidentLog replay(List<Line> history) {
        var log = new IncidentLog(LIMITS);
        var at = T0;
        for (int offset = 0; offset < history.size(); offset++) {
            at = at.plusSeconds(history.get(offset).seconds());
            log.apply(offset, at, event(history.get(offset)));
        }
        return log;
    }

    /** Incidents 0 and 1 are of one revision, 2 of another of the same workload, the rest of workloads of their own. */
    private static IncidentEvent event(Line line) {
        int workload = line.incident() <= 2 ? 0 : line.incident();
        var revision = line.incident() <= 1 ? "bad" : "bad" + line.incident();
        var reasons = List.of(Reason.WITHDRAWN, Reason.STALE, Reason.UNREACHABLE, Reason.NOT_EFFECTIVE);
        var reason = reasons.get(line.reason());
        var step = switch (line.step()) {
            case 0 -> new Step.Intended(List.of(episode(line.episode())));
            case 1 -> new Step.Accepted("");
            case 2 -> new Step.Verified("");
            case 3 -> new Step.Failed(true, "", "");
            case 4 -> new Step.Cured();
            case 5 -> new Step.Uncured("");
            case 6 -> new Step.Closed();
            case 8 -> new Step.Returned(null, "");
            default -> new Step.Told("root", "C1", "m" + line.seconds(), "d", null);
        };
        boolean hasReason = step instanceof Step.Failed || step instanceof Step.Closed;
        return event(line.incident(), workload, revision, line.attempt(), hasReason ? reason : null, step);
    }

    // --- by example

    @Test
    void theFirstIntentCountsAndItsDoublesDoNot() {
        var log = new IncidentLog(LIMITS);

        append(log, T0, intent(0, 1, 0));
        append(log, T0.plusSeconds(1), intent(0, 1, 0));

        assertThat(incident(log, 0).attempts()).singleElement().satisfies(attempt -> {
            assertThat(attempt.isOpen()).isTrue();
            assertThat(attempt.intendedAt()).isEqualTo(T0);
        });
        assertThat(incident(log, 0).state()).isEqualTo(State.ACTING);
        assertThat(incident(log, 0).version()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"-1, BREAKER_OPEN", "0, ", "1, "})
    void theBreakerIsFullUntilItsWindowHasPassed(long millis, @Nullable Reason expected) {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(3, 1, 3));
        append(log, T0, intent(4, 1, 4));

        append(log, T0.plus(LIMITS.breakerWindow()).plusMillis(millis), intent(5, 1, 5));

        assertThat(incident(log, 5).attempts().getFirst().voided()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"-1, COOLING_DOWN", "0, ", "1, "})
    void aWorkloadCoolsDown(long millis, @Nullable Reason expected) {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));

        append(log, T0.plus(LIMITS.coolDown()).plusMillis(millis), intent(2, 1, 2));

        assertThat(incident(log, 2).attempts().getFirst().voided()).isEqualTo(expected);
    }

    @Test
    void aVoidIntentMayBeIntendedAgainUnderTheNextNumberAndIsNotCounted() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(3, 1, 3));
        append(log, T0, intent(4, 1, 4));
        append(log, T0.plusSeconds(1), intent(5, 1, 5));
        assertThat(incident(log, 5).state()).as("nothing is under way").isEqualTo(State.SUSPECTED);
        assertThat(incident(log, 5).triggers()).isEmpty();
        assertThat(log.spentOn("uid5")).isEmpty();

        append(log, T0.plus(LIMITS.breakerWindow()), intent(5, 2, 5));

        assertThat(incident(log, 5).attempts()).extracting(Attempt::isEffective).containsExactly(false, true);
        assertThat(incident(log, 5).tries()).isEqualTo(1);
    }

    @Test
    void whatHasBegunToActGoesOnThoughOthersFillTheBreaker() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(3, 1, 3));
        append(log, T0, intent(4, 1, 4));

        assertThat(log.hold(id(3), "uid3", new RevisionHash("bad3"), List.of(episode(3)), T0))
                .isEmpty();
        append(log, T0, failed(3, 1, Reason.UNREACHABLE));
        append(log, T0.plusSeconds(2), intent(3, 2, 3));

        assertThat(incident(log, 3).openAttempt()).map(Attempt::number).hasValue(2);
    }

    @Test
    void theBreakerCountsAnActFromItsFirstIntent() {
        var log = new IncidentLog(LIMITS);
        for (int incident = 3; incident <= 4; incident++) {
            append(log, T0, intent(incident, 1, incident));
            append(log, T0, failed(incident, 1, Reason.UNREACHABLE));
            append(log, T0.plus(Duration.ofMinutes(5)), intent(incident, 2, incident));
        }

        append(log, T0.plus(LIMITS.breakerWindow()), intent(5, 1, 5));

        assertThat(incident(log, 5).openAttempt()).isPresent();
    }

    @Test
    void anEpisodeSpentOnOneWorkloadTriggersNoOther() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(3, 1, 0));

        append(log, T0.plus(Duration.ofDays(1)), intent(4, 1, 0));

        assertThat(incident(log, 4).attempts().getFirst().voided()).isEqualTo(Reason.EPISODE_SPENT);
    }

    @Test
    void aRevisionThatComesBackIsNeverTakenBackAgainWithoutAPerson() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));

        append(log, T0.plus(Duration.ofDays(30)), intent(1, 1, 1));
        append(log, T0.plus(Duration.ofDays(30)), intent(1, 2, 1));

        assertThat(incident(log, 1).attempts())
                .extracting(Attempt::voided)
                .containsExactly(Reason.ROLLED_BACK_BEFORE, Reason.ROLLED_BACK_BEFORE);
    }

    @Test
    void anIntentThatWasWithdrawnHoldsUpNobody() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, failed(0, 1, Reason.WITHDRAWN));

        append(log, T0.plusSeconds(1), intent(1, 1, 0));

        assertThat(incident(log, 1).attempts().getFirst().isEffective()).isTrue();
        assertThat(incident(log, 0).tries()).isZero();
    }

    @Test
    void anIntentThatWasWithdrawnFreesWhatItHeldAndNoMore() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0.plus(LIMITS.coolDown()), intent(2, 1, 2));
        append(log, T0.plus(LIMITS.coolDown()), failed(2, 1, Reason.WITHDRAWN));

        append(log, T0.plus(LIMITS.coolDown()), intent(1, 1, 1));

        assertThat(incident(log, 1).attempts().getFirst().voided()).isEqualTo(Reason.ROLLED_BACK_BEFORE);
    }

    @Test
    void whatWasTakenOverCountsThoughItWasWithdrawnSinceTheFirstMayHaveAskedAlready() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, takeOver("b", 2));
        append(log, T0, by("b", failed(0, 1, Reason.WITHDRAWN)));

        append(log, T0.plusSeconds(1), intent(2, 1, 0));

        assertThat(incident(log, 0).tries()).isEqualTo(1);
        assertThat(incident(log, 2).attempts().getFirst().isEffective()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"WITHDRAWN", "STALE", "UNREACHABLE", "FORBIDDEN", "UNRESOLVED", "SUPERSEDED"})
    void whoeverLostAnIntentDoesNotSayWhatBecameOfIt(Reason reason) {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, takeOver("b", 2));

        append(log, T0, failed(0, 1, reason));
        append(log, T0, by("b", event(0, 0, "bad", 1, null, new Step.Accepted(""))));

        assertThat(incident(log, 0).openAttempt())
                .hasValueSatisfying(open -> assertThat(open.acceptedAt()).isNotNull());
    }

    @Test
    void anIntentIsTakenOverOnlyByWhoeverReadAllBeforeIt() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, takeOver("b", 2));

        append(log, T0, takeOver("c", 2));
        append(log, T0, by("test", intent(0, 1, 0)));

        assertThat(incident(log, 0).attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.by()).isEqualTo("b"));
    }

    @Test
    void whatTheClusterTookIsNotTakenOver() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0.plusSeconds(1), event(0, 0, "bad", 1, null, new Step.Accepted("")));

        append(log, T0.plusSeconds(2), takeOver("b", 3));

        assertThat(incident(log, 0).openAttempt())
                .hasValueSatisfying(open -> assertThat(open.acceptedAt()).isEqualTo(T0.plusSeconds(1)));
    }

    @Test
    void theEpisodeOfAWithdrawnSecondAttemptIsNotSpent() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, failed(0, 1, Reason.UNREACHABLE));
        append(log, T0, intent(0, 2, 7));
        append(log, T0, failed(0, 2, Reason.WITHDRAWN));

        append(log, T0, intent(4, 1, 7));

        assertThat(incident(log, 4).attempts().getFirst().isEffective()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"WITHDRAWN", "STALE", "UNREACHABLE", "FORBIDDEN", "UNRESOLVED", "SUPERSEDED"})
    void whatTheClusterTookDoesNotFailForWhatAZombieHeardOfItsOwnRequest(Reason reason) {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0.plusSeconds(1), event(0, 0, "bad", 1, null, new Step.Accepted("")));

        append(log, T0.plusSeconds(2), failed(0, 1, reason));

        assertThat(incident(log, 0).openAttempt()).isPresent();
    }

    @ParameterizedTest
    @EnumSource(names = {"STUCK_POD", "FORBIDDEN", "REJECTED"})
    void whatTheClusterTookFailsForWhatWasSeenOfItAfter(Reason reason) {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0.plusSeconds(1), event(0, 0, "bad", 1, null, new Step.Accepted("")));

        append(log, T0.plusSeconds(2), by("b", 3, failed(0, 1, reason)));

        assertThat(incident(log, 0).openAttempt()).isEmpty();
    }

    @Test
    void lateOutcomesReopenNothing() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, event(0, 0, "bad", 1, null, new Step.Verified("")));
        append(log, T0, event(0, 0, "bad", 1, null, new Step.Cured()));
        append(log, T0, event(0, 0, "bad", 1, null, new Step.Closed()));

        append(log, T0, event(0, 0, "bad", 1, null, new Step.Verified("")));
        append(log, T0, failed(0, 1, Reason.UNREACHABLE));
        append(log, T0, event(0, 0, "bad", 1, null, new Step.Uncured("")));
        append(log, T0, intent(0, 2, 0));

        assertThat(incident(log, 0).state()).isEqualTo(State.CLOSED);
        assertThat(incident(log, 0).attempts()).hasSize(1);
    }

    @Test
    void threeTriesAndThenAPerson() {
        var log = new IncidentLog(LIMITS);
        for (int attempt = 1; attempt <= 4; attempt++) {
            append(log, T0.plusSeconds(attempt), intent(0, attempt, 0));
            append(log, T0.plusSeconds(attempt), failed(0, attempt, Reason.UNREACHABLE));
        }

        assertThat(incident(log, 0).attempts()).hasSize(3);
        assertThat(incident(log, 0).state()).isEqualTo(State.ESCALATED);
        assertThat(incident(log, 0).nextAttempt()).isEmpty();
    }

    @Test
    void anAnswerThatIsWrittenTwiceIsOne() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, event(0, 0, "bad", 1, Reason.FORBIDDEN, new Step.Failed(false, "", "")));
        var retry = event(0, 0, "bad", 1, null, new Step.Answered(Command.Kind.RETRY, new UUID(1, 1), 2));

        append(log, T0, retry);
        append(log, T0, retry);

        assertThat(incident(log, 0).answers().given())
                .singleElement()
                .satisfies(answer -> assertThat(answer.refusal()).isNull());
        assertThat(incident(log, 0).nextAttempt()).hasValue(2);
    }

    @Test
    void intentsThatComeToNothingEndSomeTimeToo() {
        var log = new IncidentLog(LIMITS);
        for (int attempt = 1; attempt <= 30; attempt++) {
            append(log, T0.plusSeconds(attempt), intent(0, attempt, 0));
            append(log, T0.plusSeconds(attempt), failed(0, attempt, Reason.WITHDRAWN));
        }

        assertThat(incident(log, 0).attempts()).hasSize(20);
        assertThat(incident(log, 0).state()).isEqualTo(State.ESCALATED);
    }

    @Test
    void anEventOfAnUnknownKindStopsActingAndNotReading() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, event(0, 0, "bad", 0, null, new Step.Unknown("io.rollguard.incident.frozen.v1")));

        append(log, T0, intent(0, 1, 0));

        assertThat(log.foreignType()).contains("io.rollguard.incident.frozen.v1");
        assertThat(incident(log, 0).version()).isEqualTo(2);
    }

    @Test
    void theTimelineIsBoundedAndKeepsHowItBegan() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        for (int i = 0; i < 2 * Incident.MAX_TIMELINE; i++) {
            append(
                    log,
                    T0.plusSeconds(i),
                    event(0, 0, "bad", 1, null, new Step.Told("root", "C1", "m", "d" + i, null)));
        }

        assertThat(incident(log, 0).timeline()).hasSize(Incident.MAX_TIMELINE);
        assertThat(incident(log, 0).timeline().getFirst().step()).isEqualTo("intended");
    }

    // --- what people order

    @Test
    void anOrderLetsOneIntentFollowThatIsTheSameAct() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, ordered(0, 1, false));
        append(log, T0, intentOf(0, 1, Act.RESTORE)); // judged meanwhile: not what the person wants

        append(log, T0.plusSeconds(1), intent(0, 1, 0));

        assertThat(incident(log, 0).attempts()).singleElement().satisfies(attempt -> {
            assertThat(attempt.isByHand()).isTrue();
            assertThat(attempt.isEffective()).isTrue();
            assertThat(attempt.act()).isEqualTo(Act.ABORT);
        });
    }

    @Test
    void anOrderThatNobodyTookUpInTimeIsNotDoneLater() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, ordered(0, 1, false));
        var late = T0.plus(Order.Given.LIVES).plusMillis(1);

        assertThat(incident(log, 0).order(T0.plus(Order.Given.LIVES))).isPresent();
        assertThat(incident(log, 0).order(late)).isEmpty();

        append(log, late, intent(0, 1, 0));

        assertThat(incident(log, 0).attempts()).noneMatch(Attempt::isByHand);
    }

    @ParameterizedTest
    @CsvSource({"false, COOLING_DOWN", "true,"})
    void aCoolDownAndTheBreakerHoldUnlessThePersonInsists(boolean force, @Nullable Reason voided) {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, failed(0, 1, Reason.UNRESOLVED));
        append(log, T0, event(1, 0, "worse", 0, null, answer(1, force)));

        append(log, T0.plusSeconds(1), event(1, 0, "worse", 1, null, new Step.Intended(List.of())));

        assertThat(incident(log, 1).attempts().getFirst().voided()).isEqualTo(voided);
    }

    @Test
    void whatIsUnderWayOnTheWorkloadIsNotCrossedWhoeverInsists() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, intent(0, 1, 0));
        append(log, T0, event(1, 0, "worse", 0, null, answer(1, true)));

        append(log, T0.plusSeconds(1), event(1, 0, "worse", 1, null, new Step.Intended(List.of())));

        assertThat(incident(log, 1).attempts().getFirst().voided()).isEqualTo(Reason.UNDER_WAY);
    }

    @Test
    void aSecondOrderIsRefusedWhileTheFirstStandsAndWhileItIsCarriedOut() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, ordered(0, 1, false));
        append(log, T0.plusSeconds(1), ordered(0, 2, true));
        append(log, T0.plusSeconds(2), intent(0, 1, 0));

        append(log, T0.plusSeconds(3), ordered(0, 3, true));

        assertThat(incident(log, 0).answers().given())
                .extracting(Answers.Answer::refusal)
                .containsExactly(null, Reason.DECIDED_BEFORE, Reason.UNDER_WAY);
        assertThat(incident(log, 0).attempts()).hasSize(1);
    }

    @Test
    void whatWasOrderedIsTakenOverAsWhatItIsAndTriedAgainOnlyForWhatPasses() {
        var log = new IncidentLog(LIMITS);
        append(log, T0, ordered(0, 1, true));
        append(log, T0.plusSeconds(1), intent(0, 1, 0));
        append(log, T0.plusSeconds(9), by("b", 3, intent(0, 1, 0)));

        assertThat(incident(log, 0).openAttempt()).hasValueSatisfying(open -> {
            assertThat(open.by()).isEqualTo("b");
            assertThat(open.isByHand()).isTrue();
        });

        append(log, T0.plusSeconds(10), failed(0, 1, Reason.UNREACHABLE)); // by whoever lost it
        assertThat(incident(log, 0).openAttempt()).isPresent();
        append(log, T0.plusSeconds(11), by("b", failed(0, 1, Reason.UNREACHABLE)));
        assertThat(incident(log, 0).order(T0.plusSeconds(12))).isPresent();
        append(log, T0.plusSeconds(15), by("b", intent(0, 2, 0)));
        append(
                log,
                T0.plusSeconds(16),
                by("b", event(0, 0, "bad", 2, Reason.WITHDRAWN, new Step.Failed(false, "", ""))));

        assertThat(incident(log, 0).attempts()).hasSize(2).allMatch(Attempt::isByHand);
        assertThat(incident(log, 0).order(T0.plusSeconds(17))).isEmpty();
    }

    private static IncidentEvent ordered(int incident, int command, boolean force) {
        return event(incident, 0, "bad", 0, null, answer(command, force));
    }

    private static Step answer(int command, boolean force) {
        var order = new Order(new RevisionHash("bad"), Act.ABORT, new RevisionHash("good"), "it fails", force);
        return new Step.Answered(Command.Kind.ROLLBACK, new UUID(2, command), 0, order);
    }

    private static IncidentEvent intentOf(int incident, int attempt, Act act) {
        var intent = intent(incident, attempt, 0);
        return new IncidentEvent(
                intent.incident(),
                intent.version(),
                attempt,
                intent.workload(),
                intent.uid(),
                intent.revision(),
                intent.target(),
                act,
                intent.by(),
                null,
                intent.at(),
                intent.step());
    }

    // --- making events

    private static void append(IncidentLog log, Instant at, IncidentEvent event) {
        log.apply(log.nextOffset(), at, event);
    }

    private static Incident incident(IncidentLog log, int number) {
        return log.find(id(number)).orElseThrow();
    }

    private static IncidentEvent by(String instance, IncidentEvent event) {
        return by(instance, event.version(), event);
    }

    private static IncidentEvent takeOver(String instance, long version) {
        return by(instance, version, intent(0, 1, 0));
    }

    private static IncidentEvent by(String instance, long version, IncidentEvent event) {
        return new IncidentEvent(
                event.incident(),
                version,
                event.attempt(),
                event.workload(),
                event.uid(),
                event.revision(),
                event.target(),
                event.act(),
                instance,
                event.reason(),
                event.at(),
                event.step());
    }

    private static IncidentEvent intent(int incident, int attempt, int episode) {
        return event(new Line(incident, attempt, 0, 0, episode, 0));
    }

    private static IncidentEvent failed(int incident, int attempt, Reason reason) {
        return event(incident, 0, "bad", attempt, reason, new Step.Failed(true, "", ""));
    }

    /** Two owners may answer one command, and one of them writes what no longer holds: nobody else's command is stale by it. */
    @Test
    void anAnswerThatCountsForNothingIsNoChange() {
        var log = new IncidentLog(LIMITS);
        var first = new UUID(1, 1);
        append(log, T0, event(0, 0, "bad", 0, null, new Step.Accepted("")));
        append(log, T0, event(0, 0, "bad", 0, Reason.MOVED_ON, new Step.Answered(Command.Kind.DISMISS, first, 1)));
        append(log, T0, event(0, 0, "bad", 0, null, new Step.Answered(Command.Kind.DISMISS, first, 1)));

        append(log, T0, event(0, 0, "bad", 0, null, new Step.Answered(Command.Kind.DISMISS, new UUID(1, 2), 1)));

        assertThat(incident(log, 0).isDismissed()).isTrue();
    }

    private static IncidentId id(int number) {
        return new IncidentId(new UUID(0x5000, number));
    }

    private static Episode episode(int number) {
        return new Episode(new Fingerprint("%016x".formatted(number)), T0);
    }

    private static IncidentEvent event(
            int incident, int workload, String revision, int attempt, @Nullable Reason reason, Step step) {
        return new IncidentEvent(
                id(incident),
                0,
                attempt,
                new WorkloadRef("default", "shop", Kind.ROLLOUT, "w" + workload),
                "uid" + workload,
                new RevisionHash(revision),
                new RevisionHash("good"),
                Act.ABORT,
                "test",
                reason,
                T0,
                step);
    }
}
