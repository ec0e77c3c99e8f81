package io.rollguard.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.rollguard.kafka.TestBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** The whole service with a real broker: 200 means that it is on the topic. */
@QuarkusTest
@QuarkusTestResource(value = WebhookOnKafkaTest.BrokerAndToken.class, restrictToAnnotatedClass = true)
class WebhookOnKafkaTest {

    /** The running one; given by the resource, which lives outside the service's class loader. */
    TestBroker broker;

    @TestHTTPResource(Webhook.PATH)
    URI webhook;

    @TestHTTPResource("/q/metrics")
    URI metrics;

    @ConfigProperty(name = "rollguard.webhook.token-file")
    Path tokenFile;

    @ConfigProperty(name = "KAFKA_BOOTSTRAP_SERVERS")
    String bootstrapServers;

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    public static final class BrokerAndToken implements QuarkusTestResourceLifecycleManager {

        private TestBroker running;

        @Override
        public Map<String, String> start() {
            running = TestBroker.start();
            try {
                var file = Files.createTempFile(Path.of("target"), "webhook-token", "");
                Files.writeString(file, "first-token\n");
                return Map.of(
                        "KAFKA_BOOTSTRAP_SERVERS", running.bootstrapServers(),
                        "rollguard.webhook.token-file", file.toAbsolutePath().toString(),
                        "quarkus.http.test-port", "0");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void inject(TestInjector injector) {
            injector.injectIntoFields(running, new TestInjector.MatchesType(TestBroker.class));
        }

        @Override
        public void stop() {
            running.close();
        }
    }

    @Test
    void whatIsAnsweredWith200IsOnTheTopic() throws Exception {
        var answers = IntStream.range(0, 100)
                .mapToObj(i -> client.sendAsync(request("Burst" + i), BodyHandlers.ofString()))
                .toList();

        assertThat(answers).allMatch(answer -> answer.join().statusCode() == 200);
        var names = records("rollguard.alert.v1").stream()
                .filter(record -> record.value().contains("\"Burst"))
                .map(ConsumerRecord::value)
                .toList();
        assertThat(names).hasSizeGreaterThanOrEqualTo(100);
    }

    @Test
    void whatCanNotBeReadIsOnTheTopicForIt() throws Exception {
        var answer = post("definitely no JSON");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(records("rollguard.dead-letter.v1")).anySatisfy(record -> {
            assertThat(record.value()).isEqualTo("definitely no JSON");
            assertThat(new String(record.headers().lastHeader("ce_reason").value(), UTF_8))
                    .isEqualTo("not-json");
        });
    }

    @Test
    void withoutTheBrokerItIs503InTimeAndOverWhenTheBrokerIsBack() throws Exception {
        assertThat(post(body("Before")).statusCode()).isEqualTo(200);

        broker.kill();
        try {
            for (int i = 0; i < 3; i++) {
                long began = System.nanoTime();
                var answer = post(body("During" + i));
                assertThat(answer.statusCode()).isEqualTo(503);
                assertThat(answer.headers().firstValue("Retry-After")).contains("1");
                assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Webhook.BUDGET.plusSeconds(2));
            }
            assertThat(client.send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofString())
                            .body())
                    .contains("rollguard_webhook_requests_total{outcome=\"kept\"");
        } finally {
            broker.startAgain();
        }

        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (post(body("After")).statusCode() != 200) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
        assertThat(records("rollguard.alert.v1"))
                .anyMatch(record -> record.value().contains("\"After\""));
    }

    @Test
    void tokensRotateWhileItRuns() throws Exception {
        Files.writeString(tokenFile, "second-token\n", StandardOpenOption.APPEND);

        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20); // within a second, by the clock
        while (post(body("A"), "second-token").statusCode() != 200) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
        assertThat(post(body("A"), "third-token").statusCode()).isEqualTo(401);
        assertThat(post(body("A"), "first-token").statusCode()).isEqualTo(200);
    }

    @Test
    void nothingIsRedirectedAndTheLimitIsOurs() throws Exception {
        for (var path : List.of("/api/v1/alertmanager/", "//api/v1/alertmanager", "/api//v1/alertmanager")) {
            var answer = client.send(
                    builder(webhook.resolve("/").toString().replaceAll("/$", "") + path, "first-token")
                            .POST(BodyPublishers.ofString(body("A")))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(path).isIn(200, 404);
        }
        var tooLarge = post(" ".repeat(11 * 1024 * 1024));
        assertThat(tooLarge.statusCode()).isEqualTo(413);
        assertThat(tooLarge.headers().firstValue("Content-Type")).contains("application/problem+json");
    }

    private HttpRequest request(String name) {
        return builder(webhook.toString(), "first-token")
                .POST(BodyPublishers.ofString(body(name)))
                .build();
    }

    private HttpResponse<String> post(String body) throws Exception {
        return post(body, "first-token");
    }

    private HttpResponse<String> post(String body, String token) throws Exception {
        return client.send(
                builder(webhook.toString(), token)
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static HttpRequest.Builder builder(String uri, String token) {
        return HttpRequest.newBuilder(URI.create(uri))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + token);
    }

    private static String body(String name) {
        return """
            {"version":"4","alerts":[{"status":"firing","labels":{"alertname":"%s"},"startsAt":"2026-11-23T10:00:00Z"}]}""".formatted(name);
    }

    /** All records of a topic, up to its end as of now. */
    private List<ConsumerRecord<String, String>> records(String topic) {
        var config = new HashMap<String, Object>();
        config.put("bootstrap.servers", bootstrapServers);
        try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            var partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            var found = new ArrayList<ConsumerRecord<String, String>>();
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                consumer.poll(Duration.ofMillis(200)).forEach(found::add);
            }
            return found;
        }
    }
}
