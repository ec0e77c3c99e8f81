package io.rollguard.reactor;

import static io.rollguard.reactor.FakeCluster.CART;
import static io.rollguard.reactor.FakeCluster.SEARCH;
import static io.rollguard.reactor.FakeCluster.STABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.Alert;
import io.rollguard.alert.Alert.Status;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.policy.Mode;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.policy.Tier;
import io.rollguard.reactor.ByHand.Plan;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Pause;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.Release.Target.Basis;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts.Settings;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rollbacks that people ask for, from the plan to the end, on fakes. */
class ByHandTest {

    private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");
    private static final RevisionHash V1 = new RevisionHash("search1");
    private static final RevisionHash V2 = new RevisionHash("search2");

    private final TestClock clock = new TestClock(START.plusSeconds(120));
    private final FakeCluster cluster = new FakeCluster();
    private final FakeJournal journal = new FakeJournal(clock);
    private final AlertTable alerts = new AlertTable(20);
    private Mode mode = Mode.AUTO;
    private Reactor reactor;

    @BeforeEach
    void aCanaryIsUnderWayAndADeploymentHasBaked() {
        cluster.canary(START);
        cluster.deploys(V1, 1, START.minus(Duration.ofDays(2)));
        cluster.deploys(V2, 2, START.minus(Duration.ofHours(3)));
        cluster.serves(V2, START.minus(Duration.ofHours(3)), Settings.NONE);
        start();
    }

    private void start() {
        reactor = new Reactor(
                cluster,
                new Ports.FixedAlerts(alerts),
                Rules.NONE,
                journal,
                new Ports.NoCommands(),
                new Ports.Owner(workload -> true),
                (step, release, at) -> {},
                new Ports.Uncounted(),
                settings(),
                clock);
    }

    private io.rollguard.reactor.Settings settings() {
        return new io.rollguard.reactor.Settings(
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
    }

    // --- what would be done

    @Test
    void aCanaryInProgressIsAbortedToItsStableRevision() {
        var plan = plan(CART, null, false);

        assertThat(plan.act()).isEqualTo(Act.ABORT);
        assertThat(plan.release().target().revision()).isEqualTo(STABLE);
        assertThat(plan.refusal()).isNull();
    }

    @Test
    void whatHasBakedLongAgoCanBeTakenBackToo() {
        var plan = plan(SEARCH, null, false);

        assertThat(plan.act()).isEqualTo(Act.RESTORE);
        assertThat(plan.release().target().revision()).isEqualTo(V1);
        assertThat(plan.release().target().basis()).isEqualTo(Basis.ASSUMED);
        assertThat(plan.refusal()).isNull();
        assertThat(plan.known()).extracting(ByHand.Known::hash).containsExactly(V2, V1);
    }

    @Test
    void aRevisionThatAPersonNamesIsTheTarget() {
        assertThat(plan(SEARCH, V1, false).refusal()).isNull();
        assertThat(plan(SEARCH, V2, false).refusal()).isEqualTo(Reason.ALREADY_THERE);
    }

    @Test
    void aRevisionOfWhichNoTemplateIsLeftIsRefused() {
        cluster.rehearsal = new Answer.Refused(Reason.NO_GOOD_REVISION, "no template is left");

        assertThat(plan(SEARCH, new RevisionHash("unknown"), true).refusal()).isEqualTo(Reason.NO_SUCH_REVISION);
    }

    @Test
    void aRehearsalThatOnlyTheVersionTurnsAwayIsHeldAgain() {
        var moved = new Answer.Moved("changed meanwhile");
        cluster.rehearsals.addAll(List.of(moved, moved, new Answer.Done("200")));

        var rehearsal = new ByHand(cluster, journal, settings()).rehearse(CART, null, false, clock.instant());

        assertThat(rehearsal.plan()).isInstanceOf(Plan.Made.class);
        assertThat(rehearsal.said()).isEqualTo(new Answer.Done("200"));
    }

    @Test
    void aRehearsalOfWhatNeverRestsEnds() {
        cluster.rehearsal = new Answer.Moved("changed meanwhile");

        var rehearsal = new ByHand(cluster, journal, settings()).rehearse(CART, null, false, clock.instant());

        assertThat(rehearsal.said()).isEqualTo(cluster.rehearsal);
    }

    @Test
    void whatIsRefusedIsNotRehearsed() {
        cluster.rehearsal = new Answer.Moved("changed meanwhile");

        var rehearsal = new ByHand(cluster, journal, settings()).rehearse(SEARCH, V2, false, clock.instant());

        assertThat(rehearsal.said()).isNull();
    }

    @Test
    void aRevisionThatOnlyASnapshotHoldsCanBeNamed() {
        var plan = plan(SEARCH, new RevisionHash("snapshot1"), false);

        assertThat(plan.refusal()).isNull();
        assertThat(plan.release().target().basis()).isEqualTo(Basis.NAMED);
    }

    @Test
    void anAbortLeadsNowhereButToTheStableRevision() {
        assertThat(plan(CART, new RevisionHash("other1"), true).refusal()).isEqualTo(Reason.STATE_UNSUPPORTED);
    }

    @Test
    void aDeploymentThatIsOnlyTheTemplateOfARolloutIsRefusedWhoeverInsists() {
        cluster.isTemplateOf("Rollout/search", V2, START);

        assertThat(plan(SEARCH, V1, true).refusal()).isEqualTo(Reason.CONTROLLED);
    }

    @Test
    void aPauseHoldsUnlessThePersonInsists() {
        cluster.pause = new Pause(true, "ann", "maintenance");

        assertThat(plan(CART, null, false).refusal()).isEqualTo(Reason.PAUSED);
        assertThat(plan(CART, null, true).refusal()).isNull();
    }

    @Test
    void modeObserveHoldsUnlessThePersonInsists() {
        mode = Mode.OBSERVE;

        assertThat(plan(CART, null, false).refusal()).isEqualTo(Reason.OBSERVE_ONLY);
        assertThat(plan(CART, null, true).refusal()).isNull();
    }

    @Test
    void whoInsistsGetsNoRightsByIt() {
        cluster.rights = Tier.OBSERVE;

        assertThat(plan(CART, null, true).refusal()).isEqualTo(Reason.RIGHTS_MISSING);
    }

    // --- what is done

    @Test
    void itIsOneIntentInThePersonsNameAndNobodyJudges() {
        ask(order(CART, false));

        assertThat(cluster.writes).containsExactly("abort canary1 to stable1");
        assertThat(journal.steps()).containsExactly("suspected", "answered", "intended", "accepted");
        assertThat(incident(CART).judged()).isNull();
        assertThat(incident(CART).attempts().getFirst().asked().by()).isEqualTo("ann");
    }

    @Test
    void theOrderAndTheIntentStandInTheLogBeforeTheClusterIsAsked() {
        cluster.beforeWrite = () -> assertThat(journal.steps()).containsExactly("suspected", "answered", "intended");

        ask(order(SEARCH, false));

        assertThat(cluster.writes).containsExactly("restore search2 to search1");
    }

    @Test
    void anOrderThatIsInTheLogOutlivesWhoeverTookItUp() {
        var command = order(SEARCH, false);
        journal.reachable = true;
        cluster.beforeWrite = () -> {
            throw new IllegalStateException("killed");
        };
        var owed = new Ports.Asked(command);
        reactor.asked(owed);
        try {
            reactor.reconcile(SEARCH);
        } catch (IllegalStateException killed) {
            // as a process is
        }
        cluster.beforeWrite = null;
        start();

        reactor.reconcile(SEARCH);

        assertThat(cluster.writes).containsExactly("restore search2 to search1");
        assertThat(journal.steps()).containsExactly("suspected", "answered", "intended", "accepted");
    }

    @Test
    void theSameCommandDeliveredAgainAndTheSameCommandGivenAgainDoNothing() {
        var command = order(CART, false);
        var second = order(CART, false);
        ask(command);

        ask(command);
        ask(second);

        assertThat(cluster.writes).hasSize(1);
        assertThat(journal.steps()).filteredOn("intended"::equals).hasSize(1);
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.UNDER_WAY);
    }

    @Test
    void withoutAnAlertThereIsNothingToCureAndItEnds() {
        ask(order(CART, false));
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);
        assertThat(journal.steps()).endsWith("verified");

        clock.advance(Duration.ofSeconds(31));
        reactor.reconcile(CART);

        assertThat(journal.steps()).endsWith("verified", "closed");
        assertThat(incident(CART).closedFor()).isNull();
    }

    @Test
    void anAlertThatFiresMeanwhileIsWatchedForItsCure() {
        fires("CartSlow", Map.of("namespace", "shop", "rollout", "cart", "severity", "info2"));
        ask(order(CART, false));
        cluster.aborted(clock.instant());
        reactor.reconcile(CART);

        clock.advance(Duration.ofMinutes(11));
        reactor.reconcile(CART);

        assertThat(incident(CART).triggers()).isNotEmpty();
        assertThat(journal.steps()).endsWith("verified", "uncured");
    }

    @Test
    void aSecondRollbackOfTheWorkloadWaitsForItsCoolDownUnlessThePersonInsists() {
        ask(order(SEARCH, false));
        cluster.goesBack(V1, 3, START.minus(Duration.ofDays(2)), clock.instant(), V2);
        reactor.reconcile(SEARCH);
        clock.advance(Duration.ofSeconds(40));
        reactor.reconcile(SEARCH);

        assertThat(plan(SEARCH, V2, false).refusal()).isEqualTo(Reason.TARGET_ROLLED_BACK);
        assertThat(plan(SEARCH, new RevisionHash("other1"), false).refusal()).isEqualTo(Reason.COOLING_DOWN);
        assertThat(plan(SEARCH, V2, true).refusal()).isNull();
        ask(order(SEARCH, V2, true));

        assertThat(cluster.writes).containsExactly("restore search2 to search1", "restore search1 to search2");
    }

    @Test
    void whatChangedSinceThePersonLookedIsNotTakenBack() {
        var command = order(SEARCH, false);
        var v3 = new RevisionHash("search3");
        cluster.deploys(v3, 3, clock.instant());

        ask(command);

        assertThat(cluster.writes).isEmpty();
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.SUPERSEDED);
        assertThat(journal.steps()).containsExactly("suspected", "answered", "closed");
    }

    @Test
    void aPauseThatComesBetweenTheIntentAndTheActEndsIt() {
        var command = order(CART, false);
        journal.wroteAnother(Entries.answered(
                plan(CART, null, false).release(), 1, 0, command, command.order(), null, clock.instant()));
        journal.foldToEnd(Duration.ZERO);
        cluster.pause = new Pause(true, "ben", "stop");

        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(journal.entries).anySatisfy(entry -> {
            assertThat(entry.reason()).isEqualTo(Reason.WITHDRAWN);
            assertThat(((Step.Failed) entry.step()).again()).isFalse();
        });
    }

    @Test
    void whatPassesIsTriedAgainWhileTheOrderStands() {
        cluster.answers.add(new Answer.NotDone("HTTP 429"));
        ask(order(CART, false));
        assertThat(incident(CART).state()).isEqualTo(Incident.State.SUSPECTED);

        clock.advance(Duration.ofSeconds(3));
        reactor.reconcile(CART);

        assertThat(cluster.writes).hasSize(2);
        assertThat(incident(CART).attempts()).hasSize(2).allMatch(attempt -> attempt.isByHand());
    }

    @Test
    void anOrderThatNobodyCarriedOutInTimeEnds() {
        var command = order(CART, false);
        journal.wroteAnother(Entries.answered(
                plan(CART, null, false).release(), 1, 0, command, command.order(), null, clock.instant()));
        journal.foldToEnd(Duration.ZERO);

        clock.advance(Duration.ofMinutes(11));
        reactor.reconcile(CART);

        assertThat(cluster.writes).isEmpty();
        assertThat(incident(CART).closedFor()).isEqualTo(Reason.COMMAND_EXPIRED);
    }

    @Test
    void aDismissalIsOverruledOnlyByWhoInsists() {
        mode = Mode.APPROVE;
        start();
        fires("CartErrors", Map.of("namespace", "shop", "pod", "cart-canary1-0"));
        reactor.reconcile(CART);
        ask(Command.about(
                incident(CART),
                Command.Kind.DISMISS,
                UUID.randomUUID(),
                incident(CART).version(),
                "ben",
                clock.instant()));
        ask(order(CART, false));
        assertThat(journal.entries.getLast().reason()).isEqualTo(Reason.DISMISSED);

        ask(order(CART, true));

        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void aRevisionThatCameBackAfterItWasTakenBackIsTakenBackOnceMore() {
        cluster.serves(V2, START.minus(Duration.ofHours(3)), new Settings(null, null, null, V2.value()));

        ask(order(SEARCH, false));

        assertThat(cluster.writes).containsExactly("restore search2 to search1");
    }

    /** Its cure would be waited for, of an incident that knows nothing of it. */
    @Test
    void whatIsFoundAgainstAnotherReleaseIsNoTriggerOfTheAct() {
        var command = order(CART, false);
        journal.wroteAnother(Entries.answered(
                plan(CART, null, false).release(), 1, 0, command, command.order(), null, clock.instant()));
        journal.foldToEnd(Duration.ZERO);
        var newer = new RevisionHash("canary2");
        cluster.ship(newer, clock.instant());
        cluster.crashes(newer, 0, clock.instant());
        clock.advance(Duration.ofMinutes(1));

        reactor.reconcile(CART);

        var ordered = journal.log().find(command.incident()).orElseThrow();
        assertThat(ordered.attempts()).isNotEmpty();
        assertThat(ordered.triggers()).isEmpty();
        assertThat(cluster.writes).doesNotContain("abort canary1 to stable1");
    }

    @Test
    void aCommandIsKeptWhileTheClusterCannotBeRead() {
        var owed = new Ports.Asked(order(CART, false));
        cluster.reading = new Reading.Failed(true, "HTTP 500");
        reactor.asked(owed);
        reactor.reconcile(CART);
        assertThat(owed.isOurs()).isTrue();

        cluster.reading = null;
        reactor.reconcile(CART);

        assertThat(owed.isOurs()).isFalse();
        assertThat(cluster.writes).hasSize(1);
    }

    @Test
    void aCommandAboutWhatCannotBeReadInTimeIsAnsweredOnceItCan() {
        var owed = new Ports.Asked(order(CART, false));
        cluster.reading = new Reading.Failed(false, "HTTP 403");
        reactor.asked(owed);
        clock.advance(Duration.ofMinutes(11));
        reactor.reconcile(CART);
        assertThat(reactor.due(clock.instant())).as("with each sweep").contains(CART);

        cluster.reading = null;
        reactor.reconcile(CART);

        assertThat(owed.isOurs()).isFalse();
        assertThat(journal.steps()).containsExactly("suspected", "answered", "closed");
        assertThat(journal.entries.get(1).reason()).isEqualTo(Reason.COMMAND_EXPIRED);
        assertThat(cluster.writes).isEmpty();
    }

    // --- words

    private Plan.Made plan(WorkloadRef workload, @Nullable RevisionHash to, boolean force) {
        return (Plan.Made) new ByHand(cluster, journal, settings()).plan(workload, to, force, clock.instant());
    }

    private Command order(WorkloadRef workload, boolean force) {
        return order(workload, null, force);
    }

    private Command order(WorkloadRef workload, @Nullable RevisionHash to, boolean force) {
        var plan = plan(workload, to, force);
        return Command.of(
                plan.order("it fails", force),
                plan.incident(),
                workload,
                plan.release().uid(),
                UUID.randomUUID(),
                0,
                "ann",
                clock.instant());
    }

    private void ask(Command command) {
        var owed = new Ports.Asked(command);
        reactor.asked(owed);
        reactor.reconcile(command.workload());
        assertThat(owed.isOurs()).as("the command is still owed").isFalse();
    }

    private Incident incident(WorkloadRef workload) {
        return journal.log().of(workload).getFirst();
    }

    private void fires(String name, Map<String, String> labels) {
        var all = new java.util.HashMap<>(labels);
        all.put("alertname", name);
        var set = Labels.of(all);
        var now = clock.instant();
        alerts.apply(new Alert(
                Fingerprint.of(set), Status.FIRING, "test", set, Map.of("rollguard_for", "0s"), now, null, "", now));
    }
}
