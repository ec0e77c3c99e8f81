package io.rollguard.incident;

import io.rollguard.alert.Episode;
import io.rollguard.incident.Attempt.Failure;
import io.rollguard.incident.Incident.Entry;
import io.rollguard.incident.Incident.Judgement;
import io.rollguard.incident.Incident.State;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The fold of the incident log. The log has one order that every instance agrees on, so every instance comes to the same
 * state; that makes it the only lock. An intent counts if it is the first of its attempt, by this or any other incident of
 * the revision, and nothing else forbids it at its own place: see {@link #hold}. Changes by events only; every window is
 * measured with the broker's append time. What there is no {@link Room} for is forgotten, alike everywhere and counted. Safe
 * for many threads.
 */
public final class IncidentLog {

    private final Limits limits;
    private final Map<IncidentId, Incident> incidents = new LinkedHashMap<>();
    private final Map<String, Set<IncidentId>> byUid = new HashMap<>();
    private final Map<WorkloadRef, Set<IncidentId>> byWorkload = new HashMap<>();
    private final Map<IncidentId, FirstAct> firstActs = new HashMap<>();
    private final Map<Episode, IncidentId> spent = new HashMap<>();
    private final Held held;
    private final Map<Forgotten, Long> forgotten = new EnumMap<>(Forgotten.class);
    private long nextOffset;
    private @Nullable String foreignType;

    /**
     * Limits of the whole install.
     *
     * @param breakerMax rollbacks within {@code breakerWindow}, after which none is begun
     * @param coolDown quiet time of a workload after one
     */
    public record Limits(int breakerMax, Duration breakerWindow, Duration coolDown) {}

    /** What is given up for lack of room; the label is the metric's tag. */
    public enum Forgotten {
        /** The input of an incident's last judgement. */
        INPUT("input"),
        /** A closed incident as a whole. */
        INCIDENT("incident");

        private final String label;

        Forgotten(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** The intent by which an incident began to act. */
    private record FirstAct(IncidentId incident, String uid, RevisionHash revision, Instant at) {}

    public IncidentLog(Limits limits) {
        this(limits, Room.USUAL);
    }

    public IncidentLog(Limits limits, Room room) {
        this.limits = limits;
        this.held = new Held(room);
    }

    // --- folding

    /**
     * Takes in the entry at {@code offset}; entries come in order, and one that came before is passed over.
     *
     * @param appendedAt the broker's time
     * @return the incident after it
     */
    public synchronized Optional<Incident> apply(long offset, Instant appendedAt, IncidentEvent event) {
        if (offset < nextOffset) {
            return Optional.ofNullable(incidents.get(event.incident()));
        }
        nextOffset = offset + 1;
        var before = incidents.computeIfAbsent(event.incident(), id -> opened(event, appendedAt));
        byUid.computeIfAbsent(event.uid(), uid -> new HashSet<>()).add(event.incident());
        byWorkload
                .computeIfAbsent(event.workload(), workload -> new HashSet<>())
                .add(event.incident());
        var after = step(before, event, offset, appendedAt);
        var timeline = new ArrayList<>(before.timeline());
        if (timeline.size() == Incident.MAX_TIMELINE) {
            timeline.remove(1); // the first tells how it began
        }
        timeline.add(new Entry(
                before.version() + 1,
                event.attempt(),
                event.step().label(),
                outcome(before, after, event),
                event.by(),
                appendedAt));
        var counted = after.counted(before.version() + 1, appendedAt, timeline);
        incidents.put(event.incident(), counted);
        held.changed(counted);
        makeRoom();
        return find(event.incident());
    }

    /** An answer that its writer took for followed may be none at its place: then it changed nothing. */
    private static @Nullable Reason outcome(Incident before, Incident after, IncidentEvent event) {
        if (event.reason() != null || !(event.step() instanceof Step.Answered answered)) {
            return event.reason();
        }
        return before.answers().to(answered.id()).isPresent()
                ? Reason.DECIDED_BEFORE
                : after.answers().to(answered.id()).map(Answers.Answer::refusal).orElse(null);
    }

    private void makeRoom() {
        for (var id = held.incidentTooMany(); id.isPresent(); id = held.incidentTooMany()) {
            forget(id.get());
            forgotten.merge(Forgotten.INCIDENT, 1L, Long::sum);
        }
        for (var id = held.inputTooMany(); id.isPresent(); id = held.inputTooMany()) {
            held.forgetInput(id.get());
            incidents.computeIfPresent(id.get(), (key, incident) -> incident.withoutInput());
            forgotten.merge(Forgotten.INPUT, 1L, Long::sum);
        }
    }

    private void forget(IncidentId id) {
        held.forget(id);
        firstActs.remove(id);
        var incident = incidents.remove(id);
        if (incident != null) {
            incident.triggers().forEach(episode -> spent.remove(episode, id));
            remove(byUid, incident.uid(), id);
            remove(byWorkload, incident.workload(), id);
        }
    }

    private static <K> void remove(Map<K, Set<IncidentId>> index, K key, IncidentId id) {
        index.computeIfPresent(key, (same, ids) -> {
            ids.remove(id);
            return ids.isEmpty() ? null : ids;
        });
    }

    /** Notes that the entry at {@code offset} could not be read as an event of this log. */
    public synchronized void skip(long offset) {
        nextOffset = Math.max(nextOffset, offset + 1);
    }

    /** Notes that the entry at {@code offset} is an event of this log which this build does not understand: acting stops. */
    public synchronized void foreign(long offset, String type) {
        if (offset >= nextOffset) {
            nextOffset = offset + 1;
            foreignType = type;
        }
    }

    private static Incident opened(IncidentEvent event, Instant at) {
        return new Incident(
                event.incident(),
                event.workload(),
                event.uid(),
                event.revision(),
                0,
                State.SUSPECTED,
                at,
                at,
                null,
                null,
                List.of(),
                Told.NOTHING,
                Answers.NONE,
                null,
                null,
                null,
                Incident.Aftermath.NOTHING,
                List.of());
    }

    private Incident step(Incident incident, IncidentEvent event, long offset, Instant at) {
        return switch (event.step()) {
            case Step.Suspected suspected -> {
                var seen = incident.with(suspected.release());
                boolean mayReopen = seen.state() == State.CLOSED
                        && !seen.isDismissed()
                        && seen.attempts().stream().noneMatch(Attempt::isEffective);
                yield mayReopen ? seen.ended(null, null, null).with(State.SUSPECTED, seen.attempts()) : seen;
            }
            case Step.Judged judged -> judge(incident, judged, offset, at);
            case Step.Answered answered -> answer(incident, event, answered, at);
            case Step.Intended intended -> intend(incident, event, intended, at);
            case Step.Accepted accepted ->
                attempt(incident, event)
                        .map(each -> incident.replace(
                                each.accepted(at, new Attempt.Left(accepted.snapshot(), accepted.next()))))
                        .orElse(incident);
            case Step.Verified verified ->
                attempt(incident, event)
                        .filter(Attempt::isOpen)
                        .map(each -> settled(incident.replace(each.verified(at))))
                        .orElse(incident);
            case Step.Failed failed ->
                attempt(incident, event)
                        .filter(each -> each.mayFailFor(failure(event), event.by(), knowsAll(incident, event)))
                        .map(each -> released(settled(incident.replace(each.failed(new Failure(
                                failure(event), failed.again(), failed.detail(), failed.command(), event.by(), at))))))
                        .orElse(incident);
            case Step.Cured cured ->
                incident.isOpen()
                                && incident.isRolledBack()
                                && incident.curedAt() == null
                                && incident.state() != State.RETURNED
                        ? incident.ended(at, incident.uncuredAt(), null).with(State.CURED, incident.attempts())
                        : incident;
            case Step.Uncured uncured ->
                incident.state() == State.VERIFIED
                        ? incident.ended(null, at, null)
                                .with(State.UNCURED, incident.attempts())
                                .with(new Incident.Aftermath(
                                        incident.aftermath().returned(), uncured.forward()))
                        : incident;
            case Step.Returned returned ->
                incident.mayReturn()
                        ? incident.ended(incident.curedAt(), incident.uncuredAt(), null)
                                .with(State.RETURNED, incident.attempts())
                                .with(new Incident.Aftermath(
                                        new Incident.Return(returned.who(), returned.command(), at),
                                        incident.aftermath().forward()))
                        : incident;
            case Step.Told told -> incident.with(incident.told().with(told));
            case Step.Closed closed ->
                !incident.isOpen() || incident.openAttempt().isPresent()
                        ? incident
                        : incident.ended(incident.curedAt(), incident.uncuredAt(), event.reason())
                                .with(State.CLOSED, incident.attempts());
            case Step.Unknown unknown -> {
                foreignType = unknown.type();
                yield incident;
            }
        };
    }

    /** What a person approved was one act of a guilty release; where that is no longer what is asked, they are asked again. */
    private static Incident judge(Incident incident, Step.Judged judged, long offset, Instant at) {
        var next = incident.with(
                new Judgement(judged.verdict(), judged.allowed(), judged.input(), null, judged.command(), offset, at));
        var approval = incident.answers().approval();
        boolean stands = approval != null
                && judged.verdict().isGuilty()
                && judged.allowed().act() == approval.act();
        return stands ? next : next.with(next.answers().withoutApproval());
    }

    /** A command that came second, or about what has changed, is written down as refused and changes nothing. */
    private static Incident answer(Incident incident, IncidentEvent event, Step.Answered answered, Instant at) {
        if (incident.answers().to(answered.id()).isPresent()) {
            return incident;
        }
        var refusal = event.reason() == null ? against(incident, answered, at).orElse(null) : event.reason();
        var answers =
                incident.answers().with(new Answers.Answer(answered.id(), answered.command(), event.by(), refusal));
        if (refusal != null) {
            return incident.with(answers);
        }
        return switch (answered.command()) {
            case APPROVE -> incident.with(answers.approved(new Answers.Approval(asked(incident), event.by())));
            case DISMISS -> incident.with(answers.dismissed(event.by()));
            case RETRY -> {
                int next = incident.attempts().getLast().number() + 1;
                var ordered = incident.attempts().getLast().asked();
                yield settled(incident.with(
                        ordered == null
                                ? answers.granting(next)
                                : answers.ordering(ordered.again(answered.id(), event.by(), next, at))));
            }
            case ROLLBACK -> {
                var order = Objects.requireNonNull(answered.order());
                var given = new Order.Given(
                        answered.id(), order, event.by(), incident.attempts().size() + 1, at);
                yield settled(incident.ended(null, null, null)
                        .with(State.SUSPECTED, incident.attempts())
                        .with(answers.ordering(given)));
            }
        };
    }

    private static Optional<Reason> against(Incident incident, Step.Answered answered, Instant at) {
        var order = answered.order();
        return order == null ? incident.against(answered.command(), answered.seen()) : incident.against(order, at);
    }

    private static Act asked(Incident incident) {
        return incident.judged() == null
                ? Act.NONE
                : incident.judged().allowed().act();
    }

    private static Reason failure(IncidentEvent event) {
        return event.reason() == null ? Reason.UNRESOLVED : event.reason();
    }

    private static Optional<Attempt> attempt(Incident incident, IncidentEvent event) {
        return incident.attempts().stream()
                .filter(attempt -> attempt.number() == event.attempt() && attempt.isEffective())
                .findFirst();
    }

    /** The state that follows from the attempts. */
    private static Incident settled(Incident incident) {
        if (incident.isRolledBack()) {
            return incident.with(State.VERIFIED, incident.attempts());
        }
        if (incident.openAttempt().isPresent()) {
            return incident.with(State.ACTING, incident.attempts());
        }
        return incident.with(
                incident.nextAttempt().isPresent() ? State.SUSPECTED : State.ESCALATED, incident.attempts());
    }

    /** An intent that was taken back before the cluster was asked holds up nobody else. */
    private Incident released(Incident incident) {
        if (incident.tries() == 0) {
            firstActs.remove(incident.id());
        }
        spent.values().removeIf(incident.id()::equals);
        incident.attempts().stream()
                .filter(Attempt::countsAsTry)
                .forEach(attempt -> attempt.triggers().forEach(episode -> spent.putIfAbsent(episode, incident.id())));
        return incident;
    }

    private Incident intend(Incident incident, IncidentEvent event, Step.Intended intended, Instant at) {
        if (incident.openAttempt().isPresent()) {
            return takenOver(incident, event);
        }
        var standing = incident.order(at);
        var ordered = standing.filter(given -> given.means(event)).orElse(null);
        var next = ordered == null ? incident.nextByItself() : incident.nextAttempt();
        boolean isOvertaken = standing.isPresent() && ordered == null;
        if (!incident.isOpen() || isOvertaken || next.isEmpty() || next.getAsInt() != event.attempt()) {
            return incident; // written by somebody who does not know yet how it went on
        }
        var triggers = ordered == null ? intended.triggers() : unspent(incident.id(), intended.triggers());
        var voided = (ordered == null
                        ? hold(incident.id(), event.uid(), event.revision(), triggers, at)
                        : hold(incident.id(), event.uid(), ordered.order().force(), at))
                .orElse(null);
        var attempts = new ArrayList<>(incident.attempts());
        attempts.add(new Attempt(
                event.attempt(),
                event.act(),
                event.target(),
                at,
                triggers,
                event.by(),
                ordered,
                false,
                voided,
                null,
                null,
                null,
                Attempt.Left.NOTHING));
        if (voided == null) {
            firstActs.putIfAbsent(incident.id(), new FirstAct(incident.id(), event.uid(), event.revision(), at));
            triggers.forEach(episode -> spent.putIfAbsent(episode, incident.id()));
        }
        return settled(incident.with(incident.state(), attempts));
    }

    /**
     * The intent of an attempt that is under way, written by another instance that read all before it: from here on the act is
     * that one's to carry out. Written by anybody else it is a repeat, or one that came second, and changes nothing.
     */
    private static Incident takenOver(Incident incident, IncidentEvent event) {
        return attempt(incident, event)
                .filter(open -> knowsAll(incident, event)
                        && open.mayBeTakenOver()
                        && !open.by().equals(event.by()))
                .map(open -> incident.replace(open.takenOver(event.by())))
                .orElse(incident);
    }

    /** Whether its writer had read all of the incident that comes before it. */
    private static boolean knowsAll(Incident incident, IncidentEvent event) {
        return event.version() == incident.version() + 1;
    }

    // --- questions

    /**
     * What forbids an intent at this time: the workload cools down, the revision was rolled back from before, a
     * firing was spent on another act, or the breaker is full. Asked before an intent is written, and again at its place in
     * the log.
     */
    public synchronized Optional<Reason> hold(
            IncidentId incident, String uid, RevisionHash revision, Collection<Episode> triggers, Instant at) {
        // however long ago: a revision that comes back is never taken back again without a person (design, section 5)
        if (actsOfOthers(incident, uid).anyMatch(other -> other.revision().equals(revision))) {
            return Optional.of(Reason.ROLLED_BACK_BEFORE);
        }
        if (coolsDown(incident, uid, at)) {
            return Optional.of(Reason.COOLING_DOWN);
        }
        if (triggers.stream().anyMatch(episode -> isSpentElsewhere(episode, incident))) {
            return Optional.of(Reason.EPISODE_SPENT);
        }
        return breaker(incident, at);
    }

    /**
     * The same for an act that a person ordered, who has looked at the release, and why it is back. One that is under way on
     * the workload is not crossed, whoever insists.
     */
    public synchronized Optional<Reason> hold(IncidentId incident, String uid, boolean force, Instant at) {
        boolean crosses = incidentsOf(uid)
                .anyMatch(other ->
                        !other.id().equals(incident) && other.openAttempt().isPresent());
        if (crosses) {
            return Optional.of(Reason.UNDER_WAY);
        }
        if (force) {
            return Optional.empty();
        }
        return coolsDown(incident, uid, at) ? Optional.of(Reason.COOLING_DOWN) : breaker(incident, at);
    }

    private boolean coolsDown(IncidentId incident, String uid, Instant at) {
        return actsOfOthers(incident, uid)
                .anyMatch(other -> other.at().plus(limits.coolDown()).isAfter(at));
    }

    private Stream<FirstAct> actsOfOthers(IncidentId incident, String uid) {
        return firstActs.values().stream()
                .filter(act -> !act.incident().equals(incident) && act.uid().equals(uid));
    }

    private Optional<Reason> breaker(IncidentId incident, Instant at) {
        if (firstActs.containsKey(incident)) {
            return Optional.empty();
        }
        long recent = firstActs.values().stream()
                .filter(act -> act.at().plus(limits.breakerWindow()).isAfter(at))
                .count();
        return recent >= limits.breakerMax() ? Optional.of(Reason.BREAKER_OPEN) : Optional.empty();
    }

    /** A firing is spent once. */
    private List<Episode> unspent(IncidentId incident, List<Episode> triggers) {
        return triggers.stream()
                .filter(episode -> !isSpentElsewhere(episode, incident))
                .toList();
    }

    private boolean isSpentElsewhere(Episode episode, IncidentId incident) {
        var spender = spent.get(episode);
        return spender != null && !spender.equals(incident);
    }

    public synchronized Optional<Incident> find(IncidentId id) {
        return Optional.ofNullable(incidents.get(id));
    }

    /** The incidents of a workload, oldest first. */
    public synchronized List<Incident> of(WorkloadRef workload) {
        return byWorkload.getOrDefault(workload, Set.of()).stream()
                .flatMap(id -> Stream.ofNullable(incidents.get(id)))
                .sorted(Comparator.comparing(Incident::openedAt).thenComparing(Incident::id))
                .toList();
    }

    public synchronized List<Incident> all() {
        return List.copyOf(incidents.values());
    }

    public synchronized List<Incident> open() {
        return incidents.values().stream().filter(Incident::isOpen).toList();
    }

    /** The firings that were spent on rollbacks of this workload. */
    public synchronized Set<Episode> spentOn(String uid) {
        var episodes = new HashSet<Episode>();
        incidentsOf(uid).forEach(incident -> episodes.addAll(incident.triggers()));
        return episodes;
    }

    private Stream<Incident> incidentsOf(String uid) {
        return byUid.getOrDefault(uid, Set.of()).stream().flatMap(id -> Stream.ofNullable(incidents.get(id)));
    }

    /** How many were given up for lack of room since the start. */
    public synchronized long forgotten(Forgotten what) {
        return forgotten.getOrDefault(what, 0L);
    }

    /** The offset that comes next. */
    public synchronized long nextOffset() {
        return nextOffset;
    }

    /** The type of an event that this build does not know: until it does, nothing may be acted on. */
    public synchronized Optional<String> foreignType() {
        return Optional.ofNullable(foreignType);
    }
}
