package io.rollguard.slack;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.rollguard.alert.Fingerprint;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentStory;
import io.rollguard.metrics.RollguardMeters;
import io.rollguard.metrics.Telling;
import io.rollguard.reactor.Ownership;
import io.rollguard.reactor.TestClock;
import io.rollguard.release.WorkloadRef;
import io.rollguard.sandbox.slack.FakeSlack;
import io.rollguard.sandbox.slack.StoredMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Notifiers with the real gateway on a Slack that behaves. Time passes only when a test says so. */
abstract class OnFakeSlack {

    static final String CHANNEL = "C0RELEASES";
    static final String TOKEN = "xoxb-very-secret";
    static final Duration SETTLE = Duration.ofSeconds(30);

    /** For tests in which it passes, in real time. */
    private static final Duration BRIEF = Duration.ofMillis(300);

    final TestClock clock = new TestClock(IncidentStory.START.minus(Duration.ofHours(1)));
    final FakeSlack slack = new FakeSlack(0, clock, TOKEN);
    final FakeJournal journal = new FakeJournal(clock);
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    final RollguardMeters meters = new RollguardMeters(registry);
    final SlackState state = new SlackState();
    final Owner owner = new Owner();
    final List<String> logged = new ArrayList<>();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            logged.add(entry.getLevel() + " " + entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private final List<Notifier> started = new ArrayList<>();
    Notifier notifier = instance(CHANNEL, TOKEN);

    final IncidentStory story = new IncidentStory(journal.log());

    @BeforeEach
    void listen() {
        Logger.getLogger(Notifier.class.getName()).addHandler(listener);
        clock.moveTo(IncidentStory.START);
    }

    @AfterEach
    void close() {
        Logger.getLogger(Notifier.class.getName()).removeHandler(listener);
        started.forEach(Notifier::close);
        slack.close();
    }

    // --- instances

    final Notifier instance(String channel, String token) {
        return instance(new SlackGateway(slack.apiUrl(), token, channel));
    }

    /** One that gives up on an answer soon. */
    final Notifier impatient() {
        return instance(new SlackGateway(slack.apiUrl(), TOKEN, CHANNEL, BRIEF));
    }

    final Notifier instance(Gateway gateway) {
        var made = new Notifier(journal, owner, gateway, SETTLE, "test", meters, state, clock);
        made.listen();
        started.add(made);
        return made;
    }

    final void restart() {
        notifier = instance(CHANNEL, TOKEN);
    }

    // --- what happens

    final void happens(IncidentStory told) {
        if (told.now().isAfter(clock.instant())) {
            clock.moveTo(told.now());
        }
        journal.changed(told.incident());
    }

    final IncidentStory another(String name) {
        return new IncidentStory(journal.log())
                .about("shop", name)
                .causedBy(new Fingerprint("%016x".formatted(name.hashCode() & 0xffffffffL)));
    }

    /** Until nothing is left to do. */
    final void settle() {
        for (int turn = 0; turn < 1000; turn++) {
            var wait = notifier.turn();
            if (wait.compareTo(Duration.ofSeconds(30)) >= 0) {
                return;
            }
            pass(wait);
        }
        throw new AssertionError("there is always something left to do");
    }

    final void passAtLeast(Duration time) {
        passAtLeast(time, notifier);
    }

    /** Time in which these instances do what they have to, in turn. */
    final void passAtLeast(Duration time, Notifier... instances) {
        var end = clock.instant().plus(time);
        var instancesLeft = List.of(instances);
        while (clock.instant().isBefore(end)) {
            var wait = instancesLeft.stream()
                    .map(Notifier::turn)
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
            var left = Duration.between(clock.instant(), end);
            pass(wait.compareTo(left) < 0 ? wait : left);
        }
        instancesLeft.forEach(Notifier::turn);
    }

    final void pass(Duration time) {
        clock.advance(time);
    }

    // --- what is seen

    final StoredMessage root() {
        assertThat(slack.roots(CHANNEL)).hasSize(1);
        return slack.roots(CHANNEL).getFirst();
    }

    final List<StoredMessage> thread() {
        return slack.thread(CHANNEL, root().ts());
    }

    final int updatesOfRoot() {
        return (int) slack.calls("chat.update").stream()
                .filter(call -> call.parameters().get("ts").equals(root().ts()))
                .count();
    }

    static Instant sentAt(StoredMessage message) {
        return Instant.ofEpochSecond(
                Long.parseLong(message.ts().substring(0, message.ts().indexOf('.'))));
    }

    final List<String> told() {
        return journal.appended().stream()
                .map(event -> event.step() instanceof Step.Told told ? told.kind() : "")
                .toList();
    }

    final double counted(Telling outcome) {
        return registry.get("rollguard.messages")
                .tag("outcome", outcome.label())
                .counter()
                .count();
    }

    static final class Owner implements Ownership {
        private final List<Runnable> listeners = new ArrayList<>();
        boolean owns = true;

        void gains() {
            owns = true;
            listeners.forEach(Runnable::run);
        }

        @Override
        public boolean owns(WorkloadRef workload) {
            return owns;
        }

        @Override
        public void onChange(Runnable listener) {
            listeners.add(listener);
        }
    }
}
