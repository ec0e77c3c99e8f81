package io.rollguard.reactor;

import io.rollguard.alert.AlertTable;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.policy.Rights;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.ServiceFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a {@link History}: the real reactor between a picture of the cluster, an alert table and a fold of the
 * log that each lag as they like. A crash takes all of it. Every call of a port is a place where it may be killed, or where
 * the others get their turn.
 */
final class HistoryInstance {

    /** The process is dead: nothing of it goes on. No exception that anybody could handle. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;

        Killed() {
            super(null, null, false, false);
        }
    }

    private static final Killed KILLED = new Killed();

    final int number;
    private final History history;
    private final Duration skew;

    boolean up;
    private int life;
    private Set<WorkloadRef> busy = new HashSet<>();
    private ClusterObjects objects = new ClusterObjects("test");
    private AlertTable table = new AlertTable(1000);
    private IncidentLog log;
    private int heard;
    private Deque<IncidentEvent> unsent = new ArrayDeque<>();
    private Reactor reactor;

    /** What was read of the commands about each workload. */
    private Map<HistoryWorkload, Taken> taken = new HashMap<>();

    private static final class Taken {
        int position;
        final TreeSet<Integer> owed = new TreeSet<>();
    }

    /** What each look that is under way has learned for its second gate; the one that goes on is the last. */
    private Deque<Gate> gates = new ArrayDeque<>();

    /** Since the last read past the caches. */
    private static final class Gate {
        final HistoryWorkload workload;

        @Nullable
        Boolean paused;

        boolean folded;

        Gate(HistoryWorkload workload) {
            this.workload = workload;
        }
    }

    HistoryInstance(History history, int number, Duration skew) {
        this.history = history;
        this.number = number;
        this.skew = skew;
        this.log = new IncidentLog(history.limits, History.ROOM);
        this.reactor = start();
    }

    @Override
    public String toString() {
        return "instance " + number;
    }

    /** As it signs in the log. */
    private String name() {
        return "instance-" + number + "-" + life;
    }

    // --- life

    /** Decides nothing before the picture is whole. */
    Reactor start() {
        up = true;
        busy = new HashSet<>();
        gates = new ArrayDeque<>();
        taken = new HashMap<>();
        objects = new ClusterObjects("test");
        objects.put(new NodeFacts("node-a", true, null));
        objects.put(new ServiceFacts(History.SHARED_NAMESPACE, "web", Map.of("tier", "web")));
        table = new AlertTable(1000);
        log = new IncidentLog(history.limits, History.ROOM);
        unsent = new ArrayDeque<>();
        heard = 0;
        history.workloads.forEach(this::see);
        hear(Integer.MAX_VALUE);
        fold(Integer.MAX_VALUE);
        reactor = new Reactor(
                new ClusterPort(),
                new Ports.FixedAlerts(table),
                Rules.NONE,
                new JournalPort(),
                new Ports.NoCommands(),
                new Ports.Owner(workload -> history.believes(this, workload)),
                (step, release, at) -> {},
                new Ports.Uncounted(),
                new Settings(
                        name(),
                        new RollbackPolicy(history.defaultMode, Set.of("rollguard")),
                        History.BAKE_TIME,
                        Duration.ofSeconds(30),
                        Duration.ofHours(24),
                        Duration.ofHours(12),
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(10),
                        20,
                        false),
                new SkewedClock());
        return reactor;
    }

    /** What was sent may still arrive, in the order in which it was sent; the rest is lost with the process. */
    void crash() {
        up = false;
        life++;
        for (int left = history.below(unsent.size() + 1); left > 0; left--) {
            history.log.append(unsent.removeFirst());
        }
        unsent.clear();
    }

    void reconcile(HistoryWorkload workload) {
        var mine = busy;
        var looks = gates;
        if (!up || !mine.add(workload.ref)) {
            return;
        }
        looks.addLast(new Gate(workload));
        try {
            reactor.reconcile(workload.ref);
        } catch (Killed dead) {
            history.tell(this, "dies");
        } catch (IllegalStateException e) {
            if (!String.valueOf(e.getMessage()).startsWith("the incident log ")) {
                throw e;
            }
        } finally {
            mine.remove(workload.ref);
            looks.removeLast();
        }
    }

    // --- what reaches it, late

    void see(HistoryWorkload workload) {
        for (var part : HistoryWorkload.Part.values()) {
            see(workload, part);
        }
    }

    void see(HistoryWorkload workload, HistoryWorkload.Part part) {
        workload.show(part, objects);
    }

    void hear(int deliveries) {
        for (int left = deliveries; left > 0 && heard < history.deliveries.size(); left--) {
            table.apply(history.deliveries.get(heard++));
        }
    }

    void fold(int entries) {
        int at = (int) log.nextOffset();
        for (int left = entries; left > 0 && at < history.log.size(); left--, at++) {
            var entry = history.log.get(at);
            log.apply(at, entry.at(), entry.event());
        }
    }

    void send() {
        while (!unsent.isEmpty()) {
            history.log.append(unsent.removeFirst());
        }
    }

    Instant time() {
        return history.now.plus(skew);
    }

    /** Commits what is answered, where Kafka lets it, and reads on. */
    void take(HistoryWorkload workload, int commands) {
        var partition = history.commandsOf(workload);
        var mine = taken.computeIfAbsent(workload, key -> {
            var made = new Taken();
            made.position = partition.committed;
            return made;
        });
        if (partition.owner == number && history.below(2) == 0) {
            partition.committed = mine.owed.isEmpty() ? mine.position : mine.owed.first();
        }
        for (int left = commands; left > 0 && mine.position < partition.commands.size(); left--) {
            mine.owed.add(mine.position);
            reactor.asked(new Waiting(workload, mine.position));
            mine.position++;
        }
    }

    /** Others answer what is owed. */
    void forgetCommands(HistoryWorkload workload) {
        taken.remove(workload);
    }

    private final class Waiting implements Commands.Owed {
        private final HistoryWorkload workload;
        private final int position;

        Waiting(HistoryWorkload workload, int position) {
            this.workload = workload;
            this.position = position;
        }

        @Override
        public Command command() {
            return history.commandsOf(workload).commands.get(position);
        }

        @Override
        public boolean isOurs() {
            var mine = taken.get(workload);
            return mine != null && mine.owed.contains(position);
        }

        @Override
        public void answered() {
            var mine = taken.get(workload);
            if (mine != null) {
                mine.owed.remove(position);
            }
        }
    }

    IncidentLog folded() {
        return log;
    }

    // --- what it is connected to

    /** A place where it may die, or sleep while others go on. */
    private void at(String port) {
        int mine = life;
        history.meanwhile(this, gates.getLast().workload, port);
        if (life != mine) {
            throw KILLED;
        }
    }

    private final class ClusterPort implements Cluster {

        @Override
        public Optional<String> ownNamespace() {
            return Optional.of("rollguard");
        }

        @Override
        public ClusterObjects objects() {
            return objects;
        }

        @Override
        public boolean isWhole() {
            return true;
        }

        @Override
        public boolean answers() {
            return true;
        }

        @Override
        public void onChange(Consumer<WorkloadRef> listener) {}

        @Override
        public Optional<Rights> rights(String namespace) {
            return Optional.empty();
        }

        @Override
        public Map<String, Rights> rights() {
            return Map.of();
        }

        @Override
        public Map<String, Instant> leases(Collection<String> nodes) {
            at("leases");
            return Map.of();
        }

        @Override
        public Pause pause() {
            at("pause");
            var pause = history.fault(24) ? new Pause(true, "", "it can't be read") : new Pause(history.paused, "", "");
            gates.getLast().paused = pause.paused();
            return pause;
        }

        @Override
        public Answer pause(Pause pause) {
            throw new AssertionError("only people turn the pause switch");
        }

        @Override
        public Reading read(WorkloadRef ref) {
            at("read");
            gates.getLast().paused = null;
            gates.getLast().folded = false;
            if (history.fault(16)) {
                return new Reading.Failed(!history.fault(4), "HTTP 500");
            }
            var workload = history.find(ref);
            var facts = history.flaw == History.Flaw.READS_ARE_STALE
                    ? objects.workload(ref).orElseThrow()
                    : objects.join(workload.facts(), workload.links(), workload.revisionFacts(), null);
            return new Reading.Found(facts, Long.toString(workload.resourceVersion), "raw");
        }

        @Override
        public Answer abort(Reading.Found as, RevisionHash bad, RevisionHash stable) {
            return request(as, bad, stable, true);
        }

        @Override
        public Answer restore(Reading.Found as, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
            return request(as, bad, target, false);
        }

        @Override
        public Answer finish(
                Reading.Found as, FollowUp what, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
            HistoryLaws.check(gates.getLast().folded, "law 3: a request without the log folded to its end");
            HistoryLaws.check(
                    Boolean.FALSE.equals(gates.getLast().paused),
                    "law 10: a request without a look at the pause switch");
            HistoryLaws.check(
                    history.laws.goesOn(as.facts().uid(), bad, target),
                    "law 8: no attempt was accepted that " + what.label() + " would be part of");
            at("request");
            var answer = history.finish(as, what, target);
            at("answer");
            return answer;
        }

        @Override
        public String manualCommand(WorkloadRef workload, FollowUp what) {
            return "kubectl";
        }

        /** As the edge does it: what the reading contradicts is not sent. */
        private Answer request(Reading.Found as, RevisionHash bad, RevisionHash target, boolean abort) {
            HistoryLaws.check(gates.getLast().folded, "law 3: a request without the log folded to its end");
            var paused = gates.getLast().paused;
            var facts = as.facts();
            boolean contradicted = !facts.observed() || bad.equals(target) || !bad.equals(facts.current());
            if (contradicted || (abort && !target.equals(facts.stable()))) {
                return new Answer.Moved("not those that were judged");
            }
            var intent = history.laws.standing(name(), facts.uid(), bad, target);
            boolean insists = intent != null && history.laws.isForced(intent);
            HistoryLaws.check(
                    Boolean.FALSE.equals(paused) || (paused != null && insists),
                    "law 10: a request without a look at the pause switch, or in spite of it");
            var request = new History.Request(HistoryInstance.this, life, as, bad, target, abort, intent);
            at("request");
            var answer = history.send(request);
            at("answer");
            return answer;
        }

        @Override
        public Answer rehearse(Act act, Reading.Found as, RevisionHash bad, RevisionHash target) {
            return history.find(as.facts().ref()).find(target) == null
                    ? new Answer.Refused(Reason.NO_GOOD_REVISION, "no template is left")
                    : new Answer.Done("dry run");
        }

        @Override
        public Answer keepGood(Reading.Found as, GoodRevision revision) {
            at("keep");
            var facts = as.facts();
            var workload = history.find(facts.ref());
            if (history.fault(16)) {
                return new Answer.NotDone("HTTP 429");
            }
            if (!facts.uid().equals(revision.workloadUid()) || !revision.hash().equals(facts.current())) {
                return new Answer.Moved("another revision is current");
            }
            workload.kept.removeIf(each -> each.hash().equals(revision.hash()));
            workload.kept.add(revision);
            at("kept");
            return new Answer.Done("kept");
        }

        @Override
        public Optional<Write> lastWrite(Reading.Found reading) {
            return Optional.empty();
        }

        @Override
        public String snapshotOf(WorkloadRef workload, RevisionHash revision) {
            return workload.name() + "-replaced-" + revision;
        }

        @Override
        public String forwardCommand(WorkloadRef workload, Act act, RevisionHash revision) {
            return "forward to " + revision;
        }

        @Override
        public String manualCommand(WorkloadRef workload, Act act, @Nullable RevisionHash target) {
            return "kubectl";
        }
    }

    private final class JournalPort implements Journal {

        @Override
        public IncidentLog log() {
            return log;
        }

        @Override
        public boolean isWhole() {
            return true;
        }

        @Override
        public CompletionStage<Long> append(IncidentEvent event) {
            at("append");
            history.tell(HistoryInstance.this, "writes ", event);
            unsent.add(event);
            if (history.fault(16)) {
                if (history.fault(2)) {
                    unsent.removeLast(); // given up by the producer
                }
                return CompletableFuture.failedStage(new TimeoutException());
            }
            send();
            long offset = history.log.size() - 1L;
            at("appended");
            return CompletableFuture.completedStage(offset);
        }

        @Override
        public boolean awaitFolded(long offset, Duration atMost) {
            if (history.fault(40)) {
                return false;
            }
            fold((int) (offset + 1 - log.nextOffset()));
            at("folded");
            return true;
        }

        @Override
        public boolean foldToEnd(Duration atMost) {
            at("fold");
            if (history.fault(24)) {
                return false;
            }
            if (history.flaw != History.Flaw.THE_LOG_IS_NOT_FOLDED) {
                fold(Integer.MAX_VALUE);
            }
            gates.getLast().folded = true;
            return true;
        }

        @Override
        public void onChange(Consumer<Incident> listener) {}
    }

    private final class SkewedClock extends Clock {
        @Override
        public Instant instant() {
            return time();
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
