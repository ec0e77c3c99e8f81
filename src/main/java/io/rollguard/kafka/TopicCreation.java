package io.rollguard.kafka;

import io.rollguard.kafka.TopicCheck.Cost;
import io.rollguard.kafka.TopicCheck.Difference;
import io.rollguard.wire.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jboss.logging.Logger;
import org.jboss.logging.Logger.Level;

/**
 * Creates the topics with the settings that others rely on, where it is allowed to, and says where they differ and
 * what that costs. While the broker is away it keeps trying.
 */
class TopicCreation {

    private static final Logger LOG = Logger.getLogger(TopicCreation.class);
    private static final long RETRY_MILLIS = 500;
    private static final long ANSWER_SECONDS = 10;

    private final Clients clients;
    private final Duration lookback;
    private final Duration memory;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile List<Difference> differences = List.of();
    private volatile String trouble = "not tried yet";

    /**
     * @param lookback how far back alerts are judged by
     * @param memory how far back what was done counts
     */
    TopicCreation(Clients clients, Duration lookback, Duration memory) {
        this.clients = clients;
        this.lookback = lookback;
        this.memory = memory;
    }

    /** Completes once every topic exists. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** Where a topic is not as designed; known once {@link #done}. */
    List<Difference> differences() {
        return differences;
    }

    /** Of those, what may take away what decisions stand on. */
    List<Difference> stops() {
        return differences.stream()
                .filter(difference -> difference.cost().stops())
                .toList();
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
                    var check = new TopicCheck(brokers(admin), lookback, memory);
                    create(admin, check);
                    differences = compare(admin, check);
                    differences.forEach(
                            difference -> LOG.log(difference.cost().stops() ? Level.ERROR : Level.WARN, difference));
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

    private static void create(Admin admin, TopicCheck check)
            throws ExecutionException, TimeoutException, InterruptedException {
        var existing = admin.listTopics().names().get(ANSWER_SECONDS, TimeUnit.SECONDS);
        var missing = Arrays.stream(Topic.values())
                .filter(topic -> !existing.contains(topic.topicName()))
                .map(topic -> new NewTopic(topic.topicName(), topic.partitions(), check.replicas())
                        .configs(check.settings(topic)))
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

    private static List<Difference> compare(Admin admin, TopicCheck check)
            throws ExecutionException, TimeoutException, InterruptedException {
        var names = Arrays.stream(Topic.values()).map(Topic::topicName).toList();
        var described = admin.describeTopics(names).allTopicNames().get(ANSWER_SECONDS, TimeUnit.SECONDS);
        var settings = settings(admin, names);
        var found = new ArrayList<Difference>();
        for (var topic : Topic.values()) {
            var description = Objects.requireNonNull(described.get(topic.topicName()));
            found.addAll(check.differences(
                    topic,
                    new TopicCheck.Found(
                            description.partitions().size(),
                            description.partitions().stream()
                                    .mapToInt(partition -> partition.replicas().size())
                                    .min()
                                    .orElse(0),
                            hasEntriesElsewhere(admin, description),
                            settings.map(all -> all.get(topic.topicName())).orElse(Map.of()))));
        }
        if (settings.isEmpty()) {
            found.add(new Difference("the right DescribeConfigs is missing", Cost.UNCHECKED));
        }
        return List.copyOf(found);
    }

    private static boolean hasEntriesElsewhere(Admin admin, TopicDescription topic)
            throws ExecutionException, TimeoutException, InterruptedException {
        var others = new HashMap<TopicPartition, OffsetSpec>();
        if (topic.name().equals(Topic.INCIDENT.topicName())) {
            topic.partitions().stream()
                    .filter(each -> each.partition() != IncidentJournal.PARTITION)
                    .forEach(each ->
                            others.put(new TopicPartition(topic.name(), each.partition()), OffsetSpec.latest()));
        }
        return admin.listOffsets(others).all().get(ANSWER_SECONDS, TimeUnit.SECONDS).values().stream()
                .anyMatch(end -> end.offset() > 0);
    }

    /** By topic; empty where reading them, a right of its own which taking alerts in does not need, is not allowed. */
    private static Optional<Map<String, Map<String, String>>> settings(Admin admin, List<String> names)
            throws ExecutionException, TimeoutException, InterruptedException {
        var resources = names.stream()
                .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                .toList();
        try {
            var configs = admin.describeConfigs(resources).all().get(ANSWER_SECONDS, TimeUnit.SECONDS);
            var settings = new HashMap<String, Map<String, String>>();
            configs.forEach((topic, config) -> settings.put(
                    topic.name(),
                    config.entries().stream()
                            .filter(entry -> entry.value() != null)
                            .collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value))));
            return Optional.of(settings);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
