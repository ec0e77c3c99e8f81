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
import io.rollguard.incident.Order;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Handover;
import io.rollguard.policy.Mode;
import io.rollguard.policy.Rights;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.policy.StormWatch;
import io.rollguard.policy.Tier;
import io.rollguard.policy.Triggers;
import io.rollguard.policy.WayBack;
import io.rollguard.reactor.Cluster.Checks;
import io.rollguard.reactor.Cluster.Pause;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.PodFacts;
import io.rollguard.release.Release;
import io.rollguard.release.Releases;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Attribution;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Cases;
import io.rollguard.verdict.Finding;
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
import java.util.function.Predicate;
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

    /** From the cluster's acceptance: a pod that has just been started may still become ready by itself. */
    private static final Duration STUCK_AFTER = Duration.ofSeconds(10);

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
    private final ByHand byHand;
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

    /** The first change of each workload that nobody has looked at yet. */
    private final Map<WorkloadRef, Instant> changedAt = new ConcurrentHashMap<>();

    /** When the change came that first showed what is found against the release of a workload: for the metric alone. */
    private final Map<WorkloadRef, Instant> foundAt = new ConcurrentHashMap<>();

    private volatile boolean whole;

    public Reactor(
            Cluster cluster,
            Alerts alerts,
            Rules rules,
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
                        settings.settle(),
                        settings.lookback(),
                        settings.alertTimeToLive(),
                        Triggers::isTrigger,
                        alert -> rules.of(alert.name()).flatMap(evaluation -> evaluation.since(alert))));
        this.cure =
                new Cure(cluster, alerts.table(), rules, attribution, settings.alertTimeToLive(), settings.cureDwell());
        this.byHand = new ByHand(cluster, journal, settings);
        this.executor = new Executor(cluster, journal, ownership);
        this.releaseWatch = new ReleaseWatch(releaseEvents);
        this.storm = new StormWatch(settings.stormMaxWorkloads());
    }

    // --- the loop

    /** Subscribes to every change and begins to work. Decides nothing before the picture is whole. */
    public void start() {
        queue.open();
        cluster.onChange(this::changed);
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
                    } else {
                        changedAt.remove(workload);
                        foundAt.remove(workload);
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
        due(clock.instant()).forEach(queue::add);
    }

    /**
     * What is looked at again though nothing was heard of it. A release that has baked is active no more, and that it was good
     * is learned then, on a workload on which nothing may happen for days.
     */
    Stream<WorkloadRef> due(Instant now) {
        return Stream.of(
                        owed.keySet().stream(),
                        releases.active(now).map(Release::workload),
                        releaseWatch.followed(),
                        journal.log().open().stream().map(Incident::workload))
                .flatMap(Function.identity())
                .distinct();
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

    private void changed(WorkloadRef workload) {
        changedAt.putIfAbsent(workload, clock.instant());
        queue.add(workload);
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
        var changed = Optional.ofNullable(changedAt.remove(ref)).orElse(now);
        answer(ref, now);
        for (var incident : journal.log().of(ref)) {
            if (incident.isOpen()) {
                seeThrough(incident, now);
            }
        }
        var facts = cluster.objects().workload(ref);
        if (facts.isEmpty()) {
            releaseWatch.forget(ref);
            closeGone(ref, now);
            return;
        }
        var workload = facts.get();
        if (!workload.tellsItsRevision()) {
            return;
        }
        var release = releases.of(workload, now);
        releaseWatch.look(workload, release);
        tellWhatCameBack(workload, release, now);
        release.ifPresentOrElse(active -> judge(workload, active, changed, now), () -> foundAt.remove(ref));
        closeOthers(workload, release, now);
        if (release.isEmpty() && workload.complete() && !workload.is(Trait.TEMPLATE_ONLY)) {
            learnGood(workload, now);
        }
    }

    private void judge(WorkloadFacts workload, Release release, Instant changed, Instant now) {
        var id = IncidentId.of(release);
        var known = journal.log().find(id);
        if (known.filter(incident -> Decision.isBeyond(incident, now)).isPresent()) {
            return; // each judgement costs the cluster questions, and what is acted on changes all the time
        }
        var judgement =
                look(workload, release, known, now, nodes -> cluster.ask(nodes).get());
        if (judgement.input().findings().isEmpty()) {
            foundAt.remove(release.workload());
        } else {
            foundAt.putIfAbsent(release.workload(), changed);
        }
        var decision = Decision.of(known, judgement.input(), judgement.verdict(), judgement.allowed(), now);
        record(workload, release, known, judgement, decision, now);
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
            boolean fits = input.isEmpty() || journal.canRecord(input); // most releases have nothing to weigh
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
        return log.hold(IncidentId.of(release), release.uid(), release.revision(), input.causes(), now)
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
                        .anyMatch(incident -> incident.tries() > 0 || (act == Act.RESTORE && incident.isFoundGuilty()));
    }

    /** Writes what was decided, and waits for it once, whatever was written. */
    private void record(
            WorkloadFacts workload,
            Release release,
            Optional<Incident> known,
            Judgement judgement,
            Decision decision,
            Instant now) {
        long version = known.map(Incident::version).orElse(0L);
        int attempt = known.flatMap(Incident::lastAttempt).map(Attempt::number).orElse(0);
        var steps = new ArrayList<IncidentEvent>();
        if (decision.suspects()) {
            steps.add(entries.about(release, ++version, attempt, Act.NONE, null, new Step.Suspected(release), now));
        }
        if (decision.judges()) {
            var judged = new Step.Judged(
                    judgement.verdict(),
                    judgement.allowed(),
                    judgement.input(),
                    Handover.refused(
                            workload,
                            release,
                            judgement.allowed().reason(),
                            (act, target) -> cluster.manualCommand(release.workload(), act, target)));
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
                    new Step.Intended(judgement.input().causes()),
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
        var input = judgement.input();
        var settled = Stream.concat(
                        input.firingTriggers().stream().map(Case.Hit::firstHeard),
                        input.findings().stream().map(Finding::since))
                .map(heard -> Duration.between(now, heard.plus(input.settle())))
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
            if (each.isOurs() && isAnswered(each.command(), now)) {
                each.answered();
            }
        }
    }

    /** False where nobody can tell yet. */
    private boolean isAnswered(Command command, Instant now) {
        if (command.order() != null) {
            return isTakenUp(command, command.order(), now);
        }
        answer(command, now);
        return true;
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

    /** Takes up an order on what the cluster shows now, or refuses it. What was taken up is in the log, and outlives us. */
    private boolean isTakenUp(Command command, Order order, Instant now) {
        var log = journal.log();
        if (log.of(command.workload()).stream()
                .anyMatch(incident -> incident.answers().to(command.id()).isPresent())) {
            return true; // delivered again
        }
        return switch (byHand.plan(command.workload(), order.target(), order.force(), now)) {
            case ByHand.Plan.Made made -> {
                var known = log.find(made.incident());
                answer(command, order, made, known, against(command, order, made, known, now), now);
                yield true;
            }
            case ByHand.Plan.Unread unread -> {
                if (!command.isExpired(now)) { // else with the next sweep: nobody waits for it any more
                    queue.addAfter(command.workload(), SOON);
                }
                yield false;
            }
            case ByHand.Plan.Gone gone -> {
                LOG.log(
                        WARNING,
                        "%s asks to roll back %s, which is gone: it is passed over"
                                .formatted(command.by(), command.workload()));
                yield true;
            }
        };
    }

    private static @Nullable Reason against(
            Command command, Order order, ByHand.Plan.Made made, Optional<Incident> known, Instant now) {
        if (command.isExpired(now)) {
            return Reason.COMMAND_EXPIRED;
        }
        if (!made.release().uid().equals(command.uid())
                || !made.release().revision().equals(order.revision())) {
            return Reason.SUPERSEDED;
        }
        if (made.refusal() != null) {
            return made.refusal();
        }
        return made.act() == order.act()
                ? known.flatMap(incident -> incident.against(order, now)).orElse(null)
                : Reason.STALE;
    }

    private void answer(
            Command command,
            Order order,
            ByHand.Plan.Made made,
            Optional<Incident> known,
            @Nullable Reason refusal,
            Instant now) {
        var release = made.release();
        long version = known.map(Incident::version).orElse(0L);
        int attempt = known.flatMap(Incident::lastAttempt).map(Attempt::number).orElse(0);
        boolean opens = known.isEmpty() || (refusal == null && !known.get().isOpen());
        var steps = new ArrayList<IncidentEvent>();
        if (opens) {
            steps.add(entries.about(release, ++version, attempt, Act.NONE, null, new Step.Suspected(release), now));
        }
        steps.add(Entries.answered(release, ++version, attempt, command, order, refusal, now));
        if (known.isEmpty() && refusal != null) {
            steps.add(entries.about(release, ++version, attempt, Act.NONE, refusal, new Step.Closed(), now));
        }
        append(steps);
        LOG.log(
                INFO,
                "command workload=%s command=%s by=%s force=%s revision=%s target=%s act=%s outcome=%s incident=%s"
                        .formatted(
                                command.workload(),
                                command.kind().label(),
                                command.by(),
                                order.force(),
                                order.revision(),
                                order.target(),
                                order.act().label(),
                                refusal == null ? "followed" : refusal.code(),
                                made.incident()));
    }

    /** What a person ordered is intended like any other act; one that nothing more comes of ends its incident. */
    private void followOrder(Incident incident, Instant now) {
        var given = incident.order(now);
        if (given.isPresent()) {
            boolean isFirst = given.get().from() == incident.attempts().size() + 1;
            if (!isFirst && !Decision.isTime(Optional.of(incident), now)) {
                queue.addAfter(incident.workload(), SOON);
                return;
            }
            append(List.of(entries.intended(incident, given.get().order(), firing(incident, now), now)));
            journal.log()
                    .find(incident.id())
                    .filter(intended -> intended.openAttempt().isPresent())
                    .ifPresent(intended -> seeThrough(intended, clock.instant()));
        } else if (incident.isOrdered() || (incident.answers().ordered() != null && incident.judged() == null)) {
            var reason = incident.lastAttempt().map(Attempt::voided).orElse(Reason.COMMAND_EXPIRED);
            append(List.of(entries.next(incident, reason, new Step.Closed(), now)));
        }
    }

    /** The alerts about it that may start a rollback: whether it cured them is watched, whoever asked for it. */
    private List<Episode> firing(Incident incident, Instant now) {
        var workload = cluster.objects()
                .workload(incident.workload())
                .filter(facts -> facts.uid().equals(incident.uid()));
        return workload.flatMap(releases::latest)
                .filter(release -> IncidentId.of(release).equals(incident.id()))
                .map(release -> cases.of(workload.get(), release, Set.of(), storm.isOn(now), now)
                        .causes())
                .orElse(List.of());
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
            case SUSPECTED -> followOrder(incident, now);
            case RETURNED, CLOSED -> {}
        }
    }

    /** Told once, loudly, with who did it; never taken away again (no loop). The watches may lag behind, so it is read again. */
    private void tellWhatCameBack(WorkloadFacts workload, Optional<Release> release, Instant now) {
        var incidents = journal.log().of(workload.ref());
        for (var incident : incidents) {
            if (incident.state() == Incident.State.RETURNED) {
                Comeback.over(incident, workload, release)
                        .ifPresent(why -> append(List.of(entries.next(incident, why, new Step.Closed(), now))));
            }
        }
        var back = Comeback.untold(incidents, workload, release);
        if (back.isEmpty()
                || !(cluster.read(workload.ref()) instanceof Cluster.Reading.Found found)
                || !Comeback.isBack(found.facts(), back.get().revision())) {
            return;
        }
        var incident = back.get();
        var who = cluster.lastWrite(found);
        var act = release.map(active -> WayBack.act(active, found.facts())).orElse(Act.NONE);
        var target = incident.lastAttempt().map(Attempt::target).orElse(null);
        var command = Handover.command(found.facts(), act, cluster.manualCommand(workload.ref(), act, target));
        append(List.of(
                entries.next(incident, Reason.ROLLED_BACK_BEFORE, new Step.Returned(who.orElse(null), command), now)));
        LOG.log(
                WARNING,
                "returned workload=%s revision=%s by=%s incident=%s"
                        .formatted(
                                workload.ref(),
                                incident.revision(),
                                who.map(Write::toString).orElse("unknown"),
                                incident.id()));
    }

    /** What undid an act, as far as the object tells. */
    private String undoneBy(Optional<Cluster.Reading.Found> read) {
        return read.flatMap(cluster::lastWrite)
                .map(who -> ", last written by " + who)
                .orElse("");
    }

    private void carryOut(Incident incident, Attempt attempt, Instant now) {
        if (!attempt.by().equals(settings.instance())) {
            takeOver(incident, attempt, now);
            return;
        }
        var result = telemetry.acting(
                attempt.act(),
                attempt.triggers(),
                () -> executor.carryOut(
                        incident, attempt, (fresh, checks) -> against(incident, attempt, fresh, checks), now));
        if (result.isEmpty() || !executor.isOursToCarryOut(incident, attempt)) {
            queue.addAfter(incident.workload(), SOON);
            return;
        }
        if (result.get().step() instanceof Step.Accepted && !attempt.isByHand()) {
            reacted(incident, attempt, clock.instant());
        }
        ended(incident, attempt, result.get().step(), result.get().reason(), now);
    }

    /**
     * What another instance intended is carried out once the log says that it is ours: whatever the other still writes of it is
     * not what became of our request.
     */
    private void takeOver(Incident incident, Attempt attempt, Instant now) {
        append(List.of(entries.next(incident, attempt, null, new Step.Intended(attempt.triggers()), now)));
        journal.log()
                .find(incident.id())
                .filter(next -> next.openAttempt()
                        .filter(open -> open.by().equals(settings.instance()))
                        .isPresent())
                .ifPresentOrElse(
                        ours -> seeThrough(ours, clock.instant()), () -> queue.addAfter(incident.workload(), SOON));
    }

    /** The second gate: the same release, still found guilty, and this very act allowed, on what was read just now. */
    private @Nullable Reason against(
            Incident incident, Attempt attempt, WorkloadFacts fresh, Function<List<String>, Checks> checks) {
        var now = clock.instant();
        var asked = attempt.asked();
        if (asked != null) {
            return byHand.against(
                    incident, asked.order(), fresh, checks.apply(List.of()).pause(), now);
        }
        var release = releases.of(fresh, now);
        if (release.isEmpty() || !IncidentId.of(release.get()).equals(incident.id())) {
            return Reason.SUPERSEDED;
        }
        var known = journal.log().find(incident.id());
        var judgement = look(fresh, release.get(), known, now, checks);
        if (!judgement.allowed().mayAct()) {
            return reason(judgement);
        }
        var target = release.get().target();
        if (judgement.allowed().act() != attempt.act()
                || target == null
                || !target.revision().equals(attempt.target())) {
            return Reason.STALE; // another act is right by now, and needs an intent of its own
        }
        boolean approved = known.filter(Incident::isApproved).isPresent();
        return judgement.allowed().acts(approved) ? null : Reason.NOT_APPROVED;
    }

    private void reacted(Incident incident, Attempt attempt, Instant now) {
        var heard = attempt.triggers().stream()
                .flatMap(episode -> alerts.table().find(episode.fingerprint()).stream())
                .map(history -> history.current().firstHeard());
        var found = attempt.triggers().stream()
                .filter(episode ->
                        Finding.in(episode, incident.uid(), incident.revision()).isPresent())
                .flatMap(episode -> Stream.ofNullable(foundAt.get(incident.workload())));
        Stream.concat(heard, found).min(Instant::compareTo).ifPresent(first -> {
            var time = Duration.between(first, now);
            telemetry.reactionTime(time);
            LOG.log(INFO, "reacted workload=%s millis=%d".formatted(incident.workload(), time.toMillis()));
        });
    }

    private void verify(Incident incident, Attempt attempt, Instant acceptedAt, Instant now) {
        var workload = cluster.objects()
                .workload(incident.workload())
                .filter(facts -> facts.uid().equals(incident.uid()));
        var target = attempt.target();
        if (target == null) {
            fail(incident, attempt, Reason.GONE, "what was accepted names no target", Optional.empty(), now);
            return;
        }
        var cached = workload.map(facts -> look(incident, attempt, target, facts, Optional.empty(), now));
        var next = cached.flatMap(Look::left);
        if (next.isPresent() && !executor.wasSentLately(incident, next.get(), now)) {
            var refusal = executor.finish(incident, attempt, fresh -> seen(incident, target, fresh), now);
            if (refusal.isPresent()) {
                var detail =
                        "%s: %s".formatted(next.get().label(), refusal.get().detail());
                fail(incident, attempt, Reason.NOT_EFFECTIVE, detail, next, now);
                return;
            }
        }
        var since = Duration.between(acceptedAt, now);
        var look = cached.filter(seen -> since.compareTo(seen.patience()) <= 0)
                .orElseGet(() -> lookPastTheCache(incident, attempt, target, now));
        var left = look.left();
        switch (look.state()) {
            case Verification.Reached reached
            when left.isEmpty() -> ended(incident, attempt, new Step.Verified(reached.detail()), null, now);
            case Verification.Gone gone -> fail(incident, attempt, Reason.GONE, gone.detail(), left, now);
            case Verification early
            when since.compareTo(look.patience()) <= 0 -> queue.addAfter(incident.workload(), SOON);
            case Verification.Lost lost ->
                fail(incident, attempt, Reason.NOT_EFFECTIVE, lost.detail() + undoneBy(look.read()), left, now);
            case Verification.Stuck stuck
            when left.isEmpty() -> fail(incident, attempt, Reason.STUCK_POD, whyItStays(stuck), left, now);
            case Verification other -> fail(incident, attempt, Reason.NOT_EFFECTIVE, other.detail(), left, now);
        }
    }

    /**
     * What has come of an act, and what it still needs.
     *
     * @param read the object that says so, where it was read past the cache
     */
    private record Look(Verification state, Optional<FollowUp> left, Optional<Cluster.Reading.Found> read) {

        static Look unfound(Verification state) {
            return new Look(state, Optional.empty(), Optional.empty());
        }

        /** From the cluster's acceptance: after that a person is called. */
        Duration patience() {
            return switch (state) {
                case Verification.Lost lost -> LOST_AFTER;
                case Verification.Stuck stuck when left.isEmpty() -> STUCK_AFTER;
                case Verification other -> VERIFY_DEADLINE;
            };
        }
    }

    private Look look(
            Incident incident,
            Attempt attempt,
            RevisionHash target,
            WorkloadFacts workload,
            Optional<Cluster.Reading.Found> read,
            Instant now) {
        return new Look(
                Verification.of(attempt.act(), workload, incident.revision(), target, cluster.objects()),
                FollowUp.next(attempt, incident.revision(), seen(incident, target, workload), now),
                read);
    }

    /** Before a person is called: what is known here may be late. */
    private Look lookPastTheCache(Incident incident, Attempt attempt, RevisionHash target, Instant now) {
        return switch (cluster.read(incident.workload())) {
            case Cluster.Reading.Found found
            when found.facts().uid().equals(incident.uid()) ->
                look(incident, attempt, target, found.facts(), Optional.of(found), now);
            case Cluster.Reading.Found another -> Look.unfound(new Verification.Gone("the workload was made anew"));
            case Cluster.Reading.Gone gone -> Look.unfound(new Verification.Gone("the workload is gone"));
            case Cluster.Reading.Failed(var again, var detail) ->
                Look.unfound(new Verification.NotYet("the workload can't be read: " + detail));
        };
    }

    private FollowUp.Seen seen(Incident incident, RevisionHash target, WorkloadFacts workload) {
        var tier = tier(workload.ref());
        var stuck = settings.deletesStuckPods() && mayDeletePods(workload.ref())
                ? StuckPod.of(workload, incident.revision(), target, cluster.objects())
                        .map(PodFacts::name)
                : Optional.<String>empty();
        return new FollowUp.Seen(
                workload, !workload.isGitOpsOwned() && (tier == null || tier.covers(Act.RESTORE)), stuck);
    }

    /** Where that is not known, the cluster will say so itself. */
    private boolean mayDeletePods(WorkloadRef workload) {
        return cluster.rights(workload.namespace()).map(Rights::deletesPods).orElse(true);
    }

    private String whyItStays(Verification.Stuck stuck) {
        return stuck.detail() + (settings.deletesStuckPods() ? "; Rollguard may not delete pods" : "");
    }

    /** @param left what was still to be done, which is what a person would do then */
    private void fail(
            Incident incident, Attempt attempt, Reason reason, String detail, Optional<FollowUp> left, Instant now) {
        var result = executor.failure(incident, attempt, reason, false, detail, left);
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
        if (incident.triggers().isEmpty()) { // a person saw no alert, or none that fired
            if (verifiedAt.plus(settings.cureDwell()).isBefore(now)) {
                append(List.of(entries.next(incident, null, new Step.Closed(), now)));
            } else {
                queue.addAfter(incident.workload(), SWEEP);
            }
        } else if (cure.isQuiet(incident, verifiedAt, now)) {
            append(List.of(entries.next(incident, null, new Step.Cured(), now)));
            cure.forget(incident.id());
        } else if (isAboutFormerPods(incident)) {
            append(List.of(entries.next(incident, Reason.GONE, new Step.Closed(), now)));
        } else if (incident.uncuredAt() == null
                && verifiedAt.plus(settings.cureDeadline()).isBefore(now)) {
            append(List.of(entries.next(incident, whyUncured(incident), uncured(incident, now), now)));
        } else if (incident.uncuredAt() != null
                && incident.uncuredAt().plus(settings.lookback()).isBefore(now)) {
            append(List.of(entries.next(incident, whyUncured(incident), new Step.Closed(), now)));
        } else {
            queue.addAfter(incident.workload(), SWEEP);
        }
    }

    /** Somebody made the workload anew, so of the pods whose trouble was found nothing more will be heard. */
    private boolean isAboutFormerPods(Incident incident) {
        return incident.triggers().stream()
                        .anyMatch(trigger -> Finding.in(trigger, incident.uid(), incident.revision())
                                .isPresent())
                && isMadeAnew(incident);
    }

    private boolean isMadeAnew(Incident incident) {
        return isSure(incident.workload(), facts -> !facts.uid().equals(incident.uid()));
    }

    private static Reason whyUncured(Incident incident) {
        return incident.isWithoutAlerts() ? Reason.STILL_FAILING : Reason.NOT_CURED;
    }

    /** The release was not the cause, so a person may want it to go on: how is told, and never done. */
    private Step uncured(Incident incident, Instant now) {
        var verified = incident.attempts().stream()
                .filter(attempt -> attempt.verifiedAt() != null)
                .findFirst()
                .orElseThrow();
        var forward = cluster.forwardCommand(incident.workload(), verified.act(), incident.revision());
        return new Step.Uncured(whatGoesOn(incident, now), verified.left().snapshot(), forward);
    }

    private String whatGoesOn(Incident incident, Instant now) {
        long minutes = settings.cureDeadline().toMinutes();
        if (incident.isWithoutAlerts()) {
            return "pods still fail %d min after the rollback".formatted(minutes);
        }
        return cure.isBlind(now)
                ? "the alert table is full, so nobody can tell whether the alerts still fire"
                : "the alerts still fire %d min after the rollback".formatted(minutes);
    }

    private void closeEscalated(Incident incident, Instant now) {
        boolean quiet = !incident.triggers().isEmpty() && cure.isQuiet(incident, Instant.EPOCH, now);
        boolean replaced = isReplaced(incident);
        boolean madeAnew = isMadeAnew(incident);
        var failure = incident.lastAttempt().map(Attempt::failure);
        boolean nothingToWatch = incident.triggers().isEmpty()
                && failure.filter(each -> each.at().plus(VERIFY_DEADLINE).isBefore(now))
                        .isPresent();
        if (nothingToWatch && !replaced && !madeAnew) {
            append(List.of(entries.next(incident, failure.get().reason(), new Step.Closed(), now)));
        } else if (quiet || replaced || madeAnew) {
            var ended = incident.isWithoutAlerts() ? Reason.RECOVERED : Reason.RESOLVED;
            var reason = madeAnew ? Reason.GONE : quiet ? ended : Reason.SUPERSEDED;
            append(List.of(entries.next(incident, reason, new Step.Closed(), now)));
        }
    }

    /** By a revision that is neither the one that it is about nor the one that it was to go back to. */
    private boolean isReplaced(Incident incident) {
        var known = Stream.concat(Stream.of(incident.revision()), incident.lastAttempt().map(Attempt::target).stream())
                .toList();
        return isSure(incident.workload(), facts -> facts.tellsItsRevision() && !known.contains(facts.current()));
    }

    /** Said by the cache, which may be behind, and by what is read past it. */
    private boolean isSure(WorkloadRef workload, Predicate<WorkloadFacts> what) {
        return cluster.objects().workload(workload).filter(what).isPresent()
                && cluster.read(workload) instanceof Cluster.Reading.Found found
                && what.test(found.facts());
    }

    private void closeGone(WorkloadRef ref, Instant now) {
        var idle = journal.log().of(ref).stream()
                .filter(incident -> incident.isOpen() && incident.openAttempt().isEmpty())
                .toList();
        if (!idle.isEmpty() && cluster.read(ref) instanceof Cluster.Reading.Gone) {
            idle.forEach(incident -> append(List.of(entries.next(incident, Reason.GONE, new Step.Closed(), now))));
        }
    }

    /** Incidents that nothing was done about end with their release. */
    private void closeOthers(WorkloadFacts workload, Optional<Release> release, Instant now) {
        var active = release.map(IncidentId::of);
        for (var incident : journal.log().of(workload.ref())) {
            if (incident.state() == Incident.State.SUSPECTED
                    && incident.openAttempt().isEmpty()
                    && incident.order(now).isEmpty()
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
        if (current.isEmpty()) {
            return;
        }
        if (isKept(workload, current.get(), now)) {
            releaseWatch.forget(workload.ref());
            return;
        }
        var known = journal.log().of(workload.ref()).stream()
                .filter(incident -> incident.uid().equals(workload.uid())
                        && incident.revision().equals(workload.current()))
                .toList();
        var against = known.stream()
                .map(Incident::judged)
                .filter(Objects::nonNull)
                .map(judged -> judged.verdict().outcome())
                .toList();
        if (against.contains(Verdict.Outcome.GUILTY) || known.stream().anyMatch(Incident::isRolledBack)) {
            releaseWatch.forget(workload.ref());
            return;
        }
        // a cache may be behind by any time, and a bake time that nobody saw is none
        if (!(cluster.read(workload.ref()) instanceof Cluster.Reading.Found found)
                || !isSameRevision(found, workload)) {
            return;
        }
        boolean suspected =
                cure.isBlind(now) || against.stream().anyMatch(outcome -> outcome != Verdict.Outcome.INNOCENT);
        var good = knownGood(workload, current.get())
                .orElseGet(
                        () -> releaseWatch.learn(workload, current.get(), suspected, releases.bakeTime(workload), now));
        cluster.objects().put(good);
        if (mayWrite(workload) && !mayKeep(workload)) {
            notKept.put(workload.ref(), now);
        } else if (mayWrite(workload)) {
            switch (cluster.keepGood(found, good)) {
                case Cluster.Answer.Done done -> notKept.remove(workload.ref());
                case Cluster.Answer.Moved moved -> cluster.objects().remove(good);
                case Cluster.Answer other -> {
                    if (!(other instanceof Cluster.Answer.Refused)) {
                        cluster.objects().remove(good); // it may have moved as well
                    }
                    LOG.log(
                            WARNING,
                            "the good revision %s of %s could not be kept: %s"
                                    .formatted(good.hash(), workload.ref(), other));
                    notKept.put(workload.ref(), now);
                    queue.addAfter(workload.ref(), KEEP_AGAIN);
                }
            }
        }
    }

    private static boolean isSameRevision(Cluster.Reading.Found found, WorkloadFacts workload) {
        return found.facts().uid().equals(workload.uid())
                && Objects.equals(found.facts().current(), workload.current());
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
            long offset = 0;
            for (var stage : stages) { // one may be lost though the next is not
                offset = stage.toCompletableFuture().get(APPEND_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            }
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
