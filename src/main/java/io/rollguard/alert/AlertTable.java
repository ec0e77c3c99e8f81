package io.rollguard.alert;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The alerts of one cluster, as folded from their deliveries. While there is room, the content is a function of the set of
 * deliveries: their order and doubles do not matter. Indexed by namespace, by alertname and by the objects that labels name, so
 * that a question costs what it answers.
 *
 * <p>Where there is no room, what is resolved goes first, then what fires; of each what was not heard of for longest, to the
 * second. That is counted, and {@link #lastDropped} tells until when an absence proves nothing. Safe for many threads.
 */
public final class AlertTable {

    private final int limit;
    private final long maxBytes;
    private final Map<Fingerprint, Entry> entries = new HashMap<>();
    private final Map<String, Set<Entry>> byNamespace = new HashMap<>();
    private final Map<String, Set<Entry>> byName = new HashMap<>();
    private final Map<Subject, Set<Entry>> bySubject = new HashMap<>();
    private final HeardOrder resolved = new HeardOrder();
    private final HeardOrder open = new HeardOrder();
    private final Dropped droppedResolved = new Dropped();
    private final Dropped droppedOpen = new Dropped();
    private long bytes;

    /** A name or hash of an object of a namespace. */
    private record Subject(String namespace, String value) {}

    /** One fingerprint; what it is known by in the indexes is that of {@code history}. */
    private static final class Entry {
        AlertHistory history;
        long bytes;

        Entry(AlertHistory history) {
            this.history = history;
            this.bytes = history.bytes();
        }
    }

    /** Entries by the second in which they were last heard of. */
    private static final class HeardOrder {

        private final TreeMap<Long, LinkedHashSet<Entry>> bySecond = new TreeMap<>();
        private int size;

        void add(Entry entry) {
            bySecond.computeIfAbsent(second(entry), key -> new LinkedHashSet<>())
                    .add(entry);
            size++;
        }

        void remove(Entry entry) {
            bySecond.computeIfPresent(second(entry), (key, same) -> {
                size -= same.remove(entry) ? 1 : 0;
                return same.isEmpty() ? null : same;
            });
        }

        private static long second(Entry entry) {
            return entry.history.lastHeard().getEpochSecond();
        }

        @Nullable
        Entry oldest() {
            var first = bySecond.firstEntry();
            return first == null ? null : first.getValue().iterator().next();
        }

        int size() {
            return size;
        }

        /** How many were last heard of before this time, to the second. */
        int before(Instant time) {
            return bySecond.headMap(time.getEpochSecond()).values().stream()
                    .mapToInt(Set::size)
                    .sum();
        }
    }

    /** What was given up for lack of room. */
    private static final class Dropped {

        private long count;
        private Instant lastHeard = Instant.MIN;

        void add(AlertHistory history) {
            count++;
            lastHeard = history.lastHeard().isAfter(lastHeard) ? history.lastHeard() : lastHeard;
        }
    }

    /** @param limit how many fingerprints are kept at most */
    public AlertTable(int limit) {
        this(limit, Long.MAX_VALUE);
    }

    /**
     * @param limit how many fingerprints are kept at most
     * @param maxBytes how much memory they may take, by estimate: labels and annotations may be long
     */
    public AlertTable(int limit, long maxBytes) {
        this.limit = limit;
        this.maxBytes = maxBytes;
    }

    /** Takes in one delivery and says what is now known of its fingerprint. */
    public synchronized AlertHistory apply(Alert alert) {
        var entry = entries.get(alert.fingerprint());
        if (entry == null) {
            var made = new Entry(AlertHistory.of(alert));
            entries.put(alert.fingerprint(), made);
            index(made);
            evict();
            return made.history;
        }
        var now = entry.history.with(alert);
        if (entry.history.isKeptLike(now)) {
            entry.history = now;
            return now;
        }
        bytes -= entry.bytes;
        order(entry).remove(entry);
        if (entry.history.latest().labels().equals(now.latest().labels())) {
            entry.history = now;
        } else { // a sender that makes up fingerprints must not leave stale entries in the indexes
            unindex(entry);
            entry.history = now;
            indexLabels(entry);
        }
        entry.bytes = now.bytes();
        bytes += entry.bytes;
        order(entry).add(entry);
        evict();
        return now;
    }

    public synchronized Optional<AlertHistory> find(Fingerprint fingerprint) {
        return Optional.ofNullable(entries.get(fingerprint)).map(entry -> entry.history);
    }

    /** Alerts that name this namespace, by fingerprint. */
    public synchronized List<AlertHistory> inNamespace(String namespace) {
        return sorted(byNamespace.getOrDefault(namespace, Set.of()));
    }

    public synchronized List<AlertHistory> named(String alertname) {
        return sorted(byName.getOrDefault(alertname, Set.of()));
    }

    /** Alerts that name this namespace and one of these names or hashes of objects in it, by fingerprint. */
    public synchronized List<AlertHistory> about(String namespace, Collection<String> subjects) {
        var found = new HashSet<Entry>();
        for (var subject : subjects) {
            found.addAll(bySubject.getOrDefault(new Subject(namespace, subject), Set.of()));
        }
        return sorted(found);
    }

    public synchronized List<AlertHistory> all() {
        return sorted(entries.values());
    }

    public synchronized int size() {
        return entries.size();
    }

    /** How many are in this state, to the second. */
    public synchronized int count(AlertHistory.State state, Instant at, Duration timeToLive) {
        return switch (state) {
            case RESOLVED -> resolved.size();
            case UNKNOWN -> open.before(at.minus(timeToLive));
            case FIRING -> open.size() - open.before(at.minus(timeToLive));
        };
    }

    /** About so many bytes of memory. */
    public synchronized long bytes() {
        return bytes;
    }

    /** How many fingerprints that were last heard of with this status were given up for lack of room since the start. */
    public synchronized long dropped(Alert.Status status) {
        return dropped(status == Alert.Status.RESOLVED).count;
    }

    /**
     * When the last one heard of among the given up ones was last heard of; empty where none was given up. That something is not
     * in the table proves nothing about it, if it may have been heard of at that time or before.
     */
    public synchronized Optional<Instant> lastDropped(Alert.Status status) {
        var dropped = dropped(status == Alert.Status.RESOLVED);
        return dropped.count == 0 ? Optional.empty() : Optional.of(dropped.lastHeard);
    }

    /** Forgets what was last heard of before the lookback; what fires until it is unknown goes with it. */
    public synchronized void forget(Instant at, Duration lookback) {
        for (var order : List.of(resolved, open)) {
            var oldest = order.oldest();
            while (oldest != null && oldest.history.lastHeard().plus(lookback).isBefore(at)) {
                remove(oldest);
                oldest = order.oldest();
            }
        }
    }

    private void evict() {
        while (entries.size() > limit || (bytes > maxBytes && entries.size() > 1)) {
            var oldest = resolved.oldest() == null ? open.oldest() : resolved.oldest();
            if (oldest == null) {
                throw new IllegalStateException("an alert of the table has no place in its order");
            }
            dropped(isResolved(oldest)).add(oldest.history);
            remove(oldest);
        }
    }

    private static boolean isResolved(Entry entry) {
        return entry.history.current().resolvedAt() != null;
    }

    private HeardOrder order(Entry entry) {
        return isResolved(entry) ? resolved : open;
    }

    private Dropped dropped(boolean wasResolved) {
        return wasResolved ? droppedResolved : droppedOpen;
    }

    private void index(Entry entry) {
        indexLabels(entry);
        order(entry).add(entry);
        bytes += entry.bytes;
    }

    private void indexLabels(Entry entry) {
        var labels = entry.history.latest().labels();
        put(byName, labels.alertname(), entry);
        labels.namespace().ifPresent(namespace -> {
            put(byNamespace, namespace, entry);
            labels.subjects().forEach(subject -> put(bySubject, new Subject(namespace, subject), entry));
        });
    }

    private void remove(Entry entry) {
        entries.remove(entry.history.fingerprint());
        unindex(entry);
        order(entry).remove(entry);
        bytes -= entry.bytes;
    }

    private void unindex(Entry entry) {
        var labels = entry.history.latest().labels();
        remove(byName, labels.alertname(), entry);
        labels.namespace().ifPresent(namespace -> {
            remove(byNamespace, namespace, entry);
            labels.subjects().forEach(subject -> remove(bySubject, new Subject(namespace, subject), entry));
        });
    }

    /** Most names are those of one alert, for which a set of its own kind is small. */
    private static <K> void put(Map<K, Set<Entry>> index, K key, Entry entry) {
        index.merge(key, Set.of(entry), (known, one) -> {
            var more = known instanceof HashSet<Entry> ? known : new HashSet<>(known);
            more.addAll(one);
            return more;
        });
    }

    private static <K> void remove(Map<K, Set<Entry>> index, K key, Entry entry) {
        index.computeIfPresent(key, (same, known) -> {
            if (known instanceof HashSet<Entry>) {
                known.remove(entry);
                return known.isEmpty() ? null : known;
            }
            return known.contains(entry) ? null : known;
        });
    }

    private static List<AlertHistory> sorted(Collection<Entry> entries) {
        var list = new ArrayList<AlertHistory>(entries.size());
        entries.forEach(entry -> list.add(entry.history));
        list.sort(Comparator.comparing(AlertHistory::fingerprint));
        return list;
    }
}
