package io.rollguard.alert;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The alerts of one cluster, as folded from their deliveries. While there is room, the content is a function of the set
 * of deliveries: their order and doubles do not matter. Indexed by namespace and by alertname, so that a question costs what it answers.
 * Safe for many threads.
 */
public final class AlertTable {

    private final int limit;
    private final Map<Fingerprint, AlertHistory> histories = new LinkedHashMap<>();
    private final Map<String, Map<Fingerprint, AlertHistory>> byNamespace = new HashMap<>();
    private final Map<String, Map<Fingerprint, AlertHistory>> byName = new HashMap<>();
    private long dropped;

    /** @param limit how many fingerprints are kept at most; over it the one not heard of for longest goes, resolved ones first */
    public AlertTable(int limit) {
        this.limit = limit;
    }

    /** Takes in one delivery and says what is now known of its fingerprint. */
    public synchronized AlertHistory apply(Alert alert) {
        var known = histories.get(alert.fingerprint());
        var now = known == null ? AlertHistory.of(alert) : known.with(alert);
        if (known != null && !known.latest().labels().equals(now.latest().labels())) {
            remove(known); // a sender that makes up fingerprints must not leave stale entries in the indexes
        }
        store(now);
        if (histories.size() > limit) {
            evict();
        }
        return now;
    }

    public synchronized Optional<AlertHistory> find(Fingerprint fingerprint) {
        return Optional.ofNullable(histories.get(fingerprint));
    }

    /** Alerts that name this namespace, by fingerprint. */
    public synchronized List<AlertHistory> inNamespace(String namespace) {
        return sorted(byNamespace.getOrDefault(namespace, Map.of()).values());
    }

    public synchronized List<AlertHistory> named(String alertname) {
        return sorted(byName.getOrDefault(alertname, Map.of()).values());
    }

    public synchronized List<AlertHistory> all() {
        return sorted(histories.values());
    }

    public synchronized int size() {
        return histories.size();
    }

    /** How many fingerprints were given up for lack of room since the start. */
    public synchronized long dropped() {
        return dropped;
    }

    /** Forgets what was last heard of before the lookback; what fires until it is unknown goes with it. */
    public synchronized void forget(Instant at, Duration lookback) {
        var tooOld = histories.values().stream()
                .filter(history -> history.lastHeard().plus(lookback).isBefore(at))
                .toList();
        tooOld.forEach(this::remove);
    }

    private void evict() {
        histories.values().stream()
                .min(Comparator.comparing((AlertHistory h) -> h.current().resolvedAt() == null)
                        .thenComparing(AlertHistory::lastHeard))
                .ifPresent(oldest -> {
                    remove(oldest);
                    dropped++;
                });
    }

    private void store(AlertHistory history) {
        var fingerprint = history.fingerprint();
        histories.put(fingerprint, history);
        history.latest()
                .labels()
                .namespace()
                .ifPresent(namespace -> byNamespace
                        .computeIfAbsent(namespace, key -> new HashMap<>())
                        .put(fingerprint, history));
        byName.computeIfAbsent(history.latest().name(), key -> new HashMap<>()).put(fingerprint, history);
    }

    private void remove(AlertHistory history) {
        histories.remove(history.fingerprint());
        history.latest().labels().namespace().ifPresent(namespace -> remove(byNamespace, namespace, history));
        remove(byName, history.latest().name(), history);
    }

    private static void remove(Map<String, Map<Fingerprint, AlertHistory>> index, String key, AlertHistory history) {
        var entries = index.get(key);
        if (entries != null) {
            entries.remove(history.fingerprint());
            if (entries.isEmpty()) {
                index.remove(key);
            }
        }
    }

    private static List<AlertHistory> sorted(Collection<AlertHistory> histories) {
        var list = new ArrayList<>(histories);
        list.sort(Comparator.comparing(AlertHistory::fingerprint));
        return list;
    }
}
