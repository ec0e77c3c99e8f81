package io.rollguard.ingest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.rollguard.http.Door;
import io.rollguard.http.TokenFile.Form;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.wire.Events;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WebhookTest {

    private static final String ONE = """
            {"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-11-23T10:00:00Z"}]}""";
    /** Longer than a busy machine takes over the largest body. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration SHORT_PATIENCE = Duration.ofMillis(700);
    private static final int MAX_BYTES = 10 * 1024 * 1024;

    @TempDir
    Path dir;

    private final Vertx vertx = Vertx.vertx();
    private final FakeLog log = new FakeLog();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ByteBudget budget = new ByteBudget(16L * 1024 * 1024);
    private final ExecutorService sender = Executors.newSingleThreadExecutor();
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    private HttpServer server;

    @BeforeEach
    void aWebhookWithTwoTokens() throws IOException {
        Files.writeString(dir.resolve("tokens"), "old-token\nnew-token\n");
        start(Optional.of(dir.resolve("tokens")));
    }

    private void start(Optional<Path> tokens) {
        start(tokens, PATIENCE);
    }

    private void startOfShortPatience() {
        start(Optional.of(dir.resolve("tokens")), SHORT_PATIENCE);
    }

    private void start(Optional<Path> tokens, Duration patience) {
        var router = Router.router(vertx);
        // Quarkus hands requests over paused.
        router.route().order(-1).handler(routing -> {
            routing.request().pause();
            routing.next();
        });
        router.route("/live").handler(routing -> routing.response().end("up"));
        var meters = new IngestMeters(registry);
        new Webhook(
                        vertx,
                        Door.of("rollguard.webhook.token-file", tokens, Form.TOKEN, false),
                        new Intake("ours", log, meters),
                        meters,
                        budget,
                        sender,
                        Clock.fixed(Instant.parse("2026-11-23T12:00:00Z"), ZoneOffset.UTC),
                        patience)
                .addTo(router);
        server = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    @AfterEach
    void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
        sender.shutdownNow();
    }

    // --- what is taken

    @Test
    void whatIsAnsweredWith200IsKept() {
        var answer = post(ONE);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer)).isEqualTo(new JsonObject("{\"alerts\":1,\"deadLetters\":0,\"truncated\":0}"));
        assertThat(log.alerts()).hasSize(1);
        assertThat(log.alerts().getFirst().headers()).containsEntry("ce_type", "io.rollguard.alert.firing.v1");
        assertThat(count(IngestMeters.ALERTS, "status", "firing")).isEqualTo(1);
        assertThat(count(IngestMeters.REQUESTS, "outcome", "kept")).isEqualTo(1);
        assertThat(budget.held()).isZero();
    }

    @Test
    void putIsTakenAsWell() {
        var answer = send(request(path()).PUT(BodyPublishers.ofString(ONE)));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(log.alerts()).hasSize(1);
    }

    @Test
    void anEmptyListOfAlertsIsFine() {
        assertThat(post("{\"alerts\":[]}").statusCode()).isEqualTo(200);
        assertThat(log.asked()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "application/json; charset=utf-8",
                "Application/JSON;charset=UTF-8",
                "application/vnd.alerts+json",
                " "
            })
    void everyWayToSayJsonIsTaken(String type) {
        assertThat(post(ONE, "Content-Type", type).statusCode()).isEqualTo(200);
    }

    @Test
    void aBodyOfNoNamedTypeIsTakenAsJson() {
        var answer = send(HttpRequest.newBuilder(URI.create(path()))
                .header("Authorization", "Bearer new-token")
                .POST(BodyPublishers.ofString(ONE)));

        assertThat(answer.statusCode()).isEqualTo(200);
    }

    @Test
    void aBodyInChunksIsTaken() {
        var answer = send(request(path())
                .POST(BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(ONE.getBytes(UTF_8)))));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(budget.held()).isZero();
    }

    @Test
    void aSenderThatAsksFirstIsToldToGoOn() {
        assertThat(send(request(path()).expectContinue(true).POST(BodyPublishers.ofString(ONE)))
                        .statusCode())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/v1/alertmanager/",
                "//api/v1/alertmanager",
                "/api//v1/alertmanager",
                "/api/v1/./alertmanager"
            })
    void noVariantOfThePathIsRedirected(String path) {
        var answer =
                send(request("http://127.0.0.1:" + server.actualPort() + path).POST(BodyPublishers.ofString(ONE)));

        assertThat(answer.statusCode()).isIn(200, 404);
    }

    @Test
    void aBurstOfPostsIsTakenWhole() {
        var answers = IntStream.range(0, 100)
                .mapToObj(i -> client.sendAsync(
                        request(path())
                                .POST(BodyPublishers.ofString(ONE.replace("\"A\"", "\"A" + i + "\"")))
                                .build(),
                        BodyHandlers.ofString()))
                .toList();

        assertThat(answers).allMatch(answer -> answer.join().statusCode() == 200);
        assertThat(log.alerts().stream()
                        .map(record -> record.headers().get("ce_id"))
                        .distinct())
                .hasSize(100);
        assertThat(budget.held()).isZero();
    }

    // --- what can't be read

    @Test
    void oneUnreadableAlertBecomesADeadLetterAndTheOthersAreKept() {
        var answer = post(ONE.replace("[{", "[{\"status\":\"on fire\"},{"));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer).getInteger("deadLetters")).isEqualTo(1);
        assertThat(log.alerts()).hasSize(1);
        var letter = log.deadLetters().getFirst();
        assertThat(letter.headers())
                .containsEntry("ce_reason", "unreadable-alert")
                .containsEntry("ce_source", "//rollguard/ours/webhook")
                .containsEntry("ce_truncated", "false");
        assertThat(new String(letter.value(), UTF_8)).isEqualTo("{\"status\":\"on fire\"}");
        assertThat(count(IngestMeters.DEAD_LETTERS, "reason", "unreadable-alert"))
                .isEqualTo(1);
    }

    @Test
    void manyUnreadableAlertsShareOneDeadLetter() {
        post("{\"alerts\":[" + "{},".repeat(5_000) + "{}]}");

        assertThat(log.deadLetters()).hasSize(1);
        assertThat(log.deadLetters().getFirst().headers().get("ce_detail")).startsWith("5001 unreadable alerts");
    }

    @Test
    void jsonOfAnotherShapeIsKeptAndAnswered200SoThatItIsNotSentForEver() {
        var answer = post("{\"text\":\"custom payload\"}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(log.deadLetters().getFirst().headers()).containsEntry("ce_reason", "wrong-shape");
        assertThat(count(IngestMeters.REQUESTS, "outcome", "wrong-shape")).isEqualTo(1);
        assertThat(count(IngestMeters.DEAD_LETTERS, "reason", "wrong-shape")).isEqualTo(1);
    }

    @Test
    void whatIsNotJsonIsKeptAndRefused() {
        var answer = post("s3cret, and no JSON" + "x".repeat(100_000));

        assertProblem(answer, 400);
        assertThat(answer.body()).doesNotContain("s3cret");
        var letter = log.deadLetters().getFirst();
        assertThat(letter.value()).hasSize(64 * 1024);
        assertThat(letter.headers()).containsEntry("ce_reason", "not-json").containsEntry("ce_truncated", "true");
    }

    @Test
    void anAlertTooLargeForARecordIsKeptCut() {
        var answer = post(
                ONE.replace("\"startsAt\"", "\"annotations\":{\"a\":\"" + "x".repeat(2_000_000) + "\"},\"startsAt\""));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(log.alerts()).isEmpty();
        var letter = log.deadLetters().getFirst();
        assertThat(letter.value()).hasSize(Events.MAX_DEAD_LETTER_BYTES);
        assertThat(letter.headers()).containsEntry("ce_reason", "too-large").containsEntry("ce_truncated", "true");
        assertThat(count(IngestMeters.DEAD_LETTERS, "reason", "too-large")).isEqualTo(1);
    }

    @Test
    void alertsLeftOutBySenderAreCounted() {
        var answer = post(ONE.replace("\"version\"", "\"truncatedAlerts\":3,\"version\""));

        assertThat(json(answer).getInteger("truncated")).isEqualTo(3);
        assertThat(registry.get(IngestMeters.TRUNCATED).counter().count()).isEqualTo(3);
    }

    // --- who and what is refused; nothing of it reaches Kafka

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer wrong", "Bearer ", "Basic bmV3LXRva2Vu", "Bearer new-token2", "new-token"})
    void withoutATokenNothingReachesKafka(String authorization) {
        var answer = send(HttpRequest.newBuilder(URI.create(path()))
                .header("Content-Type", "application/json")
                .header("Authorization", authorization)
                .POST(BodyPublishers.ofString(ONE)));

        assertProblem(answer, 401);
        assertThat(answer.headers().firstValue("WWW-Authenticate"))
                .hasValueSatisfying(value -> assertThat(value).startsWith("Bearer"));
        assertThat(answer.body()).doesNotContain("new-token");
        assertThat(log.asked()).isZero();
        assertThat(count(IngestMeters.REQUESTS, "outcome", "unauthorized")).isEqualTo(1);
    }

    @Test
    void everyTokenOfTheFileOpensAsBearerOrAsPassword() {
        var basic = Base64.getEncoder().encodeToString("alertmanager:new-token".getBytes(UTF_8));

        assertThat(post(ONE, "Authorization", "Bearer old-token").statusCode()).isEqualTo(200);
        assertThat(post(ONE, "Authorization", "Basic " + basic).statusCode()).isEqualTo(200);
    }

    @Test
    void tokensRotateWhileItRuns() throws IOException {
        // as a mounted Secret does it: a link is moved to another directory
        var first = Files.createDirectory(dir.resolve("..1"));
        Files.writeString(first.resolve("token"), "first\n");
        var data = Files.createSymbolicLink(dir.resolve("..data"), first);
        var token = Files.createSymbolicLink(dir.resolve("token"), Path.of("..data/token"));
        start(Optional.of(token));
        assertThat(post(ONE, "Authorization", "Bearer first").statusCode()).isEqualTo(200);

        var second = Files.createDirectory(dir.resolve("..2"));
        Files.writeString(second.resolve("token"), "second\n");
        Files.move(
                Files.createSymbolicLink(dir.resolve("..data_tmp"), second),
                data,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);

        Await.until(
                "the new token opens", // within a second, by the clock
                Duration.ofSeconds(20),
                () -> post(ONE, "Authorization", "Bearer second").statusCode() == 200);
        assertThat(post(ONE, "Authorization", "Bearer first").statusCode()).isEqualTo(401);
    }

    @Test
    void withoutATokenFileThisMachineIsLetIn() {
        start(Optional.empty());

        assertThat(post(ONE, "Authorization", "").statusCode()).isEqualTo(200);
        assertThat(post(ONE, "X-Forwarded-For", "10.0.0.9").statusCode()).isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "DELETE", "PATCH", "HEAD", "OPTIONS"})
    void otherMethodsAreRefused(String method) {
        var answer = send(request(path()).method(method, BodyPublishers.noBody()));

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).contains("POST, PUT");
        assertThat(log.asked()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "Content-Type, text/plain",
        "Content-Type, application/x-www-form-urlencoded",
        "Content-Type, application/jsonp",
        "Content-Type, json",
        "Content-Encoding, gzip",
    })
    void whatDoesNotClaimToBeJsonIsRefusedAndNotKept(String header, String value) {
        assertProblem(post(ONE, header, value), 415);
        assertThat(log.asked()).isZero();
    }

    @Test
    void aBodyOverTheLimitIsRefusedByItsDeclaredLength() throws IOException {
        var answer = raw(
                "POST " + Webhook.PATH + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer new-token\r\nContent-Length: "
                        + (MAX_BYTES + 1) + "\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 413").contains("application/problem+json");
        assertThat(log.asked()).isZero();
        assertThat(budget.held()).isZero();
    }

    @Test
    void aBodyOverTheLimitIsRefusedWhereNoLengthIsDeclared() throws IOException {
        var chunk = "100000\r\n" + " ".repeat(0x100000) + "\r\n";

        var answer = raw("POST " + Webhook.PATH
                + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer new-token\r\nTransfer-Encoding: chunked\r\n\r\n"
                + chunk.repeat(11));

        assertThat(answer).startsWith("HTTP/1.1 413");
        assertThat(log.asked()).isZero();
        assertThat(budget.held()).isZero();
    }

    @Test
    void overHttp2ARefusedBodyCostsNoOtherRequestOfTheConnection() {
        var http2 = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
        var good = request(path()).POST(BodyPublishers.ofString(ONE)).build();
        var tooLarge = request(path())
                .POST(BodyPublishers.ofString(" ".repeat(MAX_BYTES + 1)))
                .build();
        assertThat(http2.sendAsync(good, BodyHandlers.ofString()).join().statusCode())
                .isEqualTo(200);

        var refused = http2.sendAsync(tooLarge, BodyHandlers.ofString());
        var beside = IntStream.range(0, 20)
                .mapToObj(i -> http2.sendAsync(good, BodyHandlers.ofString()))
                .toList();

        assertThat(refused.join().statusCode()).isEqualTo(413);
        assertThat(refused.join().version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(beside).allMatch(answer -> answer.join().statusCode() == 200);
        assertThat(http2.sendAsync(good, BodyHandlers.ofString()).join().statusCode())
                .isEqualTo(200);
        await(() -> budget.held() == 0);
    }

    @Test
    void aBodyOfExactlyTheLimitIsTaken() {
        var answer = post(ONE + " ".repeat(MAX_BYTES - ONE.length()));

        assertThat(answer.statusCode()).isEqualTo(200);
    }

    // --- trouble of ours

    @Test
    void kafkaTroubleIs503AndOverWhenKafkaIsBack() {
        log.goAway();

        var answer = post(ONE);
        assertUnavailable(answer);
        assertThat(count(IngestMeters.REQUESTS, "outcome", "kafka")).isEqualTo(1);
        assertThat(count(IngestMeters.ALERTS, "status", "firing")).isZero();

        log.comeBack();
        assertThat(post(ONE).statusCode()).isEqualTo(200);
    }

    @Test
    void whatIsNotJsonIsNot400UntilItIsKept() {
        log.goAway();

        assertUnavailable(post("no JSON"));
    }

    @Test
    void anAnswerThatDoesNotComeIs503WithinTheBudget() {
        startOfShortPatience();
        log.fallSilent();
        long began = System.nanoTime();

        var answer = post(ONE);

        assertUnavailable(answer);
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(SHORT_PATIENCE, PATIENCE);
        assertThat(count(IngestMeters.REQUESTS, "outcome", "timeout")).isEqualTo(1);
        assertThat(budget.held()).as("held while the producer holds it").isPositive();

        log.giveUp();
        await(() -> budget.held() == 0);
    }

    @Test
    void whatWaitsBehindAStuckProducerIsToldInTimeAndNotSentLater() throws Exception {
        startOfShortPatience();
        var stuck = new CompletableFuture<Void>();
        sender.execute(stuck::join);

        assertUnavailable(post(ONE));
        stuck.complete(null);
        sender.submit(() -> {}).get(10, TimeUnit.SECONDS);

        assertThat(log.asked()).isZero();
        assertThat(budget.held()).isZero();
    }

    @Test
    void overTheBytesInFlightItIs503Early() {
        log.fallSilent();
        var share = budget.open();
        assertThat(share.grow(16L * 1024 * 1024 - 10)).isTrue();

        assertUnavailable(post(ONE));
        assertThat(count(IngestMeters.REQUESTS, "outcome", "overload")).isEqualTo(1);
        assertThat(log.asked()).isZero();

        share.giveBack();
        assertThat(budget.held()).isZero();
    }

    /** The sender's thread hangs in Kafka: what waits for it is bounded by number, too, and the event loop stays free. */
    @Test
    void aFloodOfSmallRequestsIsRefusedEarlyAndTheEventLoopStaysFree() throws Exception {
        startOfShortPatience();
        var stuck = new CountDownLatch(1);
        sender.execute(() -> awaitOpen(stuck));
        var others = budget.open();
        int room = 5;
        assertThat(others.grow(16L * 1024 * 1024 - room * (Webhook.REQUEST_BYTES + ONE.length())))
                .isTrue();
        var waiting = IntStream.range(0, room)
                .mapToObj(each -> client.sendAsync(
                        request(path()).POST(BodyPublishers.ofString(ONE)).build(), BodyHandlers.ofString()))
                .toList();
        await(() -> budget.held() == 16L * 1024 * 1024);

        for (int more = 0; more < 200; more++) {
            assertUnavailable(post(ONE));
        }
        assertThat(count(IngestMeters.REQUESTS, "outcome", "overload")).isEqualTo(200);
        assertThat(send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort() + "/live")))
                        .statusCode())
                .isEqualTo(200);

        waiting.forEach(each -> assertUnavailable(each.join()));
        assertThat(budget.held()).as("bounded while the thread hangs").isEqualTo(16L * 1024 * 1024);
        assertThat(log.asked()).isZero();
        stuck.countDown();
        others.giveBack();
        await(() -> budget.held() == 0);
        assertThat(post(ONE).statusCode()).isEqualTo(200);
    }

    private static void awaitOpen(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aRequestAbandonedHalfWayLeavesNothingBehind() throws IOException {
        try (var socket = new Socket("127.0.0.1", server.actualPort())) {
            socket.getOutputStream()
                    .write(("POST " + Webhook.PATH
                                    + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer new-token\r\nContent-Length: 1000000\r\n\r\n"
                                    + ONE)
                            .getBytes(US_ASCII));
            socket.getOutputStream().flush();
            await(() -> budget.held() == 1_000_000 + Webhook.REQUEST_BYTES);
        }

        await(() -> budget.held() == 0);
        await(() -> count(IngestMeters.REQUESTS, "outcome", "abandoned") == 1);
        assertThat(log.asked()).isZero();
    }

    @Test
    void aBodyThatNeverEndsIsGivenUp() throws IOException {
        startOfShortPatience();
        var answer = raw("POST " + Webhook.PATH
                + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer new-token\r\nContent-Length: 1000000\r\n\r\n" + ONE);

        assertThat(answer).startsWith("HTTP/1.1 503");
        assertThat(budget.held()).isZero();
        assertThat(log.asked()).isZero();
    }

    // --- metrics

    @Test
    void everySeriesIsThereBeforeAnythingHappened() {
        assertThat(registry.find(IngestMeters.REQUESTS).counters()).hasSize(Outcome.values().length);
        assertThat(registry.find(IngestMeters.ALERTS).counters()).hasSize(2);
        assertThat(registry.find(IngestMeters.DEAD_LETTERS).counters())
                .hasSize(Events.DeadLetterReason.values().length);
        assertThat(registry.getMeters())
                .allMatch(meter -> meter.measure().iterator().next().getValue() == 0);
    }

    @Test
    void thePageForPeopleListsTheseMetricsAndTheValuesOfTheirTags() throws IOException {
        var page = Files.readString(Path.of("docs/metrics.md"));

        for (var meter : registry.getMeters()) {
            var row = row(page, meter);
            for (Tag tag : meter.getId().getTags()) {
                assertThat(row).contains("`" + tag.getKey() + "`", "`" + tag.getValue() + "`");
            }
        }
        var values = new TreeSet<String>();
        registry.getMeters().forEach(meter -> meter.getId().getTags().forEach(tag -> values.add(tag.getValue())));
        assertThat(values).hasSize(Outcome.values().length + 2 + Events.DeadLetterReason.values().length - 3);
    }

    private static String row(String page, Meter meter) {
        var name = meter.getId().getName().replace('.', '_')
                + (meter.getId().getType() == Meter.Type.COUNTER ? "_total" : "");
        var found =
                Pattern.compile("^\\| `" + name + "` .*$", Pattern.MULTILINE).matcher(page);
        assertThat(found.find()).as(name).isTrue();
        return found.group();
    }

    // --- saying it shorter

    private String path() {
        return "http://127.0.0.1:" + server.actualPort() + Webhook.PATH;
    }

    private static HttpRequest.Builder request(String uri) {
        return HttpRequest.newBuilder(URI.create(uri))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer new-token");
    }

    private HttpResponse<String> post(String body) {
        return send(request(path()).POST(BodyPublishers.ofString(body)));
    }

    private HttpResponse<String> post(String body, String header, String value) {
        return send(request(path()).setHeader(header, value).POST(BodyPublishers.ofString(body)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        return client.sendAsync(request.build(), BodyHandlers.ofString())
                .orTimeout(20, TimeUnit.SECONDS)
                .join();
    }

    /** Sends bytes as they are and reads until the server closes. */
    private String raw(String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", server.actualPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(US_ASCII));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    private double count(String name, String tag, String value) {
        return registry.get(name).tag(tag, value).counter().count();
    }

    private static JsonObject json(HttpResponse<String> answer) {
        return new JsonObject(answer.body());
    }

    private static void assertProblem(HttpResponse<String> answer, int status) {
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(json(answer).getInteger("status")).isEqualTo(status);
        assertThat(json(answer).getString("detail")).isNotBlank().hasSizeLessThan(200);
    }

    private static void assertUnavailable(HttpResponse<String> answer) {
        assertProblem(answer, 503);
        assertThat(answer.headers().firstValue("Retry-After")).contains("1");
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
