package io.rollguard.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.AlertHistory;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.IncidentLog;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.wire.DurableLog.Receipt;
import io.rollguard.wire.Events;
import io.rollguard.wire.ReceivedAlert;
import io.rollguard.wire.Topic;
import io.rollguard.wire.WebhookBody;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Topics, alert table and incident log against a real broker. */
class RealBrokerTest {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration DAY = Duration.ofDays(1);
    private static final IncidentLog.Limits LIMITS =
            new IncidentLog.Limits(5, Duration.ofMinutes(15), Duration.ofMinutes(15));

    private static TestBroker broker;
    private static Clients clients;
    private static TopicCreation topics;

    @BeforeAll
    static void start() {
        broker = TestBroker.start();
        clients = Clients.of(broker.bootstrapServers());
        topics = new TopicCreation(clients, DAY, DAY);
        topics.run();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    // --- topics

    @Test
    void topicsAreMadeWithTheirSettings() throws Exception {
        assertThat(topics.done()).isCompleted();
        assertThat(topics.differences()).isEmpty();

        try (var admin = clients.admin()) {
            for (var topic : Topic.values()) {
                var description = admin.describeTopics(List.of(topic.topicName()))
                        .topicNameValues()
                        .get(topic.topicName())
                        .get();
                assertThat(description.partitions()).as(topic.topicName()).hasSize(topic.partitions());
                assertThat(setting(admin, topic, "message.timestamp.type")).isEqualTo("LogAppendTime");
                assertThat(setting(admin, topic, "retention.ms"))
                        .isEqualTo(Long.toString(topic.retention().toMillis()));
                assertThat(setting(admin, topic, "unclean.leader.election.enable"))
                        .isEqualTo("false");
            }
        }
    }

    private static String setting(Admin admin, Topic topic, String name) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.topicName());
        return admin.describeConfigs(List.of(resource))
                .all()
                .get()
                .get(resource)
                .get(name)
                .value();
    }

    // --- alerts

    @Test
    void whatIsAcknowledgedIsInTheTableOfOneWhoStartsLater() throws Exception {
        var cluster = unique();
        try (var log = new AckedLog(clients, () -> {})) {
            assertThat(keep(log, cluster, alert("Early", ""))).isEqualTo(new Receipt.Kept());
            assertThat(keep(log, cluster, alert("Foreign", ",\"cluster\":\"another\"")))
                    .isEqualTo(new Receipt.Kept());

            try (var reader = new AlertReader(clients, cluster, Duration.ofHours(1), Clock.systemUTC())) {
                var heard = new LinkedBlockingQueue<AlertHistory>();
                reader.onChange(heard::add);
                reader.start();
                assertThat(heard.poll(SOON.toSeconds(), TimeUnit.SECONDS)
                                .latest()
                                .name())
                        .isEqualTo("Early");
                keep(log, cluster, alert("Late", ""));

                assertThat(heard.poll(SOON.toSeconds(), TimeUnit.SECONDS)
                                .latest()
                                .name())
                        .isEqualTo("Late");
                awaitTrue(reader::isWhole);
                assertThat(reader.table().all())
                        .extracting(each -> each.latest().name())
                        .containsExactlyInAnyOrder("Early", "Late");
            }
        }
    }

    @Test
    void aRecordThatIsNoAlertIsCountedAndPassedOver() throws Exception {
        var cluster = unique();
        try (var reader = new AlertReader(clients, cluster, Duration.ofHours(1), Clock.systemUTC());
                var log = new AckedLog(clients, () -> {});
                var raw = clients.ingestProducer()) {
            var heard = new LinkedBlockingQueue<AlertHistory>();
            reader.onChange(heard::add);
            raw.send(new ProducerRecord<>(Topic.ALERT.topicName(), bytes("x"), bytes("{}")))
                    .get();
            reader.start();
            keep(log, cluster, alert("Good", ""));

            assertThat(heard.poll(SOON.toSeconds(), TimeUnit.SECONDS).latest().name())
                    .isEqualTo("Good");
            awaitTrue(() -> reader.unreadable() > 0);
        }
    }

    @Test
    void aRecordOverTheLimitIsToldApartFromTrouble() {
        try (var log = new AckedLog(clients, () -> {})) {
            var huge = alert("Huge", "")
                    .replace("\"annotations\":{}", "\"annotations\":{\"a\":\"" + "x".repeat(1_100_000) + "\"}");

            assertThat(keep(log, unique(), huge)).isEqualTo(new Receipt.TooLarge());
        }
    }

    // --- the incident log

    @Test
    void anEntryIsFoldedByEveryInstanceAtTheBrokersTime() throws Exception {
        try (var one = new IncidentJournal(clients, "default", LIMITS);
                var other = new IncidentJournal(clients, "default", LIMITS)) {
            one.start();
            other.start();
            var changes = new LinkedBlockingQueue<Incident>();
            other.onChange(changes::add);
            var event = event(new Step.Accepted("asked"));

            long offset = one.append(event).toCompletableFuture().get(20, TimeUnit.SECONDS);

            assertThat(one.awaitFolded(offset, SOON)).isTrue();
            assertThat(other.awaitFolded(offset, SOON)).isTrue();
            var incident = one.log().find(event.incident()).orElseThrow();
            assertThat(incident.version()).isEqualTo(1);
            assertThat(other.log().find(event.incident())).contains(incident);
            assertThat(incident.changedAt()).isAfter(event.at()); // the event's own clock is an hour behind
            Incident changed;
            do {
                changed = changes.poll(20, TimeUnit.SECONDS);
            } while (changed != null && !changed.equals(incident));
            assertThat(changed).isEqualTo(incident);
        }
    }

    @Test
    void entriesKeepTheOrderOfTheCallsAndTheEndIsReached() throws Exception {
        try (var journal = new IncidentJournal(clients, "default", LIMITS);
                var late = new IncidentJournal(clients, "default", LIMITS)) {
            var event = event(new Step.Cured());
            long last = -1;
            for (int i = 0; i < 50; i++) {
                long offset = journal.append(event).toCompletableFuture().get(20, TimeUnit.SECONDS);
                assertThat(offset).isGreaterThan(last);
                last = offset;
            }
            late.start();

            assertThat(late.foldToEnd(SOON)).isTrue();

            assertThat(late.log().nextOffset()).isGreaterThan(last);
            assertThat(late.log().find(event.incident()).orElseThrow().version())
                    .isEqualTo(50);
            awaitTrue(late::isWhole);
        }
    }

    /** The log grows, and is read, while the question for its end is under way: that is no log that got shorter. */
    @Test
    void theEndIsReachedWhileOthersWrite() throws Exception {
        try (var journal = new IncidentJournal(clients, "default", LIMITS)) {
            journal.start();
            var event = event(new Step.Cured());
            var asked = new AtomicBoolean();
            var writer = Thread.ofVirtual().start(() -> {
                while (!asked.get()) {
                    journal.append(event).toCompletableFuture().join();
                }
            });
            try {
                for (int i = 0; i < 200; i++) {
                    assertThat(journal.foldToEnd(SOON)).isTrue();
                }
            } finally {
                asked.set(true);
                writer.join();
            }
        }
    }

    @Test
    void whatAnotherClusterWroteIsPassedOver() throws Exception {
        try (var ours = new IncidentJournal(clients, "default", LIMITS);
                var theirs = new IncidentJournal(clients, "default-2", LIMITS)) {
            ours.start();
            theirs.start();
            var event = event(new Step.Cured());

            long offset = ours.append(event).toCompletableFuture().get(20, TimeUnit.SECONDS);

            assertThat(ours.awaitFolded(offset, SOON)).isTrue();
            assertThat(theirs.awaitFolded(offset, SOON)).isTrue();
            assertThat(ours.log().find(event.incident())).isPresent();
            assertThat(theirs.log().all()).isEmpty();
        }
    }

    @Test
    void whatIsNotFoldedInTimeIsNotWaitedForForEver() {
        try (var journal = new IncidentJournal(clients, "default", LIMITS)) {
            journal.start();

            assertThat(journal.awaitFolded(Long.MAX_VALUE, Duration.ofMillis(50)))
                    .isFalse();
        }
    }

    // --- trouble; last, with a broker of its own

    @Test
    void withoutABrokerNothingIsKeptAndEverythingComesBack() throws Exception {
        try (var own = TestBroker.start()) {
            var ownClients = Clients.of(own.bootstrapServers());
            new TopicCreation(ownClients, DAY, DAY).run();
            var watch = new BrokerWatch(ownClients);
            try (var log = new AckedLog(ownClients, watch::wake);
                    var journal = new IncidentJournal(ownClients, "default", LIMITS)) {
                var watching = Thread.ofVirtual().start(() -> watch.run(log));
                journal.start();
                assertThat(keep(log, "c", alert("Before", ""))).isEqualTo(new Receipt.Kept());
                awaitTrue(journal::isWhole);

                own.kill();

                long began = System.nanoTime();
                assertThat(keep(log, "c", alert("During", ""))).isInstanceOf(Receipt.NotKept.class);
                assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(3_500));
                assertThat(journal.foldToEnd(Duration.ofMillis(500))).isFalse();
                awaitTrue(() -> !watch.trouble().isEmpty());
                assertThat(log.trouble()).isNotEmpty();

                own.startAgain();

                awaitTrue(() -> watch.trouble().isEmpty() && log.trouble().isEmpty()); // without a write
                awaitTrue(() -> keep(log, "c", alert("After", "")).equals(new Receipt.Kept()));
                var event = event(new Step.Cured());
                long offset = journal.append(event).toCompletableFuture().get(20, TimeUnit.SECONDS);
                assertThat(journal.awaitFolded(offset, SOON)).isTrue();
                watching.interrupt();
                watching.join();
            }
        }
    }

    // --- ownership by group

    @Test
    void twoInstancesShareTheWorkloadsAndTheOneThatStaysTakesOver() throws Exception {
        var one = member(clients);
        var other = member(clients);
        var first = Thread.ofPlatform().daemon().start(() -> one.run(() -> true));
        awaitTrue(() -> owned(one) == WORKLOADS);
        var second = Thread.ofPlatform().daemon().start(() -> other.run(() -> true));
        awaitTrue(() -> owned(one) > 0 && owned(other) > 0 && owned(one) + owned(other) == WORKLOADS);

        long began = System.nanoTime();
        one.leave();
        first.join();

        awaitTrue(() -> owned(other) == WORKLOADS);
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .as("without waiting for the session to end")
                .isLessThan(Duration.ofSeconds(6));
        other.leave();
        second.join();
    }

    @Test
    void oneThatStandsAsideIsNoMemberAnyMore() throws Exception {
        var group = new Group(clients, "aside");
        var one = member(clients, new CommandTopic(clients), "aside");
        var other = member(clients, new CommandTopic(clients), "aside");
        var answers = new AtomicBoolean(true);
        assertThat(group.size()).isZero();
        var first = Thread.ofPlatform().daemon().start(() -> one.run(answers::get));
        var second = Thread.ofPlatform().daemon().start(() -> other.run(() -> true));
        awaitTrue(() -> owned(one) > 0 && owned(other) > 0 && owned(one) + owned(other) == WORKLOADS);
        assertThat(group.size()).isEqualTo(2);

        answers.set(false);
        first.join();

        assertThat(owned(one)).isZero();
        awaitTrue(() -> owned(other) == WORKLOADS);
        assertThat(group.size()).isEqualTo(1);
        other.leave();
        second.join();
    }

    @Test
    void everyWorkloadHasAnOwnerWhereSomebodyElseMadeTheTopicSmaller() throws Exception {
        try (var own = TestBroker.start()) {
            var ownClients = Clients.of(own.bootstrapServers());
            try (var admin = ownClients.admin()) {
                admin.createTopics(List.of(new NewTopic(Topic.COMMAND.topicName(), 5, (short) 1)))
                        .all()
                        .get();
            }
            var only = member(ownClients);

            var member = Thread.ofPlatform().daemon().start(() -> only.run(() -> true));

            awaitTrue(() -> owned(only) == WORKLOADS);
            only.leave();
            member.join();
        }
    }

    @Test
    void aWorkloadsPartitionIsTheOneThatAProducerChooses() throws Exception {
        try (var producer = clients.ingestProducer()) {
            for (int i = 0; i < 40; i++) {
                var workload = new WorkloadRef("default", "shop", Kind.ROLLOUT, "cart-" + i);
                var key = bytes(workload.toString());

                var written = producer.send(new ProducerRecord<>(Topic.COMMAND.topicName(), key, bytes("{}")))
                        .get();

                assertThat(CommandOwnership.partition(workload, Topic.COMMAND.partitions()))
                        .isEqualTo(written.partition());
            }
        }
    }

    @Test
    void aCommandComesAgainToTheNextOwnerUntilItIsAnswered() throws Exception {
        var asking = new CommandTopic(clients);
        var command = new Command(
                UUID.randomUUID(),
                Command.Kind.APPROVE,
                new IncidentId(UUID.randomUUID()),
                new WorkloadRef("default", "shop", Kind.ROLLOUT, "cart"),
                "uid-cart",
                3,
                "ann",
                Instant.EPOCH,
                Instant.EPOCH.plusSeconds(600),
                null);

        asking.send(command).toCompletableFuture().get(20, TimeUnit.SECONDS);

        assertThat(handedTo(clients, false)).contains(command);
        assertThat(handedTo(clients, true)).contains(command);
        asking.send(command).toCompletableFuture().get(20, TimeUnit.SECONDS);
        assertThat(handedTo(clients, true)).as("only what was asked since").containsExactly(command);
        asking.close();
    }

    /** What an owner is handed until it leaves; it answers all of it or nothing. */
    private static List<Command> handedTo(Clients clients, boolean answers) throws Exception {
        var topic = new CommandTopic(clients);
        var handed = new CopyOnWriteArrayList<Command>();
        topic.onCommand(owed -> {
            if (answers) {
                owed.answered(); // before the test hears of it and lets the owner leave
            }
            handed.add(owed.command());
        });
        var owner = member(clients, topic, "commands");
        var member = Thread.ofPlatform().daemon().start(() -> owner.run(() -> true));
        awaitTrue(() -> !handed.isEmpty());
        owner.leave();
        member.join();
        return handed;
    }

    private static final int WORKLOADS = 200;

    private static long owned(CommandOwnership ownership) {
        return IntStream.range(0, WORKLOADS)
                .filter(i -> ownership.owns(new WorkloadRef("share", "shop", Kind.DEPLOYMENT, "w" + i)))
                .count();
    }

    private static CommandOwnership member(Clients clients) {
        return member(clients, new CommandTopic(clients), "share");
    }

    private static CommandOwnership member(Clients clients, CommandTopic commands, String group) {
        return new CommandOwnership(commands, () -> clients.member(group), () -> true, System::nanoTime);
    }

    // --- what tests say

    private static Receipt keep(AckedLog log, String cluster, String alert) {
        var receipt = new CompletableFuture<Receipt>();
        log.append(Events.alert(cluster, received(cluster, alert)).orElseThrow(), receipt::complete);
        return receipt.join();
    }

    private static ReceivedAlert received(String cluster, String alert) {
        var body = bytes("{\"alerts\":[" + alert + "]}");
        var result = (WebhookBody.Result.Delivery) WebhookBody.read(body, cluster, now());
        return result.alerts().getFirst();
    }

    private static String alert(String name, String moreLabels) {
        return """
                {"status":"firing","labels":{"alertname":"%s"%s},"annotations":{},"startsAt":"2026-11-24T10:00:00Z"}""".formatted(name, moreLabels);
    }

    private static IncidentEvent event(Step step) {
        return new IncidentEvent(
                new IncidentId(UUID.randomUUID()),
                1,
                1,
                new WorkloadRef("default", "shop", Kind.ROLLOUT, "cart"),
                "uid",
                new RevisionHash("bad"),
                new RevisionHash("good"),
                Act.ABORT,
                "test",
                null,
                now().minus(Duration.ofHours(1)),
                step);
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    private static String unique() {
        return "c-" + UUID.randomUUID();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void awaitTrue(BooleanSupplier condition) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(until);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
