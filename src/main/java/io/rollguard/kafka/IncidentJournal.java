package io.rollguard.kafka;

import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.incident.IncidentLog.Forgotten;
import io.rollguard.incident.Room;
import io.rollguard.reactor.Journal;
import io.rollguard.verdict.Case;
import io.rollguard.wire.IncidentEvents;
import io.rollguard.wire.IncidentEvents.Read;
import io.rollguard.wire.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * The incident log on its topic. The topic has one partition, so one order that every instance agrees on; an entry counts
 * once it was read back from there, at the broker's time. What other clusters wrote there is passed over.
 */
final class IncidentJournal implements Journal, AutoCloseable {

    private static final Logger LOG = Logger.getLogger(IncidentJournal.class);

    /** Should somebody give the topic more partitions, only this one is the log. */
    static final int PARTITION = 0;

    private static final TopicPartition LOG_PARTITION = new TopicPartition(Topic.INCIDENT.topicName(), PARTITION);

    private final String subjects;
    private final IncidentLog log;
    private final Producer<byte[], byte[]> producer;
    private final Admin admin;
    private final Tail tail;
    private final List<Consumer<Incident>> listeners = new CopyOnWriteArrayList<>();
    private final AtomicLong unreadable = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition folded = lock.newCondition();
    private volatile boolean broken;
    private boolean saidForgotten; // by the one thread that folds

    IncidentJournal(Clients clients, String cluster, IncidentLog.Limits limits) {
        this.subjects = cluster + "/";
        this.log = new IncidentLog(limits);
        this.producer = clients.journalProducer();
        this.admin = clients.admin();
        this.tail = new Tail(
                Topic.INCIDENT,
                number -> clients.reader(Topic.INCIDENT, number),
                () -> null,
                all -> all.stream().filter(LOG_PARTITION::equals).toList(),
                1,
                new Tail.Sink() {
                    @Override
                    public void take(ConsumerRecord<byte[], byte[]> read) {
                        fold(read);
                    }

                    @Override
                    public void begunAnew() {
                        broken = true;
                    }
                });
    }

    /** The topic may lose entries: whatever is read of it, nothing is acted on. */
    void distrust() {
        broken = true;
    }

    void start() {
        tail.start();
    }

    // --- reading

    private void fold(ConsumerRecord<byte[], byte[]> read) {
        var subject = Records.subject(read);
        if (subject != null && !subject.startsWith(subjects)) {
            log.skip(read.offset());
            signal();
            return;
        }
        switch (IncidentEvents.read(Records.type(read), read.value())) {
            case Read.Event event -> apply(read, event.event());
            case Read.Foreign foreign -> {
                unreadable.incrementAndGet();
                log.foreign(read.offset(), foreign.type());
                LOG.errorf(
                        "offset %d of the incident log holds a %s that this build can't read (%s): nothing is acted on until one does",
                        read.offset(), foreign.type(), foreign.problem());
            }
            case Read.Nothing nothing -> {
                unreadable.incrementAndGet();
                log.skip(read.offset());
                LOG.errorf("offset %d of the incident log is passed over: %s", read.offset(), nothing.problem());
            }
        }
        signal();
    }

    private void apply(ConsumerRecord<byte[], byte[]> read, IncidentEvent event) {
        try {
            log.apply(read.offset(), Instant.ofEpochMilli(read.timestamp()), event)
                    .ifPresent(incident -> listeners.forEach(listener -> tell(listener, incident)));
            if (!saidForgotten && log.forgotten(Forgotten.INCIDENT) > 0) {
                saidForgotten = true;
                LOG.warnf(
                        "there are more closed incidents than are held (%d of a kind): from now on the oldest are known to the topic alone; rollguard_incidents_forgotten_total counts them",
                        Room.USUAL.closed());
            }
        } catch (RuntimeException e) {
            broken = true;
            LOG.errorf(e, "offset %d of the incident log could not be folded: nothing is acted on", read.offset());
        }
    }

    private static void tell(Consumer<Incident> listener, Incident incident) {
        try {
            listener.accept(incident);
        } catch (RuntimeException e) {
            LOG.errorf(e, "a change of incident %s was not taken up", incident.id());
        }
    }

    private void signal() {
        lock.lock();
        try {
            folded.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public IncidentLog log() {
        return log;
    }

    @Override
    public boolean isWhole() {
        return tail.isWhole() && !broken;
    }

    @Override
    public void onChange(Consumer<Incident> listener) {
        listeners.add(listener);
    }

    /** Entries of the topic that could not be read. */
    long unreadable() {
        return unreadable.get();
    }

    // --- writing

    @Override
    public boolean canRecord(Case input) {
        return IncidentEvents.fits(input);
    }

    @Override
    public synchronized CompletionStage<Long> append(IncidentEvent event) {
        var offset = new CompletableFuture<Long>();
        try {
            producer.send(Records.of(IncidentEvents.write(event), PARTITION), (metadata, failure) -> {
                if (failure == null) {
                    offset.complete(metadata.offset());
                } else {
                    offset.completeExceptionally(failure);
                }
            });
        } catch (RuntimeException e) {
            offset.completeExceptionally(e);
        }
        return offset;
    }

    @Override
    public boolean awaitFolded(long offset, Duration atMost) {
        long left = atMost.toNanos();
        lock.lock();
        try {
            while (log.nextOffset() <= offset) {
                if (left <= 0) {
                    return false;
                }
                left = folded.awaitNanos(left);
            }
            return !broken;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean foldToEnd(Duration atMost) {
        return askEnd(atMost).getAsBoolean();
    }

    @Override
    public BooleanSupplier askEnd(Duration atMost) {
        long began = System.nanoTime();
        long known =
                log.nextOffset(); // before the question: the log grows, and is read on, while the answer is on its way
        var asked =
                admin.listOffsets(Map.of(LOG_PARTITION, OffsetSpec.latest())).partitionResult(LOG_PARTITION);
        return () -> foldTo(asked, known, began, atMost);
    }

    private boolean foldTo(KafkaFuture<ListOffsetsResultInfo> asked, long known, long began, Duration atMost) {
        try {
            long end = asked.get(atMost.toMillis(), TimeUnit.MILLISECONDS).offset();
            if (end < known) {
                broken = true;
                LOG.error("the incident log is shorter than what was read of it: nothing is acted on until a restart");
                return false;
            }
            return awaitFolded(end - 1, atMost.minusNanos(System.nanoTime() - began));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException | TimeoutException e) {
            LOG.warnf("the end of the incident log is not known, so nothing is done: %s", e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        tail.close();
        producer.close(Duration.ofSeconds(3));
        admin.close(Duration.ofSeconds(1));
    }
}
