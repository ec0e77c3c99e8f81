package io.rollguard.reactor;

import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.incident.IncidentLog.Limits;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** The incident log in memory. What was appended outlives a reactor, as a topic does. */
final class FakeJournal implements Journal {

    static final Limits LIMITS = new Limits(5, Duration.ofMinutes(15), Duration.ofMinutes(15));

    final List<IncidentEvent> entries = new ArrayList<>();
    boolean reachable = true;

    /** What another instance wrote and this one has not folded yet. Comes before whatever is appended next. */
    private final List<IncidentEvent> unread = new ArrayList<>();

    private final List<Instant> appendedAt = new ArrayList<>();
    private final Clock clock;
    private final IncidentLog log = new IncidentLog(LIMITS);

    FakeJournal(Clock clock) {
        this.clock = clock;
    }

    /** The same log as an instance folds it that has not seen it before. */
    FakeJournal readByAnother() {
        var other = new FakeJournal(clock);
        for (int offset = 0; offset < entries.size(); offset++) {
            other.take(appendedAt.get(offset), entries.get(offset));
        }
        return other;
    }

    void wroteAnother(IncidentEvent event) {
        unread.add(event);
    }

    List<String> steps() {
        return entries.stream().map(entry -> entry.step().label()).toList();
    }

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
        if (!reachable) {
            return CompletableFuture.failedStage(new IllegalStateException("no broker"));
        }
        foldUnread();
        take(clock.instant(), event);
        return CompletableFuture.completedStage(entries.size() - 1L);
    }

    private void foldUnread() {
        unread.forEach(event -> take(clock.instant(), event));
        unread.clear();
    }

    private void take(Instant at, IncidentEvent event) {
        entries.add(event);
        appendedAt.add(at);
        log.apply(entries.size() - 1, at, event);
    }

    @Override
    public boolean awaitFolded(long offset, Duration atMost) {
        return true;
    }

    @Override
    public boolean foldToEnd(Duration atMost) {
        if (reachable) {
            foldUnread();
        }
        return reachable;
    }

    @Override
    public void onChange(Consumer<Incident> listener) {}
}
