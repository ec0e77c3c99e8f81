package io.rollguard.sandbox.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** What clients asked, oldest first, the last 20,000 requests. Written when a request is answered or given up. */
public final class RequestLog {

    private static final int MOST = 20_000;
    private static final int MOST_BODY = 64 * 1024;

    /**
     * @param at when all of it had come
     * @param verb as RBAC names it: get, list, watch, create, update, patch, delete, deletecollection
     * @param body at most 64 KiB of it
     * @param code HTTP status sent; 0 where the connection was dropped or left hanging on purpose
     * @param applied whether it was carried out, answered or not; false for a watch
     */
    public record Entry(
            Instant at,
            String verb,
            String path,
            String query,
            String body,
            String userAgent,
            int code,
            boolean applied) {}

    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    private final List<Consumer<Entry>> listeners = new CopyOnWriteArrayList<>();

    /** Calls back with each request from now on, on the server's event loop, when it is answered or given up. */
    public void onEntry(Consumer<Entry> listener) {
        listeners.add(listener);
    }

    void add(Instant at, ApiRequest request, String query, int code, boolean applied) {
        byte[] body = request.body();
        var entry = new Entry(
                at,
                request.verb(),
                request.path(),
                query,
                new String(body, 0, Math.min(body.length, MOST_BODY), StandardCharsets.UTF_8),
                request.userAgent(),
                code,
                applied);
        keep(entry);
        listeners.forEach(listener -> listener.accept(entry));
    }

    private synchronized void keep(Entry entry) {
        if (entries.size() == MOST) {
            entries.removeFirst();
        }
        entries.addLast(entry);
    }

    public synchronized List<Entry> entries() {
        return List.copyOf(entries);
    }

    /** The requests of a verb whose whole path matches the expression. */
    public List<Entry> of(String verb, String pathExpression) {
        Pattern path = Pattern.compile(pathExpression);
        return entries().stream()
                .filter(entry ->
                        entry.verb().equals(verb) && path.matcher(entry.path()).matches())
                .toList();
    }

    public synchronized void clear() {
        entries.clear();
    }
}
