package io.rollguard.kafka;

import io.rollguard.config.RollguardConfig;
import io.rollguard.reactor.Ownership;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.Topic;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.utils.Utils;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Who reconciles what: the assignment of the command topic's consumer group, one group a cluster. A plain consumer and no
 * channel of SmallRye's, because the assignment is all that is asked for until there are commands.
 */
@Singleton
class CommandOwnership implements Ownership {

    private static final Logger LOG = Logger.getLogger(CommandOwnership.class);

    private final Clients clients;
    private final String group;
    private final Set<Integer> assigned = new CopyOnWriteArraySet<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile @Nullable Consumer<byte[], byte[]> member;
    private volatile boolean leaving;

    /** As many as the topic has: where somebody else made it, that may differ from the design. */
    private volatile int partitions = Topic.COMMAND.partitions();

    CommandOwnership(Clients clients, RollguardConfig config) {
        this.clients = clients;
        this.group = "rollguard-reactor-" + config.cluster();
    }

    /** Takes part in the group until {@link #leave}; then says goodbye to it, so that the others take over at once. */
    void run() {
        try (var consumer = clients.member(group)) {
            member = consumer;
            consumer.subscribe(List.of(Topic.COMMAND.topicName()), new Assignment(consumer));
            while (!leaving) {
                consumer.poll(Duration.ofMillis(500));
            }
        } catch (WakeupException e) {
            if (!leaving) {
                throw e;
            }
        }
    }

    /** Lets {@link #run} end soon. */
    void leave() {
        leaving = true;
        var consumer = member;
        if (consumer != null) {
            consumer.wakeup();
        }
    }

    boolean isLeaving() {
        return leaving;
    }

    private final class Assignment implements ConsumerRebalanceListener {

        private final Consumer<byte[], byte[]> consumer;

        Assignment(Consumer<byte[], byte[]> consumer) {
            this.consumer = consumer;
        }

        /** A topic that was given more partitions is assigned anew, so this is when they are counted. */
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> added) {
            partitions = consumer.partitionsFor(Topic.COMMAND.topicName()).size();
            added.forEach(partition -> assigned.add(partition.partition()));
            tell();
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> taken) {
            taken.forEach(partition -> assigned.remove(partition.partition()));
            tell();
        }

        private void tell() {
            LOG.infof("reconciles %d of %d partitions of the workloads", assigned.size(), partitions);
            listeners.forEach(Runnable::run);
        }
    }

    /** The partition that every producer gives the workload's key, of as many as there are. */
    static int partition(WorkloadRef workload, int partitions) {
        var key = workload.toString().getBytes(StandardCharsets.UTF_8);
        return Utils.toPositive(Utils.murmur2(key)) % partitions;
    }

    /** By the partition of the workload's key, so that its commands come here too. */
    @Override
    public boolean owns(WorkloadRef workload) {
        return assigned.contains(partition(workload, partitions));
    }

    @Override
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }
}
