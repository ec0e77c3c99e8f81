package io.rollguard.ingest;

import io.rollguard.wire.DurableLog;
import io.rollguard.wire.EventRecord;
import io.rollguard.wire.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A log that keeps, refuses or delays as a test wants. */
final class FakeLog implements DurableLog {

    private static final long BROKERS_LIMIT = 1_048_588;

    private final List<EventRecord> kept = new ArrayList<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean away;
    private boolean silent;
    private int asked;

    @Override
    public synchronized void append(EventRecord event, Consumer<Receipt> receipt) {
        asked++;
        if (away) {
            receipt.accept(new Receipt.NotKept("TimeoutException"));
        } else if (event.value().length > BROKERS_LIMIT) {
            receipt.accept(new Receipt.TooLarge());
        } else if (silent) {
            waiting.add(() -> receipt.accept(new Receipt.NotKept("TimeoutException")));
        } else {
            kept.add(event);
            // acknowledged from another thread, as a producer does
            CompletableFuture.runAsync(() -> receipt.accept(new Receipt.Kept()));
        }
    }

    synchronized void goAway() {
        away = true;
    }

    synchronized void comeBack() {
        away = false;
    }

    /** Takes records and says nothing about them. */
    synchronized void fallSilent() {
        silent = true;
    }

    /** What a producer does when its delivery time-out has passed. */
    synchronized void giveUp() {
        silent = false;
        waiting.forEach(Runnable::run);
        waiting.clear();
    }

    synchronized int asked() {
        return asked;
    }

    synchronized List<EventRecord> alerts() {
        return of(Topic.ALERT);
    }

    synchronized List<EventRecord> deadLetters() {
        return of(Topic.DEAD_LETTER);
    }

    private List<EventRecord> of(Topic topic) {
        return kept.stream().filter(event -> event.topic() == topic).toList();
    }
}
