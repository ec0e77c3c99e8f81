package io.rollguard.slack;

import static io.rollguard.slack.Conversation.ROOT;

import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.metrics.RollguardMeters;
import io.rollguard.metrics.Telling;
import io.rollguard.reactor.Journal;
import io.rollguard.reactor.Ownership;
import io.rollguard.slack.Conversation.Reply;
import io.rollguard.slack.Gateway.Answer;
import io.rollguard.slack.Gateway.Place;
import io.rollguard.slack.Gateway.Search;
import io.rollguard.slack.Gateway.Tag;
import io.rollguard.slack.Talk.Said;
import io.rollguard.verdict.Act;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Tells people. Level-triggered as the reactor is: what is to be said follows from the incident as it stands, what was said
 * from the log's {@code told} events; the difference is what is left to say. So nothing is lost while Slack is away, states
 * that passed meanwhile are not told one by one, and a restart goes on with the same messages. One thread of its own sends
 * one message at a time; nobody ever waits for it. The owner of a workload tells of its incidents.
 */
final class Notifier implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Notifier.class);

    /** At most one change of a message in this time, unless the new state is one that stays. */
    static final Duration COALESCE = Duration.ofSeconds(3);

    /** The first message waits so long beyond the settle time for a judgement that is more than "wait". */
    private static final Duration SETTLE_SLACK = Duration.ofSeconds(5);

    /** Incidents that ended longer ago are not told any more. */
    private static final Duration OLD = Duration.ofHours(24);

    /** Where only a person can help. */
    static final Duration SLOWLY = Duration.ofMinutes(5);

    private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
    private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(1);

    /** Without a change, what is left to say is looked for again this often. */
    private static final Duration IDLE = Duration.ofSeconds(30);

    private static final Duration UNTIL_WHOLE = Duration.ofSeconds(1);

    /** The broker's clock and ours may differ so much. */
    private static final Duration CLOCKS = Duration.ofSeconds(30);

    private static final int BURST = 3;

    private final Journal journal;
    private final Ownership ownership;
    private final Gateway gateway;
    private final Duration settle;
    private final String by;
    private final RollguardMeters meters;
    private final SlackState state;
    private final Clock clock;

    private final Set<IncidentId> woken = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean wokenAll = new AtomicBoolean(true);
    private final Set<Noting> failedNotes = ConcurrentHashMap.newKeySet();
    private final Semaphore wakeUp = new Semaphore(0);
    private volatile @Nullable Thread worker;
    private volatile Instant ownedSince = Instant.EPOCH;

    private final Set<IncidentId> open = new HashSet<>();
    private final Map<IncidentId, Talk> talks = new LinkedHashMap<>();
    private final Pace pace = new Pace(BURST);
    private Instant quietUntil = Instant.EPOCH;
    private Instant nextLook = Instant.EPOCH;
    private Instant nextNoting = Instant.EPOCH;
    private int failures;

    private record Noting(IncidentId incident, String kind) {}

    /** What is to be sent next for one incident. The lower the rank, the sooner. */
    private record Task(
            Talk talk,
            Incident incident,
            Conversation conversation,
            String kind,
            Message message,
            @Nullable Said standing,
            boolean broadcast,
            int rank) {

        Tag tag() {
            return new Tag(incident.id(), kind);
        }
    }

    /** What one incident asks for: something to send now, or to be looked at again at a time. */
    private record Left(@Nullable Task task, @Nullable Instant at) {
        static final Left NOTHING = new Left(null, null);
    }

    /**
     * @param settle the judge's settle time
     * @param by who writes the {@code told} events
     */
    Notifier(
            Journal journal,
            Ownership ownership,
            Gateway gateway,
            Duration settle,
            String by,
            RollguardMeters meters,
            SlackState state,
            Clock clock) {
        this.journal = journal;
        this.ownership = ownership;
        this.gateway = gateway;
        this.settle = settle;
        this.by = by;
        this.meters = meters;
        this.state = state;
        this.clock = clock;
    }

    /** Subscribes to every change; the callbacks only make a note. */
    void listen() {
        ownedSince = clock.instant();
        journal.onChange(incident -> wake(incident.id()));
        ownership.onChange(() -> {
            ownedSince = clock.instant();
            wokenAll.set(true);
            wakeUp.release();
        });
    }

    void start() {
        listen();
        worker = Thread.ofPlatform().daemon().name("notifier").start(this::work);
    }

    private void wake(IncidentId id) {
        woken.add(id);
        wakeUp.release();
    }

    private void work() {
        while (!Thread.currentThread().isInterrupted()) {
            var wait = turnSafely();
            try {
                if (!wait.isZero() && wakeUp.tryAcquire(wait.toMillis(), TimeUnit.MILLISECONDS)) {
                    wakeUp.drainPermits();
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private Duration turnSafely() {
        try {
            return turn();
        } catch (RuntimeException e) {
            LOG.error("telling people failed; it is tried again", e);
            return IDLE;
        }
    }

    // --- one turn

    /** Sends at most one message; returns how long nothing is to be done unless something changes. */
    Duration turn() {
        var now = clock.instant();
        if (!journal.isWhole()) {
            return UNTIL_WHOLE;
        }
        gather(now);
        noteAgain(now);
        if (now.isBefore(quietUntil)) {
            return Duration.between(now, quietUntil);
        }
        var tasks = new ArrayList<Task>();
        var next = failedNotes.isEmpty() ? now.plus(IDLE) : now.plus(FIRST_BACKOFF);
        for (var id : List.copyOf(open)) {
            var left = left(id, now);
            if (left.task() != null) {
                tasks.add(left.task());
            } else if (left.at() == null) {
                open.remove(id);
                forgetIfDone(id);
            } else if (left.at().isBefore(next)) {
                next = left.at();
            }
        }
        if (tasks.isEmpty()) {
            return Duration.between(now, next);
        }
        var wait = gateway.keeps() ? pace.toWait(now) : Duration.ZERO;
        if (!wait.isZero()) {
            return wait;
        }
        tasks.sort(Comparator.comparingInt(Task::rank).thenComparing(task -> waitingSince(task, now)));
        carryOut(tasks.getFirst(), now);
        return Duration.ZERO;
    }

    private static Instant waitingSince(Task task, Instant now) {
        var since = task.talk().waitingSince;
        return since == null ? now : since;
    }

    private void gather(Instant now) {
        if (wokenAll.getAndSet(false)) {
            journal.log().all().stream().map(Incident::id).forEach(open::add);
        } else if (!now.isBefore(nextLook)) {
            journal.log().open().stream().map(Incident::id).forEach(open::add);
            nextLook = now.plus(IDLE);
        }
        for (var id : woken) {
            woken.remove(id);
            open.add(id);
        }
    }

    private void forgetIfDone(IncidentId id) {
        var talk = talks.get(id);
        if (talk == null) {
            return;
        }
        talk.waitingSince = null;
        boolean over = journal.log().find(id).filter(Incident::isOpen).isEmpty();
        if (over && (talk.said().isEmpty() || !gateway.keeps())) {
            talks.remove(id);
        }
    }

    // --- what is left to say

    private Left left(IncidentId id, Instant now) {
        var found = journal.log().find(id);
        if (found.isEmpty() || !ownership.owns(found.get().workload())) {
            talks.remove(id); // whoever owns it now goes by the log, and looks where that may not tell all
            return Left.NOTHING;
        }
        var incident = found.get();
        if (!incident.isOpen() && isPast(incident, now)) {
            return Left.NOTHING;
        }
        var talk = talks.computeIfAbsent(id, key -> new Talk());
        if (gateway.keeps()) {
            talk.settle(incident);
        }
        if (now.isBefore(talk.notBefore)) {
            return new Left(null, talk.notBefore);
        }
        var left = left(talk, incident, now);
        if (left.task() != null && talk.waitingSince == null) {
            talk.waitingSince = now;
        }
        return left;
    }

    /** Ended long ago; or, where nothing tells what was said before, ended before this instance began. */
    private boolean isPast(Incident incident, Instant now) {
        return incident.changedAt().plus(OLD).isBefore(now)
                || (!gateway.keeps() && incident.changedAt().isBefore(ownedSince) && !talks.containsKey(incident.id()));
    }

    private Left left(Talk talk, Incident incident, Instant now) {
        var conversation = Messages.render(incident);
        var root = talk.standing(incident, ROOT);
        if (root == null) {
            var worthIt = worthTelling(incident, conversation.phase());
            return now.isBefore(worthIt)
                    ? new Left(null, worthIt)
                    : new Left(rootTask(talk, incident, conversation, null), null);
        }
        Instant later = null;
        if (!root.digest().equals(conversation.root().digest())) {
            var due = conversation.phase().isSettled() || root.digest().isEmpty()
                    ? now
                    : talk.lastWrite(ROOT).plus(COALESCE);
            if (!now.isBefore(due)) {
                return new Left(rootTask(talk, incident, conversation, root), null);
            }
            later = due;
        }
        for (var reply : conversation.replies()) {
            var standing = talk.standing(incident, reply.kind());
            if (standing != null && standing.digest().equals(reply.message().digest())) {
                continue;
            }
            var due = standing == null ? now : talk.lastWrite(reply.kind()).plus(COALESCE);
            if (!now.isBefore(due)) {
                return new Left(replyTask(talk, incident, conversation, reply, standing), null);
            }
            later = later == null || due.isBefore(later) ? due : later;
        }
        return new Left(null, later);
    }

    /** "Wait" is no news: people get the first message with the first judgement that says more, if it comes in time. */
    private Instant worthTelling(Incident incident, Phase phase) {
        return phase == Phase.WEIGHING ? incident.openedAt().plus(settle).plus(SETTLE_SLACK) : Instant.EPOCH;
    }

    private static Task rootTask(Talk talk, Incident incident, Conversation conversation, @Nullable Said standing) {
        var phase = conversation.phase();
        int rank = phase.needsPerson() ? 0 : standing == null ? 1 : phase.isSettled() ? 2 : 3;
        return new Task(talk, incident, conversation, ROOT, conversation.root(), standing, false, rank);
    }

    private static Task replyTask(
            Talk talk, Incident incident, Conversation conversation, Reply reply, @Nullable Said standing) {
        // A root message that was posted in this very phase called already.
        boolean broadcast = reply.broadcast() && reply.calls() != talk.postedAs;
        return new Task(
                talk, incident, conversation, reply.kind(), reply.message(), standing, broadcast, broadcast ? 0 : 4);
    }

    // --- saying it

    private void carryOut(Task task, Instant now) {
        var root = task.talk().standing(task.incident(), ROOT);
        var under = task.kind().equals(ROOT) || root == null ? null : root.place();
        var standing = task.standing();
        if (standing == null && isDoubtful(task)) {
            look(task, under, now);
            return;
        }
        var message = task.talk().textOnly.contains(task.kind())
                ? new Message(task.message().text(), List.of())
                : task.message();
        if (!ownership.owns(task.incident().workload())) {
            return; // it went to another instance a moment ago, which looks before it posts
        }
        pace.sent(now);
        var answer = standing == null
                ? gateway.post(under, task.tag(), message, task.broadcast())
                : gateway.update(standing.place(), task.tag(), message);
        switch (answer) {
            case Answer.Done done -> said(task, done.place(), now);
            case Answer.Gone gone -> gone(task, standing, under);
            case Answer.Later later -> {
                if (later.maybeDone() && standing == null) {
                    task.talk().doubted.add(task.kind());
                    task.talk().absent.remove(task.kind());
                }
                failed(later, now);
            }
            case Answer.Unfit unfit -> unfit(task, unfit, now);
            case Answer.Wait wait -> failed(wait, now);
            case Answer.Refused refused -> failed(refused, now);
        }
    }

    /** Whether it may stand there already: the answer was lost, or another instance may have been about to note it. */
    private boolean isDoubtful(Task task) {
        return task.talk().doubted.contains(task.kind())
                || (gateway.keeps()
                        && !task.talk().absent.contains(task.kind())
                        && task.incident().openedAt().isBefore(ownedSince.plus(CLOCKS)));
    }

    private void look(Task task, @Nullable Place under, Instant now) {
        switch (gateway.find(under, task.tag(), task.incident().openedAt())) {
            case Search.Found found -> task.talk().found(task.kind(), found.place());
            case Search.Nothing nothing -> notThere(task);
            case Search.Impossible impossible -> {
                LOG.warnf(
                        "can't look whether a message stands there already (%s), so one may be doubled",
                        impossible.error());
                notThere(task);
            }
            case Search.Failed failed -> {
                if (failed.how() instanceof Answer.Gone && under != null) {
                    task.talk().loses(ROOT, under);
                } else {
                    failed(failed.how(), now);
                }
            }
        }
    }

    private static void notThere(Task task) {
        task.talk().doubted.remove(task.kind());
        task.talk().absent.add(task.kind());
    }

    private void said(Task task, Place place, Instant now) {
        failures = 0;
        state.works();
        boolean posted = task.standing() == null;
        meters.told(posted ? Telling.POSTED : Telling.UPDATED);
        if (posted && task.kind().equals(ROOT)) {
            task.talk().postedAs = task.conversation().phase();
        }
        task.talk().says(task.kind(), new Said(place, task.message().digest()), now);
        if (gateway.keeps()) {
            note(task.incident().id(), task.kind(), place, task.message().digest());
        }
    }

    private static void gone(Task task, @Nullable Said standing, @Nullable Place under) {
        if (standing != null) {
            task.talk().loses(task.kind(), standing.place());
        } else if (under != null) {
            task.talk().loses(ROOT, under); // somebody deleted what we answer to
        }
    }

    private void unfit(Task task, Answer.Unfit unfit, Instant now) {
        if (task.talk().textOnly.add(task.kind())) {
            LOG.warnf("Slack does not accept the form of a message (%s); its text alone is sent", unfit.error());
            return;
        }
        meters.told(Telling.REFUSED);
        state.fails("Slack does not accept a message: " + unfit.error(), now);
        task.talk().notBefore = now.plus(SLOWLY);
    }

    // --- how Slack fares

    private void failed(Answer how, Instant now) {
        switch (how) {
            case Answer.Wait wait -> {
                meters.told(Telling.RATE_LIMITED);
                quietUntil = now.plus(wait.time());
            }
            case Answer.Later later -> {
                meters.told(Telling.DELAYED);
                if (failures > 0) { // once is no trouble yet
                    state.fails("Slack is not reachable: " + later.error(), now);
                }
                var backoff = FIRST_BACKOFF.multipliedBy(1L << Math.min(failures++, 6));
                quietUntil = now.plus(backoff.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : backoff);
            }
            case Answer.Refused refused -> {
                meters.told(Telling.REFUSED);
                state.fails("Slack refuses: " + refused.error(), now);
                quietUntil = now.plus(SLOWLY);
            }
            case Answer.Unfit unfit -> quietUntil = now.plus(SLOWLY);
            case Answer.Gone gone -> quietUntil = now.plus(FIRST_BACKOFF);
            case Answer.Done done -> {}
        }
    }

    // --- the log

    /** Writes down where a message stands, without waiting: until it is read back, this instance remembers it. */
    private void note(IncidentId id, String kind, Place place, String digest) {
        var incident = journal.log().find(id);
        if (incident.isEmpty() || !ownership.owns(incident.get().workload())) {
            return; // whoever owns it now finds the message where it stands
        }
        try {
            journal.append(told(incident.get(), kind, place, digest)).whenComplete((offset, failure) -> {
                if (failure != null) {
                    failedNotes.add(new Noting(id, kind));
                }
            });
        } catch (RuntimeException e) {
            LOG.debug("a told event could not be appended; it is tried again", e);
            failedNotes.add(new Noting(id, kind));
        }
    }

    private void noteAgain(Instant now) {
        if (failedNotes.isEmpty() || now.isBefore(nextNoting)) {
            return;
        }
        nextNoting = now.plus(FIRST_BACKOFF);
        for (var noting : List.copyOf(failedNotes)) {
            failedNotes.remove(noting);
            Optional.ofNullable(talks.get(noting.incident()))
                    .map(talk -> talk.said().get(noting.kind()))
                    .ifPresent(said -> note(noting.incident(), noting.kind(), said.place(), said.digest()));
        }
    }

    private IncidentEvent told(Incident incident, String kind, Place place, String digest) {
        var talk = talks.get(incident.id());
        var root = kind.equals(ROOT) || talk == null ? null : talk.standing(incident, ROOT);
        var under = root == null ? null : root.place().messageId();
        var last = incident.lastAttempt();
        return new IncidentEvent(
                incident.id(),
                incident.version() + 1,
                last.map(Attempt::number).orElse(0),
                incident.workload(),
                incident.uid(),
                incident.revision(),
                last.map(Attempt::target).orElse(null),
                last.map(Attempt::act).orElse(Act.NONE),
                by,
                null,
                clock.instant(),
                new Step.Told(kind, place.channel(), place.messageId(), digest, under));
    }

    @Override
    public void close() {
        var running = worker;
        if (running != null) {
            running.interrupt();
        }
        gateway.close();
    }
}
