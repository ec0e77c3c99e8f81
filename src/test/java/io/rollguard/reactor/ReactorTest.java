package io.rollguard.reactor;

import static io.rollguard.reactor.FakeCluster.CANARY;
import static io.rollguard.reactor.FakeCluster.CART;
import static io.rollguard.reactor.FakeCluster.SEARCH;
import static io.rollguard.reactor.FakeCluster.STABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.rollguard.alert.Alert;
import io.rollguard.alert.Alert.Status;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.policy.Tier;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Pause;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts.Settings;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The reconcile loop on fakes: one look at a time, with the time set by the test. */
class ReactorTest {

    private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");
    private static final Map<String, String> CANARY_POD = Map.of("namespace", "shop", "pod", "cart-canary1-0");
    private static final Map<String, String> SERVICE_LESS = Map.of("namespace", "shop", "rollout", "cart");

    private final TestClock clock = new TestClock(START.plusSeconds(120));
    private final FakeCluster cluster = new FakeCluster();
    private final FakeJournal journal = new FakeJournal(clock);
    private final AlertTable alerts = new AlertTable(20);
    private final List<String> told = new ArrayList<>();
    private BooleanSupplier ours = () -> true;
    private Rules rules = Rules.NONE;
    private Reactor reactor;

    @BeforeEach
    void aCanaryIsUnderWay() {
        cluster.canary(START);
        reactor = newReactor(Mode.AUTO);
    }

    private Reactor newReactor(Mode mode) {
        return newReactor(mode, journal);
    }

    private Reactor newReactor(Mode mode, Journal journal) {
        var settings = new io.rollguard.reactor.Settings(
                "instance-1",
                new RollbackPolicy(mode, Set.of("rollguard")),
                Duration.ofMinutes(30),
                Duration.ofSeconds(30),
                Duration.ofHours(24),
                Duration.ofHours(12),
                Duration.ofSeconds(30),
                Duration.ofMinutes(10),
                20,
                false);
        return new Reactor(
                cluster,
                new Ports.FixedAlerts(alerts),
                rules,
                journal,
                new Ports.NoCommands(),
                new Ports.Owner(workload -> ours.getAsBoolean()),
                (step, release, at) -> told.add("release." + step.label()),
                new Counting(),
                settings,
                clock);
    }

    // --- the straight way

    @Test
    void aCanaryWhosePodAlertsIsAbortedWithOneIntent() {
        fires("CartErrors", CANARY_POD);

        reactor.reconcile(CART);

        assertThat(cluster.writes).containsExactly("abort canary1 to stable1");
        assertThat(journal.steps()).containsExactly("suspected", "judged", "intended", "accepted");
        assertThat(told).contains("release.started", "judged GUILTY abort", "acted abort accepted");
    }

    @Test
    void theIntentStandsInTheLogBeforeTheClusterIsAsked() {
        fires("CartErrors", CANARY_POD);
        var before = new ArrayList<String>();
        cluster.beforeWrite = () -> before.addAll(journal.steps());

        reactor.reconcile(CART);

        assertThat(before).containsExactly("suspected", "judged", "intended");
    }

    @Test
    void itIsVerifiedThenCuredThenClosed() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        assertThat(incident().state()).as("the dwell has not passed").isEqualTo(Incident.State.VERIFIED);

        clock.advance(Duration.ofSeconds(30));
        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(journal.steps())
                .containsExactly("suspected", "judged", "intended", "accepted", "verified", "cured", "closed");
        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void whereTheTableGaveUpWhatFiresNobodyIsCuredAndNobodyIsJudged() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);
        for (int other = 0; alerts.dropped(Alert.Status.FIRING) == 0; other++) {
            fires("Other" + other, Map.of("namespace", "pay"));
        }
        clock.advance(Duration.ofSeconds(30));
        fires("CartErrors", CANARY_POD); // back in the table, and over
        resolves("CartErrors", CANARY_POD);

        clock.advance(Duration.ofMinutes(10));
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("verified", "uncured").doesNotContain("cured");
    }

    @Test
    void whatFiredBeforeMayBeAmongWhatTheTableGaveUp() {
        alerts.apply(alert("Old", Map.of("namespace", "pay"), Alert.Status.RESOLVED, START, START.plusSeconds(1)));
        for (int other = 0; alerts.dropped(Alert.Status.RESOLVED) == 0; other++) {
            fires("Other" + other, Map.of("namespace", "pay"));
        }
        fires("CartErrors", CANARY_POD);

        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(told).contains("judged INCONCLUSIVE none");
        assertThat(incident().judged().verdict().reason()).isEqualTo(Reason.TOO_MUCH_EVIDENCE);
    }

    @Test
    void anAlertThatGoesOnAfterTheRollbackCallsAPersonAndIsNoCure() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);

        clock.advance(Duration.ofMinutes(11));
        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("verified", "uncured");
        assertThat(incident().isOpen()).isTrue();
    }

    @Test
    void theSameAlertOnTheStablePodsAfterTheRollbackIsNoCure() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);
        fires("CartErrors", Map.of("namespace", "shop", "pod", "cart-stable1-0"));

        clock.advance(Duration.ofMinutes(2));
        reactor.reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);
    }

    @Test
    void weakerEvidenceSettlesFirst() {
        fires("CartErrors", SERVICE_LESS);
        reactor.reconcile(CART);
        assertThat(cluster.writes).isEmpty();

        clock.advance(Duration.ofSeconds(30));
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
        assertThat(journal.steps()).containsExactly("suspected", "judged", "judged", "intended", "accepted");
    }

    @Test
    void aRepeatedLookWritesNothingNew() {
        fires("CartErrors", SERVICE_LESS);
        reactor.reconcile(CART);
        int written = journal.entries.size();

        for (int look = 0; look < 10; look++) {
            reactor.reconcile(CART);
        }

        assertThat(journal.entries).hasSize(written);
    }

    // --- crashes: a new reactor on the same log and cluster

    @Test
    void crashedBetweenIntentAndActTheNextOwnerActs() {
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(cluster.writes).containsExactly("abort canary1 to stable1");
        assertThat(journal.steps()).containsExactly("suspected", "judged", "intended", "accepted");
    }

    @Test
    void crashedBetweenActAndOutcomeTheNextOwnerFindsItDone() {
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();
        cluster.aborted(clock.instant());

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(journal.steps()).endsWith("intended", "accepted");
    }

    @Test
    void anIntentOlderThanTwoMinutesIsHandedToAPerson() {
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();
        clock.advance(Duration.ofSeconds(121));

        newReactor(Mode.AUTO).reconcile(CART);
        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(failure().reason()).isEqualTo(Reason.UNRESOLVED);
        assertThat(failure().command()).contains("kubectl argo rollouts abort cart");
        assertThat(incident().state()).isEqualTo(Incident.State.ESCALATED);
    }

    /** What is at work on it changes all the time, and each judgement costs the API server some reads. */
    @Test
    void whatAPersonIsAskedAboutIsNotJudgedAnew() {
        aPersonIsCalled();
        int read = cluster.pauseReads;

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.ESCALATED);
        assertThat(cluster.pauseReads).isEqualTo(read);
    }

    @Test
    void whatAPersonIsAskedAboutAWorkloadEndsOnceItWasMadeAnew() {
        aPersonIsCalled();
        cluster.madeAnew();

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(incident().closedFor()).isEqualTo(Reason.GONE);
    }

    /** The cache may be behind, and its uid that of the workload before. */
    @Test
    void whatAPersonIsAskedDoesNotEndForACacheThatIsBehind() {
        aPersonIsCalled();
        cluster.reading = cluster.read(CART);
        cluster.madeAnew();

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.ESCALATED);
    }

    @Test
    void whatAPersonIsAskedEndsOnceAnotherRevisionIsThere() {
        aPersonIsCalled();
        cluster.ship(new RevisionHash("canary2"), clock.instant());

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(journal.log().of(CART).getFirst().closedFor()).isEqualTo(Reason.SUPERSEDED);
    }

    @Test
    void whatAPersonIsAskedDoesNotEndForARevisionOfACacheThatIsBehind() {
        aPersonIsCalled();
        cluster.reading = cluster.read(CART);
        cluster.ship(new RevisionHash("before"), clock.instant());

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.ESCALATED);
    }

    @Test
    void whatAPersonIsAskedDoesNotEndWhileItIsNotKnownWhichRevisionIsThere() {
        aPersonIsCalled();
        cluster.hidesItsRevision();

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.ESCALATED);
    }

    @Test
    void anIntentWhoseAlertHasEndedIsWithdrawn() {
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();
        resolves("CartErrors", CANARY_POD);

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(failure().reason()).isEqualTo(Reason.WITHDRAWN);
    }

    @Test
    void anIntentIsWithdrawnWhereAPersonIsToBeAskedByNow() {
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();

        newReactor(Mode.APPROVE).reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(failure().reason()).isEqualTo(Reason.WITHDRAWN);
        assertThat(failure().detail()).isEqualTo(Reason.NOT_APPROVED.text());
    }

    @Test
    void anAbortIsNotGivenUpWhileItIsNotKnownWhichRevisionIsThere() {
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();
        cluster.hidesItsRevision();

        newReactor(Mode.AUTO).reconcile(CART);
        assertThat(cluster.writes).isEmpty();
        assertThat(journal.steps()).endsWith("intended");

        cluster.showsItsRevision();
        newReactor(Mode.AUTO).reconcile(CART);
        assertThat(cluster.writes).containsExactly("abort canary1 to stable1");
    }

    @Test
    void aReleaseIsNotOverWhileItIsNotKnownWhichRevisionIsThere() {
        cluster.pause = new Pause(true, "somebody", "maintenance");
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.hidesItsRevision();

        reactor.reconcile(CART);
        assertThat(incident().state()).isEqualTo(Incident.State.SUSPECTED);

        cluster.showsItsRevision();
        cluster.pause = Pause.NONE;
        reactor.reconcile(CART);
        assertThat(cluster.writes).containsExactly("abort canary1 to stable1");
    }

    @Test
    void anAbortIsNotLostWhileItIsNotKnownWhichRevisionIsThere() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        cluster.hidesItsRevision();
        clock.advance(Duration.ofSeconds(30));

        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("accepted");

        cluster.showsItsRevision();
        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("verified");
    }

    @ParameterizedTest
    @CsvSource({"false, 30", "true, 301"})
    void anAbortIsNotGivenUpForACacheThatIsBehind(boolean isSeen, long seconds) {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        cluster.reading = cluster.read(CART);
        cluster.hidesItsAbort(isSeen);
        clock.advance(Duration.ofSeconds(seconds));

        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("accepted", "verified");
    }

    @Test
    void anAbortIsNotGivenUpForACacheThatKnowsNothingOfItsWorkload() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.reading = cluster.read(CART);
        cluster.gone();

        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("accepted");

        cluster.reading = null;
        reactor.reconcile(CART);
        assertThat(failure().reason()).isEqualTo(Reason.GONE);
    }

    @Test
    void anAbortThatWasTakenBackIsLost() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        clock.advance(Duration.ofSeconds(30));

        reactor.reconcile(CART);

        assertThat(failure().reason()).isEqualTo(Reason.NOT_EFFECTIVE);
        assertThat(failure().detail()).startsWith("the abort was taken back");
    }

    @Test
    void anAbortWhoseRevisionWasReplacedMayHaveBeenDoneAndCounts() {
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();
        cluster.ship(new RevisionHash("canary2"), clock.instant());

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(failure().reason()).isEqualTo(Reason.SUPERSEDED);
        assertThat(incident().tries()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"-1, COOLING_DOWN", "0, "})
    void theNextOwnerKeepsToTheCoolDownOfWhatTheOneBeforeDid(long millis, @Nullable Reason expected) {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        var actedAt = clock.instant();
        cluster.aborted(actedAt);
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);
        clock.advance(Duration.ofSeconds(30));
        cluster.ship(new RevisionHash("canary2"), clock.instant());
        clock.moveTo(actedAt.plus(FakeJournal.LIMITS.coolDown()).plusMillis(millis));
        fires("CartErrors", Map.of("namespace", "shop", "pod", "cart-canary2-0"));
        var readByTheNext = journal.readByAnother();

        newReactor(Mode.AUTO, readByTheNext).reconcile(CART);

        var next = readByTheNext.log().of(CART).getLast();
        assertThat(next.revision()).hasToString("canary2");
        assertThat(next.judged().allowed().reason()).isEqualTo(expected);
        assertThat(cluster.writes).hasSize(expected == null ? 2 : 1);
    }

    // --- what an act still needs after the cluster took it

    @Test
    void aPausedCanaryIsUnpausedOnceItsAbortIsAcknowledged() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.abortedWhilePaused(null);
        reactor.reconcile(CART);
        assertThat(cluster.writes).hasSize(1);

        cluster.abortedWhilePaused(clock.instant());
        newReactor(Mode.AUTO).reconcile(CART); // whoever comes after a crash

        assertThat(cluster.writes).containsExactly("abort canary1 to stable1", "unpause cart");
        assertThat(journal.steps()).endsWith("intended", "accepted");
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("accepted", "verified");
    }

    @Test
    void whereOnlyTheStatusMayBeWrittenItStaysPaused() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.rights = Tier.ABORT_ONLY;
        cluster.abortedWhilePaused(clock.instant());

        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"2000, 0", "2001, 1"})
    void anAbortThatItsControllerHasNotSeenIsNudged(long millis, int nudges) {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.abortedWhilePaused(null);

        clock.advance(Duration.ofMillis(millis));
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1 + nudges);
        assertThat(cluster.writes.getLast()).isEqualTo(nudges == 0 ? "abort canary1 to stable1" : "nudge cart");
    }

    @Test
    void itIsNotNudgedAgainBeforeTheControllerCanHaveSeenIt() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.abortedWhilePaused(null);
        clock.advance(Duration.ofSeconds(3));
        reactor.reconcile(CART);

        clock.advance(Duration.ofSeconds(1));
        reactor.reconcile(CART);
        assertThat(cluster.writes).hasSize(2);
        clock.advance(Duration.ofSeconds(1));
        reactor.reconcile(CART);

        assertThat(cluster.writes).containsExactly("abort canary1 to stable1", "nudge cart", "nudge cart");
    }

    @Test
    void aRestoredRolloutIsPromotedAndAgainWhereItsAnalysisAbortsIt() {
        cluster.knownGood(FakeCluster.STABLE, START.minusSeconds(3600));
        cluster.promoted(clock.instant());
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        clock.advance(Duration.ofSeconds(31));
        reactor.reconcile(CART);
        assertThat(cluster.writes).containsExactly("restore canary1 to stable1");
        cluster.restored(true, false);
        reactor.reconcile(CART);
        assertThat(cluster.writes).endsWith("promote cart");
        cluster.restored(false, true);
        reactor.reconcile(CART);
        assertThat(cluster.writes).hasSize(2);

        clock.advance(Duration.ofSeconds(3));
        cluster.restored(true, false);
        reactor.reconcile(CART);

        assertThat(cluster.writes).containsExactly("restore canary1 to stable1", "promote cart", "promote cart");
        assertThat(journal.steps()).endsWith("accepted");
    }

    @Test
    void whatIsLeftIsNotDoneWhileRollguardIsPausedOrTheLogIsNotKnownToItsEnd() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.abortedWhilePaused(clock.instant());
        cluster.pause = new Pause(true, "somebody", "maintenance");
        reactor.reconcile(CART);
        cluster.pause = Pause.NONE;
        journal.reachable = false;
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
    }

    /** Its controller wrote at the same time, as it does then. */
    @Test
    void whatIsLeftIsSentAgainAtOnceWhereTheObjectHadMoved() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.abortedWhilePaused(clock.instant());
        cluster.answers.add(new Answer.Moved("HTTP 422"));
        reactor.reconcile(CART);

        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(cluster.writes)
                .as("and not once more before it can be seen")
                .containsExactly("abort canary1 to stable1", "unpause cart", "unpause cart");
    }

    @Test
    void whatIsLeftIsNotDoneByOneThatLostTheWorkload() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.abortedWhilePaused(clock.instant());
        ours = () -> false;

        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void whereTheClusterRefusesWhatIsLeftAPersonIsToldHowToDoIt() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.abortedWhilePaused(clock.instant());
        cluster.answers.add(new Answer.Refused(Reason.FORBIDDEN, "HTTP 403"));

        reactor.reconcile(CART);

        assertThat(failure().reason()).isEqualTo(Reason.NOT_EFFECTIVE);
        assertThat(failure().detail()).isEqualTo("unpause: HTTP 403");
        assertThat(failure().command()).isEqualTo("kubectl to unpause");
        assertThat(incident().state()).isEqualTo(Incident.State.ESCALATED);
    }

    @Test
    void anActThatIsNoLongerTheRightOneIsWithdrawn() {
        cluster.knownGood(FakeCluster.STABLE, START.minusSeconds(3600));
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();
        cluster.promoted(clock.instant());
        clock.advance(Duration.ofSeconds(31));

        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(failure().reason()).isEqualTo(Reason.WITHDRAWN);
        assertThat(failure().detail()).isEqualTo(Reason.STALE.text());
    }

    // --- what passes is tried again

    @Test
    void attemptsFollowEachOtherWithGrowingDistanceThatDiffersFromIncidentToIncident() {
        var one = new IncidentId(new UUID(0, 1));
        for (int attempt = 1; attempt <= 20; attempt++) {
            long least = Math.min(64, 1L << attempt);
            assertThat(Decision.backoff(one, attempt))
                    .isBetween(Duration.ofSeconds(least), Duration.ofMillis(least * 1500))
                    .isEqualTo(Decision.backoff(one, attempt));
        }
        var waits = new HashSet<Duration>();
        for (int number = 0; number < 100; number++) {
            waits.add(Decision.backoff(new IncidentId(new UUID(number, 7L * number)), 1));
        }
        assertThat(waits).hasSizeGreaterThan(50);
    }

    @ParameterizedTest
    @CsvSource({"599, SUSPECTED", "601, ESCALATED"})
    void whatFailsForTenMinutesIsForAPerson(long seconds, Incident.State expected) {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.NotDone("HTTP 503"));
        reactor.reconcile(CART);
        assertThat(incident().state()).isEqualTo(Incident.State.SUSPECTED);

        clock.advance(Duration.ofSeconds(seconds));
        cluster.answers.add(new Answer.NotDone("HTTP 503"));
        reactor.reconcile(CART);

        assertThat(incident().tries()).isEqualTo(2);
        assertThat(incident().state()).isEqualTo(expected);
    }

    // --- intents that the log makes void

    @Test
    void anIntentThatIsVoidAtItsPlaceIsNotCarriedOutAndMadeAnewOnceNothingForbidsIt() {
        fires("CartErrors", CANARY_POD);
        othersFillTheBreaker();
        reactor.reconcile(CART);
        assertThat(incident().attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.voided()).isEqualTo(Reason.BREAKER_OPEN));
        assertThat(cluster.writes).isEmpty();

        reactor.reconcile(CART);
        assertThat(allowed().reason()).isEqualTo(Reason.BREAKER_OPEN);
        clock.advance(FakeJournal.LIMITS.breakerWindow());
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
        assertThat(incident().tries()).isEqualTo(1);
    }

    @Test
    void anIncidentWhoseIntentsWereAllVoidOpensAgain() {
        fires("CartErrors", CANARY_POD);
        othersFillTheBreaker();
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        assertThat(incident().closedFor()).isEqualTo(Reason.RESOLVED);

        clock.advance(FakeJournal.LIMITS.breakerWindow());
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
        assertThat(journal.log().of(CART))
                .singleElement()
                .satisfies(incident -> assertThat(incident.state()).isEqualTo(Incident.State.ACTING));
    }

    /** Written by another instance just before what this one writes next. */
    private void othersFillTheBreaker() {
        for (int number = 0; number < FakeJournal.LIMITS.breakerMax(); number++) {
            var trigger = new Episode(new Fingerprint("%016x".formatted(number)), clock.instant());
            journal.wroteAnother(new IncidentEvent(
                    new IncidentId(new UUID(0, number)),
                    1,
                    1,
                    new WorkloadRef("test", "pay", Kind.ROLLOUT, "w" + number),
                    "uid-" + number,
                    new RevisionHash("bad" + number),
                    new RevisionHash("good"),
                    Act.ABORT,
                    "instance-2",
                    null,
                    clock.instant(),
                    new Step.Intended(List.of(trigger))));
        }
    }

    /** Nobody acted within the time in which an intent may be acted on. */
    private void aPersonIsCalled() {
        fires("CartErrors", CANARY_POD);
        crashBeforeTheWrite();
        clock.advance(Duration.ofSeconds(121));
        newReactor(Mode.AUTO).reconcile(CART);
    }

    private void crashBeforeTheWrite() {
        cluster.beforeWrite = () -> {
            throw new IllegalStateException("killed");
        };
        assertThatThrownBy(() -> reactor.reconcile(CART)).hasMessage("killed");
        cluster.beforeWrite = null;
    }

    // --- ownership that ends in the middle of a look

    @Test
    void oneThatOwnsTheWorkloadNoMoreWritesNothing() {
        fires("CartErrors", CANARY_POD);
        ours = () -> false;

        reactor.reconcile(CART);

        assertThat(journal.entries).isEmpty();
        assertThat(cluster.writes).isEmpty();
        assertThat(told).doesNotContain("judged GUILTY abort");
    }

    @Test
    void oneThatLosesTheWorkloadAfterItsIntentLeavesTheActToTheNext() {
        fires("CartErrors", CANARY_POD);
        ours = () -> !journal.steps().contains("intended");
        reactor.reconcile(CART);
        assertThat(journal.steps()).containsExactly("suspected", "judged", "intended");
        assertThat(cluster.writes).isEmpty();

        ours = () -> true;
        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
        assertThat(journal.steps()).containsExactly("suspected", "judged", "intended", "accepted");
    }

    @Test
    void oneThatLosesTheWorkloadDuringTheRequestLeavesTheOutcomeToTheNext() {
        fires("CartErrors", CANARY_POD);
        cluster.beforeWrite = () -> ours = () -> false;
        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("intended");

        ours = () -> true;
        cluster.aborted(clock.instant());
        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
        assertThat(journal.steps()).containsExactly("suspected", "judged", "intended", "accepted");
    }

    @Test
    void anOutcomeThatAnotherInstanceWroteMeanwhileIsNotWrittenAgain() {
        fires("CartErrors", CANARY_POD);
        cluster.beforeWrite = () -> {
            cluster.beforeWrite = null;
            cluster.aborted(clock.instant());
            newReactor(Mode.AUTO).reconcile(CART);
        };

        reactor.reconcile(CART);

        assertThat(journal.steps()).containsExactly("suspected", "judged", "intended", "accepted");
    }

    // --- what the cluster answers

    @Test
    void whatCanPassIsTriedThreeTimesWithGrowingDistanceThenAPersonIsCalled() {
        fires("CartErrors", CANARY_POD);
        for (int answer = 0; answer < 9; answer++) {
            cluster.answers.add(new Answer.NotDone("500"));
        }

        var begun = clock.instant();
        var asked = new ArrayList<Long>();
        cluster.beforeWrite =
                () -> asked.add(Duration.between(begun, clock.instant()).toSeconds());

        for (int second = 0; second < 60; second++) {
            reactor.reconcile(CART);
            clock.advance(Duration.ofSeconds(1));
        }

        long second = looksUntil(Decision.backoff(incident().id(), 1));
        long third = second + looksUntil(Decision.backoff(incident().id(), 2));
        assertThat(asked).containsExactly(0L, second, third);
        assertThat(incident().state()).isEqualTo(Incident.State.ESCALATED);
        assertThat(incident().attempts())
                .extracting(attempt -> attempt.number())
                .containsExactly(1, 2, 3);
    }

    /** In whole seconds, since it is looked at once a second. */
    private static long looksUntil(Duration wait) {
        return wait.plusMillis(999).toSeconds();
    }

    @Test
    void whatIsForbiddenIsTriedOnce() {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.Refused(Reason.FORBIDDEN, "403"));

        for (int second = 0; second < 60; second++) {
            reactor.reconcile(CART);
            clock.advance(Duration.ofSeconds(1));
        }

        assertThat(cluster.writes).hasSize(1);
        assertThat(failure().reason()).isEqualTo(Reason.FORBIDDEN);
    }

    @Test
    void anObjectThatMovedIsReadAndJudgedAgain() {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.Moved("422"));

        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(2);
        assertThat(journal.steps()).endsWith("intended", "accepted");
    }

    @Test
    void anAnswerThatWasLostIsLookedUpAndNotRepeated() {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.Unsure("timeout"));
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());

        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
        assertThat(journal.steps()).endsWith("accepted", "verified");
    }

    @Test
    void aRequestThatMayYetLandIsNotWithdrawn() {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.Unsure("timeout"));
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("intended");

        cluster.aborted(clock.instant());
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
        assertThat(journal.steps()).endsWith("accepted");
    }

    @Test
    void aRequestThatMayYetLandIsNotGivenUpForTheAnswerToTheNext() {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.Unsure("timeout"));
        cluster.answers.add(new Answer.Refused(Reason.FORBIDDEN, "403"));
        reactor.reconcile(CART);
        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("intended");

        clock.advance(Duration.ofSeconds(121));
        reactor.reconcile(CART);

        assertThat(failure().reason()).isEqualTo(Reason.UNRESOLVED);
    }

    @Test
    void anOutcomeThatTheLogDidNotConfirmIsWrittenBeforeAnythingElseIsDone() {
        fires("CartErrors", CANARY_POD);
        cluster.beforeWrite = () -> journal.reachable = false;
        assertThatThrownBy(() -> reactor.reconcile(CART)).hasMessageContaining("incident log could not be written");

        journal.reachable = true;
        cluster.beforeWrite = null;
        cluster.ship(new RevisionHash("canary2"), clock.instant());
        reactor.reconcile(CART);

        assertThat(journal.steps()).containsSubsequence("intended", "accepted").doesNotContain("failed");
    }

    @Test
    void aWorkloadThatIsGoneEndsTheAttempt() {
        fires("CartErrors", CANARY_POD);
        cluster.reading = new Reading.Gone();

        reactor.reconcile(CART);

        assertThat(failure().reason()).isEqualTo(Reason.GONE);
    }

    @Test
    void withoutKafkaNothingIsDone() {
        fires("CartErrors", CANARY_POD);
        journal.reachable = false;

        assertThatThrownBy(() -> reactor.reconcile(CART)).hasMessageContaining("incident log could not be written");

        assertThat(cluster.writes).isEmpty();
    }

    // --- what forbids it

    @Test
    void pausedItIsSaidAndNotIntended() {
        cluster.pause = new Pause(true, "somebody", "maintenance");
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        assertThat(journal.steps()).containsExactly("suspected", "judged");
        assertThat(allowed().reason()).isEqualTo(Reason.PAUSED);

        cluster.pause = Pause.NONE;
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void beyondItsRightsItIsSaidWithTheCommandAndNotIntended() {
        cluster.rights = Tier.OBSERVE;
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        assertThat(journal.steps()).containsExactly("suspected", "judged");
        assertThat(allowed().reason()).isEqualTo(Reason.RIGHTS_MISSING);
        assertThat(incident().judged().command()).isEqualTo("kubectl argo rollouts abort cart -n shop");

        cluster.rights = Tier.ABORT_ONLY;
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void whatARestoreNeedsIsNotKeptBeyondItsRights() {
        cluster.promoted(START);
        clock.advance(Duration.ofHours(1));
        cluster.rights = Tier.ABORT_ONLY;
        reactor.reconcile(CART);
        clock.advance(Duration.ofMinutes(5));
        reactor.reconcile(CART);
        var known = cluster.objects().goodRevisions("uid-cart");
        assertThat(known).extracting(good -> good.hash()).containsExactly(CANARY);
        assertThat(cluster.kept).isZero();

        cluster.rights = Tier.FULL;
        reactor.reconcile(CART);

        assertThat(cluster.kept).isOne();
        assertThat(cluster.objects().goodRevisions("uid-cart")).isEqualTo(known);
    }

    @Test
    void inObserveModeItSaysWhatWouldBeDone() {
        reactor = newReactor(Mode.OBSERVE);
        fires("CartErrors", CANARY_POD);

        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(journal.steps()).containsExactly("suspected", "judged");
        assertThat(allowed()).isEqualTo(new Allowed(Act.ABORT, Mode.OBSERVE, null));
    }

    @Test
    void aWorkloadThatOptedOutIsLeftAlone() {
        cluster.annotated(new Settings(null, null, "a migration ran", null));
        fires("CartErrors", CANARY_POD);

        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(allowed().reason()).isEqualTo(Reason.OPTED_OUT);
    }

    @Test
    void anEventOfAnUnknownKindStopsActing() {
        fires("CartErrors", Map.of("namespace", "shop", "rollout", "cart"));
        reactor.reconcile(CART);
        var last = journal.entries.getLast();
        journal.append(new IncidentEvent(
                last.incident(),
                last.version() + 1,
                0,
                last.workload(),
                last.uid(),
                last.revision(),
                null,
                Act.NONE,
                "instance-2",
                null,
                clock.instant(),
                new Step.Unknown("io.rollguard.incident.teleported.v1")));
        clock.advance(Duration.ofSeconds(60));

        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(allowed().reason()).isEqualTo(Reason.LOG_NOT_UNDERSTOOD);
    }

    @Test
    void aStableRevisionThatWasRolledBackFromIsNoTarget() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);
        clock.advance(Duration.ofHours(1));
        cluster.shipOnTopOf(CANARY, new RevisionHash("canary2"), clock.instant());

        fires("CartErrors", Map.of("namespace", "shop", "pod", "cart-canary2-0"));
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(1);
        assertThat(journal.log().of(CART).getLast().judged().allowed().reason()).isEqualTo(Reason.NO_GOOD_REVISION);
    }

    @Test
    void anAbortGoesBackToWhatServesThoughItWasFoundGuilty() {
        cluster.pause = new Pause(true, "somebody", "maintenance");
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.pause = Pause.NONE;
        resolves("CartErrors", CANARY_POD);
        clock.advance(Duration.ofHours(1));
        cluster.shipOnTopOf(CANARY, new RevisionHash("canary2"), clock.instant());

        fires("CartErrors", Map.of("namespace", "shop", "pod", "cart-canary2-0"));
        reactor.reconcile(CART);

        assertThat(cluster.writes).containsExactly("abort canary2 to canary1");
    }

    @Test
    void aRestoreThatMovedNoPodStaysWithAPersonUntilItsAlertsAreQuiet() {
        var labels = Map.of("namespace", "shop", "pod", "search-two-0");
        cluster.deploys(new RevisionHash("one"), 1, START.minusSeconds(7200));
        cluster.deploys(new RevisionHash("two"), 2, clock.instant());
        fires("SearchErrors", labels);
        reactor.reconcile(SEARCH);
        cluster.deploys(new RevisionHash("one"), 3, START.minusSeconds(7200));
        clock.advance(Duration.ofSeconds(301));
        reactor.reconcile(SEARCH);

        reactor.reconcile(SEARCH);
        var meanwhile = journal.log().of(SEARCH).getFirst();
        resolves("SearchErrors", labels);
        clock.advance(Duration.ofSeconds(31));
        reactor.reconcile(SEARCH);

        assertThat(cluster.writes).containsExactly("restore two to one");
        assertThat(meanwhile.state()).isEqualTo(Incident.State.ESCALATED);
        assertThat(meanwhile.lastAttempt().orElseThrow().failure().reason()).isEqualTo(Reason.NOT_EFFECTIVE);
        assertThat(journal.log().of(SEARCH).getFirst().state()).isEqualTo(Incident.State.CLOSED);
    }

    @Test
    void whatWasFoundGuiltyIsNotRestored() {
        cluster.deploys(new RevisionHash("one"), 1, START.minusSeconds(7200));
        cluster.deploys(new RevisionHash("two"), 2, clock.instant());
        cluster.pause = new Pause(true, "somebody", "maintenance");
        fires("SearchErrors", Map.of("namespace", "shop", "pod", "search-two-0"));
        reactor.reconcile(SEARCH);
        cluster.pause = Pause.NONE;
        resolves("SearchErrors", Map.of("namespace", "shop", "pod", "search-two-0"));
        clock.advance(Duration.ofHours(1));
        cluster.deploys(new RevisionHash("three"), 3, clock.instant());

        fires("SearchErrors", Map.of("namespace", "shop", "pod", "search-three-0"));
        reactor.reconcile(SEARCH);

        var incidents = journal.log().of(SEARCH);
        assertThat(incidents)
                .extracting(incident -> incident.judged().allowed().reason())
                .containsExactly(Reason.PAUSED, Reason.NO_GOOD_REVISION);
        assertThat(incidents.getLast().release().target().revision()).hasToString("two");
        assertThat(cluster.writes).isEmpty();
    }

    @Test
    void aReleaseThatBakedIsLookedAtAndLearnedAsGoodThoughNothingMoreHappensOnItsWorkload() {
        reactor.reconcile(CART);
        cluster.promoted(clock.instant());
        reactor.reconcile(CART);

        clock.advance(Duration.ofHours(1));

        assertThat(reactor.due(clock.instant())).containsExactly(CART);
        reactor.reconcile(CART);
        assertThat(cluster.objects().goodRevisions("uid-cart"))
                .extracting(good -> good.hash(), good -> good.assumed())
                .containsExactly(tuple(CANARY, false));
        assertThat(told).contains("release.proven");
        assertThat(reactor.due(clock.instant())).isEmpty();
    }

    /** By then another revision may be current, or nothing is left. */
    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"AUTO", "OBSERVE"})
    void aReleaseThatBakedInACacheThatIsBehindIsNotLearnedAsGood(Mode mode) {
        reactor = newReactor(mode);
        reactor.reconcile(CART);
        cluster.promoted(clock.instant());
        reactor.reconcile(CART);
        cluster.reading = new Cluster.Reading.Gone();

        clock.advance(Duration.ofHours(1));
        reactor.reconcile(CART);

        assertThat(cluster.objects().goodRevisions("uid-cart")).isEmpty();
        assertThat(cluster.kept).isZero();
        assertThat(told).doesNotContain("release.proven");
    }

    @Test
    void whatIsOnlyARolloutsTemplateIsNotLearnedAsGood() {
        cluster.promoted(START, Set.of(Trait.TEMPLATE_ONLY));
        clock.advance(Duration.ofHours(1));
        reactor.reconcile(CART);
        clock.advance(Duration.ofMinutes(5));

        reactor.reconcile(CART);

        assertThat(cluster.objects().goodRevisions("uid-cart")).isEmpty();
        assertThat(cluster.kept).isZero();
    }

    @Test
    void aReleaseWhoseWorkloadIsGoneIsFollowedNoMore() {
        reactor.reconcile(CART);
        assertThat(reactor.due(clock.instant())).containsExactly(CART);

        cluster.gone();
        reactor.reconcile(CART);

        assertThat(reactor.due(clock.instant())).isEmpty();
    }

    @Test
    void whatWasFoundGuiltyIsNotLearnedAsGoodThoughItBaked() {
        cluster.pause = new Pause(true, "somebody", "maintenance");
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.promoted(clock.instant());
        clock.advance(Duration.ofHours(1));
        resolves("CartErrors", CANARY_POD);

        reactor.reconcile(CART);

        assertThat(cluster.objects().goodRevisions("uid-cart")).isEmpty();
    }

    @Test
    void theFiringThatARollbackExplainsIsNotHeldForTheNextReleaseWhateverItsPodsAreCalled() {
        var ofTheFirst = Map.of("namespace", "shop", "rollouts_pod_template_hash", "canary1");
        fires("CartErrors", ofTheFirst);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        clock.advance(Duration.ofHours(1));
        cluster.ship(new RevisionHash("canary2"), clock.instant());
        clock.advance(Duration.ofMinutes(1));
        resolves("CartErrors", ofTheFirst);

        fires("CartErrors", Map.of("namespace", "shop", "rollouts_pod_template_hash", "canary2"));
        reactor.reconcile(CART);

        assertThat(cluster.writes).containsExactly("abort canary1 to stable1", "abort canary2 to stable1");
    }

    @Test
    void aGoodRevisionThatNobodyLookedAtPastTheCachesIsNotKnownAsGood() {
        cluster.promoted(START);
        clock.advance(Duration.ofHours(1));
        cluster.keeping = new Answer.NotDone("429");
        reactor.reconcile(CART);
        assertThat(cluster.objects().goodRevisions("uid-cart")).isEmpty();

        cluster.keeping = new Answer.Done("201");
        reactor.reconcile(CART);
        assertThat(cluster.objects().goodRevisions("uid-cart"))
                .as("it is tried again after a while")
                .isEmpty();
        clock.advance(Duration.ofMinutes(5));
        reactor.reconcile(CART);

        assertThat(cluster.objects().goodRevisions("uid-cart"))
                .extracting(good -> good.hash())
                .containsExactly(CANARY);
    }

    @Test
    void troubleOlderThanTheWayBackToGoodOpensNoIncident() {
        cluster.knownGood(CANARY, START.minusSeconds(86_400));
        alerts.apply(alert("CartErrors", SERVICE_LESS, Status.FIRING, START.minusSeconds(60), null));

        reactor.reconcile(CART);

        assertThat(journal.entries).isEmpty();
    }

    // --- what people ask

    @Test
    void inApproveModeItWaitsForAPersonWhoseNameEndsUpInTheLog() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        assertThat(cluster.writes).isEmpty();
        assertThat(allowed()).isEqualTo(new Allowed(Act.ABORT, Mode.APPROVE, null));
        assertThat(incident().awaitsApproval()).isTrue();

        ask(Command.Kind.APPROVE, incident().version());

        assertThat(cluster.writes).containsExactly("abort canary1 to stable1");
        assertThat(journal.steps()).containsExactly("suspected", "judged", "answered", "intended", "accepted");
        assertThat(journal.entries.get(2).by()).isEqualTo("ann");
    }

    @Test
    void anApprovalIsOnlyForWhatThePersonSaw() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", SERVICE_LESS);
        reactor.reconcile(CART);
        long seen = incident().version();
        clock.advance(Duration.ofSeconds(30));
        reactor.reconcile(CART);

        ask(Command.Kind.APPROVE, seen);

        assertThat(cluster.writes).isEmpty();
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.MOVED_ON);
        ask(Command.Kind.APPROVE, incident().version());
        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void whatWasOnlyToldInBetweenIsNoChange() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        long seen = incident().version();
        journal.append(new Entries("notifier")
                .next(incident(), null, new Step.Told("root", "C0", "1.1", "digest", null), clock.instant()));

        ask(Command.Kind.APPROVE, seen);

        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void aSecondPressIsRefusedAndASecondDeliveryIsNotAnswered() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        var first = command(Command.Kind.APPROVE, incident().version());
        ask(first);

        ask(Command.Kind.APPROVE, incident().version());
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.DECIDED_BEFORE);
        int written = journal.entries.size();
        ask(first);

        assertThat(journal.entries).hasSize(written);
        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void aCommandThatComesTooLateIsNotFollowed() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        var command = command(Command.Kind.APPROVE, incident().version());
        clock.advance(Duration.ofSeconds(601));

        ask(command);

        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.COMMAND_EXPIRED);
        assertThat(cluster.writes).isEmpty();
    }

    @Test
    void anApprovalEndsWithWhatWasApproved() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.pause = new Pause(true, "somebody", "maintenance");
        ask(Command.Kind.APPROVE, incident().version());
        assertThat(allowed().reason()).isEqualTo(Reason.PAUSED);

        cluster.pause = Pause.NONE;
        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(incident().awaitsApproval()).isTrue();
    }

    @Test
    void withoutModeApproveThereIsNothingToApprove() {
        reactor = newReactor(Mode.OBSERVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);

        ask(Command.Kind.APPROVE, incident().version());

        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.NOTHING_TO_APPROVE);
        assertThat(cluster.writes).isEmpty();
    }

    @Test
    void aDismissedIncidentIsClosedAndStaysSoWhateverFires() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);

        ask(Command.Kind.DISMISS, incident().version());
        fires("CartErrors", Map.of("namespace", "shop", "pod", "cart-canary1-0", "more", "of it"));
        newReactor(Mode.AUTO).reconcile(CART);

        assertThat(journal.steps()).containsExactly("suspected", "judged", "answered", "closed");
        assertThat(incident().closedFor()).isEqualTo(Reason.DISMISSED);
        assertThat(cluster.writes).isEmpty();
    }

    @Test
    void whatIsUnderWayCantBeDismissed() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);

        ask(Command.Kind.DISMISS, incident().version());

        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.UNDER_WAY);
        assertThat(incident().isOpen()).isTrue();
    }

    @Test
    void aPersonMayHaveItTriedOnceMoreAfterItGaveUp() {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.Refused(Reason.FORBIDDEN, "403"));
        reactor.reconcile(CART);
        ask(Command.Kind.RETRY, incident().version() - 1);
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.MOVED_ON);

        ask(Command.Kind.RETRY, incident().version());
        clock.advance(Duration.ofSeconds(3));
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(2);
        assertThat(incident().attempts())
                .extracting(attempt -> attempt.number())
                .containsExactly(1, 2);
        ask(Command.Kind.RETRY, incident().version());
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.DECIDED_BEFORE);
    }

    @Test
    void aRetryIsAPersonsWordForThatAttemptInApproveModeToo() {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.Refused(Reason.FORBIDDEN, "403"));
        reactor.reconcile(CART);
        reactor = newReactor(Mode.APPROVE);

        ask(Command.Kind.RETRY, incident().version());
        clock.advance(Duration.ofSeconds(3));
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(2);
        assertThat(incident().lastAttempt().orElseThrow().acceptedAt()).isNotNull();
    }

    @Test
    void aCommandIsAnsweredByTheEndOfTheLogWhateverWasFoldedSoFar() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        var dismissal = command(Command.Kind.DISMISS, incident().version());
        journal.wroteAnother(Entries.answered(incident(), dismissal, null, clock.instant()));

        ask(Command.Kind.APPROVE, incident().version());

        assertThat(cluster.writes).isEmpty();
        assertThat(journal.entries)
                .filteredOn(entry -> entry.step() instanceof Step.Answered)
                .extracting(entry -> entry.reason())
                .containsExactly(null, Reason.DECIDED_BEFORE);
    }

    @Test
    void aCommandStaysOwedWhileTheEndOfTheLogIsNotKnown() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        var owed = new Ports.Asked(command(Command.Kind.APPROVE, incident().version()));
        reactor.asked(owed);
        journal.reachable = false;
        reactor.reconcile(CART);
        assertThat(owed.isOurs()).isTrue();

        journal.reachable = true;
        reactor.reconcile(CART);

        assertThat(owed.isOurs()).isFalse();
        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void aCommandAboutAnIncidentThatTheLogDoesNotKnowIsPassedOver() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        int written = journal.entries.size();
        var unknown = new Command(
                UUID.randomUUID(),
                Command.Kind.APPROVE,
                new IncidentId(UUID.randomUUID()),
                CART,
                "uid-cart",
                1,
                "ann",
                clock.instant(),
                clock.instant().plusSeconds(600),
                null);

        ask(unknown);

        assertThat(journal.entries).hasSize(written);
    }

    @Test
    void aRequestForApprovalIsWithdrawnWhenItsAlertEnds() {
        aPersonIsAsked();
        resolves("CartErrors", CANARY_POD);

        reactor.reconcile(CART);

        thenNobodyIsAskedAnyMore(Reason.RESOLVED);
        assertThat(journal.steps()).startsWith("suspected", "judged", "judged", "closed");
    }

    @Test
    void aRequestForApprovalIsWithdrawnWhenItsReleaseEnds() {
        aPersonIsAsked();
        cluster.ship(new RevisionHash("canary2"), clock.instant());

        reactor.reconcile(CART);

        thenNobodyIsAskedAnyMore(Reason.RELEASE_OVER);
    }

    @Test
    void aRequestForApprovalIsWithdrawnWhenItsWorkloadIsGone() {
        aPersonIsAsked();
        cluster.gone();

        reactor.reconcile(CART);

        thenNobodyIsAskedAnyMore(Reason.GONE);
    }

    @Test
    void anApprovalThatComesAfterTheAlertHasEndedDoesNothing() {
        aPersonIsAsked();
        resolves("CartErrors", CANARY_POD);

        ask(Command.Kind.APPROVE, incident().version());

        assertThat(journal.steps()).containsExactly("suspected", "judged", "answered", "judged", "closed");
        assertThat(cluster.writes).isEmpty();
    }

    private void aPersonIsAsked() {
        reactor = newReactor(Mode.APPROVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        assertThat(incident().awaitsApproval()).isTrue();
    }

    private void thenNobodyIsAskedAnyMore(Reason why) {
        assertThat(incident().closedFor()).isEqualTo(why);
        assertThat(incident().awaitsApproval()).isFalse();
        ask(Command.Kind.APPROVE, incident().version());
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.INCIDENT_CLOSED);
        assertThat(cluster.writes).isEmpty();
    }

    private Command command(Command.Kind kind, long seen) {
        return Command.about(incident(), kind, UUID.randomUUID(), seen, "ann", clock.instant());
    }

    private void ask(Command.Kind kind, long seen) {
        ask(command(kind, seen));
    }

    private void ask(Command command) {
        var owed = new Ports.Asked(command);
        reactor.asked(owed);
        reactor.reconcile(CART);
        assertThat(owed.isOurs()).as("the command is still owed").isFalse();
    }

    // --- ends

    @Test
    void anIncidentThatNothingWasDoneAboutClosesWhenTheAlertEnds() {
        reactor = newReactor(Mode.OBSERVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);

        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("closed");
        assertThat(incident().closedFor()).isEqualTo(Reason.RESOLVED);
    }

    @Test
    void anIncidentWhoseAttemptFailedClosesWhenTheAlertEnds() {
        fires("CartErrors", CANARY_POD);
        cluster.answers.add(new Answer.NotDone("500"));
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);

        reactor.reconcile(CART);

        assertThat(incident().closedFor()).isEqualTo(Reason.RESOLVED);
        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void anIncidentThatWasActedOnIsSeenThroughThoughTheNextReleaseBegins() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        cluster.ship(new RevisionHash("canary2"), clock.instant());
        reactor.reconcile(CART);
        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);

        resolves("CartErrors", CANARY_POD);
        clock.advance(Duration.ofSeconds(30));
        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("verified", "cured", "closed");
    }

    @Test
    void anIncidentThatNothingWasDoneAboutClosesWithItsRelease() {
        reactor = newReactor(Mode.OBSERVE);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.ship(new RevisionHash("canary2"), clock.instant());

        reactor.reconcile(CART);

        assertThat(journal.entries.stream()
                        .filter(entry -> entry.revision().equals(CANARY))
                        .map(entry -> entry.step().label())
                        .toList())
                .endsWith("closed");
    }

    // --- findings: no alert speaks

    @Test
    void aCanaryThatCrashesIsAbortedWithoutAnyAlert() {
        cluster.crashes(CANARY, 0, clock.instant());

        reactor.reconcile(CART);

        assertThat(cluster.writes).containsExactly("abort canary1 to stable1");
        assertThat(journal.steps()).containsExactly("suspected", "judged", "intended", "accepted");
        assertThat(incident().judged().verdict().reason()).isEqualTo(Reason.NEW_PODS_FAIL);
        assertThat(incident().isWithoutAlerts()).isTrue();
        assertThat(told).anyMatch(each -> each.startsWith("reacted in "));
    }

    @Test
    void aRollbackForACrashLoopIsCuredOnceNoPodOfTheTargetHasFailedForTheDwell() {
        cluster.crashes(CANARY, 0, clock.instant());
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        reactor.reconcile(CART);
        assertThat(incident().state()).as("the dwell has not passed").isEqualTo(Incident.State.VERIFIED);

        clock.advance(Duration.ofSeconds(30));
        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("verified", "cured", "closed");
    }

    @Test
    void aRollbackIsNoCureWhilePodsOfTheTargetFailAsWell() {
        cluster.crashes(CANARY, 0, clock.instant());
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        cluster.crashes(STABLE, 0, clock.instant());

        clock.advance(Duration.ofMinutes(11));
        reactor.reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.UNCURED);
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.STILL_FAILING);
    }

    /** Nothing more will be heard of the pods that failed, so nobody may say that they still do. */
    @Test
    void aRollbackForACrashLoopEndsOnceItsWorkloadWasMadeAnew() {
        cluster.crashes(CANARY, 0, clock.instant());
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        var incident = incident().id();
        cluster.madeAnew();

        clock.advance(Duration.ofMinutes(11));
        reactor.reconcile(CART);

        assertThat(journal.log().find(incident).orElseThrow().closedFor()).isEqualTo(Reason.GONE);
    }

    /** The cache may be behind, and its uid that of the workload before. */
    @Test
    void noRollbackForACrashLoopEndsForACacheThatIsBehind() {
        cluster.crashes(CANARY, 0, clock.instant());
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        cluster.reading = cluster.read(CART);
        cluster.madeAnew();

        reactor.reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);
    }

    @Test
    void whatNobodyLookedAtIsNoCure() {
        cluster.crashes(CANARY, 0, clock.instant());
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        cluster.whole = false;

        clock.advance(Duration.ofMinutes(2));
        reactor.reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);
    }

    @Test
    void anIncidentOfPodsThatFailedClosesOnceTheyDoNot() {
        reactor = newReactor(Mode.OBSERVE);
        cluster.crashes(CANARY, 0, clock.instant());
        reactor.reconcile(CART);
        cluster.recovers(CANARY, 0);

        reactor.reconcile(CART);

        assertThat(journal.steps()).containsExactly("suspected", "judged", "closed");
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.RECOVERED);
    }

    @Test
    void whatRecoveredBeforeTheActIsNotRolledBack() {
        clock.advance(Duration.ofSeconds(10));
        cluster.crashes(CANARY, 0, clock.instant());
        cluster.pause = new Pause(true, "ann", "maintenance");
        reactor.reconcile(CART);
        cluster.recovers(CANARY, 0);
        cluster.pause = Pause.NONE;

        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(incident().isOpen()).isFalse();
    }

    @Test
    void whereAlertsAndPodsSpeakBothMustBeQuiet() {
        cluster.crashes(CANARY, 0, clock.instant());
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);

        clock.advance(Duration.ofMinutes(1));
        reactor.reconcile(CART);
        assertThat(incident().state()).as("the alert goes on").isEqualTo(Incident.State.VERIFIED);
        resolves("CartErrors", CANARY_POD);
        clock.advance(Duration.ofSeconds(30));
        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(incident().triggers()).hasSize(2);
        assertThat(journal.steps()).endsWith("verified", "cured", "closed");
    }

    @Test
    void whatArgoOrAPersonAbortedIsTold() {
        cluster.crashes(CANARY, 0, clock.instant());
        cluster.abortedByOthers(clock.instant());

        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(allowed().reason()).isEqualTo(Reason.ALREADY_ABORTED);
    }

    // --- alerts

    // --- after the act

    private void rolledBackAndClosed() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        resolves("CartErrors", CANARY_POD);
        clock.advance(Duration.ofSeconds(30));
        reactor.reconcile(CART);
        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("verified", "cured", "closed");
    }

    @Test
    void aRevisionThatIsPutBackIsToldOnceWithWhoDidIt() {
        rolledBackAndClosed();
        cluster.lastWrite = new Write("argocd-controller", "Apply", clock.instant());

        cluster.shippedAgain(4);
        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("closed", "returned");
        assertThat(incident().state()).isEqualTo(Incident.State.RETURNED);
        assertThat(incident().aftermath().returned().who()).isEqualTo(cluster.lastWrite);
        assertThat(incident().aftermath().returned().command()).startsWith("kubectl argo rollouts abort cart");
        assertThat(cluster.writes).as("no loop").hasSize(1);
    }

    @Test
    void anAbortThatIsTakenBackIsToldAlsoWhereNobodyIsNamed() {
        rolledBackAndClosed();

        cluster.retried();
        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("closed", "returned");
        assertThat(incident().aftermath().returned().who()).isNull();
        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void whatOnlyTheWatchesStillShowIsNotTold() {
        rolledBackAndClosed();
        cluster.reading = cluster.read(CART); // aborted

        cluster.retried();
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("closed");
    }

    @Test
    void onceTheRevisionIsLeftAgainItIsOverAndComingBackIsNews() {
        rolledBackAndClosed();
        cluster.retried();
        reactor.reconcile(CART);

        cluster.aborted(clock.instant());
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("returned", "closed");
        assertThat(incident().closedFor()).isEqualTo(Reason.LEFT_AGAIN);
        cluster.retried();
        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("closed", "returned");
    }

    @Test
    void toolsThatFightAreToldOnlyAFewTimes() {
        rolledBackAndClosed();

        for (int turn = 0; turn < 20; turn++) {
            cluster.retried();
            reactor.reconcile(CART);
            cluster.aborted(clock.instant());
            reactor.reconcile(CART);
        }

        assertThat(journal.steps().stream().filter("returned"::equals)).hasSize(5);
    }

    @Test
    void whoUndoesAnActBeforeItTookHoldIsNamed() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.lastWrite = new Write("kubectl-argo-rollouts", "Update", clock.instant());

        clock.advance(Duration.ofSeconds(6));
        reactor.reconcile(CART);

        assertThat(failure().reason()).isEqualTo(Reason.NOT_EFFECTIVE);
        assertThat(failure().detail()).contains("taken back").contains("somebody with kubectl (kubectl-argo-rollouts");
    }

    /** Controllers keep times by the second; what comes back at once has the times that it had. */
    @Test
    void aRevisionThatComesBackAtOnceIsAnotherReleaseAndIsRefused() {
        rolledBackAndClosed();
        var first = incident().id();

        cluster.shippedAgain(4);
        fires("CartErrors", Map.of("namespace", "shop", "pod", "cart-canary1-7"));
        reactor.reconcile(CART);

        var second = journal.log().of(CART).stream()
                .filter(incident -> !incident.id().equals(first))
                .findFirst()
                .orElseThrow();
        assertThat(second.judged().allowed().reason()).isEqualTo(Reason.ROLLED_BACK_BEFORE);
        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void whatDidNotCureOffersTheWayForward() {
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);

        clock.advance(Duration.ofMinutes(11));
        reactor.reconcile(CART);
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("verified", "uncured");
        assertThat(incident().aftermath().forward()).isEqualTo("forward to canary1");
        assertThat(cluster.writes).as("never by itself").hasSize(1);
    }

    // --- where a Prometheus is configured

    private final Map<String, Rules.Evaluation> evaluated = new HashMap<>();

    private void rolledBackWithPrometheus() {
        rules = name -> Optional.ofNullable(evaluated.get(name));
        reactor = newReactor(Mode.AUTO);
        fires("CartErrors", CANARY_POD);
        reactor.reconcile(CART);
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);
    }

    private void evaluated(List<Labels> active) {
        clock.advance(Duration.ofSeconds(15));
        var all = active.stream().map(labels -> new Rules.Active(labels, null)).toList();
        evaluated.put("CartErrors", new Rules.Evaluation(clock.instant(), all));
        reactor.reconcile(CART);
    }

    @Test
    void whatPrometheusFindsQuietIsCuredThoughAlertmanagerHasNotSaidSo() {
        rolledBackWithPrometheus();

        evaluated(List.of());
        evaluated(List.of());
        assertThat(incident().state()).as("the dwell has not passed").isEqualTo(Incident.State.VERIFIED);
        evaluated(List.of());

        assertThat(journal.steps()).contains("cured");
    }

    @Test
    void whatPrometheusFindsActiveIsNotCuredWhateverAlertmanagerSays() {
        rolledBackWithPrometheus();
        resolves("CartErrors", CANARY_POD);

        for (int evaluation = 0; evaluation < 5; evaluation++) {
            evaluated(List.of(labels("CartErrors", CANARY_POD)));
        }

        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);
    }

    @Test
    void theSameAlertOnStablePodsIsNoCureForPrometheusEither() {
        rolledBackWithPrometheus();

        for (int evaluation = 0; evaluation < 5; evaluation++) {
            evaluated(List.of(labels("CartErrors", Map.of("namespace", "shop", "pod", "cart-stable1-0"))));
        }

        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);
    }

    @Test
    void aPrometheusThatIsNotReachedNeverMeansCured() {
        rolledBackWithPrometheus();
        evaluated(List.of());

        clock.advance(Duration.ofSeconds(10));
        evaluated.clear();
        reactor.reconcile(CART);
        clock.advance(Duration.ofMinutes(1));
        reactor.reconcile(CART);
        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);

        evaluated(List.of());
        assertThat(incident().state()).as("it dwells anew").isEqualTo(Incident.State.VERIFIED);
    }

    @Test
    void anEvaluationFromBeforeTheRollbackTellsNothing() {
        evaluated.put("CartErrors", new Rules.Evaluation(clock.instant(), List.of()));
        rolledBackWithPrometheus();

        clock.advance(Duration.ofMinutes(1));
        reactor.reconcile(CART);

        assertThat(incident().state()).isEqualTo(Incident.State.VERIFIED);
    }

    @Test
    void whereAnAlertLeavesOpenWhenItBeganPrometheusIsAsked() {
        var cart = labels("CartErrors", Map.of("namespace", "shop", "rollout", "cart"));
        cluster.knownGood(FakeCluster.STABLE, START.minusSeconds(3600));
        cluster.promoted(clock.instant());
        rules = name -> Optional.ofNullable(evaluated.get(name));
        reactor = newReactor(Mode.AUTO);
        var began = clock.instant();
        alerts.apply(new Alert(Fingerprint.of(cart), Status.FIRING, "test", cart, Map.of(), began, null, "", began));
        clock.advance(Duration.ofSeconds(31));
        reactor.reconcile(CART);
        assertThat(incident().judged().verdict().reason()).isEqualTo(Reason.ONSET_UNCLEAR);

        evaluated.put("CartErrors", new Rules.Evaluation(clock.instant(), List.of(new Rules.Active(cart, began))));
        reactor.reconcile(CART);

        assertThat(cluster.writes).containsExactly("restore canary1 to stable1");
    }

    private void fires(String name, Map<String, String> labels) {
        alerts.apply(alert(name, labels, Status.FIRING, clock.instant(), null));
    }

    private void resolves(String name, Map<String, String> labels) {
        var firing =
                alerts.find(Fingerprint.of(labels(name, labels))).orElseThrow().latest();
        alerts.apply(alert(name, labels, Status.RESOLVED, firing.startsAt(), clock.instant()));
    }

    private Alert alert(
            String name, Map<String, String> labels, Status status, Instant startsAt, @Nullable Instant endsAt) {
        var all = labels(name, labels);
        return new Alert(
                Fingerprint.of(all),
                status,
                "test",
                all,
                Map.of("rollguard_for", "0s"),
                startsAt,
                endsAt,
                "",
                clock.instant());
    }

    private static Labels labels(String name, Map<String, String> labels) {
        var all = new java.util.HashMap<>(labels);
        all.put("alertname", name);
        return Labels.of(all);
    }

    // --- what is known

    private Incident incident() {
        return journal.log().of(CART).getFirst();
    }

    private Allowed allowed() {
        return incident().judged().allowed();
    }

    private io.rollguard.incident.Attempt.Failure failure() {
        return incident().attempts().getLast().failure();
    }

    private final class Counting implements Telemetry {
        @Override
        public void judged(Verdict verdict, Allowed allowed) {
            told.add("judged " + verdict.outcome() + " " + allowed.act().label());
        }

        @Override
        public void acted(Act act, String outcome) {
            told.add("acted " + act.label() + " " + outcome);
        }

        @Override
        public void noRelease() {
            told.add("no release");
        }

        @Override
        public void reactionTime(Duration time) {
            told.add("reacted in " + time);
        }
    }
}
