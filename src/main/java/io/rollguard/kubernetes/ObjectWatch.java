package io.rollguard.kubernetes;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Lists the objects of one kind and then watches them, for ever: one thread, which hands each object to a sink and keeps
 * nothing but its name. A watch is asked to end after a minute, so that one which has died without a word is noticed;
 * going on from where it ended costs the server next to nothing. Only where the server no longer knows that place (410) is
 * the list read again, and what is not in it any more is told as deleted.
 */
final class ObjectWatch implements Runnable {

    private static final Logger LOG = Logger.getLogger(ObjectWatch.class);

    private static final int PAGE = 500;
    private static final Duration LATE = Duration.ofSeconds(20);
    private static final Duration LIST_AT_MOST = Duration.ofMinutes(2);

    /**
     * @param watch how long a watch is asked to last
     * @param absent after how long a kind that is not installed is looked for again
     * @param first the wait after a first failure; doubled with each further one
     * @param last the longest of these waits
     */
    record Pace(Duration watch, Duration absent, Duration first, Duration last) {
        static final Pace DEFAULT = new Pace(
                Duration.ofSeconds(60), Duration.ofSeconds(15), Duration.ofMillis(200), Duration.ofSeconds(15));

        private Duration longer(Duration wait) {
            var twice = wait.multipliedBy(2);
            return twice.compareTo(last) < 0 ? twice : last;
        }
    }

    /** Takes what is seen, in order. */
    interface Sink {

        void seen(Resource resource, JsonNode object);

        void gone(Resource resource, String namespace, String name);
    }

    enum State {
        STARTING("not listed yet"),
        WATCHING("watched"),
        ABSENT("not installed"),
        FORBIDDEN("not allowed"),
        DISCONNECTED("no connection");

        private final String label;

        State(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    private final ApiServer api;
    private final Resource resource;
    private final @Nullable String namespace;
    private final Sink sink;
    private final Pace pace;
    private final Clock clock;
    private final ScheduledExecutorService watchdog;

    private Map<String, String> known = new HashMap<>(); // namespace/name -> resourceVersion
    private Duration retry;
    private volatile State state = State.STARTING;
    private volatile @Nullable Instant heardAt;

    ObjectWatch(
            ApiServer api,
            Resource resource,
            @Nullable String namespace,
            Sink sink,
            Pace pace,
            Clock clock,
            ScheduledExecutorService watchdog) {
        this.api = api;
        this.resource = resource;
        this.namespace = namespace;
        this.sink = sink;
        this.pace = pace;
        this.retry = pace.first();
        this.clock = clock;
        this.watchdog = watchdog;
    }

    Resource resource() {
        return resource;
    }

    State state() {
        return state;
    }

    /** When the picture was last known to be current; null before the first list. */
    @Nullable
    Instant heardAt() {
        return heardAt;
    }

    @Override
    public void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                var ended = listAndWatch();
                if (ended != State.WATCHING) {
                    become(ended);
                }
                pause(ended == State.ABSENT ? pace.absent() : retry);
                retry = pace.longer(retry);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lists, and watches until the list must be read again; tells what it ended in. */
    private State listAndWatch() throws InterruptedException {
        try {
            var listing = list();
            if (listing.failure() != null) {
                return listing.failure();
            }
            become(State.WATCHING);
            var version = listing.resourceVersion();
            while (version != null) {
                var next = watchWithPatience(version);
                if (version.equals(next)) {
                    pause(pace.first()); // a server that ends every watch at once is not to be driven mad
                }
                version = next;
            }
            return State.WATCHING;
        } catch (IOException | RuntimeException failed) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedException();
            }
            LOG.debugf(failed, "reading %s", resource.plural());
            return State.DISCONNECTED;
        }
    }

    /** A watch that breaks is taken up where it was, for a while. */
    private @Nullable String watchWithPatience(String from) throws IOException, InterruptedException {
        var wait = pace.first();
        while (true) {
            try {
                return watch(from);
            } catch (IOException broken) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedException();
                }
                if (wait.compareTo(pace.last()) >= 0) {
                    throw broken; // begin anew with the list, which also tells what kind of trouble it is
                }
                LOG.debugf(broken, "watching %s", resource.plural());
                if (!wait.equals(pace.first())) {
                    become(State.DISCONNECTED); // once is nothing: servers restart
                }
                pause(wait);
                wait = pace.longer(wait);
            }
        }
    }

    // --- list

    private record Listing(
            @Nullable String resourceVersion, @Nullable State failure) {}

    private Listing list() throws IOException, InterruptedException {
        var seen = new HashMap<String, String>();
        String version = "";
        String next = "";
        do {
            var path =
                    resource.path(namespace) + "?limit=" + PAGE + (next.isEmpty() ? "" : "&continue=" + encode(next));
            try (var streamed = api.stream(path)) {
                var limit =
                        watchdog.schedule(() -> closeQuietly(streamed), LIST_AT_MOST.toMillis(), TimeUnit.MILLISECONDS);
                try {
                    if (!streamed.isSuccess()) {
                        streamed.drain();
                        return refused(streamed.code());
                    }
                    var meta = page(streamed, seen);
                    version = meta.path("resourceVersion").asText("");
                    next = meta.path("continue").asText("");
                } finally {
                    limit.cancel(false);
                }
            }
        } while (!next.isEmpty());
        forgetAllBut(seen.keySet());
        known = seen;
        heardAt = clock.instant();
        return new Listing(version, null);
    }

    /** Reads one page item by item, so that it is never in memory as a whole; returns its metadata. */
    private JsonNode page(ApiServer.Streamed streamed, Map<String, String> seen) throws IOException {
        JsonNode meta = ApiServer.JSON.createObjectNode();
        try (var parser = ApiServer.JSON.createParser(streamed.body())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not a list");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                var field = parser.currentName();
                var token = parser.nextToken();
                if (field.equals("items") && token == JsonToken.START_ARRAY) {
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        JsonNode item = parser.readValueAsTree();
                        if (isNews(item, seen)) {
                            sink.seen(resource, item);
                        }
                    }
                } else if (field.equals("metadata")) {
                    meta = parser.readValueAsTree();
                } else {
                    parser.skipChildren();
                }
            }
            if (parser.currentToken() != JsonToken.END_OBJECT) {
                throw new IOException("the list was cut off");
            }
            streamed.drain();
        }
        return meta;
    }

    private Listing refused(int code) throws IOException {
        return switch (code) {
            case 401, 403 -> new Listing(null, State.FORBIDDEN);
            case 404 -> {
                if (!resource.isOptional()) {
                    throw new IOException("HTTP 404");
                }
                forgetAllBut(Set.of());
                known = new HashMap<>();
                heardAt = clock.instant();
                yield new Listing(null, State.ABSENT);
            }
            case 410 -> new Listing(null, State.STARTING); // the pages took too long
            default -> throw new IOException("HTTP " + code);
        };
    }

    private void forgetAllBut(Set<String> seen) {
        var gone = new HashSet<>(known.keySet());
        gone.removeAll(seen);
        gone.forEach(this::gone);
    }

    // --- watch

    /** Watches from a version on; returns the one to go on from, null where the list must be read again. */
    private @Nullable String watch(String from) throws IOException, InterruptedException {
        long seconds = pace.watch().toSeconds();
        seconds += ThreadLocalRandom.current().nextLong(seconds / 4 + 1); // so that not all end at once
        var path = resource.path(namespace) + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=" + seconds
                + "&resourceVersion=" + encode(from);
        try (var streamed = api.stream(path)) {
            var limit = watchdog.schedule(() -> closeQuietly(streamed), seconds + LATE.toSeconds(), TimeUnit.SECONDS);
            try {
                if (streamed.code() == 410) {
                    return null;
                }
                if (streamed.code() == 404 || streamed.code() == 403 || streamed.code() == 401) {
                    return null; // the list tells what it is
                }
                if (!streamed.isSuccess()) {
                    throw new IOException("HTTP " + streamed.code());
                }
                become(State.WATCHING);
                retry = pace.first();
                heardAt = clock.instant();
                return follow(streamed, from);
            } finally {
                limit.cancel(false);
            }
        }
    }

    private @Nullable String follow(ApiServer.Streamed streamed, String from) throws IOException {
        var version = from;
        try (var events = ApiServer.JSON.readerFor(JsonNode.class).<JsonNode>readValues(streamed.body())) {
            while (events.hasNextValue()) {
                var event = events.nextValue();
                var object = event.path("object");
                switch (event.path("type").asText()) {
                    case "ADDED", "MODIFIED" -> {
                        known.put(key(object), version(object));
                        sink.seen(resource, object);
                    }
                    case "DELETED" -> {
                        var key = key(object);
                        known.remove(key);
                        gone(key);
                    }
                    case "BOOKMARK" -> {}
                    default -> { // ERROR, of which 410 is the usual one
                        LOG.debugf("watching %s: error event %s", resource.plural(), object.path("code"));
                        return null;
                    }
                }
                version = object.path("metadata").path("resourceVersion").asText(version);
                heardAt = clock.instant();
            }
            heardAt = clock.instant();
        } catch (IOException cut) {
            if (version.equals(from)) {
                throw cut;
            }
            LOG.debugf(cut, "watching %s", resource.plural()); // what came before it counts
        }
        return version;
    }

    // --- objects

    /** Whether a listed object differs from what the watch has told already. */
    private boolean isNews(JsonNode object, Map<String, String> seen) {
        var key = key(object);
        var version = version(object);
        seen.put(key, version);
        return !version.equals(known.get(key));
    }

    private static String version(JsonNode object) {
        return object.path("metadata").path("resourceVersion").asText("");
    }

    private void gone(String key) {
        int slash = key.indexOf('/');
        sink.gone(resource, key.substring(0, slash), key.substring(slash + 1));
    }

    private static String key(JsonNode object) {
        var meta = object.path("metadata");
        return meta.path("namespace").asText("") + "/" + meta.path("name").asText("");
    }

    private void become(State now) {
        if (now != state) {
            var where = namespace == null ? "" : " in " + namespace;
            switch (now) {
                case WATCHING -> LOG.infof("%s%s: %s", resource.plural(), where, now.label());
                case ABSENT, STARTING -> LOG.debugf("%s%s: %s", resource.plural(), where, now.label());
                case FORBIDDEN, DISCONNECTED -> LOG.warnf("%s%s: %s", resource.plural(), where, now.label());
            }
            state = now;
        }
    }

    private static void pause(Duration time) throws InterruptedException {
        long millis = time.toMillis();
        TimeUnit.MILLISECONDS.sleep(millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1));
    }

    private static void closeQuietly(ApiServer.Streamed streamed) {
        try {
            streamed.close();
        } catch (IOException closed) {
            LOG.debugf(closed, "closing");
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
