package io.rollguard.slack;

import static io.rollguard.incident.Told.ROOT;

import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.Told;
import io.rollguard.metrics.RollguardMeters;
import io.rollguard.metrics.Telling;
import io.rollguard.reactor.Journal;
import io.rollguard.reactor.Ownership;
import io.rollguard.slack.Conversation.Reply;
import io.rollguard.slack.Gateway.Answer;
import io.rollguard.slack.Gateway.Place;
import io.rollguard.slack.Gateway.Search;
import io.rollguard.slack.Gateway.Seen;
import io.rollguard.slack.Gateway.Tag;
import io.rollguard.slack.Talk.Note;
import io.rollguard.verdict.Act;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
 * that passed meanwhile are not told one by one, and a restart goes on with the same messages. Where one may stand there
 * although nobody noted it, it is looked for: before the post, and again once a late one has come; what stands there twice is
 * deleted as {@link Told} says. One thread of its own sends
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
    private String unreadable = "";
    private String undeletable = "";

    /** What is to be done next for one incident. The lower the rank, the sooner. */
    private sealed interface Task {

        Talk talk();

        Incident incident();

        int rank();

        /** @param under the root that it answers; null for a root */
        record Say(
                Talk talk,
                Incident incident,
                int rank,
                Conversation conversation,
                String kind,
                Message message,
                Step.@Nullable Told standing,
                @Nullable Place under,
                boolean broadcast)
                implements Task {

            Tag tag() {
                return new Tag(incident.id(), kind);
            }
        }

        record Look(
                Talk talk,
                Incident incident,
                int rank,
                @Nullable Place under) implements Task {}

        record Delete(Talk talk, Incident incident, int rank, Step.Told surplus) implements Task {}
    }

    private static final int CALL = 0;
    private static final int FIRST_WORD = 1;
    private static final int STAYS = 2;
    private static final int PASSES = 3;
    private static final int ANSWER = 4;
    private static final int TIDY = 5;

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

    /** Asks Slack at most once; returns how long nothing is to be done unless something changes. */
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
        var next = now.plus(talks.values().stream().anyMatch(Talk::hasFailedNotes) ? FIRST_BACKOFF : IDLE);
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
            state.nothingLeft();
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
        if (over && !(gateway.keeps() && talk.hasNotes())) {
            forget(id);
        }
    }

    private void forget(IncidentId id) {
        talks.remove(id);
        state.forget(id);
    }

    // --- what is left to say

    private Left left(IncidentId id, Instant now) {
        long folded = journal.log().nextOffset(); // asked first: what is forgotten is in what is found
        var found = journal.log().find(id);
        if (found.isEmpty() || !ownership.owns(found.get().workload())) {
            forget(id); // whoever owns it now goes by the log, and looks where that may not tell all
            return Left.NOTHING;
        }
        var incident = found.get();
        if (!incident.isOpen() && isPast(incident, now)) {
            return Left.NOTHING;
        }
        var talk = talks.computeIfAbsent(id, key -> begun(incident));
        talk.settle(folded);
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

    /** One that was being told when it came to this instance may have been posted by the one before without a note. */
    private Talk begun(Incident incident) {
        var talk = new Talk();
        boolean wasBeingTold = !incident.told().messages().isEmpty()
                && incident.openedAt().isBefore(ownedSince)
                && incident.changedAt().isAfter(ownedSince.minus(Talk.LATE));
        if (gateway.keeps() && wasBeingTold) {
            talk.lookAgain(null, ownedSince.plus(Talk.LATE));
        }
        return talk;
    }

    private Left left(Talk talk, Incident incident, Instant now) {
        var told = talk.told(incident);
        var conversation = talk.conversation(incident);
        var root = told.standing(ROOT).orElse(null);
        if (root == null) {
            var worthIt = worthTelling(incident, conversation.phase());
            return now.isBefore(worthIt)
                    ? new Left(null, worthIt)
                    : new Left(lookedUp(rootTask(talk, incident, conversation, null)), null);
        }
        Instant later = null;
        if (!root.digest().equals(conversation.root().digest())) {
            var due = conversation.phase().isSettled() || root.digest().equals(Step.Told.UNREAD)
                    ? now
                    : talk.lastWrite(ROOT).plus(COALESCE);
            if (!now.isBefore(due)) {
                return new Left(rootTask(talk, incident, conversation, root), null);
            }
            later = due;
        }
        for (var reply : conversation.replies()) {
            var standing = told.standing(reply.kind()).orElse(null);
            if (standing != null && standing.digest().equals(reply.message().digest())) {
                continue;
            }
            var due = standing == null ? now : talk.lastWrite(reply.kind()).plus(COALESCE);
            if (!now.isBefore(due)) {
                var task = replyTask(talk, incident, conversation, reply, standing, place(root));
                return new Left(standing == null ? lookedUp(task) : task, null);
            }
            later = earlier(later, due);
        }
        for (var surplus : told.surplus()) {
            if (!talk.hasToKeep(place(surplus))) {
                return new Left(new Task.Delete(talk, incident, TIDY, surplus), null);
            }
        }
        for (var where : Arrays.asList(null, place(root))) {
            var again = talk.again(where);
            if (again.isPresent() && !now.isBefore(again.get())) {
                return new Left(new Task.Look(talk, incident, TIDY, where), null);
            }
            later = again.isPresent() ? earlier(later, again.get()) : later;
        }
        return new Left(null, later);
    }

    private static Instant earlier(@Nullable Instant one, Instant other) {
        return one == null || other.isBefore(one) ? other : one;
    }

    private static Place place(Step.Told told) {
        return new Place(told.channel(), told.messageId());
    }

    /** Where it may stand already, that is looked up first. */
    private Task lookedUp(Task.Say say) {
        boolean others = gateway.keeps() && say.incident().openedAt().isBefore(ownedSince.plus(CLOCKS));
        return say.talk().isDoubtful(say.under(), others)
                ? new Task.Look(say.talk(), say.incident(), say.rank(), say.under())
                : say;
    }

    /** "Wait" is no news: people get the first message with the first judgement that says more, if it comes in time. */
    private Instant worthTelling(Incident incident, Phase phase) {
        return phase == Phase.WEIGHING ? incident.openedAt().plus(settle).plus(SETTLE_SLACK) : Instant.EPOCH;
    }

    private static Task.Say rootTask(
            Talk talk, Incident incident, Conversation conversation, Step.@Nullable Told standing) {
        var phase = conversation.phase();
        int rank = phase.needsPerson() ? CALL : standing == null ? FIRST_WORD : phase.isSettled() ? STAYS : PASSES;
        return new Task.Say(talk, incident, rank, conversation, ROOT, conversation.root(), standing, null, false);
    }

    private static Task.Say replyTask(
            Talk talk,
            Incident incident,
            Conversation conversation,
            Reply reply,
            Step.@Nullable Told standing,
            Place root) {
        // A root message that was posted in this very phase called already; and nobody is called to what is over.
        boolean broadcast = reply.calls() == conversation.phase() && reply.calls() != talk.postedAs;
        return new Task.Say(
                talk,
                incident,
                broadcast ? CALL : ANSWER,
                conversation,
                reply.kind(),
                reply.message(),
                standing,
                root,
                broadcast);
    }

    // --- doing it

    private void carryOut(Task task, Instant now) {
        if (!ownership.owns(task.incident().workload())) {
            return; // it went to another instance a moment ago, which looks before it posts
        }
        pace.sent(now);
        switch (task) {
            case Task.Say say -> say(say, now);
            case Task.Look look -> look(look, now);
            case Task.Delete delete -> delete(delete, now);
        }
    }

    private void say(Task.Say say, Instant now) {
        var standing = say.standing();
        var message = say.talk().textOnly.contains(say.kind())
                ? new Message(say.message().text(), List.of())
                : say.message();
        var answer = standing == null
                ? gateway.post(say.under(), say.tag(), message, say.broadcast())
                : gateway.update(place(standing), say.tag(), message);
        switch (answer) {
            case Answer.Done done -> said(say, done.place(), now);
            case Answer.Gone gone -> gone(say);
            case Answer.Later later -> {
                if (later.maybeDone() && standing == null) {
                    say.talk().doubt(say.under(), now);
                }
                failed(later, now);
            }
            case Answer.Unfit unfit -> unfit(say, unfit, now);
            case Answer.Wait wait -> failed(wait, now);
            case Answer.Refused refused -> failed(refused, now);
        }
    }

    private void look(Task.Look look, Instant now) {
        var talk = look.talk();
        switch (gateway.find(look.under(), look.incident().id(), look.incident().openedAt())) {
            case Search.Found found -> {
                talk.looked(look.under(), now);
                found.messages().forEach(seen -> found(look, seen));
            }
            case Search.Impossible impossible -> {
                if (!impossible.error().equals(unreadable)) {
                    unreadable = impossible.error();
                    LOG.warnf(
                            "can't look whether a message stands there already (%s), so one may be doubled",
                            unreadable);
                }
                talk.knows(look.under());
                talk.lookNoMore(look.under());
            }
            case Search.Failed failed -> {
                if (failed.how() instanceof Answer.Gone && look.under() != null) {
                    rootIsGone(talk, look.incident());
                } else {
                    failed(failed.how(), now);
                }
            }
        }
    }

    private void found(Task.Look look, Seen seen) {
        var found = new Step.Told(
                seen.kind(), seen.place().channel(), seen.place().messageId(), Step.Told.UNREAD, seen.under());
        boolean isKnown = look.talk().hasLost(seen.place())
                || look.talk().told(look.incident()).messages().stream().anyMatch(found::isAboutTheSame);
        if (!isKnown) {
            note(look.talk(), look.incident(), found);
        }
    }

    private void delete(Task.Delete delete, Instant now) {
        var surplus = delete.surplus();
        switch (gateway.delete(place(surplus))) {
            case Answer.Done done -> {
                works();
                meters.told(Telling.DELETED);
                LOG.infof(
                        "incident %s: the message '%s' stood there twice, the later one was deleted",
                        delete.incident().id(), surplus.kind());
                loses(delete.talk(), delete.incident(), surplus);
            }
            case Answer.Gone gone -> loses(delete.talk(), delete.incident(), surplus);
            case Answer.Unfit unfit -> {
                if (!unfit.error().equals(undeletable)) {
                    undeletable = unfit.error();
                    LOG.warnf(
                            "a message that stands there twice can't be deleted (%s): delete it by hand", undeletable);
                }
                delete.talk().keeps(place(surplus));
            }
            case Answer.Later later -> failed(later, now);
            case Answer.Wait wait -> failed(wait, now);
            case Answer.Refused refused -> failed(refused, now);
        }
    }

    private void said(Task.Say say, Place place, Instant now) {
        works();
        var talk = say.talk();
        state.accepts(say.incident().id());
        boolean posted = say.standing() == null;
        meters.told(posted ? Telling.POSTED : Telling.UPDATED);
        if (posted && say.under() == null) {
            talk.postedAs = say.conversation().phase();
            talk.knows(place); // nobody else answered it yet
        }
        talk.wrote(say.kind(), now);
        var under = say.under() == null ? null : say.under().messageId();
        note(
                talk,
                say.incident(),
                new Step.Told(
                        say.kind(),
                        place.channel(),
                        place.messageId(),
                        say.message().digest(),
                        under));
    }

    private void gone(Task.Say say) {
        if (say.standing() != null) {
            loses(say.talk(), say.incident(), say.standing());
        } else {
            rootIsGone(say.talk(), say.incident()); // somebody deleted what we answer to
        }
    }

    private void rootIsGone(Talk talk, Incident incident) {
        talk.told(incident).standing(ROOT).ifPresent(root -> loses(talk, incident, root));
    }

    private void loses(Talk talk, Incident incident, Step.Told message) {
        talk.loses(place(message));
        note(talk, incident, message.deleted());
    }

    private void unfit(Task.Say say, Answer.Unfit unfit, Instant now) {
        if (say.talk().textOnly.add(say.kind())) {
            LOG.warnf("Slack does not accept the form of a message (%s); its text alone is sent", unfit.error());
            return;
        }
        meters.told(Telling.REFUSED);
        state.refuses(say.incident().id(), unfit.error(), now);
        say.talk().notBefore = now.plus(SLOWLY);
    }

    // --- how Slack fares

    private void works() {
        failures = 0;
        state.works();
    }

    private void failed(Answer how, Instant now) {
        switch (how) {
            case Answer.Wait wait -> {
                meters.told(Telling.RATE_LIMITED);
                if (failures++ > 1) { // now and then is no trouble
                    state.fails("Slack asks to wait, again and again", now);
                }
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
    private void note(Talk talk, Incident incident, Step.Told told) {
        var note = talk.remember(told);
        if (gateway.keeps()) {
            append(incident.id(), note);
        }
    }

    private void append(IncidentId id, Note note) {
        var incident = journal.log().find(id);
        if (incident.isEmpty() || !ownership.owns(incident.get().workload())) {
            return; // whoever owns it now finds the message where it stands
        }
        try {
            journal.append(told(incident.get(), note.told())).whenComplete((offset, failure) -> {
                if (failure == null) {
                    note.appended(offset);
                } else {
                    note.fails();
                }
            });
        } catch (RuntimeException e) {
            LOG.debug("a told event could not be appended; it is tried again", e);
            note.fails();
        }
    }

    private void noteAgain(Instant now) {
        if (now.isBefore(nextNoting)) {
            return;
        }
        nextNoting = now.plus(FIRST_BACKOFF);
        talks.forEach((id, talk) -> talk.takeFailedNotes().forEach(note -> append(id, note)));
    }

    private IncidentEvent told(Incident incident, Step.Told told) {
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
                told);
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
