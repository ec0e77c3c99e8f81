package io.rollguard.wire;

import java.time.Duration;

/** The topics: name, partitions, and how long entries are kept (design, section 4). Others rely on all three. */
public enum Topic {
    /** Every delivery of every alert; key {@code cluster/fingerprint}. */
    ALERT("rollguard.alert.v1", 12, Duration.ofDays(7)),
    /** What releases do; key is the workload. */
    RELEASE("rollguard.release.v1", 12, Duration.ofDays(30)),
    /** The incident log: one partition, so one order; key is the incident. */
    INCIDENT("rollguard.incident.v1", 1, Duration.ofDays(90)),
    /** What people asked for; key is the workload. Its consumer group decides which instance reconciles what. */
    COMMAND("rollguard.command.v1", 12, Duration.ofDays(7)),
    /** What could not be read, raw. */
    DEAD_LETTER("rollguard.dead-letter.v1", 1, Duration.ofDays(14));

    private final String topicName;
    private final int partitions;
    private final Duration retention;

    Topic(String topicName, int partitions, Duration retention) {
        this.topicName = topicName;
        this.partitions = partitions;
        this.retention = retention;
    }

    public String topicName() {
        return topicName;
    }

    public int partitions() {
        return partitions;
    }

    public Duration retention() {
        return retention;
    }

    @Override
    public String toString() {
        return topicName;
    }
}
