package io.rollguard.slack;

import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.reactor.Journal;
import io.rollguard.reactor.TestClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** An incident log in memory, whose broker can be away. */
final class FakeJournal implements Journal {

    private final IncidentLog log;
    private final TestClock clock;
    private final List<Consumer<Incident>> listeners = new ArrayList<>();
    private final List<IncidentEvent> appended = new ArrayList<>();
    private boolean away;

    FakeJournal(TestClock clock) {
        this.clock = clock;
        this.log = new IncidentLog(new IncidentLog.Limits(50, Duration.ofMinutes(15), Duration.ofMinutes(15)));
    }

    void goAway() {
        away = true;
    }

    void comeBack() {
        away = false;
    }

    /** Tells the listeners what the story told the log. */
    void changed(Incident incident) {
        listeners.forEach(listener -> listener.accept(incident));
    }

    List<IncidentEvent> appended() {
        return appended;
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
        if (away) {
            return CompletableFuture.failedFuture(new IllegalStateException("no broker"));
        }
        appended.add(event);
        long offset = log.nextOffset();
        log.apply(offset, clock.instant(), event).ifPresent(this::changed);
        return CompletableFuture.completedFuture(offset);
    }

    @Override
    public boolean awaitFolded(long offset, Duration atMost) {
        throw new AssertionError("nobody who tells people waits for the log");
    }

    @Override
    public boolean foldToEnd(Duration atMost) {
        throw new AssertionError("nobody who tells people waits for the log");
    }

    @Override
    public void onChange(Consumer<Incident> listener) {
        listeners.add(listener);
    }
}
