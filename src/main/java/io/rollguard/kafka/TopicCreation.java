package io.rollguard.kafka;

import io.rollguard.wire.Topic;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jboss.logging.Logger;

/**
 * Creates the topics with the settings that others rely on, where it is allowed to, and says where they differ. While the
 * broker is away it keeps trying.
 */
@Singleton
class TopicCreation {

    private static final Logger LOG = Logger.getLogger(TopicCreation.class);
    private static final long RETRY_MILLIS = 500;
    private static final long ANSWER_SECONDS = 10;

    private final Clients clients;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile List<String> differences = List.of();
    private volatile String trouble = "not tried yet";

    TopicCreation(Clients clients) {
        this.clients = clients;
    }

    /** Completes once every topic exists. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** Where a topic is not as designed, for people. */
    List<String> differences() {
        return differences;
    }

    /** Why the topics are not there yet. */
    String trouble() {
        return trouble;
    }

    /** Tries until it has succeeded or is interrupted. */
    void run() {
        try {
            while (!done.isDone()) {
                try (var admin = clients.admin()) {
                    int brokers = brokers(admin);
                    create(admin, brokers);
                    differences = compare(admin, brokers);
                    differences.forEach(difference -> LOG.warnf("topic %s", difference));
                    done.complete(null);
                } catch (ExecutionException | TimeoutException | RuntimeException e) {
                    report(e);
                    Thread.sleep(RETRY_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void report(Exception e) {
        var cause = e.getCause() == null ? e : e.getCause();
        var text = cause.getClass().getSimpleName() + ": " + cause.getMessage();
        if (!text.equals(trouble)) {
            LOG.warnf("the topics can't be created or read yet, trying on: %s", text);
        }
        trouble = text;
    }

    private static int brokers(Admin admin) throws ExecutionException, TimeoutException, InterruptedException {
        return admin.describeCluster()
                .nodes()
                .get(ANSWER_SECONDS, TimeUnit.SECONDS)
                .size();
    }

    private static void create(Admin admin, int brokers)
            throws ExecutionException, TimeoutException, InterruptedException {
        var existing = admin.listTopics().names().get(ANSWER_SECONDS, TimeUnit.SECONDS);
        var missing = Arrays.stream(Topic.values())
                .filter(topic -> !existing.contains(topic.topicName()))
                .map(topic -> new NewTopic(topic.topicName(), topic.partitions(), (short) Math.min(3, brokers))
                        .configs(settings(topic, brokers)))
                .toList();
        for (var creation : admin.createTopics(missing).values().entrySet()) {
            try {
                creation.getValue().get(ANSWER_SECONDS, TimeUnit.SECONDS);
                LOG.infof("topic %s created", creation.getKey());
            } catch (ExecutionException e) {
                boolean thereNow = e.getCause() instanceof TopicExistsException; // another instance was quicker
                if (!thereNow) {
                    throw e;
                }
            }
        }
    }

    private static Map<String, String> settings(Topic topic, int brokers) {
        var settings = new HashMap<>(Map.of(
                TopicConfig.RETENTION_MS_CONFIG,
                Long.toString(topic.retention().toMillis()),
                TopicConfig.CLEANUP_POLICY_CONFIG,
                TopicConfig.CLEANUP_POLICY_DELETE,
                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
                "LogAppendTime",
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

    private static List<String> compare(Admin admin, int brokers)
            throws ExecutionException, TimeoutException, InterruptedException {
        var found = new ArrayList<String>();
        var names = Arrays.stream(Topic.values()).map(Topic::topicName).toList();
        var described = admin.describeTopics(names).allTopicNames().get(ANSWER_SECONDS, TimeUnit.SECONDS);
        for (var topic : Topic.values()) {
            int partitions = Objects.requireNonNull(described.get(topic.topicName()))
                    .partitions()
                    .size();
            if (partitions != topic.partitions()) {
                found.add("%s has %d partitions, not %d".formatted(topic, partitions, topic.partitions()));
            }
        }
        found.addAll(compareSettings(admin, names, brokers));
        return found;
    }

    /** Reading settings is a right of its own, which taking alerts in does not need. */
    private static List<String> compareSettings(Admin admin, List<String> names, int brokers)
            throws TimeoutException, InterruptedException {
        var found = new ArrayList<String>();
        Map<ConfigResource, Config> configs;
        var resources = names.stream()
                .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                .toList();
        try {
            configs = admin.describeConfigs(resources).all().get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return List.of("settings can't be read, so nobody has checked them: " + e.getMessage());
        }
        for (var topic : Topic.values()) {
            var config = Objects.requireNonNull(
                    configs.get(new ConfigResource(ConfigResource.Type.TOPIC, topic.topicName())));
            settings(topic, brokers).forEach((name, wanted) -> {
                var entry = config.get(name);
                if (entry != null && !wanted.equals(entry.value())) {
                    found.add("%s has %s=%s, not %s".formatted(topic, name, entry.value(), wanted));
                }
            });
        }
        return found;
    }
}
