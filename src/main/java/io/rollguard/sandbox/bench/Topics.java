package io.rollguard.sandbox.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** Topics as a benchmark looks at them. */
final class Topics {

    static final String ALERT = "rollguard.alert.v1";
    static final String INCIDENT = "rollguard.incident.v1";

    private Topics() {}

    /** Makes another topic with as many partitions and the same settings. */
    static void createLike(Admin admin, String topic, String other) throws InterruptedException, ExecutionException {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        var settings = new HashMap<String, String>();
        Objects.requireNonNull(
                        admin.describeConfigs(List.of(resource)).all().get().get(resource))
                .entries()
                .stream()
                .filter(entry -> !entry.isDefault())
                .forEach(entry -> settings.put(entry.name(), entry.value()));
        admin.createTopics(List.of(new NewTopic(other, partitions(admin, topic), (short) 1).configs(settings)))
                .all()
                .get();
    }

    static int partitions(Admin admin, String topic) throws InterruptedException, ExecutionException {
        return Objects.requireNonNull(admin.describeTopics(List.of(topic))
                        .allTopicNames()
                        .get()
                        .get(topic))
                .partitions()
                .size();
    }

    static long records(Admin admin, String topic) throws InterruptedException, ExecutionException {
        var ends = new HashMap<TopicPartition, OffsetSpec>();
        IntStream.range(0, partitions(admin, topic))
                .forEach(partition -> ends.put(new TopicPartition(topic, partition), OffsetSpec.latest()));
        return admin.listOffsets(ends).all().get().values().stream()
                .mapToLong(end -> end.offset())
                .sum();
    }
}
