package io.rollguard.kafka;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toUnmodifiableSet;

import io.rollguard.reactor.Ownership;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.Topic;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.utils.Utils;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Who reconciles what: the assignment of the command topic's consumer group, one group a cluster. The commands that are read
 * with it go to {@link CommandTopic}. A plain consumer and no channel of SmallRye's, because the assignment decides.
 *
 * <p>What is assigned is owned on a lease (ADR 009). The group's coordinator takes a commit from members of the present
 * generation only, and as a heartbeat too: from then on it gives the member's partitions to nobody else for a session
 * time-out. So a process that slept, or one that Kafka does not hear, owns nothing until a commit goes through again; and
 * nothing new until it has folded what the owner before it wrote to the incident log.
 */
@Singleton
class CommandOwnership implements Ownership {

    private static final Logger LOG = Logger.getLogger(CommandOwnership.class);

    /** How long a member that is not heard of keeps its partitions. */
    static final Duration SESSION = Duration.ofSeconds(6);

    /** Shorter than the session, so that what is sent at its end arrives before anybody else begins. */
    static final Duration LEASE = SESSION.minusSeconds(1);

    private static final Duration RENEWAL = Duration.ofSeconds(1);
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration REQUEST = Duration.ofSeconds(2);

    private final CommandTopic commands;
    private final Supplier<Consumer<byte[], byte[]>> members;
    private final BooleanSupplier foldsToEnd;
    private final LongSupplier nanoTime;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile @Nullable Consumer<byte[], byte[]> member;
    private volatile boolean leaving;

    /** As many as the topic has: where somebody else made it, that may differ from the design. */
    private volatile int partitions = Topic.COMMAND.partitions();

    private volatile Set<Integer> leased = Set.of();
    private volatile long leasedUntil;

    private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
    private Set<Integer> told = Set.of();
    private long askedAt;

    @Inject
    CommandOwnership(Group group, CommandTopic commands, IncidentJournal incidents) {
        this(commands, group::member, () -> incidents.foldToEnd(REQUEST), System::nanoTime);
    }

    /**
     * @param foldsToEnd whether the incident log could be folded to its end
     * @param nanoTime a clock that only goes forward, as {@link System#nanoTime}
     */
    CommandOwnership(
            CommandTopic commands,
            Supplier<Consumer<byte[], byte[]>> members,
            BooleanSupplier foldsToEnd,
            LongSupplier nanoTime) {
        this.commands = commands;
        this.members = members;
        this.foldsToEnd = foldsToEnd;
        this.nanoTime = nanoTime;
        endLease();
    }

    /**
     * Takes part in the group until {@link #leave}, or as long as this holds; then says goodbye to it, so that the others take
     * over at once.
     */
    void run(BooleanSupplier goesOn) {
        try (var consumer = members.get()) {
            member = consumer;
            join(consumer);
            while (!leaving && goesOn.getAsBoolean()) {
                turn(consumer);
            }
        } catch (WakeupException e) {
            if (!leaving) {
                throw e;
            }
        } finally {
            endLease();
            tellChange();
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

    void join(Consumer<byte[], byte[]> consumer) {
        committed.clear();
        consumer.subscribe(List.of(Topic.COMMAND.topicName()), new Assignment(consumer));
    }

    /** One round. The lease bounds how long it may take. */
    void turn(Consumer<byte[], byte[]> consumer) {
        consumer.poll(POLL).forEach(commands::take); // before the next commit, which must not pass what is owed
        boolean due = nanoTime.getAsLong() - askedAt >= RENEWAL.toNanos();
        if (due || !isLeased() || !leased.equals(numbers(consumer.assignment()))) {
            renewLease(consumer);
        }
        tellChange();
        if (commands.isFull()) {
            consumer.pause(consumer.assignment());
        } else {
            consumer.resume(consumer.paused());
        }
    }

    private static Set<Integer> numbers(Collection<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::partition).collect(toUnmodifiableSet());
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
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> taken) {
            committed.keySet().removeAll(taken);
            commands.forget(taken);
            var left = numbers(taken);
            leased = leased.stream().filter(each -> !left.contains(each)).collect(toUnmodifiableSet());
        }
    }

    // --- the lease

    private void renewLease(Consumer<byte[], byte[]> consumer) {
        askedAt = nanoTime.getAsLong();
        var assigned = numbers(consumer.assignment());
        try {
            if (!assigned.isEmpty()) {
                var offsets = offsetsToCommit(consumer);
                consumer.commitSync(offsets, REQUEST);
                committed.putAll(offsets);
            }
            boolean gains = !isLeased() || !leased.containsAll(assigned);
            if (gains && !foldsToEnd.getAsBoolean()) {
                return;
            }
            leased = assigned;
            leasedUntil = askedAt + LEASE.toNanos();
        } catch (CommitFailedException e) {
            endLease(); // no member any more: the next poll joins anew
        } catch (RebalanceInProgressException | TimeoutException e) {
            LOG.debugf("the lease on %s is not renewed: %s", assigned, e.getMessage());
        }
    }

    /** As far as commands are answered where that moved on; else any one of them, since it is the asking that counts. */
    private Map<TopicPartition, OffsetAndMetadata> offsetsToCommit(Consumer<byte[], byte[]> consumer) {
        var answered = consumer.assignment().stream()
                .collect(toMap(
                        each -> each,
                        each -> new OffsetAndMetadata(commands.answered(each, consumer.position(each, REQUEST)))));
        var moved = new HashMap<>(answered);
        moved.entrySet().removeAll(committed.entrySet());
        return moved.isEmpty()
                ? answered.entrySet().stream().limit(1).collect(toMap(Map.Entry::getKey, Map.Entry::getValue))
                : moved;
    }

    private void endLease() {
        leasedUntil = nanoTime.getAsLong();
    }

    private boolean isLeased() {
        return nanoTime.getAsLong() - leasedUntil < 0;
    }

    private void tellChange() {
        var owned = isLeased() ? leased : Set.<Integer>of();
        if (owned.equals(told)) {
            return;
        }
        told = owned;
        if (owned.isEmpty() && !leased.isEmpty() && !leaving) {
            LOG.warn(
                    "Kafka did not confirm in time that this instance takes part: it reconciles nothing until it does");
        } else {
            LOG.infof("reconciles %d of %d partitions of the workloads", owned.size(), partitions);
        }
        listeners.forEach(Runnable::run);
    }

    /** The partition that every producer gives the workload's key, of as many as there are. */
    static int partition(WorkloadRef workload, int partitions) {
        var key = workload.toString().getBytes(StandardCharsets.UTF_8);
        return Utils.toPositive(Utils.murmur2(key)) % partitions;
    }

    /** By the partition of the workload's key, so that its commands come here too. */
    @Override
    public boolean owns(WorkloadRef workload) {
        return isLeased() && leased.contains(partition(workload, partitions));
    }

    @Override
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }
}
