package io.rollguard.kafka;

import io.rollguard.wire.Topic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Makes the plain clients of one broker. Every record is acknowledged by all in-sync replicas, none waits for company
 * (Kafka 4 lingers 5 ms by default), and no client waits long for a broker that is away.
 *
 * @param common bootstrap servers, security and whatever else {@code kafka.*} says
 */
record Clients(Map<String, Object> common) {

    /** Records that a reader is handed at once; as many mean that more are there. */
    static final int MAX_POLL = 2_000;

    Clients {
        common = Map.copyOf(common);
    }

    static Clients of(String bootstrapServers) {
        return new Clients(Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
    }

    /** For the answer to a sender: known within 2.5 s, so that it comes before the sender gives up. */
    Producer<byte[], byte[]> ingestProducer() {
        return producer("rollguard-ingest", 500, 1_500, 2_500);
    }

    /** For the incident log: an entry that is not known to be there after 5 s is nothing to act on. */
    Producer<byte[], byte[]> journalProducer() {
        return producer("rollguard-journal", 2_000, 2_000, 5_000);
    }

    /** For what people ask: they wait for the answer. */
    Producer<byte[], byte[]> commandProducer() {
        return producer("rollguard-commands", 2_000, 2_000, 5_000);
    }

    private Producer<byte[], byte[]> producer(String id, int maxBlock, int request, int delivery) {
        var config = config(id);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, maxBlock);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, request);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, delivery);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * Without a group: it reads the partitions that it is told, and where it stands is its own business.
     *
     * @param number of several of one topic, from 0
     */
    Consumer<byte[], byte[]> reader(Topic topic, int number) {
        var config = config("rollguard-read-" + topic.topicName() + (number == 0 ? "" : "-" + number));
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL);
        config.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
        config.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 10_000);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** A member of a group whose assignment tells who does what. */
    Consumer<byte[], byte[]> member(String group) {
        var config = config("rollguard-member");
        config.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        // an old command expires, a new one must not be missed
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, (int) CommandOwnership.SESSION.toMillis());
        config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1_500);
        config.put(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                List.of(CooperativeStickyAssignor.class.getName()));
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    Admin admin() {
        var config = config("rollguard-admin");
        config.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, 2_000);
        config.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, 3_000);
        return Admin.create(config);
    }

    private Map<String, Object> config(String clientId) {
        var config = new HashMap<>(common);
        config.put(CommonClientConfigs.CLIENT_ID_CONFIG, clientId);
        config.put(CommonClientConfigs.RECONNECT_BACKOFF_MS_CONFIG, 50);
        config.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
        return config;
    }

    /** What {@code kafka.*} holds may be secret. */
    @Override
    public String toString() {
        return "Clients[" + common.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG) + "]";
    }
}
