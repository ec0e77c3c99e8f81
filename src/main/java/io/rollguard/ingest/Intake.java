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
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
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
                takeDead(dead(DeadLetterReason.NOT_JSON, detail, body, UNKNOWN, receivedAt), new Taken.NotJson(detail));
            case Result.WrongShape(var field, var detail) ->
                takeDead(
                        dead(DeadLetterReason.WRONG_SHAPE, field + ": " + detail, body, JSON, receivedAt),
                        new Taken.Kept(0, 1, 0, true));
            case Result.Delivery delivery -> take(delivery, body, receivedAt, givenUp);
        };
    }

    private CompletionStage<Taken> takeDead(DeadLetter letter, Taken whenKept) {
        var tally = new Tally();
        append(letter, tally.one());
        return tally.closed(whenKept);
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
        var tally = new Tally();
        for (var letter : deadLetters) {
            if (givenUp.getAsBoolean()) {
                return tally.closed(new Taken.NotKept());
            }
            append(letter, tally.one());
        }
        for (var alert : delivery.alerts()) {
            if (givenUp.getAsBoolean()) {
                return tally.closed(new Taken.NotKept());
            }
            append(alert, receivedAt, tally.one());
        }
        return tally.closed(new Taken.Kept(delivery.alerts().size(), deadLetters.size(), delivery.truncated(), false));
    }

    /** Told, once for each record, whether it is kept. On whatever thread. */
    private interface Answer {
        void kept(boolean kept);
    }

    /** The answers to all records of one body. */
    private static final class Tally {

        private final CompletableFuture<Boolean> all = new CompletableFuture<>();
        /** Records without an answer, and one more until all are handed over. */
        private final AtomicInteger open = new AtomicInteger(1);

        private volatile boolean missing;

        Answer one() {
            open.incrementAndGet();
            return this::count;
        }

        /** @param whenKept what is true once every record is kept */
        CompletionStage<Taken> closed(Taken whenKept) {
            count(true);
            return all.thenApply(kept -> kept ? whenKept : new Taken.NotKept());
        }

        private void count(boolean kept) {
            if (!kept) {
                missing = true;
            }
            if (open.decrementAndGet() == 0) {
                all.complete(!missing);
            }
        }
    }

    private void append(ReceivedAlert received, Instant receivedAt, Answer answer) {
        var alert = received.alert();
        var event = Events.alert(install, received);
        if (event.isEmpty()) {
            var detail = "alert " + alert.fingerprint() + ": not Unicode";
            append(dead(DeadLetterReason.UNREADABLE_ALERT, detail, new byte[0], JSON, receivedAt), answer);
        } else if (event.get().size() > Events.MAX_RECORD_BYTES) {
            append(tooLarge(alert, event.get(), receivedAt), answer);
        } else {
            log.append(event.get(), receipt -> {
                switch (receipt) {
                    case Receipt.Kept() -> {
                        meters.received(alert.status());
                        answer.kept(true);
                    }
                    case Receipt.NotKept notKept -> answer.kept(false); // the log says why, once
                    case Receipt.TooLarge() -> append(tooLarge(alert, event.get(), receivedAt), answer);
                }
            });
        }
    }

    private void append(DeadLetter letter, Answer answer) {
        log.append(letter.event(), receipt -> {
            switch (receipt) {
                case Receipt.Kept() -> {
                    meters.deadLetter(letter.reason());
                    warn(
                            letter.reason().code(),
                            "kept as dead letter: %s: %s"
                                    .formatted(letter.reason().code(), letter.detail()),
                            letter.receivedAt());
                    answer.kept(true);
                }
                case Receipt.NotKept notKept -> answer.kept(false);
                case Receipt.TooLarge() -> {
                    LOG.error("the broker refuses records of 64 KiB, so dead letters can't be kept");
                    answer.kept(false);
                }
            }
        });
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
}
