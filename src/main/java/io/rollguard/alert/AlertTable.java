package io.rollguard.alert;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The alerts of one cluster, as folded from their deliveries. While there is room, the content is a function of the set of
 * deliveries: their order and doubles do not matter. Indexed by the objects that labels name, and what has not ended by when
 * it began in its namespace and among those of its name, so that a question costs what it answers.
 *
 * <p>Where there is no room, what is resolved goes first, then what fires; of each what was not heard of for longest, to the
 * second. That is counted, and {@link #lastDropped} tells until when an absence proves nothing. Safe for many threads.
 */
public final class AlertTable {

    /** The likeness of a delivery that is not known to be like any other. */
    public static final long UNLIKE_ANY = 0;

    private static final long NANOS = 1_000_000_000;
    private static final Fingerprint FIRST = new Fingerprint("0".repeat(16));
    private static final Fingerprint LAST = new Fingerprint("f".repeat(16));

    private final int limit;
    private final long maxBytes;

    /** Changed with the lock only; who lists all of it goes through without, since that takes long where there are many. */
    private final Map<Fingerprint, Entry> entries = new ConcurrentHashMap<>();

    private final Map<Subject, Set<Entry>> bySubject = new HashMap<>();
    private final Map<String, NavigableMap<Begun, Entry>> openByNamespace = new HashMap<>();
    private final Map<String, NavigableMap<Begun, Entry>> openByName = new HashMap<>();
    private final HeardOrder resolved = new HeardOrder();
    private final HeardOrder open = new HeardOrder();
    private final Dropped droppedResolved = new Dropped();
    private final Dropped droppedOpen = new Dropped();
    private final Texts texts = new Texts();
    /** Without the texts. */
    private long bytes;

    /** A name or hash of an object of a namespace. */
    private record Subject(String namespace, String value) {}

    /** A time at which the trouble of an alert may have begun: the latest of its onset, were it that of this episode. */
    private record Begun(Instant latest, Fingerprint fingerprint) implements Comparable<Begun> {

        private static final Comparator<Begun> ORDER =
                Comparator.comparing(Begun::latest).thenComparing(Begun::fingerprint);

        @Override
        public int compareTo(Begun other) {
            return ORDER.compare(this, other);
        }
    }

    /** One fingerprint, as long as the indexes know it by the same. Streams read the history without the lock. */
    private static final class Entry {
        private volatile Kept kept;
        long likeness;
        /** In which it was last heard of, since 1970. */
        long second;
        /** Neighbours in its {@link HeardOrder}. */
        @Nullable
        Entry before;

        @Nullable
        Entry after;

        Entry(AlertHistory history, long likeness) {
            this.kept = new Kept(history);
            this.likeness = likeness;
        }

        AlertHistory history() {
            return kept.history();
        }

        void set(AlertHistory history) {
            kept = new Kept(history);
        }

        /** Whether its newest delivery, heard of again at this time, says nothing else. */
        boolean heardAgain(Instant time) {
            return kept.heardAgain(time);
        }

        boolean isResolved() {
            return kept.history.current().resolvedAt() != null;
        }
    }

    /**
     * A history, and when its newest delivery was heard of again: most deliveries say no more than that, and a number needs no
     * memory of its own where there are a million of them.
     */
    private static final class Kept {

        private static final long NOT_AGAIN = Long.MIN_VALUE;

        private final AlertHistory history;
        /** Nanoseconds since 1970. */
        private volatile long again = NOT_AGAIN;

        Kept(AlertHistory history) {
            this.history = history;
        }

        AlertHistory history() {
            long time = again;
            return time == NOT_AGAIN ? history : history.with(history.latest().heardAt(Instant.EPOCH.plusNanos(time)));
        }

        boolean heardAgain(Instant time) {
            long seconds = time.getEpochSecond();
            boolean nothingElse = time.isAfter(history.latest().receivedAt())
                    && seconds > 0
                    && seconds < Long.MAX_VALUE / NANOS - 1; // the year 2262
            if (nothingElse) {
                again = Math.max(again, seconds * NANOS + time.getNano());
            }
            return nothingElse;
        }
    }

    /** Entries by the second in which they were last heard of. */
    private static final class HeardOrder {

        private final TreeMap<Long, Second> seconds = new TreeMap<>();
        private int size;

        /** A chain of entries, in the order in which they came: a million of them need no set of their own. */
        private static final class Second {
            @Nullable
            Entry first;

            @Nullable
            Entry last;

            int size;
        }

        /** @param heard the second in which it was last heard of */
        void add(Entry entry, long heard) {
            entry.second = heard;
            var second = seconds.computeIfAbsent(heard, key -> new Second());
            entry.before = second.last;
            entry.after = null;
            if (second.last == null) {
                second.first = entry;
            } else {
                second.last.after = entry;
            }
            second.last = entry;
            second.size++;
            size++;
        }

        void remove(Entry entry) {
            var second = Objects.requireNonNull(seconds.get(entry.second), "an alert has no place in its order");
            if (entry.before == null) {
                second.first = entry.after;
            } else {
                entry.before.after = entry.after;
            }
            if (entry.after == null) {
                second.last = entry.before;
            } else {
                entry.after.before = entry.before;
            }
            second.size--;
            size--;
            if (second.size == 0) {
                seconds.remove(entry.second);
            }
        }

        @Nullable
        Entry oldest() {
            var oldest = seconds.firstEntry();
            return oldest == null ? null : oldest.getValue().first;
        }

        int size() {
            return size;
        }

        /** How many were last heard of before this time, to the second. */
        int before(Instant time) {
            return seconds.headMap(time.getEpochSecond()).values().stream()
                    .mapToInt(second -> second.size)
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
    public AlertHistory apply(Alert alert) {
        return apply(alert, UNLIKE_ANY);
    }

    /**
     * As {@link #apply(Alert)}.
     *
     * @param likeness the same for deliveries that differ by when they were received only, see {@link #again}
     */
    public synchronized AlertHistory apply(Alert alert, long likeness) {
        var known = entries.get(alert.fingerprint());
        if (known == null) {
            return applied(added(AlertHistory.of(alert), likeness));
        }
        var before = known.history();
        var now = before.with(alert);
        long latest = now.latest() == alert ? likeness : known.likeness;
        if (!isIndexedAlike(before, now)) {
            var entry = added(now, latest);
            remove(known); // after the new one is in, so that who reads meanwhile misses nothing
            return applied(entry);
        }
        known.likeness = latest;
        if (before.isOrderedLike(now)) {
            replace(known, before, now);
        } else {
            order(known).remove(known);
            replace(known, before, now);
            order(known).add(known, second(now));
        }
        return applied(known);
    }

    private AlertHistory applied(Entry entry) {
        evict();
        return entry.history();
    }

    /** Most deliveries only repeat, so there is nothing to look up. */
    private void replace(Entry entry, AlertHistory before, AlertHistory now) {
        if (before.hasTextsOf(now)) {
            bytes += now.bytes() - before.bytes();
            entry.set(now);
        } else {
            entry.set(hold(now));
            release(before);
        }
    }

    /**
     * Takes in a delivery that says what the newest one of this fingerprint said, at another time; empty, and nothing is taken
     * in, where it is not known to say that.
     */
    public synchronized Optional<AlertHistory> again(Fingerprint fingerprint, long likeness, Instant receivedAt) {
        var entry = entries.get(fingerprint);
        if (entry == null || entry.likeness != likeness || likeness == UNLIKE_ANY) {
            return Optional.empty();
        }
        if (!entry.heardAgain(receivedAt)) {
            return Optional.of(apply(entry.history().latest().heardAt(receivedAt), likeness));
        }
        if (receivedAt.getEpochSecond() > entry.second) {
            order(entry).remove(entry);
            order(entry).add(entry, receivedAt.getEpochSecond());
        }
        return Optional.of(entry.history());
    }

    private AlertHistory hold(AlertHistory history) {
        var shared = history.share(texts::hold);
        bytes += shared.bytes();
        return shared;
    }

    private void release(AlertHistory history) {
        bytes -= history.bytes();
        history.latest().forEachText(texts::release);
    }

    /** Also where a sender makes up fingerprints, so that the labels of one are now these and now those. */
    private static boolean isIndexedAlike(AlertHistory one, AlertHistory other) {
        return one.latest().labels().equals(other.latest().labels())
                && Objects.equals(
                        one.latest().annotations().get(Onset.FOR_ANNOTATION),
                        other.latest().annotations().get(Onset.FOR_ANNOTATION))
                && one.openSince().equals(other.openSince());
    }

    public synchronized Optional<AlertHistory> find(Fingerprint fingerprint) {
        return Optional.ofNullable(entries.get(fingerprint)).map(Entry::history);
    }

    /**
     * The alerts that name this namespace and something in it, have not ended, and of whose onset the latest time lies between
     * these two (both included); by that time, then by fingerprint. The stream goes on only as far as it is read, and may see
     * what is delivered meanwhile.
     */
    public Stream<AlertHistory> begunIn(String namespace, Instant from, Instant to, Duration timeToLive) {
        return begun(openByNamespace, namespace, from, to, timeToLive);
    }

    /** As {@link #begunIn}, but of one alertname, in any namespace. */
    public Stream<AlertHistory> begunAs(String alertname, Instant from, Instant to, Duration timeToLive) {
        return begun(openByName, alertname, from, to, timeToLive);
    }

    private synchronized Stream<AlertHistory> begun(
            Map<String, NavigableMap<Begun, Entry>> index, String key, Instant from, Instant to, Duration timeToLive) {
        var open = index.get(key);
        if (open == null || to.isBefore(from)) {
            return Stream.empty();
        }
        return open.subMap(new Begun(from, FIRST), true, new Begun(to, LAST), true).entrySet().stream()
                .flatMap(each -> Stream.of(each.getValue().history()) // read once
                        .filter(history -> history.onset(timeToLive)
                                .latest()
                                .equals(each.getKey().latest())));
    }

    /** Alerts that name this namespace and one of these names or hashes of objects in it, by fingerprint. */
    public synchronized List<AlertHistory> about(String namespace, Collection<String> subjects) {
        var found = new HashSet<Entry>();
        for (var subject : subjects) {
            found.addAll(bySubject.getOrDefault(new Subject(namespace, subject), Set.of()));
        }
        return sorted(found);
    }

    public List<AlertHistory> all() {
        return sorted(entries.values());
    }

    /**
     * The first so many in this order. Looks at each alert once and at few again; holds up nobody, and may see what is
     * delivered meanwhile.
     */
    public List<AlertHistory> first(int count, Comparator<AlertHistory> order) {
        var found = new PriorityQueue<>(order.reversed());
        for (var entry : entries.values()) {
            var history = entry.history(); // read once
            if (found.size() < count) {
                found.add(history);
            } else if (order.compare(history, found.peek()) < 0) {
                found.remove();
                found.add(history);
            }
        }
        return found.stream().sorted(order).toList();
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
        return bytes + texts.bytes();
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
            while (oldest != null && oldest.history().lastHeard().plus(lookback).isBefore(at)) {
                remove(oldest);
                oldest = order.oldest();
            }
        }
    }

    private void evict() {
        while (entries.size() > limit || (bytes() > maxBytes && entries.size() > 1)) {
            var oldest = resolved.oldest() == null ? open.oldest() : resolved.oldest();
            if (oldest == null) {
                throw new IllegalStateException("an alert of the table has no place in its order");
            }
            dropped(oldest.isResolved()).add(oldest.history());
            remove(oldest);
        }
    }

    private HeardOrder order(Entry entry) {
        return entry.isResolved() ? resolved : open;
    }

    private Dropped dropped(boolean wasResolved) {
        return wasResolved ? droppedResolved : droppedOpen;
    }

    private Entry added(AlertHistory added, long likeness) {
        var history = hold(added);
        var entry = new Entry(history, likeness);
        entries.put(history.fingerprint(), entry);
        order(entry).add(entry, second(history));
        var labels = history.latest().labels();
        labels.namespace().ifPresent(namespace -> {
            var subjects = labels.subjects();
            subjects.forEach(subject -> put(bySubject, new Subject(namespace, subject), entry));
            for (var begun : subjects.isEmpty() ? List.<Begun>of() : begun(history)) {
                put(openByNamespace, namespace, begun, entry);
                put(openByName, labels.alertname(), begun, entry);
            }
        });
        return entry;
    }

    private static long second(AlertHistory history) {
        return history.lastHeard().getEpochSecond();
    }

    private void remove(Entry entry) {
        var history = entry.history();
        entries.remove(history.fingerprint(), entry);
        order(entry).remove(entry);
        release(history);
        var labels = history.latest().labels();
        labels.namespace().ifPresent(namespace -> {
            labels.subjects().forEach(subject -> remove(bySubject, new Subject(namespace, subject), entry));
            for (var begun : begun(history)) {
                remove(openByNamespace, namespace, begun, entry);
                remove(openByName, labels.alertname(), begun, entry);
            }
        });
    }

    /** For every time to live: which of the episodes the trouble began in depends on it. */
    private static List<Begun> begun(AlertHistory history) {
        var annotations = history.latest().annotations();
        return history.openSince().stream()
                .map(startsAt -> new Begun(Onset.of(startsAt, annotations).latest(), history.fingerprint()))
                .toList();
    }

    private static void put(Map<String, NavigableMap<Begun, Entry>> index, String key, Begun begun, Entry entry) {
        index.computeIfAbsent(key, same -> new ConcurrentSkipListMap<>()).put(begun, entry);
    }

    /** What took the place of the entry already stays. */
    private static void remove(Map<String, NavigableMap<Begun, Entry>> index, String key, Begun begun, Entry entry) {
        index.computeIfPresent(key, (same, open) -> {
            open.remove(begun, entry);
            return open.isEmpty() ? null : open;
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
        entries.forEach(entry -> list.add(entry.history()));
        list.sort(Comparator.comparing(AlertHistory::fingerprint));
        return list;
    }
}
