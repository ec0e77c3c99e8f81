package io.rollguard.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.rollguard.incident.IncidentLog;
import io.rollguard.kafka.TopicCheck.Cost;
import io.rollguard.kafka.TopicCheck.Difference;
import io.rollguard.reactor.Cluster;
import io.rollguard.wire.SampleEvents;
import io.rollguard.wire.Topic;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.eclipse.microprofile.health.HealthCheck;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Topics that somebody else made, on a real broker: what is found at start, and whether the incident log may be acted on. */
class TopicsAtStartTest {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration DAY = Duration.ofDays(1);

    private static TestBroker broker;
    private static Clients clients;
    private static Admin admin;

    @BeforeAll
    static void start() {
        broker = TestBroker.start();
        clients = Clients.of(broker.bootstrapServers());
        admin = clients.admin();
    }

    @AfterEach
    void nothingIsThereAgain() throws Exception {
        var names = Arrays.stream(Topic.values()).map(Topic::topicName).toList();
        admin.deleteTopics(names).all().get();
        awaitTrue(() -> Collections.disjoint(
                admin.listTopics()
                        .names()
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join(),
                names));
    }

    @AfterAll
    static void stop() {
        admin.close();
        broker.close();
    }

    @Test
    void aTopicThatOnlyDiffersIsToldAndUsed() throws Exception {
        make(Topic.INCIDENT, 3, Map.of());

        try (var service = new Started()) {
            assertThat(service.topics.stops()).isEmpty();
            assertThat(service.topics.differences())
                    .extracting(Difference::cost)
                    .containsOnlyOnce(Cost.ONE_IS_THE_LOG, Cost.EVENTS_MISSED, Cost.WRITERS_TIME)
                    .hasSize(3);
            assertThat(service.ready())
                    .contains("rollguard.incident.v1 has 3 partitions, not 1: " + Cost.ONE_IS_THE_LOG.text());
            assertThat(service.mayAct()).isTrue();
        }
    }

    @Test
    void whatMayLoseEntriesStopsActingUntilItIsMended() throws Exception {
        make(Topic.INCIDENT, 1, Map.of("cleanup.policy", "compact", "unclean.leader.election.enable", "true"));
        make(Topic.ALERT, 12, Map.of("retention.ms", "3600000"));

        try (var service = new Started()) {
            assertThat(service.topics.stops())
                    .extracting(Difference::cost)
                    .containsExactlyInAnyOrder(Cost.COMPACTED, Cost.TAKEN_BACK, Cost.TOO_SHORT);
            assertThat(service.mayAct()).isFalse();
            assertThat(service.whole()).contains("cleanup.policy=compact").contains("retention.ms=3600000");
        }

        set(Topic.INCIDENT, "cleanup.policy", "delete");
        set(Topic.INCIDENT, "unclean.leader.election.enable", "false");
        set(Topic.ALERT, "retention.ms", Long.toString(DAY.toMillis()));

        try (var service = new Started()) {
            assertThat(service.topics.stops()).isEmpty();
            assertThat(service.mayAct()).isTrue();
            assertThat(service.whole()).doesNotContain("stops");
        }
    }

    @Test
    void entriesThatNobodyReadsStopActing() throws Exception {
        make(Topic.INCIDENT, 3, Map.of());
        try (var producer = clients.journalProducer()) {
            producer.send(Records.of(SampleEvents.incident().getFirst(), 2)).get();
        }

        try (var service = new Started()) {
            assertThat(service.topics.stops()).extracting(Difference::cost).containsExactly(Cost.ENTRIES_ELSEWHERE);
            assertThat(service.mayAct()).isFalse();
        }
    }

    // --- what tests say

    private void make(Topic topic, int partitions, Map<String, String> settings) throws Exception {
        var all = new HashMap<>(Map.of("retention.bytes", "-1"));
        all.putAll(settings);
        admin.createTopics(List.of(new NewTopic(topic.topicName(), partitions, (short) 1).configs(all)))
                .all()
                .get();
    }

    private void set(Topic topic, String name, String value) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.topicName());
        admin.incrementalAlterConfigs(
                        Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(name, value), OpType.SET))))
                .all()
                .get();
    }

    /** The Kafka side of an instance, started as the service starts it, without a cluster. */
    private final class Started implements AutoCloseable {

        final TopicCreation topics = new TopicCreation(clients, DAY, DAY);
        private final AlertReader alerts = new AlertReader(clients, "default", DAY, Clock.systemUTC());
        private final IncidentJournal incidents = new IncidentJournal(
                clients, "default", new IncidentLog.Limits(5, Duration.ofMinutes(15), Duration.ofMinutes(15)));
        private final BrokerWatch watch = new BrokerWatch(clients);
        private final AckedLog log = new AckedLog(clients, watch::wake);
        private final KafkaLifecycle lifecycle = new KafkaLifecycle(
                topics,
                alerts,
                incidents,
                noCluster(),
                new Group(clients, "nobody"),
                new CommandOwnership(
                        new CommandTopic(clients), () -> clients.member("nobody"), () -> true, System::nanoTime),
                log,
                watch);

        Started() throws Exception {
            lifecycle.start(new StartupEvent());
            topics.done().get(SOON.toSeconds(), TimeUnit.SECONDS);
            awaitTrue(alerts::isWhole);
        }

        /** What the reactor asks before it decides, and again before it acts. */
        boolean mayAct() {
            boolean folded = incidents.foldToEnd(SOON);
            if (folded) {
                awaitTrue(incidents::isWhole);
            } else {
                assertThat(incidents.isWhole()).isFalse();
            }
            return folded;
        }

        String ready() {
            return data(new KafkaHealth(topics, log, watch));
        }

        String whole() {
            return data(new TablesHealth(alerts, incidents, topics));
        }

        private String data(HealthCheck check) {
            return check.call().getData().orElseThrow().toString();
        }

        @Override
        public void close() {
            lifecycle.stop(new ShutdownEvent());
            log.close();
            alerts.close();
            incidents.close();
        }
    }

    /** One that is never whole, so that nobody joins the group. */
    private static Cluster noCluster() {
        return (Cluster) Proxy.newProxyInstance(
                Cluster.class.getClassLoader(), new Class<?>[] {Cluster.class}, (proxy, method, arguments) -> false);
    }

    private static void awaitTrue(BooleanSupplier condition) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(until);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
