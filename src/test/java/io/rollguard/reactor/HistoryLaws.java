package io.rollguard.reactor;

import io.rollguard.alert.Episode;
import io.rollguard.incident.Answers;
import io.rollguard.incident.Attempt;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.IncidentLog;
import io.rollguard.incident.IncidentLog.Limits;
import io.rollguard.incident.Order;
import io.rollguard.policy.Mode;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What must be true of every {@link History}: the log read a second time, by rules written down from the design and not from
 * the code, and the requests that landed on the API server held against it.
 */
final class HistoryLaws {

    /** An outcome that says that the cluster was not asked. */
    private static final Set<Reason> NOT_ASKED = EnumSet.of(Reason.WITHDRAWN, Reason.STALE);

    /** How an attempt may end that the cluster took. */
    private static final Set<Reason> AFTER_THE_ACT = EnumSet.of(Reason.NOT_EFFECTIVE, Reason.GONE);

    /** How an attempt may end whose request landed and which nobody could look up after: it counts, and a person is asked. */
    private static final Set<Reason> NOT_SEEN =
            EnumSet.of(Reason.UNRESOLVED, Reason.NOT_EFFECTIVE, Reason.GONE, Reason.SUPERSEDED, Reason.FORBIDDEN);

    private static final int MAX_TRIES = 3;
    private static final int MAX_ATTEMPTS = 20;
    private static final int MAX_RETURNS = 5;

    /** An intent that stood at its place in the log. */
    static final class Try {
        final int number;
        final Act act;

        /** Whether a person wanted it when it was intended: this act, or a further attempt. */
        final boolean wanted;

        /** What a person ordered; null where Rollguard does it by itself. */
        final @Nullable Order order;

        final @Nullable RevisionHash target;
        final Instant at;
        final List<Episode> triggers;
        final @Nullable Reason voided;
        String by;
        boolean takenOver;
        boolean accepted;
        boolean verified;
        boolean again;
        boolean takenBack;

        @Nullable
        Reason failure;

        String failedBy = "";

        Try(
                IncidentEvent intent,
                List<Episode> triggers,
                Instant at,
                @Nullable Reason voided,
                boolean wanted,
                @Nullable Order order) {
            this.order = order;
            this.number = intent.attempt();
            this.act = intent.act();
            this.wanted = wanted;
            this.target = intent.target();
            this.at = at;
            this.triggers = triggers;
            this.by = intent.by();
            this.voided = voided;
        }

        boolean isForced() {
            return order != null && order.force();
        }

        boolean isOpen() {
            return voided == null && !verified && failure == null;
        }

        boolean wasAsked() {
            return voided == null && !takenBack;
        }
    }

    /** One incident by the design's rules. */
    static final class Told {
        final WorkloadRef workload;
        final String uid;
        final RevisionHash bad;
        final List<Try> tries = new ArrayList<>();
        boolean closed;
        boolean guilty;

        /** Whether the revision that was rolled back from is told to be back, and how often it was. */
        boolean returned;

        int returns;

        /** How many entries it has, and at which of them it last became something else. */
        long version;

        long changedAt;

        /** What the last judgement asks a person for. */
        Act asked = Act.NONE;

        @Nullable
        Act approved;

        /** The attempt that a person's retry lets follow; 0 for none. */
        int granted;

        int retries;
        int dismissedAt = -1;

        /** The rollback that a person ordered last, from which attempt on, and until when it stands. */
        @Nullable
        Order order;

        int orderedFrom;
        Instant orderedUntil = Instant.MIN;

        /** By command: whether it was followed. The first answer counts. */
        final Map<UUID, Boolean> answers = new HashMap<>();

        /** Where the log let a further attempt follow. */
        final List<Integer> mayTryAgain = new ArrayList<>();

        Told(IncidentEvent first) {
            this.workload = first.workload();
            this.uid = first.uid();
            this.bad = first.revision();
        }

        boolean isOf(String workload, RevisionHash revision) {
            return uid.equals(workload) && bad.equals(revision);
        }

        /** Rolled back, or given up. */
        boolean isSettled() {
            return isRolledBack()
                    || (next() == 0 && tries.stream().anyMatch(each -> each.failure != null && !each.again));
        }

        long asked() {
            return tries.stream().filter(Try::wasAsked).count();
        }

        /** The place of its first intent that was carried out, or may have been; null where none was. */
        @Nullable
        Instant begun() {
            return tries.stream()
                    .filter(Try::wasAsked)
                    .map(each -> each.at)
                    .findFirst()
                    .orElse(null);
        }

        /** Whether it began because a person insisted, whom the breaker does not stop. */
        boolean isForced() {
            return tries.stream()
                    .filter(Try::wasAsked)
                    .findFirst()
                    .filter(Try::isForced)
                    .isPresent();
        }

        /** The order that an intent carries out at this place in the log. */
        @Nullable
        Order order(Instant at) {
            if (order == null || closed || isDismissed() || isRolledBack() || at.isAfter(orderedUntil) || next() == 0) {
                return null;
            }
            boolean goesOn = tries.size() < orderedFrom || (tries.getLast().failure != null && tries.getLast().again);
            return goesOn ? order : null;
        }

        boolean isDismissed() {
            return dismissedAt >= 0;
        }

        boolean isRolledBack() {
            return tries.stream().anyMatch(each -> each.verified);
        }

        int next() {
            boolean ordered = order != null && !isDismissed() && !isRolledBack() && tries.size() + 1 == orderedFrom;
            return ordered ? orderedFrom : nextByItself();
        }

        int nextByItself() {
            if (isDismissed() || isRolledBack()) {
                return 0;
            }
            if (tries.isEmpty()) {
                return 1;
            }
            var last = tries.getLast();
            boolean follows = last.voided != null || (last.failure != null && last.again && asked() < MAX_TRIES);
            boolean mayFollow = (follows && tries.size() < MAX_ATTEMPTS) || granted == last.number + 1;
            return mayFollow ? last.number + 1 : 0;
        }

        /** Nothing is under way and nothing more follows by itself. */
        boolean isGivenUp() {
            return isIdle() && next() == 0;
        }

        private boolean isIdle() {
            return !closed
                    && !isDismissed()
                    && !isRolledBack()
                    && tries.stream().noneMatch(Try::isOpen);
        }

        /** Whether a command is followed at this place in the log. */
        boolean follows(Step.Answered answer, Instant at) {
            var ordered = answer.order();
            if (ordered != null) {
                return tries.stream().noneMatch(Try::isOpen)
                        && !isRolledBack()
                        && order(at) == null
                        && (!isDismissed() || ordered.force());
            }
            boolean isAsSeen = answer.seen() >= changedAt && answer.seen() <= version;
            if (isAsSeen && returned && !isDismissed()) {
                return answer.command() == Command.Kind.DISMISS;
            }
            return isAsSeen
                    && isIdle()
                    && switch (answer.command()) {
                        case APPROVE ->
                            !isGivenUp()
                                    && guilty
                                    && asked != Act.NONE
                                    && approved == null
                                    && (granted == 0 || granted != next());
                        case RETRY -> isGivenUp();
                        case DISMISS -> true;
                        case ROLLBACK -> throw new Broken("a rollback says what is to be done");
                    };
        }
    }

    /**
     * A request that landed.
     *
     * @param by the instance that sent it
     * @param logEnd the end of the log when it was folded for it
     */
    record Landed(String uid, RevisionHash bad, IncidentId incident, int attempt, String by, int logEnd) {}

    /** The law that a history broke. */
    static final class Broken extends AssertionError {
        private static final long serialVersionUID = 1;

        Broken(String what) {
            super(what);
        }
    }

    private final Limits limits;
    private final IncidentLog fold;
    private final Map<IncidentId, Told> incidents = new LinkedHashMap<>();
    private final List<Landed> landed = new ArrayList<>();
    private final Set<Reason> met = EnumSet.noneOf(Reason.class);
    private final Set<Command.Kind> followed = EnumSet.noneOf(Command.Kind.class);

    /** By command: how many entries answer it. */
    private final Map<UUID, Integer> answerEntries = new HashMap<>();

    private int approvedWrites;
    private int orderedWrites;
    private int takeOvers;
    private int end;

    HistoryLaws(Limits limits) {
        this.limits = limits;
        this.fold = new IncidentLog(limits, History.ROOM);
    }

    static void check(boolean holds, String law) {
        if (!holds) {
            throw new Broken(law);
        }
    }

    // --- the log, read by the rules

    void appended(Instant at, IncidentEvent event) {
        fold.apply(end++, at, event);
        var told = incidents.computeIfAbsent(event.incident(), id -> new Told(event));
        boolean changes = !(event.step() instanceof Step.Told);
        switch (event.step()) {
            case Step.Suspected suspected ->
                told.closed &= told.isDismissed() || told.tries.stream().anyMatch(each -> each.voided == null);
            case Step.Judged judged -> {
                check(judged.verdict().reason() != Reason.JUDGE_FAILED, "a judgement failed about " + event.revision());
                told.guilty = judged.verdict().isGuilty();
                told.asked = judged.allowed().isAsked() ? judged.allowed().act() : Act.NONE;
                if (!told.guilty || told.approved != judged.allowed().act()) {
                    told.approved = null;
                }
            }
            case Step.Intended intended -> intended(told, event, intended, at);
            case Step.Accepted accepted -> {
                var open = open(told, event.attempt());
                if (open != null) {
                    open.accepted = true;
                }
            }
            case Step.Verified verified -> {
                var open = open(told, event.attempt());
                if (open != null) {
                    open.verified = true;
                }
            }
            case Step.Failed failed -> failed(told, event, failed);
            case Step.Cured cured -> {}
            case Step.Closed closed -> {
                boolean closes = told.tries.stream().noneMatch(Try::isOpen);
                told.closed |= closes;
                told.returned &= !closes;
            }
            case Step.Returned returned -> {
                boolean isNews = !told.returned
                        && told.isRolledBack()
                        && !told.isDismissed()
                        && told.tries.stream().noneMatch(Try::isOpen)
                        && told.returns < MAX_RETURNS;
                told.returned |= isNews;
                told.closed &= !isNews;
                told.returns++;
            }
            case Step.Uncured uncured -> {}
            case Step.Told message -> {}
            case Step.Answered answered -> changes = answered(told, event, answered, at);
            case Step.Unknown unknown -> throw new Broken("nobody writes what is not known");
        }
        told.version++;
        if (changes) {
            told.changedAt = told.version;
        }
        var incident = fold.find(event.incident()).orElseThrow();
        check(same(told, incident), "the fold and the rules differ at offset " + (end - 1));
        atMostInAWindow();
    }

    /** Whether it was followed, and is the first answer to its command. */
    private boolean answered(Told told, IncidentEvent event, Step.Answered answer, Instant at) {
        answerEntries.merge(answer.id(), 1, Integer::sum);
        if (told.answers.containsKey(answer.id())) {
            return false;
        }
        boolean follows = event.reason() == null && told.follows(answer, at);
        told.answers.put(answer.id(), follows);
        var refusal = event.reason();
        if (refusal != null) {
            met.add(refusal);
        }
        if (!follows) {
            return false;
        }
        followed.add(answer.command());
        switch (answer.command()) {
            case APPROVE -> told.approved = told.asked;
            case DISMISS -> {
                told.dismissedAt = end - 1;
                told.approved = null;
            }
            case RETRY -> {
                var last = told.tries.getLast();
                if (last.order == null) {
                    told.granted = last.number + 1;
                } else {
                    ordered(told, last.order, at);
                }
                told.retries++;
                told.mayTryAgain.add(end - 1);
            }
            case ROLLBACK -> {
                ordered(told, Objects.requireNonNull(answer.order()), at);
                told.closed = false;
                told.retries++;
                told.mayTryAgain.add(end - 1);
            }
        }
        return true;
    }

    private static void ordered(Told told, Order order, Instant at) {
        told.order = order;
        told.orderedFrom = told.tries.size() + 1;
        told.orderedUntil = at.plus(Duration.ofMinutes(10));
        told.dismissedAt = -1;
    }

    private void intended(Told told, IncidentEvent event, Step.Intended intended, Instant at) {
        var open = open(told, event.attempt());
        if (open != null) {
            boolean knowsAll = event.version() == told.version + 1;
            if (knowsAll && !open.accepted && !event.by().equals(open.by)) {
                open.by = event.by();
                open.takenOver = true;
                takeOvers++;
            }
            return;
        }
        var order = told.order(at);
        if (order != null && !(event.act() == order.act() && order.target().equals(event.target()))) {
            return;
        }
        if (told.closed || (order == null ? told.nextByItself() : told.next()) != event.attempt()) {
            return;
        }
        var triggers = order == null
                ? intended.triggers()
                : intended.triggers().stream()
                        .filter(each -> !isSpentElsewhere(event.incident(), each))
                        .toList();
        var against = order == null
                ? against(event.incident(), told, triggers, at)
                : against(event.incident(), told, order, at);
        boolean wanted = order != null || event.act() == told.approved || event.attempt() == told.granted;
        told.tries.add(new Try(event, triggers, at, against, wanted, order));
        if (against != null) {
            met.add(against);
        }
    }

    /** Why an intent does not count at this place; null where it does. */
    private @Nullable Reason against(IncidentId id, Told told, List<Episode> triggers, Instant at) {
        boolean coolsDown = false;
        boolean spent = false;
        int recent = 0;
        for (var each : incidents.entrySet()) {
            var other = each.getValue();
            var begun = other.begun();
            if (begun == null) {
                continue;
            }
            recent += begun.plus(limits.breakerWindow()).isAfter(at) ? 1 : 0;
            if (each.getKey().equals(id)) {
                continue;
            }
            if (other.uid.equals(told.uid)) {
                if (other.bad.equals(told.bad)) {
                    return Reason.ROLLED_BACK_BEFORE;
                }
                coolsDown |= begun.plus(limits.coolDown()).isAfter(at);
            }
            spent |= other.tries.stream()
                    .filter(Try::wasAsked)
                    .anyMatch(attempt -> attempt.triggers.stream().anyMatch(triggers::contains));
        }
        if (coolsDown) {
            return Reason.COOLING_DOWN;
        }
        if (spent) {
            return Reason.EPISODE_SPENT;
        }
        return told.begun() == null && recent >= limits.breakerMax() ? Reason.BREAKER_OPEN : null;
    }

    private boolean isSpentElsewhere(IncidentId id, Episode episode) {
        return incidents.entrySet().stream()
                .filter(each -> !each.getKey().equals(id))
                .flatMap(each -> each.getValue().tries.stream())
                .filter(Try::wasAsked)
                .anyMatch(attempt -> attempt.triggers.contains(episode));
    }

    /** The same where a person ordered it. */
    private @Nullable Reason against(IncidentId id, Told told, Order order, Instant at) {
        var others = incidents.entrySet().stream()
                .filter(each -> !each.getKey().equals(id))
                .map(Map.Entry::getValue)
                .toList();
        boolean crosses = others.stream()
                .filter(other -> other.uid.equals(told.uid))
                .anyMatch(other -> other.tries.stream().anyMatch(Try::isOpen));
        if (crosses) {
            return Reason.UNDER_WAY;
        }
        if (order.force()) {
            return null;
        }
        boolean coolsDown = others.stream()
                .filter(other -> other.uid.equals(told.uid))
                .map(Told::begun)
                .anyMatch(
                        begun -> begun != null && begun.plus(limits.coolDown()).isAfter(at));
        if (coolsDown) {
            return Reason.COOLING_DOWN;
        }
        long recent = incidents.values().stream()
                .map(Told::begun)
                .filter(begun ->
                        begun != null && begun.plus(limits.breakerWindow()).isAfter(at))
                .count();
        return told.begun() == null && recent >= limits.breakerMax() ? Reason.BREAKER_OPEN : null;
    }

    private void failed(Told told, IncidentEvent event, Step.Failed failed) {
        var open = open(told, event.attempt());
        var reason = Objects.requireNonNull(event.reason());
        if (open != null
                && (open.accepted
                        ? AFTER_THE_ACT.contains(reason) || event.version() == told.version + 1
                        : event.by().equals(open.by))) {
            open.failure = reason;
            met.add(reason);
            open.failedBy = event.by();
            open.takenBack = NOT_ASKED.contains(reason) && !open.takenOver;
            open.again = failed.again();
            if (failed.again()) {
                told.mayTryAgain.add(end - 1);
            }
        }
    }

    private static @Nullable Try open(Told told, int attempt) {
        return told.tries.stream()
                .filter(each -> each.number == attempt && each.isOpen())
                .findFirst()
                .orElse(null);
    }

    private static boolean same(Told told, Incident incident) {
        if (told.tries.size() != incident.attempts().size()
                || told.closed == incident.isOpen()
                || !same(told, incident.answers())) {
            return false;
        }
        for (int at = 0; at < told.tries.size(); at++) {
            if (!same(told.tries.get(at), incident.attempts().get(at))) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(Told told, Answers folded) {
        var approval = folded.approval();
        return told.approved == (approval == null ? null : approval.act())
                && told.granted == folded.granted()
                && told.isDismissed() == (folded.dismissedBy() != null)
                && Objects.equals(
                        told.order,
                        folded.ordered() == null ? null : folded.ordered().order())
                && told.answers.size() == folded.given().size()
                && folded.given().stream()
                        .allMatch(answer -> (answer.refusal() == null) == told.answers.get(answer.command()));
    }

    private static boolean same(Try told, Attempt folded) {
        var failure = folded.failure();
        return told.number == folded.number()
                && told.voided == folded.voided()
                && (told.order != null) == folded.isByHand()
                && told.by.equals(folded.by())
                && told.accepted == (folded.acceptedAt() != null)
                && told.verified == (folded.verifiedAt() != null)
                && told.failure == (failure == null ? null : failure.reason())
                && told.again == (failure != null && failure.again());
    }

    private void atMostInAWindow() {
        for (var one : incidents.values()) {
            var from = one.begun();
            if (from != null && !one.isForced()) {
                long within = incidents.values().stream()
                        .filter(each -> !each.isForced())
                        .map(Told::begun)
                        .filter(Objects::nonNull)
                        .filter(each -> !each.isBefore(from) && each.isBefore(from.plus(limits.breakerWindow())))
                        .count();
                check(within <= limits.breakerMax(), "the breaker let " + within + " through within its window");
            }
            check(one.asked() <= MAX_TRIES + one.retries, one.asked() + " tries on " + one.bad);
        }
    }

    // --- requests

    /** The intent that stands at the end of the log for an act on this revision; null where none does. */
    @Nullable
    Landed standing(String by, String uid, RevisionHash bad, RevisionHash target) {
        for (var each : incidents.entrySet()) {
            var told = each.getValue();
            if (!told.isOf(uid, bad)) {
                continue;
            }
            for (var attempt : told.tries) {
                if (attempt.isOpen() && !attempt.accepted && target.equals(attempt.target)) {
                    return new Landed(uid, bad, each.getKey(), attempt.number, by, end);
                }
            }
        }
        return null;
    }

    /** Whether a person insisted on what stands there. */
    boolean isForced(Landed intent) {
        return Objects.requireNonNull(incidents.get(intent.incident())).tries.stream()
                .anyMatch(each -> each.number == intent.attempt() && each.isForced());
    }

    /** Whether an attempt on this revision was accepted and has no outcome yet. */
    boolean goesOn(String uid, RevisionHash bad, RevisionHash target) {
        return incidents.values().stream()
                .filter(told -> told.isOf(uid, bad))
                .flatMap(told -> told.tries.stream())
                .anyMatch(attempt -> attempt.isOpen() && attempt.accepted && target.equals(attempt.target));
    }

    void landed(HistoryWorkload workload, Landed request, RevisionHash target, boolean abort, Mode mode) {
        var current = workload.current;
        var told = Objects.requireNonNull(incidents.get(request.incident()));
        var attempt = told.tries.stream()
                .filter(each -> each.number == request.attempt())
                .findFirst()
                .orElseThrow();
        check(
                current.hash.equals(request.bad()),
                "law 3: the request meant " + request.bad() + ", not " + current.hash);
        boolean byHand = attempt.order != null;
        boolean forced = attempt.isForced();
        check(byHand || (current.bad && current.accused), "law 5: nothing says that " + current.hash + " is bad");
        check(forced || workload.noRollback == null, "law 10: " + workload.ref + " opted out");
        check(forced || mode != Mode.OBSERVE, "law 10: " + workload.ref + " is only observed");
        check(
                mode != Mode.APPROVE || attempt.wanted,
                "law 10: nobody approved attempt " + request.attempt() + " on " + request.bad());
        check(
                !told.isDismissed() || told.dismissedAt >= request.logEnd(),
                "law 10: " + request.bad() + " was dismissed before it was asked for");
        check(
                (attempt.act == Act.ABORT) == abort,
                "law 8: attempt " + request.attempt() + " on " + request.bad() + " meant another act");
        check(forced || !workload.rolledBackFrom.contains(target), "law 4: " + target + " was rolled back from");
        check(
                !abort || target.equals(workload.stable.hash),
                "law 4: an abort to " + target + " while " + workload.stable.hash + " is stable");
        var aimed = workload.find(target);
        check(
                aimed != null
                        && (byHand || !aimed.bad || abort || isKept(workload, target) || hasBaked(aimed, current)),
                "law 4: " + target + " is not known to be good");
        check(
                abort
                        || forced
                        || incidents.values().stream()
                                .noneMatch(each -> each.guilty && each.isOf(request.uid(), target)),
                "law 4: " + target + " was found guilty");
        for (var before : landed) {
            if (before.uid().equals(request.uid()) && before.bad().equals(request.bad())) {
                check(
                        incidents.values().stream()
                                .filter(each -> each.isOf(request.uid(), request.bad()))
                                .flatMap(each -> each.mayTryAgain.stream())
                                .anyMatch(offset -> offset >= before.logEnd()),
                        "law 2: " + request.bad() + " was rolled back twice");
            }
        }
        landed.add(request);
        approvedWrites += mode == Mode.APPROVE && !byHand ? 1 : 0;
        orderedWrites += byHand ? 1 : 0;
    }

    /** Where no good revision was ever kept, one that was there for a bake time is assumed to be good. */
    private static boolean hasBaked(HistoryWorkload.Revision target, HistoryWorkload.Revision bad) {
        return !target.createdAt.plus(History.BAKE_TIME).isAfter(bad.createdAt);
    }

    private static boolean isKept(HistoryWorkload workload, RevisionHash hash) {
        return workload.kept.stream().anyMatch(good -> good.hash().equals(hash));
    }

    boolean isRecorded(String uid, RevisionHash bad) {
        return incidents.values().stream()
                .filter(told -> told.isOf(uid, bad))
                .flatMap(told -> told.tries.stream())
                .anyMatch(each -> each.accepted || each.verified);
    }

    // --- the end

    boolean hasOpenAttempt(WorkloadRef workload) {
        return of(workload).anyMatch(told -> told.tries.stream().anyMatch(Try::isOpen));
    }

    /** Whether an incident waits for its cure or its person; a mere suspicion, or what came back, may stay as long as its release. */
    boolean hasUnended(HistoryWorkload workload) {
        return of(workload.ref)
                .filter(told -> !told.closed && (told.isSettled() || told.isDismissed()))
                .anyMatch(told -> !isBack(told, workload));
    }

    /** What came back is told for as long as it stays (ADR 016). */
    private static boolean isBack(Told told, HistoryWorkload workload) {
        return told.returned && told.isOf(workload.uid, workload.current.hash);
    }

    private Stream<Told> of(WorkloadRef workload) {
        return incidents.values().stream().filter(told -> told.workload.equals(workload));
    }

    /**
     * Who asks gets an answer, and what was asked is decided once; where nothing goes wrong, it is written once too.
     *
     * @param kind whether nothing went wrong
     */
    void isAnswered(Command command, boolean kind) {
        int entries = answerEntries.getOrDefault(command.id(), 0);
        check(entries > 0, "%s of %s has no answer".formatted(command.kind(), command.incident()));
        check(
                !kind || entries == 1,
                "%s of %s was answered %d times".formatted(command.kind(), command.incident(), entries));
    }

    void whatLandedIsInTheLog() {
        for (var request : landed) {
            var attempt = incidents.get(request.incident()).tries.stream()
                    .filter(each -> each.number == request.attempt())
                    .findFirst()
                    .orElseThrow();
            check(
                    attempt.accepted
                            || attempt.verified
                            || NOT_SEEN.contains(attempt.failure)
                            || isOfAnother(attempt, request),
                    "law 8: %s was rolled back from, and the log says of attempt %d: %s"
                            .formatted(request.bad(), request.attempt(), attempt.failure));
        }
    }

    /** What another wrote, who could not know of a request that was under way: it counts all the same. */
    private static boolean isOfAnother(Try attempt, Landed request) {
        return attempt.failure != null && attempt.wasAsked() && !attempt.failedBy.equals(request.by());
    }

    void isWhatEveryInstanceSees(IncidentLog seen) {
        check(seen.all().equals(fold.all()), "instances that read the same log disagree");
    }

    int writes() {
        return landed.size();
    }

    /** Those of them that a person had approved, or asked for again, in mode approve. */
    int approvedWrites() {
        return approvedWrites;
    }

    /** Those that a person ordered. */
    int orderedWrites() {
        return orderedWrites;
    }

    /** How often an instance took over what another had intended. */
    int takeOvers() {
        return takeOvers;
    }

    /** The kinds of commands that were followed. */
    Set<Command.Kind> followed() {
        return followed;
    }

    /** Why intents were void, attempts failed and commands were refused. */
    Set<Reason> met() {
        return met;
    }
}
