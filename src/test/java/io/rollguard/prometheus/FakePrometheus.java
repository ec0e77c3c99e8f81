package io.rollguard.prometheus;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.rollguard.sandbox.stage.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Answers as Prometheus does to a question for the rules of a name; it evaluates them at every question. */
public final class FakePrometheus implements AutoCloseable {

    private final HttpServer server;
    private final List<Map<String, String>> active = new CopyOnWriteArrayList<>();
    private final List<String> questions = new CopyOnWriteArrayList<>();
    private final Clock clock;
    private volatile Function<String, String> answer;
    private volatile int status = 200;
    private volatile String authorization = "";

    public FakePrometheus(Clock clock) {
        this.clock = clock;
        this.answer = name -> rules(name, this.clock.instant(), "ok");
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/api/v1/rules", this::answer);
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** An alert fires, or is pending. */
    public void fires(Map<String, String> labels) {
        active.add(labels);
    }

    public void quiets() {
        active.clear();
    }

    /** Waits until it was asked so often. */
    public void awaitQuestions(int count) {
        Await.until("Prometheus is asked", Duration.ofSeconds(30), () -> questions.size() >= count);
    }

    void answersWith(int code) {
        status = code;
    }

    void says(String body) {
        answer = name -> body;
    }

    List<String> questions() {
        return questions;
    }

    String authorization() {
        return authorization;
    }

    private void answer(HttpExchange exchange) throws IOException {
        questions.add(exchange.getRequestURI().getQuery());
        authorization = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        var name = exchange.getRequestURI().getQuery().replaceFirst(".*rule_name\\[]=", "");
        var body = answer.apply(name).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        try (var out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private String rules(String name, Instant evaluated, String health) {
        var alerts = active.stream()
                .filter(labels -> name.equals(labels.get("alertname")))
                .map(labels -> "{\"labels\":{"
                        + labels.entrySet().stream()
                                .map(label -> "\"%s\":\"%s\"".formatted(label.getKey(), label.getValue()))
                                .collect(Collectors.joining(","))
                        + "},\"state\":\"firing\",\"activeAt\":\"" + evaluated + "\"}")
                .collect(Collectors.joining(","));
        return rules(name, evaluated, health, alerts);
    }

    static String rules(String name, Instant evaluated, String health, String alerts) {
        return """
            {"status":"success","data":{"groups":[{"name":"g","interval":15,"rules":[
              {"type":"alerting","name":"Another","health":"ok","lastEvaluation":"%2$s","alerts":[{"labels":{"alertname":"Another"}}]},
              {"type":"recording","name":"%1$s","health":"ok","lastEvaluation":"%2$s"},
              {"type":"alerting","name":"%1$s","health":"%3$s","lastEvaluation":"%2$s","alerts":[%4$s]}]}]}}\
            """.formatted(name, evaluated, health, alerts);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
