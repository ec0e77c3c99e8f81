package io.rollguard.reactor;

import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.incident.IncidentLog.Limits;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** The incident log in memory. What was appended outlives a reactor, as a topic does. */
final class FakeJournal implements Journal {

    final List<IncidentEvent> entries = new ArrayList<>();
    boolean reachable = true;

    /** What another instance wrote and this one has not folded yet. */
    private final List<IncidentEvent> unread = new ArrayList<>();

    private final Clock clock;
    private final IncidentLog log = new IncidentLog(new Limits(5, Duration.ofMinutes(15), Duration.ofMinutes(15)));

    FakeJournal(Clock clock) {
        this.clock = clock;
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
        entries.add(event);
        log.apply(entries.size() - 1, clock.instant(), event);
        return CompletableFuture.completedStage(entries.size() - 1L);
    }

    @Override
    public boolean awaitFolded(long offset, Duration atMost) {
        return true;
    }

    @Override
    public boolean foldToEnd(Duration atMost) {
        if (reachable) {
            unread.forEach(this::append);
            unread.clear();
        }
        return reachable;
    }

    @Override
    public void onChange(Consumer<Incident> listener) {}
}
