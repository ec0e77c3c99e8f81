package io.rollguard.reactor;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.Episode;
import io.rollguard.incident.Attempt;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.policy.Rights;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.policy.StormWatch;
import io.rollguard.policy.Tier;
import io.rollguard.policy.Triggers;
import io.rollguard.reactor.Cluster.Checks;
import io.rollguard.reactor.Cluster.Pause;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.Release;
import io.rollguard.release.Releases;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Attribution;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Cases;
import io.rollguard.verdict.Judge;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The reconcile loop. Level-triggered: what is done about a workload follows from what is true now (its release, the alerts,
 * the incident log, the policy), whichever change woke it. One worker at a time reconciles a workload.
 */
public final class Reactor implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Reactor.class.getName());

    private static final int WORKERS = 8;

    /** Releases and incidents are looked at again this often, whether or not something was heard. */
    private static final Duration SWEEP = Duration.ofSeconds(5);

    /** How soon an attempt whose outcome is open is looked at again. */
    private static final Duration SOON = Duration.ofMillis(500);

    /** How long the log may take to confirm an entry before the decision is made anew. */
    private static final Duration APPEND_TIMEOUT = Duration.ofSeconds(10);

    /** After how long keeping a good revision that failed is tried again. */
    private static final Duration KEEP_AGAIN = Duration.ofMinutes(5);

    /** The watches may show what was before the act for so long. */
    private static final Duration LOST_AFTER = Duration.ofSeconds(5);

    /** From the cluster's acceptance; then a person is called. */
    private static final Duration VERIFY_DEADLINE = Duration.ofMinutes(5);

    private final Cluster cluster;
    private final Alerts alerts;
    private final Journal journal;
    private final Commands commands;
    private final Ownership ownership;
    private final Telemetry telemetry;
    private final Settings settings;
    private final Clock clock;

    private final Entries entries;
    private final Releases releases;
    private final Attribution attribution;
    private final Cases cases;
    private final Cure cure;
    private final Executor executor;
    private final ReleaseWatch releaseWatch;
    private final StormWatch storm;
    private final WorkQueue<WorkloadRef> queue = new WorkQueue<>();
    private final List<Thread> workers = new ArrayList<>();
    private final Map<WorkloadRef, Instant> notKept = new ConcurrentHashMap<>();
    private final Map<WorkloadRef, Queue<Commands.Owed>> owed = new ConcurrentHashMap<>();

    /**
     * Outcomes that the log did not confirm. They may yet come into it, so until they have nothing else is done about their
     * attempts.
     */
    private final Map<IncidentId, IncidentEvent> unconfirmed = new ConcurrentHashMap<>();

    private volatile boolean whole;

    public Reactor(
            Cluster cluster,
            Alerts alerts,
            Journal journal,
            Commands commands,
            Ownership ownership,
            ReleaseEvents releaseEvents,
            Telemetry telemetry,
            Settings settings,
            Clock clock) {
        this.cluster = cluster;
        this.alerts = alerts;
        this.journal = journal;
        this.commands = commands;
        this.ownership = ownership;
        this.telemetry = telemetry;
        this.settings = settings;
        this.clock = clock;
        this.entries = new Entries(settings.instance());
        this.releases = new Releases(cluster.objects(), settings.bakeTime());
        this.attribution = new Attribution(cluster.objects());
        this.cases = new Cases(
                cluster.objects(),
                alerts.table(),
                releases,
                new Cases.Terms(
                        settings.settle(), settings.lookback(), settings.alertTimeToLive(), Triggers::isTrigger));
        this.cure = new Cure(alerts.table(), attribution, settings.alertTimeToLive(), settings.cureDwell());
        this.executor = new Executor(cluster, journal, ownership);
        this.releaseWatch = new ReleaseWatch(releaseEvents);
        this.storm = new StormWatch(settings.stormMaxWorkloads());
    }

    // --- the loop

    /** Subscribes to every change and begins to work. Decides nothing before the picture is whole. */
    public void start() {
        queue.open();
        cluster.onChange(queue::add);
        alerts.onChange(this::heard);
        journal.onChange(incident -> queue.add(incident.workload()));
        commands.onCommand(this::asked);
        ownership.onChange(this::takeUp);
        for (int worker = 0; worker < WORKERS; worker++) {
            workers.add(Thread.ofVirtual().name("reactor-" + worker).start(this::work));
        }
        workers.add(Thread.ofVirtual().name("reactor-sweep").start(this::sweepForEver));
    }

    private void work() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                var workload = queue.take();
                try {
                    if (isWhole() && ownership.owns(workload)) {
                        reconcile(workload);
                    }
                    forgetWhatIsNotOwed(workload);
                } catch (RuntimeException e) {
                    LOG.log(
                            ERROR,
                            "reconciling %s failed; it is tried again in %d s".formatted(workload, SWEEP.toSeconds()),
                            e);
                    queue.addAfter(workload, SWEEP);
                } finally {
                    queue.done(workload);
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void sweepForEver() {
        try {
            while (true) {
                Thread.sleep(whole ? SWEEP : SOON);
                sweep();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sweep() {
        if (!isWhole()) {
            return;
        }
        var now = clock.instant();
        Stream.of(
                        owed.keySet().stream(),
                        releases.active(now).map(Release::workload),
                        journal.log().open().stream().map(Incident::workload))
                .flatMap(Function.identity())
                .distinct()
                .forEach(queue::add);
    }

    /** Whether everything that was there at the start has been read. */
    public boolean isWhole() {
        if (!whole && cluster.isWhole() && alerts.isWhole() && journal.isWhole()) {
            whole = true;
            LOG.log(
                    INFO,
                    "the picture is whole: %d workloads, %d alerts, %d open incidents"
                            .formatted(
                                    cluster.objects().workloadCount(),
                                    alerts.table().size(),
                                    journal.log().open().size()));
            lookAtAll();
        }
        return whole;
    }

    /** What came from another instance is looked at, also where nothing is known to be under way: it may be good by now. */
    private void takeUp() {
        sweep();
        if (whole) {
            lookAtAll();
        }
    }

    private void lookAtAll() {
        cluster.objects().workloads().map(WorkloadFacts::ref).forEach(queue::add);
    }

    /** Wakes the workloads that an alert is about. */
    private void heard(AlertHistory history) {
        if (!whole) {
            return;
        }
        telemetry.heard(history);
        var alert = history.latest();
        var now = clock.instant();
        var targets = attribution.of(alert);
        boolean begins = isNew(history) && Triggers.isTrigger(alert);
        for (var target : targets) {
            if (begins) {
                storm.note(target.workload(), history.current().firstHeard());
            }
            queue.add(target.workload());
        }
        boolean concernsNoRelease = targets.stream()
                .noneMatch(target -> cluster.objects()
                        .workload(target.workload())
                        .flatMap(facts -> releases.of(facts, now))
                        .isPresent());
        if (concernsNoRelease) {
            telemetry.noRelease();
        }
    }

    /** Takes up a command; it is answered when its workload is next looked at. */
    void asked(Commands.Owed asked) {
        var workload = asked.command().workload();
        owed.compute(workload, (key, waiting) -> {
            var all = waiting == null ? new ConcurrentLinkedQueue<Commands.Owed>() : waiting;
            all.add(asked);
            return all;
        });
        queue.add(workload);
    }

    /** Answered, or handed to another instance that owns the workload now. */
    private void forgetWhatIsNotOwed(WorkloadRef workload) {
        owed.computeIfPresent(workload, (key, waiting) -> {
            waiting.removeIf(each -> !each.isOurs());
            return waiting.isEmpty() ? null : waiting;
        });
    }

    private static boolean isNew(AlertHistory history) {
        var current = history.current();
        return history.latest().status() == Alert.Status.FIRING
                && current.firstHeard().equals(current.lastHeard());
    }

    // --- one workload: look, judge, decide, act, record

    void reconcile(WorkloadRef ref) {
        try {
            lookAfter(ref, clock.instant());
        } catch (NotOurs e) {
            LOG.log(DEBUG, "%s went to another instance, which sees it through".formatted(ref));
        }
    }

    private void lookAfter(WorkloadRef ref, Instant now) {
        answer(ref, now);
        for (var incident : journal.log().of(ref)) {
            if (incident.isOpen()) {
                seeThrough(incident, now);
            }
        }
        var facts = cluster.objects().workload(ref);
        if (facts.isEmpty()) {
            closeGone(ref, now);
            return;
        }
        var workload = facts.get();
        if (!workload.observed()) {
            return; // its status is about an older spec
        }
        var release = releases.of(workload, now);
        releaseWatch.look(workload, release);
        release.ifPresent(active -> judge(workload, active, now));
        closeOthers(workload, release, now);
        if (release.isEmpty() && workload.complete()) {
            learnGood(workload, now);
        }
    }

    private void judge(WorkloadFacts workload, Release release, Instant now) {
        var id = IncidentId.of(release);
        var known = journal.log().find(id);
        var judgement =
                look(workload, release, known, now, nodes -> cluster.ask(nodes).get());
        var decision = Decision.of(known, judgement.input(), judgement.verdict(), judgement.allowed(), now);
        record(release, known, judgement, decision, now);
        if (decision.intends() > 0) {
            journal.log().find(id).ifPresent(incident -> seeThrough(incident, clock.instant()));
        }
        if (journal.log().find(id).filter(Incident::isOpen).isPresent()) {
            queue.addAfter(release.workload(), nextLook(judgement, now));
        }
    }

    /** A judgement with all that it stands on. */
    private record Judgement(Case input, Verdict verdict, Allowed allowed) {}

    /** @param checking called only where the release is found guilty */
    private Judgement look(
            WorkloadFacts workload,
            Release release,
            Optional<Incident> known,
            Instant now,
            Function<List<String>, Checks> checking) {
        var spent = journal.log().spentOn(workload.uid());
        var own = known.map(Incident::triggers).orElse(Set.of());
        spent.removeAll(own);
        var input = cases.of(workload, release, spent, storm.isOn(now), now);
        var verdict = judge(input);
        if (!verdict.isGuilty()) {
            return new Judgement(input, verdict, allowed(workload, release, input, verdict, Pause.NONE, now));
        }
        var checks = checking.apply(input.nodes().stream().map(NodeFacts::name).toList());
        if (!input.nodes().isEmpty()) {
            input = input.withLeases(checks.leases());
            verdict = judge(input);
        }
        return new Judgement(input, verdict, allowed(workload, release, input, verdict, checks.pause(), now));
    }

    private Verdict judge(Case input) {
        try {
            boolean fits = input.hits().isEmpty() || journal.canRecord(input); // most releases have no alert to weigh
            return fits ? Judge.judge(input) : Verdict.inconclusive(Reason.TOO_MUCH_EVIDENCE);
        } catch (RuntimeException e) {
            LOG.log(
                    ERROR,
                    "judging the release of %s failed, so nothing is done about it"
                            .formatted(input.release().workload()),
                    e);
            return Verdict.inconclusive(Reason.JUDGE_FAILED);
        }
    }

    private Allowed allowed(
            WorkloadFacts workload, Release release, Case input, Verdict verdict, Pause pause, Instant now) {
        var allowed = settings.policy().decide(verdict, release, workload, RollbackPolicy.Now.CLEAR);
        if (!allowed.mayAct()) {
            return allowed;
        }
        var hold = hold(release, input, allowed.act(), now);
        var holds = new RollbackPolicy.Now(tier(workload.ref()), pause.paused(), hold);
        return settings.policy().decide(verdict, release, workload, holds);
    }

    /** How far Rollguard's rights reach where the workload is; null where that is not known. */
    private @Nullable Tier tier(WorkloadRef workload) {
        return cluster.rights(workload.namespace()).map(Rights::tier).orElse(null);
    }

    /** What the incident log holds against the act; null where nothing. */
    private @Nullable Reason hold(Release release, Case input, Act act, Instant now) {
        var log = journal.log();
        if (log.foreignType().isPresent()) {
            return Reason.LOG_NOT_UNDERSTOOD;
        }
        if (isTargetSuspect(release, act)) {
            return Reason.NO_GOOD_REVISION;
        }
        return log.hold(IncidentId.of(release), release.uid(), release.revision(), triggers(input), now)
                .orElse(null);
    }

    /**
     * Whether the target was itself rolled back from, and people brought it back, or was found guilty and is only assumed
     * to be good. An abort goes back to what serves already, whatever was thought of it.
     */
    private boolean isTargetSuspect(Release release, Act act) {
        var target = release.target();
        return target != null
                && journal.log().of(release.workload()).stream()
                        .filter(incident -> incident.uid().equals(release.uid())
                                && incident.revision().equals(target.revision()))
                        .anyMatch(incident -> incident.tries() > 0 || (act == Act.RESTORE && isFoundGuilty(incident)));
    }

    private static boolean isFoundGuilty(Incident incident) {
        var judged = incident.judged();
        return judged != null && judged.verdict().isGuilty();
    }

    private static List<Episode> triggers(Case input) {
        return input.firingTriggers().stream().map(Case.Hit::episode).toList();
    }

    /** Writes what was decided, and waits for it once, whatever was written. */
    private void record(
            Release release, Optional<Incident> known, Judgement judgement, Decision decision, Instant now) {
        long version = known.map(Incident::version).orElse(0L);
        int attempt = known.flatMap(Incident::lastAttempt).map(Attempt::number).orElse(0);
        var steps = new ArrayList<IncidentEvent>();
        if (decision.suspects()) {
            steps.add(entries.about(release, ++version, attempt, Act.NONE, null, new Step.Suspected(release), now));
        }
        if (decision.judges()) {
            var judged = new Step.Judged(
                    judgement.verdict(), judgement.allowed(), judgement.input(), byHand(release, judgement));
            steps.add(entries.about(
                    release, ++version, attempt, judgement.allowed().act(), reason(judgement), judged, now));
        }
        if (decision.intends() > 0) {
            steps.add(entries.about(
                    release,
                    ++version,
                    decision.intends(),
                    judgement.allowed().act(),
                    null,
                    new Step.Intended(triggers(judgement.input())),
                    now));
        }
        if (decision.closes() != null) {
            steps.add(entries.about(release, ++version, attempt, Act.NONE, decision.closes(), new Step.Closed(), now));
        }
        append(steps);
        if (decision.judges()) {
            telemetry.judged(judgement.verdict(), judgement.allowed());
            tell(release, judgement);
        }
    }

    /** The command for a person who has the rights that Rollguard lacks. */
    private @Nullable String byHand(Release release, Judgement judgement) {
        var target = release.target();
        return judgement.allowed().reason() == Reason.RIGHTS_MISSING && target != null
                ? cluster.manualCommand(release.workload(), Act.of(release), target.revision())
                : null;
    }

    private static Reason reason(Judgement judgement) {
        var refusal = judgement.allowed().reason();
        return refusal == null ? judgement.verdict().reason() : refusal;
    }

    private static void tell(Release release, Judgement judgement) {
        LOG.log(
                INFO,
                "decision workload=%s revision=%s verdict=%s score=%s reason=%s act=%s mode=%s incident=%s"
                        .formatted(
                                release.workload(),
                                release.revision(),
                                judgement.verdict().outcome(),
                                judgement.verdict().score(),
                                reason(judgement).code(),
                                judgement.allowed().act().label(),
                                judgement.allowed().mode().label(),
                                IncidentId.of(release)));
    }

    private static Duration nextLook(Judgement judgement, Instant now) {
        if (judgement.verdict().reason() != Reason.SETTLING) {
            return SWEEP;
        }
        var settled = judgement.input().firingTriggers().stream()
                .map(hit -> Duration.between(
                        now, hit.firstHeard().plus(judgement.input().settle())))
                .filter(Duration::isPositive)
                .min(Duration::compareTo)
                .orElse(SOON);
        return settled.compareTo(SWEEP) < 0 ? settled : SWEEP;
    }

    // --- what people ask

    /** By the log as it stands at its end, since whoever asked may have seen more of it than this instance has. */
    private void answer(WorkloadRef ref, Instant now) {
        var waiting = owed.get(ref);
        if (waiting == null || waiting.stream().noneMatch(Commands.Owed::isOurs)) {
            return;
        }
        if (!journal.foldToEnd(Executor.FOLD_TIMEOUT)) {
            queue.addAfter(ref, SOON);
            return;
        }
        for (var each : waiting) {
            if (each.isOurs()) {
                answer(each.command(), now);
                each.answered();
            }
        }
    }

    private void answer(Command command, Instant now) {
        var incident = journal.log()
                .find(command.incident())
                .filter(found -> found.workload().equals(command.workload()));
        if (incident.isEmpty()) {
            LOG.log(
                    WARNING,
                    "%s asks to %s incident %s, which the log does not know: it is passed over"
                            .formatted(command.by(), command.kind().label(), command.incident()));
            return;
        }
        if (incident.get().answers().to(command.id()).isPresent()) {
            return; // delivered again
        }
        var refusal = command.isExpired(now)
                ? Reason.COMMAND_EXPIRED
                : incident.get().against(command.kind(), command.seen()).orElse(null);
        append(List.of(Entries.answered(incident.get(), command, refusal, now)));
        LOG.log(
                INFO,
                "command workload=%s command=%s by=%s outcome=%s incident=%s"
                        .formatted(
                                command.workload(),
                                command.kind().label(),
                                command.by(),
                                refusal == null ? "followed" : refusal.code(),
                                command.incident()));
    }

    // --- an incident that was acted on

    private void seeThrough(Incident incident, Instant now) {
        if (incident.isDismissed() && incident.openAttempt().isEmpty()) {
            append(List.of(entries.next(incident, Reason.DISMISSED, new Step.Closed(), now)));
            return;
        }
        switch (incident.state()) {
            case ACTING ->
                incident.openAttempt().ifPresent(attempt -> {
                    var outcome = unconfirmed.get(incident.id());
                    if (outcome != null && outcome.attempt() == attempt.number()) {
                        confirm(outcome);
                    } else if (attempt.acceptedAt() == null) {
                        carryOut(incident, attempt, now);
                    } else {
                        verify(incident, attempt, attempt.acceptedAt(), now);
                    }
                });
            case VERIFIED, UNCURED -> watchCure(incident, now);
            case CURED -> append(List.of(entries.next(incident, null, new Step.Closed(), now)));
            case ESCALATED -> closeEscalated(incident, now);
            case SUSPECTED, CLOSED -> {}
        }
    }

    private void carryOut(Incident incident, Attempt attempt, Instant now) {
        var result = telemetry.acting(
                attempt.act(),
                attempt.triggers(),
                () -> executor.carryOut(incident, attempt, (fresh, checks) -> against(incident, fresh, checks), now));
        if (result.isEmpty() || !executor.isUndecided(incident, attempt)) {
            queue.addAfter(incident.workload(), SOON);
            return;
        }
        if (result.get().step() instanceof Step.Accepted) {
            reacted(attempt, clock.instant());
        }
        ended(incident, attempt, result.get().step(), result.get().reason(), now);
    }

    /** The second gate: the same release, and still found guilty and allowed, on what was read just now. */
    private @Nullable Reason against(Incident incident, WorkloadFacts fresh, Function<List<String>, Checks> checks) {
        var now = clock.instant();
        var release = releases.of(fresh, now);
        if (release.isEmpty() || !IncidentId.of(release.get()).equals(incident.id())) {
            return Reason.SUPERSEDED;
        }
        var known = journal.log().find(incident.id());
        var judgement = look(fresh, release.get(), known, now, checks);
        if (!judgement.allowed().mayAct()) {
            return reason(judgement);
        }
        boolean approved = known.filter(Incident::isApproved).isPresent();
        return judgement.allowed().acts(approved) ? null : Reason.NOT_APPROVED;
    }

    private void reacted(Attempt attempt, Instant now) {
        attempt.triggers().stream()
                .flatMap(episode -> alerts.table().find(episode.fingerprint()).stream())
                .map(history -> history.current().firstHeard())
                .min(Instant::compareTo)
                .ifPresent(heard -> telemetry.reactionTime(Duration.between(heard, now)));
    }

    private void verify(Incident incident, Attempt attempt, Instant acceptedAt, Instant now) {
        var workload = cluster.objects().workload(incident.workload());
        var target = attempt.target();
        if (workload.isEmpty() || target == null || !workload.get().uid().equals(incident.uid())) {
            fail(incident, attempt, Reason.GONE, "the workload is gone", now);
            return;
        }
        var state = Verification.of(attempt.act(), workload.get(), incident.revision(), target, cluster.objects());
        switch (state) {
            case Verification.Reached reached ->
                ended(incident, attempt, new Step.Verified(reached.detail()), null, now);
            case Verification.Lost lost
            when acceptedAt.plus(LOST_AFTER).isBefore(now) ->
                fail(incident, attempt, Reason.NOT_EFFECTIVE, lost.detail(), now);
            case Verification.NotYet notYet
            when acceptedAt.plus(VERIFY_DEADLINE).isBefore(now) ->
                fail(incident, attempt, Reason.NOT_EFFECTIVE, notYet.detail(), now);
            case Verification.Lost lost -> queue.addAfter(incident.workload(), SOON);
            case Verification.NotYet notYet -> queue.addAfter(incident.workload(), SOON);
        }
    }

    private void fail(Incident incident, Attempt attempt, Reason reason, String detail, Instant now) {
        var result = executor.failure(incident, attempt, reason, false, detail);
        ended(incident, attempt, result.step(), result.reason(), now);
    }

    private void ended(Incident incident, Attempt attempt, Step step, @Nullable Reason reason, Instant now) {
        confirm(entries.next(incident, attempt, reason, step, now));
        var outcome = reason == null ? step.label() : reason.code();
        telemetry.acted(attempt.act(), outcome);
        LOG.log(
                reason == null ? INFO : WARNING,
                "attempt workload=%s revision=%s target=%s act=%s attempt=%d outcome=%s incident=%s"
                        .formatted(
                                incident.workload(),
                                incident.revision(),
                                attempt.target(),
                                attempt.act().label(),
                                attempt.number(),
                                outcome,
                                incident.id()));
    }

    private void confirm(IncidentEvent outcome) {
        unconfirmed.put(outcome.incident(), outcome);
        append(List.of(outcome));
        unconfirmed.remove(outcome.incident());
    }

    private void watchCure(Incident incident, Instant now) {
        var verifiedAt = incident.attempts().stream()
                .map(Attempt::verifiedAt)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
        if (cure.isQuiet(incident, verifiedAt, now)) {
            append(List.of(entries.next(incident, null, new Step.Cured(), now)));
        } else if (incident.uncuredAt() == null
                && verifiedAt.plus(settings.cureDeadline()).isBefore(now)) {
            var detail = cure.isBlind(now)
                    ? "the alert table is full, so nobody can tell whether the alerts still fire"
                    : "the alerts still fire %d min after the rollback"
                            .formatted(settings.cureDeadline().toMinutes());
            append(List.of(entries.next(incident, Reason.NOT_CURED, new Step.Uncured(detail), now)));
        } else if (incident.uncuredAt() != null
                && incident.uncuredAt().plus(settings.lookback()).isBefore(now)) {
            append(List.of(entries.next(incident, Reason.NOT_CURED, new Step.Closed(), now)));
        } else {
            queue.addAfter(incident.workload(), SWEEP);
        }
    }

    private void closeEscalated(Incident incident, Instant now) {
        boolean quiet = cure.isQuiet(incident, Instant.EPOCH, now);
        boolean replaced = cluster.objects()
                .workload(incident.workload())
                .filter(WorkloadFacts::observed)
                .filter(workload -> !incident.revision().equals(workload.current()))
                .isPresent();
        if (quiet || replaced) {
            var reason = quiet ? Reason.RESOLVED : Reason.SUPERSEDED;
            append(List.of(entries.next(incident, reason, new Step.Closed(), now)));
        }
    }

    private void closeGone(WorkloadRef ref, Instant now) {
        var idle = journal.log().of(ref).stream()
                .filter(incident -> incident.isOpen() && incident.openAttempt().isEmpty())
                .toList();
        if (!idle.isEmpty() && cluster.read(ref) instanceof Cluster.Reading.Gone) {
            releaseWatch.forget(ref);
            idle.forEach(incident -> append(List.of(entries.next(incident, Reason.GONE, new Step.Closed(), now))));
        }
    }

    /** Incidents that nothing was done about end with their release. */
    private void closeOthers(WorkloadFacts workload, Optional<Release> release, Instant now) {
        var active = release.map(IncidentId::of);
        for (var incident : journal.log().of(workload.ref())) {
            if (incident.state() == Incident.State.SUSPECTED
                    && incident.openAttempt().isEmpty()
                    && !active.equals(Optional.of(incident.id()))) {
                append(List.of(entries.next(incident, Reason.RELEASE_OVER, new Step.Closed(), now)));
            }
        }
    }

    // --- good revisions

    private void learnGood(WorkloadFacts workload, Instant now) {
        var current = cluster.objects().revisionsOf(workload).stream()
                .filter(revision -> revision.hash().equals(workload.current()))
                .findFirst();
        if (current.isEmpty() || isKept(workload, current.get(), now)) {
            return;
        }
        var against = journal.log().of(workload.ref()).stream()
                .filter(incident -> incident.uid().equals(workload.uid())
                        && incident.revision().equals(workload.current()))
                .map(Incident::judged)
                .filter(Objects::nonNull)
                .map(judged -> judged.verdict().outcome())
                .toList();
        if (against.contains(Verdict.Outcome.GUILTY)) {
            return;
        }
        boolean suspected =
                cure.isBlind(now) || against.stream().anyMatch(outcome -> outcome != Verdict.Outcome.INNOCENT);
        var good = knownGood(workload, current.get())
                .orElseGet(() -> releaseWatch.learn(
                        workload, current.get().templateDigest(), suspected, releases.bakeTime(workload), now));
        cluster.objects().put(good);
        if (mayWrite(workload) && !mayKeep(workload)) {
            notKept.put(workload.ref(), now);
        } else if (mayWrite(workload)) {
            switch (cluster.keepGood(workload, good)) {
                case Cluster.Answer.Done done -> notKept.remove(workload.ref());
                case Cluster.Answer.Moved moved -> cluster.objects().remove(good);
                case Cluster.Answer other -> {
                    if (!(other instanceof Cluster.Answer.Refused)) {
                        cluster.objects().remove(good); // nobody has looked whether it is what is current
                    }
                    LOG.log(
                            WARNING,
                            "the good revision %s of %s could not be kept: %s"
                                    .formatted(good.hash(), workload.ref(), other));
                    notKept.put(workload.ref(), now);
                }
            }
        }
    }

    /** Known already, or not to be tried again for a while. */
    private boolean isKept(WorkloadFacts workload, RevisionFacts current, Instant now) {
        boolean known = knownGood(workload, current).isPresent();
        var failedAt = notKept.get(workload.ref());
        boolean failed = failedAt != null && failedAt.plus(KEEP_AGAIN).isAfter(now);
        return failed || (known && (failedAt == null || !mayKeep(workload)));
    }

    private Optional<GoodRevision> knownGood(WorkloadFacts workload, RevisionFacts current) {
        return cluster.objects().goodRevisions(workload.uid()).stream()
                .filter(good -> good.hash().equals(current.hash()))
                .findFirst();
    }

    /** What is kept serves a restore, so it needs the same rights. */
    private boolean mayKeep(WorkloadFacts workload) {
        var tier = tier(workload.ref());
        return tier == null || tier.covers(Act.RESTORE);
    }

    /** In observe mode nothing is written to the cluster, good revisions included; nor by one that owns it no more. */
    private boolean mayWrite(WorkloadFacts workload) {
        return ownership.owns(workload.ref())
                && settings.policy()
                        .mode(workload)
                        .filter(mode -> mode != Mode.OBSERVE)
                        .isPresent();
    }

    // --- the log

    /** The workload went to another instance in the middle of a look: an expected end, and no failure. */
    private static final class NotOurs extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotOurs() {
            super(null, null, false, false);
        }
    }

    /** Appends in order and waits until the last is folded, so that the next look sees it. All are about one workload. */
    private void append(List<IncidentEvent> events) {
        if (events.isEmpty()) {
            return;
        }
        var workload = events.getFirst().workload();
        if (!ownership.owns(workload)) {
            throw new NotOurs();
        }
        try {
            var stages = events.stream().map(journal::append).toList();
            long offset = stages.getLast().toCompletableFuture().get(APPEND_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            if (!journal.awaitFolded(offset, APPEND_TIMEOUT)) {
                throw new IllegalStateException("the incident log was not read back within " + APPEND_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while writing the incident log", e);
        } catch (ExecutionException | TimeoutException e) {
            if (!ownership.owns(workload)) {
                throw new NotOurs();
            }
            throw new IllegalStateException("the incident log could not be written, so nothing is done", e);
        }
    }

    @Override
    public void close() {
        queue.close();
        workers.forEach(Thread::interrupt);
    }
}
