package io.rollguard.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.rollguard.kafka.TopicCheck.Cost;
import io.rollguard.kafka.TopicCheck.Difference;
import io.rollguard.kafka.TopicCheck.Found;
import io.rollguard.wire.Topic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What of a topic is told, and what stops acting. */
class TopicCheckTest {

    private static final Duration LOOKBACK = Duration.ofHours(24);
    private static final Duration MEMORY = Duration.ofHours(36);
    private static final TopicCheck CHECK = new TopicCheck(3, LOOKBACK, MEMORY);

    @ParameterizedTest
    @EnumSource(Topic.class)
    void aTopicAsRollguardMakesItHasNoDifference(Topic topic) {
        for (var check : List.of(CHECK, new TopicCheck(1, LOOKBACK, MEMORY))) {
            assertThat(check.differences(
                            topic, new Found(topic.partitions(), check.replicas(), false, check.settings(topic))))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "INCIDENT,  cleanup.policy,                 compact,        COMPACTED",
        "INCIDENT,  cleanup.policy,                 'compact,delete', COMPACTED",
        "ALERT,     cleanup.policy,                 compact,        COMPACTED",
        "RELEASE,   cleanup.policy,                 compact,        EVENTS_MISSED",
        "INCIDENT,  retention.ms,                   129599999,      TOO_SHORT",
        "INCIDENT,  retention.ms,                   129600000,      EVENTS_MISSED",
        "ALERT,     retention.ms,                   86399999,       TOO_SHORT",
        "ALERT,     retention.ms,                   86400000,       EVENTS_MISSED",
        "COMMAND,   retention.ms,                   1,              EVENTS_MISSED",
        "INCIDENT,  retention.bytes,                1073741824,     CUT_BY_SIZE",
        "INCIDENT,  unclean.leader.election.enable, true,           TAKEN_BACK",
        "ALERT,     unclean.leader.election.enable, true,           EVENTS_LOST",
        "INCIDENT,  message.timestamp.type,         CreateTime,     WRITERS_TIME",
        "ALERT,     min.insync.replicas,            1,              EVENTS_LOST",
    })
    void aSettingHasItsCost(Topic topic, String name, String value, Cost cost) {
        assertThat(with(topic, name, value))
                .extracting(Difference::what, Difference::cost)
                .containsExactly(tuple(
                        "%s has %s=%s, not %s"
                                .formatted(
                                        topic,
                                        name,
                                        value,
                                        CHECK.settings(topic).get(name)),
                        cost));
    }

    @ParameterizedTest
    @CsvSource({
        "INCIDENT, retention.ms,        -1",
        "INCIDENT, retention.ms,        7776000001",
        "ALERT,    min.insync.replicas, 3",
        "ALERT,    retention.bytes,     1",
        "ALERT,    segment.ms,          1",
    })
    void whatIsAsGoodOrNobodysBusinessIsNotTold(Topic topic, String name, String value) {
        assertThat(with(topic, name, value)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "INCIDENT,    3,  false, ONE_IS_THE_LOG",
        "INCIDENT,    3,  true,  ENTRIES_ELSEWHERE",
        "COMMAND,     5,  false, FEWER_SHARES",
        "COMMAND,     24, false, SPREAD",
        "ALERT,       1,  false, SPREAD",
        "DEAD_LETTER, 2,  false, SPREAD",
    })
    void partitionsHaveTheirCost(Topic topic, int partitions, boolean elsewhere, Cost cost) {
        var found = new Found(partitions, 3, elsewhere, CHECK.settings(topic));

        assertThat(CHECK.differences(topic, found)).extracting(Difference::cost).containsExactly(cost);
    }

    @Test
    void fewerReplicasThanThereCouldBeAreTold() {
        var topic = Topic.ALERT;

        assertThat(CHECK.differences(topic, new Found(12, 2, false, CHECK.settings(topic))))
                .extracting(Difference::toString)
                .containsExactly("rollguard.alert.v1 has 2 replicas, not 3: " + Cost.EVENTS_LOST.text());
    }

    @Test
    void settingsThatCouldNotBeReadAreNotTakenForWrongOnes() {
        assertThat(CHECK.differences(Topic.INCIDENT, new Found(1, 3, false, Map.of())))
                .isEmpty();
    }

    @Test
    void whatStopsActingSaysSo() {
        assertThat(new Difference("a", Cost.COMPACTED).toString()).contains("Nothing is acted on");
        assertThat(new Difference("a", Cost.SPREAD).toString()).doesNotContain("acted on");
        assertThat(Stream.of(Cost.values()).filter(Cost::stops))
                .containsExactlyElementsOf(EnumSet.of(
                        Cost.ENTRIES_ELSEWHERE, Cost.COMPACTED, Cost.TOO_SHORT, Cost.CUT_BY_SIZE, Cost.TAKEN_BACK));
    }

    @Test
    void thePageHasEveryCostAndWhetherItStopsActing() throws IOException {
        var listed = new ArrayList<String>();
        for (var line : Files.readAllLines(Path.of("docs/topics.md"))) {
            var cells = line.split(" *\\| *");
            if (cells.length == 4 && (cells[3].equals("stops") || cells[3].equals("is said"))) {
                listed.add(cells[2] + " " + cells[3].equals("stops"));
            }
        }

        assertThat(listed)
                .containsExactlyElementsOf(Arrays.stream(Cost.values())
                        .map(cost -> cost.text() + " " + cost.stops())
                        .toList());
    }

    private static List<Difference> with(Topic topic, String name, String value) {
        var settings = new HashMap<>(CHECK.settings(topic));
        settings.put(name, value);
        return CHECK.differences(topic, new Found(topic.partitions(), 3, false, settings));
    }
}
