package io.rollguard.ingest;

import io.rollguard.alert.Alert;
import io.rollguard.wire.DurableLog;
import io.rollguard.wire.DurableLog.Receipt;
import io.rollguard.wire.EventRecord;
import io.rollguard.wire.Events;
import io.rollguard.wire.Events.DeadLetterReason;
import io.rollguard.wire.ReceivedAlert;
import io.rollguard.wire.WebhookBody;
import io.rollguard.wire.WebhookBody.Result;
import io.rollguard.wire.WebhookBody.UnreadableAlert;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/**
 * Takes a body in: each alert becomes a record, and what can't be read a dead letter. Says {@link Taken.Kept} only when all of them
 * are acknowledged (law 1). Called from a thread that may wait.
 */
final class Intake {

    private static final Logger LOG = Logger.getLogger(Intake.class);

    /** More unreadable alerts than this share one dead letter, so that a body of nonsense does not become a flood. */
    static final int MAX_SINGLE_DEAD_LETTERS = 20;

    private static final String JSON = "application/json";
    private static final String UNKNOWN = "application/octet-stream";

    private final String install;
    private final DurableLog log;
    private final IngestMeters meters;
    private final Complaints complaints = new Complaints();

    /** What is true of a body afterwards. */
    sealed interface Taken {

        /**
         * Every alert or its dead letter is kept.
         *
         * @param wrongShape whether the body was no delivery at all
         */
        record Kept(int alerts, int deadLetters, long truncated, boolean wrongShape) implements Taken {}

        /** Not JSON; kept as a dead letter. */
        record NotJson(String detail) implements Taken {}

        /** Something is not known to be kept: the sender must send it again. */
        record NotKept() implements Taken {}
    }

    /** @param install the cluster that an alert without a label {@code cluster} is about */
    Intake(String install, DurableLog log, IngestMeters meters) {
        this.install = install;
        this.log = log;
        this.meters = meters;
    }

    /**
     * @param givenUp whether the sender already has an answer, so that going on is pointless
     * @return completes when everything handed to the log has an answer, never exceptionally by the log's doing
     */
    CompletionStage<Taken> take(byte[] body, Instant receivedAt, BooleanSupplier givenUp) {
        return switch (WebhookBody.read(body, install, receivedAt)) {
            case Result.NotJson(var detail) ->
                append(dead(DeadLetterReason.NOT_JSON, detail, body, UNKNOWN, receivedAt))
                        .thenApply(kept -> kept ? new Taken.NotJson(detail) : new Taken.NotKept());
            case Result.WrongShape(var field, var detail) ->
                append(dead(DeadLetterReason.WRONG_SHAPE, field + ": " + detail, body, JSON, receivedAt))
                        .thenApply(kept -> kept ? new Taken.Kept(0, 1, 0, true) : new Taken.NotKept());
            case Result.Delivery delivery -> take(delivery, body, receivedAt, givenUp);
        };
    }

    private CompletionStage<Taken> take(
            Result.Delivery delivery, byte[] body, Instant receivedAt, BooleanSupplier givenUp) {
        if (delivery.truncated() > 0) {
            meters.truncated(delivery.truncated());
            warn(
                    "truncated",
                    "a sender left %d alerts out of its message: set max_alerts to 0 on this route"
                            .formatted(delivery.truncated()),
                    receivedAt);
        }
        var deadLetters = deadLetters(delivery.unreadable(), body, receivedAt);
        var answers = new ArrayList<CompletableFuture<Boolean>>();
        for (var letter : deadLetters) {
            if (givenUp.getAsBoolean()) {
                return allKept(answers, new Taken.NotKept());
            }
            answers.add(append(letter));
        }
        for (var alert : delivery.alerts()) {
            if (givenUp.getAsBoolean()) {
                return allKept(answers, new Taken.NotKept());
            }
            answers.add(append(alert, receivedAt));
        }
        return allKept(
                answers, new Taken.Kept(delivery.alerts().size(), deadLetters.size(), delivery.truncated(), false));
    }

    private static CompletionStage<Taken> allKept(List<CompletableFuture<Boolean>> answers, Taken whenKept) {
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .thenApply(done -> answers.stream().allMatch(CompletableFuture::join) ? whenKept : new Taken.NotKept());
    }

    private CompletableFuture<Boolean> append(ReceivedAlert received, Instant receivedAt) {
        var alert = received.alert();
        var event = Events.alert(install, received);
        if (event.isEmpty()) {
            return append(dead(
                    DeadLetterReason.UNREADABLE_ALERT,
                    "alert " + alert.fingerprint() + ": not Unicode",
                    new byte[0],
                    JSON,
                    receivedAt));
        }
        if (event.get().size() > Events.MAX_RECORD_BYTES) {
            return append(tooLarge(alert, event.get(), receivedAt));
        }
        return log.append(event.get())
                .thenCompose(receipt -> switch (receipt) {
                    case Receipt.Kept() -> {
                        meters.received(alert.status());
                        yield done(true);
                    }
                    case Receipt.NotKept notKept -> done(false); // the log says why, once
                    case Receipt.TooLarge() -> append(tooLarge(alert, event.get(), receivedAt));
                })
                .toCompletableFuture();
    }

    private CompletableFuture<Boolean> append(DeadLetter letter) {
        return log.append(letter.event())
                .thenApply(receipt -> switch (receipt) {
                    case Receipt.Kept() -> {
                        meters.deadLetter(letter.reason());
                        warn(
                                letter.reason().code(),
                                "kept as dead letter: %s: %s"
                                        .formatted(letter.reason().code(), letter.detail()),
                                letter.receivedAt());
                        yield true;
                    }
                    case Receipt.NotKept notKept -> false;
                    case Receipt.TooLarge() -> {
                        LOG.error("the broker refuses records of 64 KiB, so dead letters can't be kept");
                        yield false;
                    }
                })
                .toCompletableFuture();
    }

    private record DeadLetter(DeadLetterReason reason, String detail, EventRecord event, Instant receivedAt) {}

    private List<DeadLetter> deadLetters(List<UnreadableAlert> unreadable, byte[] body, Instant receivedAt) {
        if (unreadable.size() > MAX_SINGLE_DEAD_LETTERS) {
            var detail = "%d unreadable alerts, the first %s".formatted(unreadable.size(), unreadable.getFirst());
            return List.of(dead(DeadLetterReason.UNREADABLE_ALERT, detail, body, JSON, receivedAt));
        }
        return unreadable.stream()
                .map(each -> dead(
                        DeadLetterReason.UNREADABLE_ALERT,
                        each.toString(),
                        each.raw().of(body),
                        JSON,
                        receivedAt))
                .toList();
    }

    private DeadLetter tooLarge(Alert alert, EventRecord event, Instant receivedAt) {
        var detail = "alert %s: %d bytes".formatted(alert.fingerprint(), event.size());
        return dead(DeadLetterReason.TOO_LARGE, detail, event.value(), JSON, receivedAt);
    }

    private DeadLetter dead(
            DeadLetterReason reason, String detail, byte[] raw, String contentType, Instant receivedAt) {
        var event = Events.deadLetter(install, reason, detail, raw, contentType, receivedAt);
        return new DeadLetter(reason, detail, event, receivedAt);
    }

    /** What can't be read comes again with every repeat_interval; the metric counts each. */
    private void warn(String kind, String text, Instant now) {
        complaints.about(kind, text, now).ifPresent(LOG::warn);
    }

    private static <T> CompletableFuture<T> done(T value) {
        return CompletableFuture.completedFuture(value);
    }
}
