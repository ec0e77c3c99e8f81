package io.rollguard.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.rollguard.kafka.TestBroker;
import io.rollguard.reactor.Alerts;
import io.rollguard.reactor.Journal;
import io.rollguard.reactor.Ownership;
import io.rollguard.release.Kind;
import io.rollguard.release.WorkloadRef;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** The service as it is, behind its real routes and before a real broker: what it answers, and what is in Kafka then. */
@QuarkusTest
@QuarkusTestResource(value = BrokerAndTokens.class, restrictToAnnotatedClass = true)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ServiceWithBrokerTest {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String PATH = "/api/v1/alertmanager";
    private static final int MIB = 1024 * 1024;

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    TestBroker broker; // both by BrokerAndTokens
    Path tokens;

    @TestHTTPResource
    URI root;

    @Inject
    Alerts alerts;

    @Inject
    Journal journal;

    @Inject
    Ownership ownership;

    @BeforeEach
    void ready() {
        awaitTrue(() -> get("/q/health/ready").statusCode() == 200);
    }

    // --- put together

    @Test
    void readsWhatIsInKafkaAndWithoutAClusterTakesNobodysWork() {
        awaitTrue(alerts::isWhole);
        awaitTrue(journal::isWhole);
        assertThat(ownership.owns(new WorkloadRef("default", "shop", Kind.ROLLOUT, "cart")))
                .isFalse();

        assertThat(get("/q/health/live").statusCode()).isEqualTo(200);
        assertThat(get("/q/health/group/reactor").body()).contains("tables");
    }

    @Test
    void theContractsAreServedToWhoHasNoToken() {
        for (var path : List.of(
                "/api/v1/schemas", "/api/v1/schemas/io.rollguard.alert.firing.v1.json", "/api/v1/asyncapi.yaml")) {
            var request = HttpRequest.newBuilder(root.resolve(path)).build();

            var answer = http.sendAsync(request, BodyHandlers.ofString()).join();

            assertThat(answer.statusCode()).as(path).isEqualTo(200);
            assertThat(answer.body()).contains("io.rollguard.alert.firing.v1");
        }
    }

    @Test
    void anAlertIsInTheTopicWhenItsSenderIsToldAndInTheTableSoon() {
        var name = unique();

        var answer = post(PATH, body(alert(name)), Map.of());

        assertThat(answer.statusCode()).isEqualTo(200);
        var record = find("rollguard.alert.v1", name);
        assertThat(header(record, "ce_type")).isEqualTo("io.rollguard.alert.firing.v1");
        assertThat(new String(record.key(), StandardCharsets.UTF_8)).startsWith("default/");
        awaitTrue(() -> alerts.table().all().stream()
                .anyMatch(each -> each.latest().name().equals(name)));
    }

    @Test
    void whatCanNotBeReadIsInTheDeadLettersWhenItsSenderIsTold() {
        var name = unique();

        assertThat(post(PATH, "{\"not\":\"" + name + "\"}", Map.of()).statusCode())
                .isEqualTo(200);
        assertThat(post(PATH, name, Map.of()).statusCode()).isEqualTo(400);

        assertThat(header(find("rollguard.dead-letter.v1", "{\"not\":\"" + name), "ce_reason"))
                .isEqualTo("wrong-shape");
        assertThat(allIn("rollguard.dead-letter.v1").stream()
                        .filter(each -> text(each).equals(name)))
                .singleElement()
                .satisfies(each -> {
                    assertThat(header(each, "ce_reason")).isEqualTo("not-json");
                    assertThat(header(each, "ce_truncated")).isEqualTo("false");
                    assertThat(header(each, "ce_source")).isNotEmpty();
                });
    }

    @Test
    void aBurstOfSingleAlertsIsTakenWhole() {
        var name = unique();
        var sent = new ArrayList<CompletableFuture<HttpResponse<String>>>();

        for (int i = 0; i < 100; i++) {
            sent.add(http.sendAsync(request(PATH, body(alert(name + "-" + i)), Map.of()), BodyHandlers.ofString()));
        }

        assertThat(sent).extracting(each -> each.join().statusCode()).containsOnly(200);
        assertThat(allIn("rollguard.alert.v1").stream()
                        .filter(each -> text(each).contains(name)))
                .hasSize(100);
    }

    // --- what Quarkus might do before us

    @Test
    void noVariantOfThePathRedirects() {
        for (var path : List.of(PATH, PATH + "/", PATH + "?a=b", "/" + PATH)) {
            assertThat(post(path, body(alert(unique())), Map.of()).statusCode())
                    .as(path)
                    .isEqualTo(200);
        }
    }

    @Test
    void oneByteOverTheLimitIsRefusedByUsAndNotBefore() {
        var exact = padded(10 * MIB);
        var over = padded(10 * MIB + 1);

        assertThat(post(PATH, exact, Map.of()).statusCode()).isEqualTo(200);
        assertProblem(post(PATH, over, Map.of()), 413);
        assertProblem(post(PATH, padded(11 * MIB), Map.of()), 413);
    }

    @Test
    void whoHasNoTokenLearnsNothingElse() {
        var name = unique();
        var none = Map.of("Authorization", "");

        var answer = post(PATH, body(alert(name)), none);

        assertProblem(answer, 401);
        assertThat(answer.headers().firstValue("WWW-Authenticate")).isPresent();
        assertProblem(post(PATH, padded(10 * MIB + 1), none), 401);
        assertThat(allIn("rollguard.alert.v1").stream()
                        .filter(each -> text(each).contains(name)))
                .isEmpty();
    }

    @Test
    void otherMethodsAndTypesAreRefused() {
        var get = get(PATH);

        assertProblem(get, 405);
        assertThat(get.headers().firstValue("Allow")).contains("POST, PUT");
        assertProblem(post(PATH, "a=b", Map.of("Content-Type", "application/x-www-form-urlencoded")), 415);
        assertThat(get("/api/v1/alertmanagers").statusCode()).isEqualTo(404);
    }

    @Test
    void tokensChangeWhileItRuns() throws IOException {
        var next = "next-" + UUID.randomUUID();

        replace(tokens, BrokerAndTokens.TOKEN + "\n" + next + "\n");

        awaitTrue(() ->
                post(PATH, body(), Map.of("Authorization", "Bearer " + next)).statusCode() == 200);
        assertThat(post(PATH, body(), Map.of()).statusCode()).isEqualTo(200);

        replace(tokens, BrokerAndTokens.TOKEN + "\n");

        awaitTrue(() ->
                post(PATH, body(), Map.of("Authorization", "Bearer " + next)).statusCode() == 401);
    }

    @Test
    void aRequestThatIsAbandonedHalfWayIsCountedAndLeavesNothingPending() throws IOException {
        double before = metric("rollguard_webhook_requests_total{outcome=\"abandoned\"}");

        try (var socket = new Socket(root.getHost(), root.getPort())) {
            socket.getOutputStream()
                    .write(
                            "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n{\"al"
                                    .formatted(PATH, BrokerAndTokens.TOKEN)
                                    .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
        }

        awaitTrue(() -> metric("rollguard_webhook_requests_total{outcome=\"abandoned\"}") > before);
    }

    // --- last: the broker goes

    @Test
    @Order(Integer.MAX_VALUE)
    void withoutABrokerItIs503InTimeAndNothingIsLostOnceItIsBack() {
        var name = unique();

        broker.kill();

        for (int i = 0; i < 3; i++) {
            long began = System.nanoTime();
            var answer = post(PATH, body(alert(name)), Map.of());
            assertProblem(answer, 503);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(4_500));
        }
        assertProblem(post(PATH, "not json", Map.of()), 503);
        awaitTrue(() -> get("/q/health/ready").statusCode() == 503);
        assertThat(get("/q/health/live").statusCode()).isEqualTo(200);

        broker.startAgain();

        awaitTrue(() -> get("/q/health/ready").statusCode() == 200);
        awaitTrue(() -> post(PATH, body(alert(name)), Map.of()).statusCode() == 200);
        assertThat(find("rollguard.alert.v1", name)).isNotNull();
        awaitTrue(() -> alerts.table().all().stream()
                .anyMatch(each -> each.latest().name().equals(name)));
    }

    // --- what tests say

    private HttpRequest request(String path, String body, Map<String, String> headers) {
        var request = HttpRequest.newBuilder(
                        URI.create("http://%s:%d%s".formatted(root.getHost(), root.getPort(), path)))
                .POST(BodyPublishers.ofString(body))
                .timeout(Duration.ofSeconds(20))
                .setHeader("Content-Type", "application/json")
                .setHeader("Authorization", "Bearer " + BrokerAndTokens.TOKEN);
        headers.forEach(request::setHeader);
        return request.build();
    }

    private HttpResponse<String> post(String path, String body, Map<String, String> headers) {
        return http.sendAsync(request(path, body, headers), BodyHandlers.ofString())
                .join();
    }

    private HttpResponse<String> get(String path) {
        var request = HttpRequest.newBuilder(root.resolve(path))
                .timeout(Duration.ofSeconds(20))
                .setHeader("Authorization", "Bearer " + BrokerAndTokens.TOKEN)
                .build();
        return http.sendAsync(request, BodyHandlers.ofString()).join();
    }

    private double metric(String series) {
        return get("/q/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    private static void assertProblem(HttpResponse<String> answer, int status) {
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(answer.body()).contains("\"status\":" + status);
    }

    private ConsumerRecord<byte[], byte[]> find(String topic, String text) {
        return allIn(topic).stream()
                .filter(each -> text(each).contains(text))
                .findFirst()
                .orElseThrow();
    }

    /** Everything that is in the topic now. */
    private List<ConsumerRecord<byte[], byte[]>> allIn(String topic) {
        var config = new Properties();
        config.put("bootstrap.servers", broker.bootstrapServers());
        var found = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(topic).stream()
                    .map(each -> new TopicPartition(topic, each.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                consumer.poll(Duration.ofMillis(200)).forEach(found::add);
            }
        }
        return found;
    }

    private static String text(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.value(), StandardCharsets.UTF_8);
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    private static String body(String... alerts) {
        return "{\"version\":\"4\",\"alerts\":[" + String.join(",", alerts) + "]}";
    }

    private static String alert(String name) {
        return """
                {"status":"firing","labels":{"alertname":"%s","namespace":"shop"},"startsAt":"2026-11-24T10:00:00Z"}""".formatted(name);
    }

    /** A delivery without alerts, of just so many bytes. */
    private static String padded(int bytes) {
        var frame = "{\"alerts\":[],\"x\":\"\"}";
        return frame.replace("\"x\":\"", "\"x\":\"" + "y".repeat(bytes - frame.length()));
    }

    private static void replace(Path file, String content) throws IOException {
        var next = file.resolveSibling(file.getFileName() + ".next");
        Files.writeString(next, content);
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String unique() {
        return "A" + UUID.randomUUID().toString().replace("-", "");
    }

    private static void awaitTrue(BooleanSupplier condition) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(until);
            LockSupport.parkNanos(50_000_000);
        }
    }
}
