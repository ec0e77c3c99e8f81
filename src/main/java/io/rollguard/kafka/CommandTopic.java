package io.rollguard.kafka;

import io.rollguard.incident.Command;
import io.rollguard.reactor.Commands;
import io.rollguard.wire.CommandEvents;
import io.rollguard.wire.CommandEvents.Read;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * What people ask, over the command topic. A command is owed until it is answered; its partition's offset is committed no
 * further, so that whoever owns the workload after a crash is handed it again. Answering twice is prevented by the incident
 * log, which knows each command's id.
 */
@Singleton
class CommandTopic implements Commands {

    private static final Logger LOG = Logger.getLogger(CommandTopic.class);

    /** While so many wait for their answers, no more are read. */
    private static final int MAX_OWED = 100;

    private final Clients clients;
    private final List<Consumer<Owed>> listeners = new CopyOnWriteArrayList<>();
    private final Map<TopicPartition, TreeSet<Long>> owed = new HashMap<>();
    private @Nullable Producer<byte[], byte[]> producer;

    CommandTopic(Clients clients) {
        this.clients = clients;
    }

    // --- from people

    @Override
    public CompletionStage<?> send(Command command) {
        var sent = new CompletableFuture<Void>();
        try {
            producer().send(Records.of(CommandEvents.write(command), null), (metadata, failure) -> {
                if (failure == null) {
                    sent.complete(null);
                } else {
                    sent.completeExceptionally(failure);
                }
            });
        } catch (RuntimeException e) {
            sent.completeExceptionally(e);
        }
        return sent;
    }

    private synchronized Producer<byte[], byte[]> producer() {
        if (producer == null) {
            producer = clients.commandProducer();
        }
        return producer;
    }

    // --- to the owner

    @Override
    public void onCommand(Consumer<Owed> listener) {
        listeners.add(listener);
    }

    /** Hands on what was read. Called by the member of the group that owns the record's partition. */
    void take(ConsumerRecord<byte[], byte[]> read) {
        var partition = new TopicPartition(read.topic(), read.partition());
        switch (CommandEvents.read(Records.type(read), read.value())) {
            case Read.Asked(var command) -> {
                owes(partition, read.offset());
                var waiting = new Waiting(command, partition, read.offset());
                listeners.forEach(listener -> listener.accept(waiting));
            }
            case Read.Nothing(var problem) ->
                LOG.warnf(
                        "offset %d of partition %d of %s is passed over: %s",
                        read.offset(), read.partition(), read.topic(), problem);
        }
    }

    private synchronized void owes(TopicPartition partition, long offset) {
        owed.computeIfAbsent(partition, key -> new TreeSet<>()).add(offset);
    }

    private final class Waiting implements Owed {

        private final Command command;
        private final TopicPartition partition;
        private final long offset;

        Waiting(Command command, TopicPartition partition, long offset) {
            this.command = command;
            this.partition = partition;
            this.offset = offset;
        }

        @Override
        public Command command() {
            return command;
        }

        @Override
        public boolean isOurs() {
            synchronized (CommandTopic.this) {
                var offsets = owed.get(partition);
                return offsets != null && offsets.contains(offset);
            }
        }

        @Override
        public void answered() {
            synchronized (CommandTopic.this) {
                var offsets = owed.get(partition);
                if (offsets != null) {
                    offsets.remove(offset);
                }
            }
        }
    }

    /** Whether reading is to wait. */
    synchronized boolean isFull() {
        return owed.values().stream().mapToInt(TreeSet::size).sum() >= MAX_OWED;
    }

    /** Up to where everything is answered of a partition that was read up to {@code position}. */
    synchronized long answered(TopicPartition partition, long position) {
        var offsets = owed.get(partition);
        return offsets == null || offsets.isEmpty() ? position : offsets.first();
    }

    /** Others answer what is owed of these partitions. */
    synchronized void forget(Collection<TopicPartition> partitions) {
        partitions.forEach(owed::remove);
    }

    @PreDestroy
    synchronized void close() {
        if (producer != null) {
            producer.close(Duration.ofSeconds(2));
        }
    }
}
