package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All objects, one line of revisions over them, and the recent changes of each kind. Trees handed in belong to the store
 * and trees handed out are never changed again: readers need no copies, writers make one.
 */
final class ObjectStore {

    enum ChangeKind {
        ADDED,
        MODIFIED,
        DELETED
    }

    /** One version of an object; its JSON text is made once, however many lists and watches it goes out in. */
    static final class Stored {
        private final ObjectNode tree;
        private final long revision;
        private volatile byte @Nullable [] json;

        private Stored(ObjectNode tree, long revision) {
            this.tree = tree;
            this.revision = revision;
        }

        ObjectNode tree() {
            return tree;
        }

        long revision() {
            return revision;
        }

        byte[] json() {
            byte[] text = json;
            if (text == null) {
                text = Json.bytes(tree);
                json = text;
            }
            return text;
        }
    }

    /**
     * @param now the object after the change; of a deleted one its last state, under the revision of the deletion
     * @param before null for an added object
     */
    record Change(
            ChangeKind kind,
            ObjectKey key,
            Stored now,
            @Nullable Stored before) {}

    record Listing(List<Stored> objects, long revision) {}

    private static final class Kind {
        final TreeMap<String, Stored> objects = new TreeMap<>();
        final ArrayDeque<Change> history = new ArrayDeque<>();
        final List<Consumer<Change>> watchers = new CopyOnWriteArrayList<>();
        long forgotten;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final int historyLimit;
    private final Map<ResourceType, Kind> kinds = new HashMap<>();
    private final Map<String, Set<ObjectKey>> dependents = new HashMap<>();
    private final Map<String, ObjectKey> byUid = new HashMap<>();
    private final List<Consumer<Change>> listeners = new CopyOnWriteArrayList<>();
    private long revision = 1;

    /**
     * @param historyLimit how many changes of each kind a watch can be resumed over
     */
    ObjectStore(int historyLimit) {
        this.historyLimit = historyLimit;
    }

    /** Runs with all other readers and writers held off. Reentrant. */
    <T> T atomically(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    private void atomically(Runnable work) {
        atomically(() -> {
            work.run();
            return work;
        });
    }

    long revision() {
        return atomically(() -> revision);
    }

    Optional<Stored> find(ObjectKey key) {
        return atomically(() -> Optional.ofNullable(kind(key.type()).objects.get(key.path())));
    }

    /**
     * @param namespace "" for all
     */
    Listing list(ResourceType type, String namespace) {
        return atomically(() -> {
            TreeMap<String, Stored> objects = kind(type).objects;
            Collection<Stored> chosen = namespace.isEmpty() || !type.namespaced()
                    ? objects.values()
                    : objects.subMap(namespace + "/", namespace + "0").values();
            return new Listing(new ArrayList<>(chosen), revision);
        });
    }

    Optional<ObjectKey> withUid(String uid) {
        return atomically(() -> Optional.ofNullable(byUid.get(uid)));
    }

    /** The objects that name the uid as an owner. */
    List<ObjectKey> dependentsOf(String uid) {
        return atomically(() -> List.copyOf(dependents.getOrDefault(uid, Set.of())));
    }

    /** The objects of a kind that the owner controls. */
    List<ObjectNode> controlledBy(JsonNode owner, ResourceType type) {
        return atomically(() -> {
            List<ObjectNode> controlled = new ArrayList<>();
            for (ObjectKey key : dependents.getOrDefault(Metadata.uid(owner), Set.of())) {
                Stored stored = key.type().equals(type) ? kind(type).objects.get(key.path()) : null;
                if (stored != null && Metadata.isControlledBy(stored.tree(), owner)) {
                    controlled.add(stored.tree());
                }
            }
            return controlled;
        });
    }

    Stored put(ObjectKey key, ObjectNode tree) {
        return atomically(() -> {
            Kind kind = kind(key.type());
            revision++;
            Stored now = new Stored(inOrder(tree, revision), revision);
            Stored before = kind.objects.put(key.path(), now);
            if (before != null) {
                unindex(key, before.tree());
            }
            index(key, now.tree());
            publish(kind, new Change(before == null ? ChangeKind.ADDED : ChangeKind.MODIFIED, key, now, before));
            return now;
        });
    }

    Optional<Stored> remove(ObjectKey key) {
        return atomically(() -> {
            Kind kind = kind(key.type());
            Stored before = kind.objects.remove(key.path());
            if (before == null) {
                return Optional.empty();
            }
            unindex(key, before.tree());
            revision++;
            Stored last = new Stored(inOrder(before.tree().deepCopy(), revision), revision);
            publish(kind, new Change(ChangeKind.DELETED, key, last, before));
            return Optional.of(last);
        });
    }

    /**
     * Hands over all changes after a revision, then every further one, without a gap. The watcher is called with the
     * store locked: it must hand the change on and return.
     */
    Runnable watch(ResourceType type, long after, Consumer<Change> watcher) {
        return atomically(() -> {
            Kind kind = kind(type);
            // a later revision than the present one is of another store: of this cluster before it was restarted
            if (after < kind.forgotten || after > revision) {
                throw ApiFailure.expired(after, kind.forgotten);
            }
            for (Change change : kind.history) {
                if (change.now().revision() > after) {
                    watcher.accept(change);
                }
            }
            kind.watchers.add(watcher);
            return () -> kind.watchers.remove(watcher);
        });
    }

    /** Calls for every change of every kind, with the store locked. */
    void listen(Consumer<Change> listener) {
        listeners.add(listener);
    }

    /** Makes every watch that resumes at an older revision begin anew, as a compaction of etcd does. */
    void forgetHistory() {
        atomically(() -> kinds.values().forEach(kind -> {
            kind.history.clear();
            kind.forgotten = revision;
        }));
    }

    private Kind kind(ResourceType type) {
        return kinds.computeIfAbsent(type, added -> new Kind());
    }

    private void publish(Kind kind, Change change) {
        kind.history.addLast(change);
        if (kind.history.size() > historyLimit) {
            kind.forgotten = kind.history.removeFirst().now().revision();
        }
        kind.watchers.forEach(watcher -> watcher.accept(change));
        listeners.forEach(listener -> listener.accept(change));
    }

    private void index(ObjectKey key, JsonNode tree) {
        byUid.put(Metadata.uid(tree), key);
        for (String owner : Metadata.ownerUids(tree)) {
            dependents.computeIfAbsent(owner, added -> new LinkedHashSet<>()).add(key);
        }
    }

    private void unindex(ObjectKey key, JsonNode tree) {
        byUid.remove(Metadata.uid(tree));
        for (String owner : Metadata.ownerUids(tree)) {
            Set<ObjectKey> keys = dependents.get(owner);
            if (keys != null) {
                keys.remove(key);
                if (keys.isEmpty()) {
                    dependents.remove(owner);
                }
            }
        }
    }

    /** apiVersion and kind first: lists of built-in kinds leave them out of their items (see {@link ApiServer}). */
    private static ObjectNode inOrder(ObjectNode tree, long revision) {
        ObjectNode ordered = Json.object();
        ordered.set("apiVersion", tree.path("apiVersion"));
        ordered.set("kind", tree.path("kind"));
        ordered.setAll(tree);
        Metadata.of(ordered).put("resourceVersion", Long.toString(revision));
        return ordered;
    }
}
