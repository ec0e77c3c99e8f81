package io.rollguard.kafka;

import static java.util.function.Predicate.not;

import io.rollguard.wire.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.common.config.TopicConfig;

/**
 * How a topic is meant to be, where a real one differs, and what that costs. What may take away an entry that a decision
 * stands on stops acting (law 5): a lock that was forgotten is taken twice, and old trouble looks new. The rest is said.
 *
 * @param brokers how many there are: with fewer than three there is nobody to replicate to
 * @param lookback how far back alerts are judged by
 * @param memory how far back what was done counts: breaker, cool-down, the firings that were answered
 */
record TopicCheck(int brokers, Duration lookback, Duration memory) {

    private static final String APPEND_TIME = "LogAppendTime";

    /** What a difference costs, in the words of docs/topics.md. */
    enum Cost {
        ENTRIES_ELSEWHERE(true, "entries outside partition 0 are read by nobody"),
        COMPACTED(true, "entries go when a newer one has their key, so locks are forgotten and old trouble looks new"),
        TOO_SHORT(true, "entries go while decisions still stand on them"),
        CUT_BY_SIZE(true, "entries of any age go when many come"),
        TAKEN_BACK(true, "an election may take back entries that were acted on"),
        ONE_IS_THE_LOG(false, "only partition 0 is the log"),
        FEWER_SHARES(false, "at most that many instances share the work"),
        SPREAD(false, "load is spread over more or fewer consumers than others were told"),
        EVENTS_MISSED(false, "who was away for long misses events"),
        EVENTS_LOST(false, "records that were told to be kept may be lost when brokers fail"),
        WRITERS_TIME(
                false,
                "a record's time is its writer's clock, and by that of the incident log go breaker, cool-down and time-outs"),
        UNCHECKED(false, "nobody has checked retention, times and safety of the topics");

        private final boolean stops;
        private final String text;

        Cost(boolean stops, String text) {
            this.stops = stops;
            this.text = text;
        }

        /** Whether nothing is acted on while it is so. */
        boolean stops() {
            return stops;
        }

        String text() {
            return text;
        }
    }

    /** One thing that is not as designed. */
    record Difference(String what, Cost cost) {
        @Override
        public String toString() {
            return what + ": " + cost.text()
                    + (cost.stops() ? ". Nothing is acted on until it is mended and Rollguard started anew" : "");
        }
    }

    /**
     * A topic as it is.
     *
     * @param entriesElsewhere whether partitions other than the first hold records
     * @param settings by name; empty where they could not be read
     */
    record Found(int partitions, int replicas, boolean entriesElsewhere, Map<String, String> settings) {
        Found {
            settings = Map.copyOf(settings);
        }
    }

    /** A topic's settings where Rollguard makes it. */
    Map<String, String> settings(Topic topic) {
        var settings = new HashMap<>(Map.of(
                TopicConfig.RETENTION_MS_CONFIG,
                Long.toString(topic.retention().toMillis()),
                TopicConfig.CLEANUP_POLICY_CONFIG,
                TopicConfig.CLEANUP_POLICY_DELETE,
                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
                APPEND_TIME,
                TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG,
                "false"));
        if (topic == Topic.INCIDENT) {
            settings.put(TopicConfig.RETENTION_BYTES_CONFIG, "-1"); // the log is never cut by size
        }
        if (brokers >= 3) {
            settings.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "2");
        }
        return settings;
    }

    short replicas() {
        return (short) Math.min(3, brokers);
    }

    List<Difference> differences(Topic topic, Found found) {
        var differences = new ArrayList<Difference>();
        if (found.partitions() != topic.partitions()) {
            var what = "%s has %d partitions, not %d".formatted(topic, found.partitions(), topic.partitions());
            differences.add(new Difference(what, partitions(topic, found)));
        }
        if (found.replicas() < replicas()) {
            var what = "%s has %d replicas, not %d".formatted(topic, found.replicas(), replicas());
            differences.add(new Difference(what, Cost.EVENTS_LOST));
        }
        settings(topic)
                .forEach((name, wanted) -> Optional.ofNullable(found.settings().get(name))
                        .filter(not(is(name, wanted)))
                        .ifPresent(value -> differences.add(new Difference(
                                "%s has %s=%s, not %s".formatted(topic, name, value, wanted),
                                cost(topic, name, value)))));
        return differences;
    }

    private static Cost partitions(Topic topic, Found found) {
        return switch (topic) {
            case INCIDENT -> found.entriesElsewhere() ? Cost.ENTRIES_ELSEWHERE : Cost.ONE_IS_THE_LOG;
            case COMMAND -> found.partitions() < topic.partitions() ? Cost.FEWER_SHARES : Cost.SPREAD;
            case ALERT, RELEASE, DEAD_LETTER -> Cost.SPREAD;
        };
    }

    /** Longer kept and more replicas in sync is as good. */
    private static Predicate<String> is(String name, String wanted) {
        return switch (name) {
            case TopicConfig.RETENTION_MS_CONFIG, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG ->
                value -> isForEver(value) || Long.parseLong(value) >= Long.parseLong(wanted);
            default -> wanted::equals;
        };
    }

    private static boolean isForEver(String retention) {
        return Long.parseLong(retention) < 0;
    }

    private Cost cost(Topic topic, String name, String value) {
        boolean decidedBy = topic == Topic.INCIDENT || topic == Topic.ALERT;
        return switch (name) {
            case TopicConfig.CLEANUP_POLICY_CONFIG -> decidedBy ? Cost.COMPACTED : Cost.EVENTS_MISSED;
            case TopicConfig.RETENTION_MS_CONFIG -> isTooShort(topic, value) ? Cost.TOO_SHORT : Cost.EVENTS_MISSED;
            case TopicConfig.RETENTION_BYTES_CONFIG -> Cost.CUT_BY_SIZE;
            case TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG ->
                topic == Topic.INCIDENT ? Cost.TAKEN_BACK : Cost.EVENTS_LOST;
            case TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG -> Cost.WRITERS_TIME;
            case TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG -> Cost.EVENTS_LOST;
            default -> throw new IllegalArgumentException("nobody says what another " + name + " costs");
        };
    }

    private boolean isTooShort(Topic topic, String retention) {
        var kept = Duration.ofMillis(Long.parseLong(retention));
        return switch (topic) {
            case INCIDENT -> kept.compareTo(memory) < 0;
            case ALERT -> kept.compareTo(lookback) < 0;
            case RELEASE, COMMAND, DEAD_LETTER -> false;
        };
    }
}
