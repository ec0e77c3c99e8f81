package io.rollguard.sandbox.slack;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Slack's Web API on 127.0.0.1: chat.postMessage, chat.update, chat.delete, conversations.history, conversations.replies,
 * auth.test.
 * Every channel whose id begins with C, G or D exists unless {@link #removeChannel} said otherwise. Safe for many threads.
 */
public final class FakeSlack implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JSON_TYPE = "application/json; charset=utf-8";
    private static final int LONGEST_TEXT = 40_000;

    /** What happened to a message. */
    public enum Change {
        POSTED,
        UPDATED,
        DELETED
    }

    /** One call as it came in, whatever was answered. */
    public record Call(String method, Map<String, String> parameters) {}

    private record Answer(
            int status, byte[] body, String type, @Nullable Integer retryAfter) {}

    private record Held(String method, Map<String, String> parameters) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final InstantSource clock;
    private String token;
    private boolean revoked;
    private final List<BiConsumer<Change, StoredMessage>> listeners = new CopyOnWriteArrayList<>();

    private final List<Consumer<Call>> callListeners = new CopyOnWriteArrayList<>();
    private final Map<String, LinkedHashMap<String, StoredMessage>> channels = new HashMap<>();
    private final Set<String> removed = new HashSet<>();
    private final Set<String> archived = new HashSet<>();
    private final List<Held> held = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();
    private final Map<String, Deque<Fault>> faults = new HashMap<>();
    private final Map<String, Fault> standing = new HashMap<>();
    private final Map<String, Deque<Instant>> posts = new HashMap<>();
    private int postsPerWindow = Integer.MAX_VALUE;
    private Duration postWindow = Duration.ofSeconds(1);
    private long lastMicros;

    /**
     * Starts to listen.
     *
     * @param port 0 for any free one
     * @param clock where timestamps and rate limits come from
     * @param token the only one that is let in
     */
    public FakeSlack(int port, InstantSource clock, String token) {
        this.clock = clock;
        this.token = token;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/api/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    /** Where its methods are; ends in a slash. */
    public URI apiUrl() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/api/");
    }

    // --- what a test or the demo sees

    /** Calls back, on the caller's request thread, for each message that came or changed. */
    public void onChange(BiConsumer<Change, StoredMessage> listener) {
        listeners.add(listener);
    }

    /** Calls back for each call, before anything is made of it. */
    public void onCall(Consumer<Call> listener) {
        callListeners.add(listener);
    }

    /** The messages of the channel itself, oldest first. */
    public synchronized List<StoredMessage> roots(String channel) {
        return all(channel).stream().filter(StoredMessage::isRoot).toList();
    }

    /** The answers to a message, oldest first. */
    public synchronized List<StoredMessage> thread(String channel, String ts) {
        return all(channel).stream()
                .filter(message -> ts.equals(message.threadTs()))
                .toList();
    }

    public synchronized List<StoredMessage> all(String channel) {
        return List.copyOf(messages(channel).values());
    }

    public synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    public synchronized List<Call> calls(String method) {
        return calls.stream().filter(call -> call.method().equals(method)).toList();
    }

    // --- how it misbehaves

    /** The next calls of this method go wrong in these ways, in this order. */
    public synchronized void failNext(String method, Fault... next) {
        faults.computeIfAbsent(method, key -> new ArrayDeque<>()).addAll(List.of(next));
    }

    /** Every call of this method goes wrong until {@link #heal}. */
    public synchronized void fail(String method, Fault fault) {
        standing.put(method, fault);
    }

    public synchronized void heal() {
        standing.clear();
        faults.clear();
    }

    /** At most so many posts to a channel within the window; else 429. */
    public synchronized void limitPosts(int max, Duration window) {
        postsPerWindow = max;
        postWindow = window;
    }

    public synchronized void removeChannel(String channel) {
        removed.add(channel);
    }

    public synchronized void archiveChannel(String channel) {
        archived.add(channel);
    }

    public synchronized void unarchiveChannel(String channel) {
        archived.remove(channel);
    }

    /** Nobody is let in any more. */
    public synchronized void revokeToken() {
        revoked = true;
    }

    /** This token is let in, and no other. */
    public synchronized void acceptToken(String next) {
        token = next;
        revoked = false;
    }

    /** Carries out what {@link Fault.Held} held back, as if it came now. */
    public void deliverHeld() {
        List<Held> late;
        synchronized (this) {
            late = List.copyOf(held);
            held.clear();
        }
        late.forEach(call -> carryOut(call.method(), call.parameters()));
    }

    /** As if somebody deleted it. */
    public synchronized void delete(String channel, String ts) {
        messages(channel).remove(ts);
    }

    // --- HTTP

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var method = exchange.getRequestURI().getPath().substring("/api/".length());
            var parameters = parameters(exchange);
            callListeners.forEach(listener -> listener.accept(new Call(method, Map.copyOf(parameters))));
            var fault = take(method, parameters);
            var answer = answer(method, parameters, exchange, fault);
            if (answer.isEmpty()) {
                return; // closes the connection without a word
            }
            var body = answer.get().body();
            exchange.getResponseHeaders().set("Content-Type", answer.get().type());
            if (answer.get().retryAfter() != null) {
                exchange.getResponseHeaders()
                        .set("Retry-After", String.valueOf(answer.get().retryAfter()));
            }
            exchange.sendResponseHeaders(answer.get().status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private Optional<Answer> answer(
            String method, Map<String, String> parameters, HttpExchange exchange, Optional<Fault> fault) {
        if (!exchange.getRequestMethod().equals("POST")) {
            return Optional.of(new Answer(405, refused("method_not_allowed").body(), JSON_TYPE, null));
        }
        var refusal = refusal(exchange.getRequestHeaders().getFirst("Authorization"));
        if (refusal != null) {
            return Optional.of(refused(refusal));
        }
        return switch (fault.orElse(null)) {
            case null -> Optional.of(carryOut(method, parameters));
            case Fault.Refused refused -> Optional.of(refused(refused.error()));
            case Fault.Status status -> Optional.of(json(status.code(), JSON.createObjectNode(), null));
            case Fault.Body body ->
                Optional.of(new Answer(body.status(), body.text().getBytes(StandardCharsets.UTF_8), body.type(), null));
            case Fault.RateLimited limited -> Optional.of(limited(limited.retryAfterSeconds()));
            case Fault.StatusAfterStoring status -> {
                carryOut(method, parameters);
                yield Optional.of(json(status.code(), JSON.createObjectNode(), null));
            }
            case Fault.AnswerLost lost -> {
                carryOut(method, parameters);
                yield Optional.empty();
            }
            case Fault.Held late -> {
                synchronized (this) {
                    held.add(new Held(method, parameters));
                }
                awaitClose();
                yield Optional.empty();
            }
            case Fault.Silence silence -> {
                awaitClose();
                yield Optional.empty();
            }
        };
    }

    private synchronized @Nullable String refusal(@Nullable String authorization) {
        if (revoked) {
            return "token_revoked";
        }
        return ("Bearer " + token).equals(authorization) ? null : "invalid_auth";
    }

    private void awaitClose() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized Optional<Fault> take(String method, Map<String, String> parameters) {
        calls.add(new Call(method, Map.copyOf(parameters)));
        var queue = faults.get(method);
        return queue == null || queue.isEmpty()
                ? Optional.ofNullable(standing.get(method))
                : Optional.of(queue.removeFirst());
    }

    private static Map<String, String> parameters(HttpExchange exchange) throws IOException {
        var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        var found = new HashMap<String, String>();
        var type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type != null && type.startsWith("application/json")) {
            JSON.readTree(body)
                    .properties()
                    .forEach(entry -> found.put(
                            entry.getKey(),
                            entry.getValue().isValueNode()
                                    ? entry.getValue().asText()
                                    : entry.getValue().toString()));
            return found;
        }
        for (var pair : body.split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                found.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
            }
        }
        return found;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    // --- methods

    private Answer carryOut(String method, Map<String, String> parameters) {
        return switch (method) {
            case "auth.test" ->
                done(JSON.createObjectNode().put("team_id", "T0FAKE").put("user_id", "U0FAKE"));
            case "chat.postMessage" -> post(parameters);
            case "chat.update" -> update(parameters);
            case "chat.delete" -> remove(parameters);
            case "conversations.history" -> list(parameters, false);
            case "conversations.replies" -> list(parameters, true);
            default -> refused("unknown_method");
        };
    }

    private Answer post(Map<String, String> parameters) {
        StoredMessage message;
        synchronized (this) {
            var problem = problem(parameters);
            if (problem != null) {
                return refused(problem);
            }
            var channel = parameters.getOrDefault("channel", "");
            var wait = secondsToWait(channel);
            if (wait > 0) {
                return limited(wait);
            }
            var thread = parameters.get("thread_ts");
            if (thread != null && !messages(channel).containsKey(thread)) {
                return refused("thread_not_found");
            }
            message = new StoredMessage(
                    channel,
                    nextTs(),
                    thread,
                    isTrue(parameters.get("reply_broadcast")),
                    parameters.getOrDefault("text", ""),
                    json(parameters.get("blocks"), JSON.createArrayNode()),
                    json(parameters.get("metadata"), JSON.createObjectNode()),
                    0);
            messages(channel).put(message.ts(), message);
        }
        listeners.forEach(listener -> listener.accept(Change.POSTED, message));
        return done(shown(message, true));
    }

    private Answer update(Map<String, String> parameters) {
        StoredMessage message;
        synchronized (this) {
            var problem = problem(parameters);
            if (problem != null) {
                return refused(problem);
            }
            var channel = parameters.getOrDefault("channel", "");
            var known = messages(channel).get(parameters.getOrDefault("ts", ""));
            if (known == null) {
                return refused("message_not_found");
            }
            message = known.edited(
                    parameters.getOrDefault("text", ""),
                    json(parameters.get("blocks"), JSON.createArrayNode()),
                    parameters.containsKey("metadata") ? json(parameters.get("metadata"), known.metadata()) : null);
            messages(channel).put(message.ts(), message);
        }
        listeners.forEach(listener -> listener.accept(Change.UPDATED, message));
        return done(shown(message, true));
    }

    private Answer remove(Map<String, String> parameters) {
        StoredMessage message;
        synchronized (this) {
            var channel = parameters.getOrDefault("channel", "");
            var closed = closed(channel);
            if (closed != null) {
                return refused(closed);
            }
            var known = messages(channel).remove(parameters.getOrDefault("ts", ""));
            if (known == null) {
                return refused("message_not_found");
            }
            message = known;
        }
        listeners.forEach(listener -> listener.accept(Change.DELETED, message));
        return done(JSON.createObjectNode().put("channel", message.channel()).put("ts", message.ts()));
    }

    /** Newest first for history, oldest first for replies, in pages of {@code limit}. */
    private synchronized Answer list(Map<String, String> parameters, boolean replies) {
        var channel = parameters.getOrDefault("channel", "");
        if (!exists(channel)) {
            return refused("channel_not_found");
        }
        var oldest = parameters.getOrDefault("oldest", "0");
        var root = parameters.getOrDefault("ts", "");
        if (replies && !messages(channel).containsKey(root)) {
            return refused("thread_not_found");
        }
        var found = new ArrayList<>(all(channel).stream()
                .filter(message -> replies
                        ? message.ts().equals(root) || root.equals(message.threadTs())
                        : message.isRoot() || message.broadcast())
                .filter(message -> compare(message.ts(), oldest) > 0)
                .toList());
        if (!replies) {
            Collections.reverse(found);
        }
        int limit = Integer.parseInt(parameters.getOrDefault("limit", "100"));
        int from = Integer.parseInt(
                parameters.getOrDefault("cursor", "0").isEmpty() ? "0" : parameters.getOrDefault("cursor", "0"));
        int to = Math.min(found.size(), from + limit);
        var body = JSON.createObjectNode();
        var messages = body.putArray("messages");
        boolean metadata = isTrue(parameters.get("include_all_metadata"));
        found.subList(Math.min(from, to), to).forEach(message -> messages.add(listed(message, metadata)));
        body.put("has_more", to < found.size());
        if (to < found.size()) {
            body.putObject("response_metadata").put("next_cursor", String.valueOf(to));
        }
        return done(body);
    }

    private @Nullable String problem(Map<String, String> parameters) {
        var closed = closed(parameters.getOrDefault("channel", ""));
        if (closed != null) {
            return closed;
        }
        if (!parameters.containsKey("text") && !parameters.containsKey("blocks")) {
            return "no_text";
        }
        if (parameters.getOrDefault("text", "").length() > LONGEST_TEXT) {
            return "msg_too_long";
        }
        var blocks = json(parameters.get("blocks"), JSON.createArrayNode());
        return BlockRules.violations(blocks).isEmpty() ? null : "invalid_blocks";
    }

    private @Nullable String closed(String channel) {
        if (!exists(channel)) {
            return "channel_not_found";
        }
        return archived.contains(channel) ? "is_archived" : null;
    }

    private boolean exists(String channel) {
        return channel.matches("[CGD][A-Z0-9]+") && !removed.contains(channel);
    }

    private int secondsToWait(String channel) {
        var now = clock.instant();
        var recent = posts.computeIfAbsent(channel, key -> new ArrayDeque<>());
        while (!recent.isEmpty() && !recent.getFirst().plus(postWindow).isAfter(now)) {
            recent.removeFirst();
        }
        if (recent.size() < postsPerWindow) {
            recent.addLast(now);
            return 0;
        }
        var free = Duration.between(now, recent.getFirst().plus(postWindow));
        return (int) Math.max(1, free.plusMillis(999).toSeconds());
    }

    private LinkedHashMap<String, StoredMessage> messages(String channel) {
        return channels.computeIfAbsent(channel, key -> new LinkedHashMap<>());
    }

    private String nextTs() {
        var now = clock.instant();
        long micros = now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
        lastMicros = Math.max(micros, lastMicros + 1);
        return "%d.%06d".formatted(lastMicros / 1_000_000, lastMicros % 1_000_000);
    }

    private static int compare(String ts, String other) {
        return new BigDecimal(ts).compareTo(new BigDecimal(other));
    }

    private static boolean isTrue(@Nullable String value) {
        return "1".equals(value) || "true".equals(value);
    }

    private static ObjectNode shown(StoredMessage message, boolean metadata) {
        var body = JSON.createObjectNode();
        body.put("channel", message.channel());
        body.put("ts", message.ts());
        body.set("message", message(message, metadata));
        return body;
    }

    /** As a list shows it: a message with answers names itself as its thread. */
    private ObjectNode listed(StoredMessage message, boolean metadata) {
        var node = message(message, metadata);
        if (!thread(message.channel(), message.ts()).isEmpty()) {
            node.put("thread_ts", message.ts());
        }
        return node;
    }

    private static ObjectNode message(StoredMessage message, boolean metadata) {
        var node = JSON.createObjectNode();
        node.put("type", "message");
        node.put("ts", message.ts());
        node.put("text", message.text());
        if (message.threadTs() != null) {
            node.put("thread_ts", message.threadTs());
        }
        if (metadata && !message.metadata().isEmpty()) {
            node.set("metadata", message.metadata());
        }
        return node;
    }

    private static Answer done(ObjectNode body) {
        return json(200, body.put("ok", true), null);
    }

    private static Answer refused(String error) {
        return json(200, JSON.createObjectNode().put("ok", false).put("error", error), null);
    }

    private static Answer limited(int seconds) {
        return json(429, JSON.createObjectNode().put("ok", false).put("error", "ratelimited"), seconds);
    }

    private static Answer json(int status, ObjectNode body, @Nullable Integer retryAfter) {
        return new Answer(status, body.toString().getBytes(StandardCharsets.UTF_8), JSON_TYPE, retryAfter);
    }

    private static JsonNode json(@Nullable String text, JsonNode absent) {
        if (text == null || text.isEmpty()) {
            return absent;
        }
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode(); // not an array, so refused as blocks
        }
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
