package io.rollguard.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The lease on what is assigned, with the time and the coordinator's answers set by the test. */
class CommandOwnershipTest {

    private static final Duration ALMOST = CommandOwnership.LEASE.minusMillis(1);
    private static final int PARTITIONS = Topic.COMMAND.partitions();

    private final Member member = new Member();
    private final List<Integer> changes = new ArrayList<>();
    private long nanos = Long.MAX_VALUE - 1; // a clock that is about to wrap around
    private boolean folds = true;
    private final CommandOwnership ownership =
            new CommandOwnership(new CommandTopic(Clients.of("nowhere:1")), () -> member, () -> folds, () -> nanos);

    @BeforeEach
    void joins() {
        ownership.onChange(() -> changes.add(owned().size()));
        ownership.join(member);
    }

    @Test
    void nothingIsOwnedBeforeTheCoordinatorHasConfirmedIt() {
        member.trouble = new TimeoutException("no answer");
        assign(0, PARTITIONS);
        assertThat(owned()).isEmpty();

        member.trouble = null;
        ownership.turn(member);

        assertThat(owned()).hasSize(PARTITIONS);
        assertThat(changes).containsExactly(PARTITIONS);
    }

    @Test
    void theLeaseRunsFromWhenTheCoordinatorWasAsked() {
        member.takes = Duration.ofSeconds(2);
        assign(0, PARTITIONS);

        sleep(ALMOST.minus(member.takes));
        assertThat(owned()).hasSize(PARTITIONS);
        sleep(Duration.ofMillis(1));

        assertThat(owned()).isEmpty();
    }

    @Test
    void theLeaseIsShorterThanTheSession() {
        assertThat(CommandOwnership.LEASE).isLessThan(CommandOwnership.SESSION);
    }

    @Test
    void aProcessThatSleptOwnsNothingUntilItIsConfirmedAnew() {
        assign(0, PARTITIONS);

        sleep(Duration.ofSeconds(60));
        assertThat(owned()).isEmpty();
        member.trouble = new CommitFailedException();
        ownership.turn(member);
        assertThat(owned()).isEmpty();
        member.trouble = null;
        ownership.turn(member);

        assertThat(owned()).hasSize(PARTITIONS);
        assertThat(changes).containsExactly(PARTITIONS, 0, PARTITIONS);
    }

    @Test
    void oneThatIsNoMemberAnyMoreOwnsNothingAtOnce() {
        assign(0, PARTITIONS);
        member.trouble = new CommitFailedException();
        sleep(Duration.ofSeconds(1));

        ownership.turn(member);

        assertThat(owned()).isEmpty();
    }

    @Test
    void duringARebalanceTheLeaseRunsOn() {
        assign(0, PARTITIONS);
        member.trouble = new RebalanceInProgressException();

        sleep(ALMOST);
        ownership.turn(member);
        assertThat(owned()).hasSize(PARTITIONS);
        sleep(Duration.ofMillis(1));
        ownership.turn(member);

        assertThat(owned()).isEmpty();
    }

    @Test
    void whatIsTakenAwayIsNotOwnedAnyMoreAndWhatIsAddedOnceConfirmed() {
        assign(0, 6);
        assertThat(owned()).containsExactly(0, 1, 2, 3, 4, 5);

        member.trouble = new TimeoutException("no answer");
        assign(3, 9);
        assertThat(owned()).containsExactly(3, 4, 5);
        member.trouble = null;
        ownership.turn(member);

        assertThat(owned()).containsExactly(3, 4, 5, 6, 7, 8);
    }

    @Test
    void nothingIsGainedBeforeTheLogIsFoldedToWhatTheOwnerBeforeWrote() {
        assign(0, 6);
        folds = false;
        assign(0, PARTITIONS);
        assertThat(owned()).containsExactly(0, 1, 2, 3, 4, 5);

        folds = true;
        ownership.turn(member);

        assertThat(owned()).hasSize(PARTITIONS);
    }

    @Test
    void itAsksEverySecondAlthoughNothingWasRead() {
        assign(0, PARTITIONS);
        int asked = member.commits.size();

        for (int turn = 0; turn < 20; turn++) {
            sleep(Duration.ofMillis(250));
            ownership.turn(member);
        }

        assertThat(member.commits).hasSize(asked + 5).noneMatch(Map::isEmpty);
        assertThat(owned()).hasSize(PARTITIONS);
    }

    private void sleep(Duration time) {
        nanos += time.toNanos();
    }

    private void assign(int from, int to) {
        var partitions = IntStream.range(from, to)
                .mapToObj(number -> new TopicPartition(Topic.COMMAND.topicName(), number))
                .toList();
        member.schedulePollTask(() -> {
            member.rebalance(partitions);
            partitions.forEach(partition -> member.seek(partition, 0));
        });
        ownership.turn(member);
    }

    /** Numbers of the partitions whose workloads it owns. */
    private List<Integer> owned() {
        return IntStream.range(0, 500)
                .mapToObj(i -> new WorkloadRef("default", "shop", Kind.ROLLOUT, "cart-" + i))
                .filter(ownership::owns)
                .map(workload -> CommandOwnership.partition(workload, PARTITIONS))
                .distinct()
                .sorted()
                .toList();
    }

    /** A member whose coordinator takes its time, or refuses. */
    private final class Member extends MockConsumer<byte[], byte[]> {

        private final List<Map<TopicPartition, OffsetAndMetadata>> commits = new ArrayList<>();
        private Duration takes = Duration.ZERO;
        private @Nullable RuntimeException trouble;

        Member() {
            super("latest");
            updatePartitions(
                    Topic.COMMAND.topicName(),
                    IntStream.range(0, PARTITIONS)
                            .mapToObj(number -> new PartitionInfo(
                                    Topic.COMMAND.topicName(), number, Node.noNode(), new Node[0], new Node[0]))
                            .toList());
        }

        @Override
        public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
            sleep(takes);
            if (trouble != null) {
                throw trouble;
            }
            commits.add(offsets);
        }
    }
}
