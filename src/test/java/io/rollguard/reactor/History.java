package io.rollguard.reactor;

import io.rollguard.alert.Alert;
import io.rollguard.alert.Alert.Status;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.IncidentLog.Limits;
import io.rollguard.incident.Order;
import io.rollguard.incident.Room;
import io.rollguard.policy.Mode;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.reactor.HistoryLaws.Landed;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One random history: two or three instances, one log, one API server and some workloads of which many go bad, with
 * everything that may happen to them happening in an order that the seed decides. Nothing runs beside anything else: where
 * an instance calls a port, the others may get their turn before it goes on, several deep. In the end all heals, and the
 * {@link HistoryLaws} must hold.
 */
final class History {

    static final Instant START = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration BREAKER_WINDOW = Duration.ofMinutes(5);
    private static final Duration COOL_DOWN = Duration.ofMinutes(3);
    static final Duration BAKE_TIME = Duration.ofMinutes(10);
    static final String SHARED_NAMESPACE = "shop";

    private static final int DEPTH = 3;
    private static final Duration A_WHILE = Duration.ofMillis(10);

    /** An API server gives up a request after so long; nothing lands later. */
    private static final Duration LANDS_WITHIN = Duration.ofSeconds(60);

    /** What is wrong with the world of a history, so that the laws must break. */
    enum Flaw {
        NONE,
        /** The API server does what it is asked, whatever the object has become. */
        PRECONDITIONS_ARE_IGNORED,
        /** Who asks for the log's end is told that it was read. */
        THE_LOG_IS_NOT_FOLDED,
        /** What is read past the caches comes from a cache. */
        READS_ARE_STALE
    }

    record Entry(Instant at, IncidentEvent event) {}

    /**
     * A write as it was sent.
     *
     * @param life of the instance that sent it
     * @param intent that stood in the log when the log was folded for it; null where none did
     */
    record Request(
            HistoryInstance from,
            int life,
            Reading.Found as,
            RevisionHash bad,
            RevisionHash target,
            boolean abort,
            @Nullable Landed intent) {}

    /** The commands about one workload, in their order, and up to where they need not be read again. */
    static final class CommandPartition {
        final List<Command> commands = new ArrayList<>();
        int committed;

        /** The instance that Kafka holds for the owner; one that sleeps may believe otherwise. */
        int owner;
    }

    private record InFlight(Request request, Instant sentAt) {}

    /** The incident log: the order of the appends is the truth. */
    final class Log {
        private final List<Entry> entries = new ArrayList<>();

        void append(IncidentEvent event) {
            entries.add(new Entry(now, event));
            laws.appended(now, event);
            if (fault(24)) {
                repeats.add(event);
            }
        }

        int size() {
            return entries.size();
        }

        Entry get(int offset) {
            return entries.get(offset);
        }
    }

    private final SplittableRandom random;

    /** Decides what people order, in one history of four, so that the others stay what they are without. */
    private final SplittableRandom orders;

    private final boolean isOrdering;
    final Flaw flaw;
    private final @Nullable List<String> story;

    /** What the cluster shows by itself, in every other history: drawn apart, so that the others are as they always were. */
    private final @Nullable SplittableRandom shows;

    Instant now = START;
    boolean paused;
    /** Hardly an input is held, so no law can lean on one. */
    static final Room ROOM = new Room(4, Room.USUAL.closed());

    final Limits limits;
    final HistoryLaws laws;
    final Log log = new Log();
    final List<Alert> deliveries = new ArrayList<>();
    final List<HistoryWorkload> workloads = new ArrayList<>();
    private final List<HistoryInstance> instances = new ArrayList<>();
    private final List<CommandPartition> commands = new ArrayList<>();
    private final boolean[][] owns;

    /** What may be done where the workload says nothing. */
    final Mode defaultMode;

    private final Map<Fingerprint, Alert> firing = new HashMap<>();
    private final List<InFlight> inFlight = new ArrayList<>();
    private final List<IncidentEvent> repeats = new ArrayList<>();

    /** How often faults strike, in percent of what is asked for. */
    private int unkind;

    /** Whether the objects move all the time, as those of a large canary do. */
    private final boolean restless;

    private int depth;

    /** @param story is told what happens; null where nobody asks */
    History(long seed, Flaw flaw, @Nullable List<String> story) {
        this.random = new SplittableRandom(seed);
        this.orders = new SplittableRandom(~seed);
        this.isOrdering = once(4);
        this.shows = seed % 2 == 0 ? null : new SplittableRandom(~seed);
        this.flaw = flaw;
        this.story = story;
        this.unkind = List.of(0, 40, 100).get(below(3));
        this.restless = below(16) == 0;
        this.limits = new Limits(below(2) == 0 ? 1 : 2, BREAKER_WINDOW, COOL_DOWN);
        this.laws = new HistoryLaws(limits);
        this.defaultMode = List.of(
                        Mode.AUTO,
                        Mode.AUTO,
                        Mode.AUTO,
                        Mode.AUTO,
                        Mode.APPROVE,
                        Mode.APPROVE,
                        Mode.APPROVE,
                        Mode.OBSERVE)
                .get(below(8));
        int count = 2 + below(3);
        for (int index = 0; index < count; index++) {
            var kind = below(3) == 0 ? Kind.DEPLOYMENT : Kind.ROLLOUT;
            var namespace = index < 2 ? SHARED_NAMESPACE : "shop-" + index;
            var workload = new HistoryWorkload(index, kind, namespace, START.minus(Duration.ofHours(2)));
            if (below(2) == 0) {
                workload.keepFirst(START.minus(Duration.ofHours(2)));
            }
            workloads.add(workload);
            if (below(4) == 0) {
                fire("Old", named(workload), START.minus(Duration.ofHours(1)));
            }
        }
        int all = 2 + below(2);
        for (int number = 0; number < all; number++) {
            instances.add(new HistoryInstance(this, number, Duration.ofMillis(below(6001) - 3000L)));
        }
        for (var workload : workloads) {
            if (below(4) > 0) {
                ship(workload);
                instances.forEach(each -> each.see(workload));
            }
        }
        owns = new boolean[all][count];
        for (int index = 0; index < count; index++) {
            owns[index % all][index] = true;
            commands.add(new CommandPartition());
            commands.get(index).owner = index % all;
        }
    }

    void run() {
        for (int steps = 15 + below(45); steps > 0; steps--) {
            step();
        }
        heal();
    }

    // --- chance

    int below(int bound) {
        return random.nextInt(bound);
    }

    /** Whether something that happens once in so many times happens now, in an unkind world. */
    boolean fault(int onceIn) {
        return unkind > 0 && random.nextInt(onceIn) == 0 && random.nextInt(100) < unkind;
    }

    private <T> T any(List<T> of) {
        return of.get(below(of.size()));
    }

    void tell(Object who, Object... what) {
        if (story != null) {
            var text = new StringBuilder("%9.1f s %s%s "
                    .formatted(Duration.between(START, now).toMillis() / 1000.0, "  ".repeat(depth), who));
            for (var part : what) {
                text.append(
                        part instanceof IncidentEvent event
                                ? "%s of %s, attempt %d (%s)"
                                        .formatted(
                                                event.step().label(), event.revision(), event.attempt(), event.reason())
                                : part);
            }
            story.add(text.toString());
        }
    }

    // --- what happens

    private void step() {
        if (isOrdering && once(12)) {
            order();
        }
        if (defaultMode == Mode.APPROVE && below(6) == 0) {
            press();
        }
        int dice = below(100);
        if (dice < 38) {
            reconcileAny();
        } else if (dice < 48) {
            pass(Duration.ofMillis(below(2_000)));
        } else if (dice < 53) {
            pass(Duration.ofSeconds(below(40)));
        } else if (dice < 55) {
            pass(Duration.ofSeconds(below(400)));
        } else if (dice < 63) {
            any(instances).see(any(workloads));
        } else if (dice < 66) {
            any(instances).see(any(workloads), any(List.of(HistoryWorkload.Part.values())));
        } else if (dice < 71) {
            press();
        } else if (dice < 76) {
            any(instances).hear(1 + below(4));
        } else if (dice < 78) {
            any(instances).fold(1 + below(6));
        } else if (dice < 84) {
            accuse(any(workloads));
        } else if (dice < 91) {
            people(any(workloads));
        } else if (dice < 95) {
            any(workloads).control(now);
        } else if (dice < 97) {
            owner(below(workloads.size()), below(instances.size()));
        } else {
            trouble();
        }
    }

    /** The others get their turn, or it dies. */
    void meanwhile(HistoryInstance who, HistoryWorkload workload, String port) {
        if (unkind == 0 || depth >= DEPTH) {
            return;
        }
        if (fault(150)) {
            tell(who, "is killed at ", port);
            who.crash();
        } else if (below(16) == 0) {
            tell(who, "waits at ", port);
            depth++;
            if (below(4) == 0) {
                takeOver(workload, any(instances));
            }
            for (int steps = 1 + below(5); steps > 0; steps--) {
                step();
            }
            depth--;
        }
    }

    /** Another, or the same started anew, owns the workload and knows all; whether the one before knows is another matter. */
    private void takeOver(HistoryWorkload workload, HistoryInstance next) {
        if (next.up) {
            pass(Duration.ofSeconds(below(150)));
            owner(workloads.indexOf(workload), next.number);
            next.see(workload);
            next.hear(Integer.MAX_VALUE);
            next.fold(Integer.MAX_VALUE);
            tell(next, "takes over ", workload.ref.name());
            next.reconcile(workload);
        }
    }

    private void pass(Duration time) {
        now = now.plus(time);
        for (var each : List.copyOf(inFlight)) {
            if (below(8) == 0 || each.sentAt.plus(LANDS_WITHIN).isBefore(now)) {
                inFlight.remove(each);
                if (!each.sentAt.plus(LANDS_WITHIN).isBefore(now)) {
                    land(each.request);
                }
            }
        }
    }

    private void reconcileAny() {
        int index = below(workloads.size());
        var instance =
                any(instances.stream().filter(each -> owns[each.number][index]).toList());
        if (instance.up) {
            instance.take(workloads.get(index), below(4));
            tell(instance, "reconciles ", workloads.get(index).ref.name());
            instance.reconcile(workloads.get(index));
        }
    }

    /** An instance that sleeps goes on believing that it owns what others own by now. */
    boolean believes(HistoryInstance instance, WorkloadRef ref) {
        return owns[instance.number][workloads.indexOf(find(ref))];
    }

    CommandPartition commandsOf(HistoryWorkload workload) {
        return commands.get(workloads.indexOf(workload));
    }

    private void people(HistoryWorkload workload) {
        pass(A_WHILE); // what happens in the same instant could be told apart by nobody
        int dice = below(40);
        if (dice < 18) {
            ship(workload);
        } else if (dice < 21) {
            workload.become(any(workload.revisions), now);
            tell("somebody", "ships ", workload.current.hash, " again");
        } else if (dice < 24) {
            workload.promote(now);
            tell("somebody", "promotes ", workload.current.hash);
        } else if (dice < 28) {
            workload.touch();
        } else if (dice < 29) {
            workload.optOut(workload.noRollback == null ? "a migration ran" : null);
            tell("somebody", "opts in or out ", workload.ref);
        } else if (dice < 30) {
            workload.inMode(below(2) == 0 ? null : any(List.of(Mode.values())).label());
            tell("somebody", "changes the mode of ", workload.ref, " to ", mode(workload));
        } else if (dice < 32) {
            paused = !paused;
            tell("somebody", "pauses ", paused);
        } else if (dice < 34 && laws.isRecorded(workload.uid, workload.current.hash)) {
            workload.undoAbort(now);
            tell("somebody", "undoes the abort of ", workload.current.hash);
            if (below(2) == 0) {
                insist(workload);
            }
        } else if (dice == 34) {
            workload.recreate(now);
            tell("somebody", "makes anew ", workload.ref);
        } else if (!firing.isEmpty()) {
            resolve(any(List.copyOf(firing.values()).stream()
                    .sorted((one, other) -> one.fingerprint().compareTo(other.fingerprint()))
                    .toList()));
        }
    }

    /** What was rolled back from is the stable one now, and what comes next is to be judged as well. */
    private void insist(HistoryWorkload workload) {
        workload.promote(now);
        tell("somebody", "promotes ", workload.current.hash, " all the same");
        pass(BREAKER_WINDOW);
        ship(workload);
        instances.forEach(each -> each.see(workload));
        accuse(workload);
    }

    Mode mode(HistoryWorkload workload) {
        return workload.mode == null ? defaultMode : Mode.named(workload.mode).orElseThrow();
    }

    /**
     * Somebody decides about an incident as some instance shows it, whether or not that one owns the workload: what it asks
     * for or something else, once or twice, having looked just now or long ago, or with a command that took its time.
     */
    private void press() {
        var asked = any(instances);
        var known = asked.up ? asked.folded().all() : List.<Incident>of();
        if (known.isEmpty()) {
            return;
        }
        var urgent = known.stream()
                .filter(each -> each.awaitsApproval() || each.state() == Incident.State.ESCALATED)
                .toList();
        var incident = any(urgent.isEmpty() || below(4) == 0 ? known : urgent);
        var kinds = List.of(Command.Kind.APPROVE, Command.Kind.DISMISS, Command.Kind.RETRY);
        var kind = below(4) == 0 ? any(kinds) : wanted(incident);
        long seen = switch (below(12)) {
            case 0, 1 -> Math.max(1, incident.version() - below(4));
            case 2 -> incident.version() + below(2);
            default -> incident.version();
        };
        for (int presses = below(4) == 0 ? 2 : 1; presses > 0; presses--) {
            boolean isRefusedAtTheDoor = incident.against(kind, seen).isPresent() && below(3) > 0;
            if (!isRefusedAtTheDoor) {
                var id = new UUID(random.nextLong(), random.nextLong());
                var at = below(12) == 0 ? now.minus(Duration.ofMinutes(11)) : asked.time();
                tell("somebody", "asks to ", kind.label(), " what is bad in ", incident.revision(), ", seen ", seen);
                commandsOf(find(incident.workload()))
                        .commands
                        .add(Command.about(incident, kind, id, seen, "person-" + below(2), at));
            }
        }
    }

    /** Somebody orders a rollback of what is there, or of what they take for it; what they ask for may be nonsense. */
    private void order() {
        var workload = workloads.get(orders.nextInt(workloads.size()));
        var current = once(8) ? anyOf(workload) : workload.current;
        boolean abort = workload.isRollout() && !workload.complete ? !once(8) : once(16);
        var target = abort && !once(8) ? workload.stable : anyOf(workload);
        if (target == current) {
            return;
        }
        boolean force = once(3);
        var order = new Order(current.hash, abort ? Act.ABORT : Act.RESTORE, target.hash, "it fails", force);
        for (int presses = once(4) ? 2 : 1; presses > 0; presses--) {
            var id = new UUID(orders.nextLong(), orders.nextLong());
            var at = once(12) ? now.minus(Duration.ofMinutes(11)) : now;
            tell(
                    "somebody",
                    "orders to go back from ",
                    current.hash,
                    " to ",
                    target.hash,
                    force ? ", and insists" : "");
            commandsOf(workload)
                    .commands
                    .add(Command.of(order, new IncidentId(id), workload.ref, workload.uid, id, 0, "person-0", at));
        }
    }

    private HistoryWorkload.Revision anyOf(HistoryWorkload workload) {
        return workload.revisions.get(orders.nextInt(workload.revisions.size()));
    }

    private boolean once(int in) {
        return orders.nextInt(in) == 0;
    }

    private Command.Kind wanted(Incident incident) {
        if (incident.awaitsApproval()) {
            return below(5) == 0 ? Command.Kind.DISMISS : Command.Kind.APPROVE;
        }
        return incident.state() == Incident.State.ESCALATED && below(4) > 0 ? Command.Kind.RETRY : Command.Kind.DISMISS;
    }

    private void ship(HistoryWorkload workload) {
        workload.ship(below(4) > 0, now);
        workload.control(now); // sees the new template
        workload.control(now); // makes its first pod
        tell("somebody", "ships ", workload.current.hash, workload.current.bad ? ", which is bad" : "");
    }

    private void owner(int index, int next) {
        var partition = commands.get(index);
        boolean moves = partition.owner != next;
        partition.owner = next;
        for (var each : instances) {
            boolean sleepsThroughIt = each.number != next && owns[each.number][index] && below(2) == 0;
            owns[each.number][index] = each.number == next || sleepsThroughIt;
            if (moves && !sleepsThroughIt) {
                each.forgetCommands(workloads.get(index));
            }
        }
    }

    private void trouble() {
        var instance = any(instances);
        if (!instance.up) {
            tell(instance, "starts");
            instance.start();
        } else if (fault(3)) {
            tell(instance, "is killed");
            instance.crash();
        } else if (below(2) == 0) {
            instance.send();
        } else if (!repeats.isEmpty()) {
            var event = repeats.remove(below(repeats.size()));
            tell("the log", "repeats ", event);
            log.append(event);
        }
    }

    HistoryWorkload find(WorkloadRef ref) {
        return workloads.stream()
                .filter(each -> each.ref.equals(ref))
                .findFirst()
                .orElseThrow();
    }

    // --- alerts

    /** Without any alert: what is bad crashes, or what is current and what it is compared with crash together. */
    private void crash(SplittableRandom chance, HistoryWorkload workload, HistoryWorkload.Revision current) {
        if (current.bad && current.podSince != null && chance.nextInt(4) > 0) {
            current.accused = true;
            current.crashesSince = now;
            tell("a pod", "of ", current.hash, " crashes again and again");
        } else if (current != workload.stable && current.podSince != null && workload.stable.podSince != null) {
            workload.downSince = now;
            tell("all pods", "of ", workload.ref.name(), " crash");
        }
    }

    /** An alert about what is current: one that tells of a bad revision, or one that must never lead to anything. */
    private void accuse(HistoryWorkload workload) {
        pass(A_WHILE);
        int dice = below(10);
        var current = workload.current;
        if (shows != null && shows.nextInt(3) == 0) {
            crash(shows, workload, current);
        } else if (dice == 0) {
            fire("Namespace", Map.of("namespace", workload.ref.namespace()), now);
        } else if (dice == 1) {
            var labels = new HashMap<>(named(workload));
            labels.put("severity", "info");
            fire("Info", labels, now);
        } else if (dice == 2 && !deliveries.isEmpty()) {
            deliveries.add(any(deliveries));
        } else if (dice < 7 && areBothBad()) {
            shared();
        } else if (current.bad && current.podSince != null) {
            if (dice == 3) {
                current.accused = true;
                fire("Errors", named(workload), now);
            } else {
                current.accused = true;
                var pod = Map.of("namespace", workload.ref.namespace(), "pod", workload.pod(current));
                fire("Errors", pod, now);
            }
        }
    }

    private boolean areBothBad() {
        return sharing().allMatch(each -> each.current.bad && each.current.podSince != null);
    }

    /** About two workloads at once. */
    private void shared() {
        sharing().forEach(each -> each.current.accused = true);
        fire("Slow", Map.of("namespace", SHARED_NAMESPACE, "service", "web"), now);
    }

    private Stream<HistoryWorkload> sharing() {
        return workloads.subList(0, 2).stream();
    }

    private static Map<String, String> named(HistoryWorkload workload) {
        return Map.of(
                "namespace",
                workload.ref.namespace(),
                workload.isRollout() ? "rollout" : "deployment",
                workload.ref.name());
    }

    private void fire(String name, Map<String, String> labels, Instant startsAt) {
        var all = new HashMap<>(labels);
        all.put("alertname", name);
        var set = Labels.of(all);
        var fingerprint = Fingerprint.of(set);
        if (!firing.containsKey(fingerprint)) {
            tell("an alert", "fires: ", set);
            var alert = new Alert(
                    fingerprint, Status.FIRING, "test", set, Map.of("rollguard_for", "0s"), startsAt, null, "", now);
            firing.put(fingerprint, alert);
            deliveries.add(alert);
        }
    }

    private void resolve(Alert alert) {
        tell("an alert", "ends: ", alert.labels());
        firing.remove(alert.fingerprint());
        deliveries.add(new Alert(
                alert.fingerprint(),
                Status.RESOLVED,
                "test",
                alert.labels(),
                alert.annotations(),
                alert.startsAt(),
                now,
                "",
                now));
    }

    // --- the API server

    /** What the sender hears of its request, and what becomes of it, which is not always the same. */
    Answer send(Request request) {
        if (restless && unkind > 0 && below(16) > 0) {
            find(request.as.facts().ref()).touch();
        }
        tell(request.from, "asks to take back ", request.bad, " to ", request.target);
        if (!fault(4)) {
            return land(request);
        }
        return switch (below(7)) {
            case 0 -> new Answer.NotDone("HTTP 429");
            case 1 -> new Answer.NotDone("HTTP 500");
            case 2 -> new Answer.Moved("HTTP 409");
            case 3 -> new Answer.Refused(Reason.FORBIDDEN, "HTTP 403");
            case 4 -> new Answer.Unsure("it never arrived");
            case 5 -> {
                land(request);
                yield new Answer.Unsure("its answer was lost");
            }
            default -> {
                inFlight.add(new InFlight(request, now));
                yield new Answer.Unsure("it is under way");
            }
        };
    }

    /** What an act still needs of its kind. */
    Answer finish(Cluster.Reading.Found as, FollowUp what, RevisionHash target) {
        var workload = find(as.facts().ref());
        if (!workload.uid.equals(as.facts().uid())
                || !Long.toString(workload.resourceVersion).equals(as.version())) {
            return new Answer.Moved("HTTP 422");
        }
        tell("the API server", "takes what is left: ", what.label(), " ", workload.ref.name());
        switch (what) {
            case FollowUp.Promote() -> {
                HistoryLaws.check(workload.current.hash.equals(target), "law 4: what is promoted is not the target");
                workload.promote(now);
            }
            case FollowUp.Nudge() -> workload.touch();
            case FollowUp.DeletePod(var pod) -> throw new AssertionError("no workload here is a StatefulSet");
            case FollowUp.Unpause() -> throw new AssertionError("nobody pauses a workload here");
            case FollowUp.GoBack() -> throw new AssertionError("there is no blue-green here");
        }
        return new Answer.Done("HTTP 200");
    }

    private Answer land(Request request) {
        var workload = find(request.as.facts().ref());
        boolean asJudged = workload.uid.equals(request.as.facts().uid())
                && Long.toString(workload.resourceVersion).equals(request.as.version())
                && workload.current.hash.equals(request.bad);
        if (flaw != Flaw.PRECONDITIONS_ARE_IGNORED && !asJudged) {
            tell("the API server", "answers 422");
            return new Answer.Moved("HTTP 422");
        }
        tell("the API server", "takes back ", workload.current.hash, " of ", workload.ref.name());
        HistoryLaws.check(request.intent != null, "law 8: no intent stands in the log for " + request.bad);
        laws.landed(workload, request.intent, request.target, request.abort, mode(workload));
        if (request.abort) {
            workload.abort();
        } else {
            var target = workload.find(request.target);
            if (target != null) {
                workload.restore(target, now);
            }
        }
        return new Answer.Done("HTTP 200");
    }

    // --- the end

    /** No more faults, clocks that run, and one owner each: what was begun must come to its end. */
    private void heal() {
        boolean kind = unkind == 0;
        unkind = 0;
        tell("all", "heals");
        inFlight.forEach(each -> land(each.request));
        instances.forEach(HistoryInstance::send);
        repeats.forEach(log::append);
        paused = false;
        for (var instance : instances) {
            if (!instance.up) {
                instance.start();
            }
        }
        for (int index = 0; index < workloads.size(); index++) {
            for (var instance : instances) {
                owns[instance.number][index] = instance.number == index % instances.size();
                instance.forgetCommands(workloads.get(index));
            }
            commands.get(index).owner = index % instances.size();
        }
        allLook(0, workload -> true);
        commands.forEach(partition -> partition.commands.forEach(command -> laws.isAnswered(command, kind)));
        for (int wait : new int[] {1, 1, 2, 4, 10, 30, 60, 80, 180, 200, 400}) {
            allLook(wait, workload -> laws.hasOpenAttempt(workload.ref));
        }
        HistoryLaws.check(
                workloads.stream().noneMatch(workload -> laws.hasOpenAttempt(workload.ref)),
                "law 8: an intent has no outcome, long after all healed");
        laws.whatLandedIsInTheLog();
        List.copyOf(firing.values()).forEach(this::resolve);
        workloads.forEach(HistoryWorkload::recover);
        for (int wait : new int[] {1, 40, 40, 1, 1, 200, 200, 1, 1}) {
            allLook(wait, workload -> laws.hasUnended(workload));
        }
        HistoryLaws.check(
                workloads.stream().noneMatch(workload -> laws.hasUnended(workload)),
                "an incident has no end, long after all is quiet");
        laws.whatLandedIsInTheLog();
        for (var instance : instances) {
            instance.fold(Integer.MAX_VALUE);
            laws.isWhatEveryInstanceSees(instance.folded());
        }
    }

    private void allLook(int seconds, Predicate<HistoryWorkload> wanted) {
        now = now.plusSeconds(seconds);
        for (int index = 0; index < workloads.size(); index++) {
            var workload = workloads.get(index);
            if (wanted.test(workload)) {
                workload.control(now);
                workload.control(now);
                var owner = instances.get(index % instances.size());
                owner.see(workload);
                owner.hear(Integer.MAX_VALUE);
                owner.fold(Integer.MAX_VALUE);
                owner.take(workload, Integer.MAX_VALUE);
                owner.reconcile(workload);
            }
        }
    }
}
