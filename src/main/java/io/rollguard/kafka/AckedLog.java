package io.rollguard.kafka;

import io.rollguard.wire.DurableLog;
import io.rollguard.wire.EventRecord;
import io.rollguard.wire.Events;
import io.rollguard.wire.Topic;
import java.time.Duration;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jboss.logging.Logger;

/** Records of the webhook, acknowledged by every in-sync replica before anybody is told that they are kept. */
final class AckedLog implements DurableLog, AutoCloseable {

    private static final Logger LOG = Logger.getLogger(AckedLog.class);

    private final Producer<byte[], byte[]> producer;
    private final Runnable onTrouble;
    private volatile String trouble = "";

    /** @param onTrouble called when a record could not be kept, on a thread that must not be blocked */
    AckedLog(Clients clients, Runnable onTrouble) {
        this.producer = clients.ingestProducer();
        this.onTrouble = onTrouble;
    }

    /** Why the last record was not kept; empty where it was. */
    String trouble() {
        return trouble;
    }

    /** The broker was seen to be able to keep records. */
    void reachable() {
        kept();
    }

    @Override
    public void append(EventRecord event, Consumer<Receipt> receipt) {
        if (event.size() > Events.MAX_RECORD_BYTES) {
            receipt.accept(new Receipt.TooLarge());
            return;
        }
        try {
            producer.send(
                    Records.of(event, null),
                    (metadata, failure) -> receipt.accept(failure == null ? kept() : notKept(failure)));
        } catch (RuntimeException e) { // then the callback is not called
            receipt.accept(notKept(e));
        }
    }

    private Receipt kept() {
        if (!trouble.isEmpty()) {
            trouble = "";
            LOG.info("records are kept again");
        }
        return new Receipt.Kept();
    }

    private Receipt notKept(Exception failure) {
        if (failure instanceof RecordTooLargeException) {
            return new Receipt.TooLarge();
        }
        var kind = failure.getClass().getSimpleName();
        if (!kind.equals(trouble)) {
            trouble = kind;
            LOG.warnf("records are not kept, so senders are asked to come again: %s: %s", kind, failure.getMessage());
        }
        onTrouble.run();
        return new Receipt.NotKept(kind);
    }

    /** Asks for what a first send would wait for. Blocks for half a second at most. */
    void warmUp() {
        for (var topic : new Topic[] {Topic.ALERT, Topic.DEAD_LETTER}) {
            try {
                producer.partitionsFor(topic.topicName());
            } catch (RuntimeException e) {
                return; // the first send will wait instead
            }
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(3));
    }
}
