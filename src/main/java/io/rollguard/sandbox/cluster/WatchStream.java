package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.ObjectStore.Change;
import io.rollguard.sandbox.cluster.ObjectStore.ChangeKind;
import io.rollguard.sandbox.cluster.ObjectStore.Stored;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One watch: turns changes into events of what the client selected and sends them in order on the connection's event
 * loop. A client that reads too slowly loses the watch, as with kube-apiserver, and has to list again.
 */
final class WatchStream {

    private static final int MOST_PENDING = 50_000;
    private static final long MOST_UNSENT = 64L << 20;

    /** The connection: chunked HTTP or a WebSocket. */
    interface Sink {
        Future<Void> send(Buffer event);

        void end();
    }

    private final ObjectStore store;
    private final ResourceType type;
    private final String namespace;
    private final LabelSelector labels;
    private final FieldSelector fields;
    private final boolean asTable;
    private final InstantSource clock;
    private final Context context;
    private final Sink sink;
    private final AtomicInteger pending = new AtomicInteger();
    private final AtomicLong unsent = new AtomicLong();
    private volatile boolean ended;
    private volatile Runnable stop = () -> {};

    WatchStream(
            ObjectStore store, ResourceType type, ApiRequest request, Context context, Sink sink, InstantSource clock) {
        this.store = store;
        this.type = type;
        this.namespace = request.namespace();
        this.labels = LabelSelector.parse(request.param("labelSelector"));
        this.fields = FieldSelector.parse(type, request.param("fieldSelector"));
        this.asTable = request.asTable();
        this.clock = clock;
        this.context = context;
        this.sink = sink;
    }

    void start(ApiRequest request) {
        String version = request.param("resourceVersion");
        boolean fromNow = version.isEmpty() || version.equals("0");
        boolean initial = fromNow || request.flag("sendInitialEvents");
        store.atomically(() -> {
            try {
                long after = initial ? sendPresent(request.flag("sendInitialEvents")) : parse(version);
                stop = store.watch(type, after, this::enqueue);
            } catch (ApiFailure failure) {
                ObjectNode error = Json.object().put("type", "ERROR");
                error.set("object", failure.status());
                onContext(() -> {
                    write(Json.bytes(error));
                    end();
                });
            }
            return this;
        });
        if (ended) {
            stop.run();
        }
    }

    /** Tells the client how far it has come, so that it can resume there. */
    void bookmark() {
        long revision = store.revision();
        onContext(() -> write(Json.bytes(bookmark(revision, false))));
    }

    void end() {
        if (!ended) {
            ended = true;
            stop.run();
            onContext(sink::end);
        }
    }

    /** The other side is gone: nothing to say to it any more. */
    void closed() {
        ended = true;
        stop.run();
    }

    private long sendPresent(boolean marked) {
        ObjectStore.Listing present = store.list(type, namespace);
        for (Stored stored : present.objects()) {
            if (selects(stored)) {
                onContext(() -> write(event("ADDED", stored)));
            }
        }
        if (marked) {
            onContext(() -> write(Json.bytes(bookmark(present.revision(), true))));
        }
        return present.revision();
    }

    private void enqueue(Change change) {
        if (ended || !(namespace.isEmpty() || change.key().namespace().equals(namespace))) {
            return;
        }
        if (pending.get() > MOST_PENDING || unsent.get() > MOST_UNSENT) {
            end();
            return;
        }
        boolean before = change.before() != null && selects(change.before());
        boolean now = change.kind() != ChangeKind.DELETED && selects(change.now());
        if (now || before) {
            String kind = !now ? "DELETED" : before ? "MODIFIED" : "ADDED";
            onContext(() -> write(event(kind, change.now())));
        }
    }

    private boolean selects(@Nullable Stored stored) {
        return stored != null && labels.matchesObject(stored.tree()) && fields.matches(stored.tree());
    }

    private void onContext(Runnable work) {
        pending.incrementAndGet();
        context.runOnContext(nothing -> {
            pending.decrementAndGet();
            work.run();
        });
    }

    private void write(byte[] event) {
        unsent.addAndGet(event.length);
        sink.send(Buffer.buffer(event)).onComplete(sent -> unsent.addAndGet(-event.length));
    }

    private ObjectNode bookmark(long revision, boolean endsInitial) {
        ObjectNode event = Json.object().put("type", "BOOKMARK");
        ObjectNode object = event.putObject("object");
        object.put("kind", type.kind()).put("apiVersion", type.apiVersion());
        Metadata.of(object).put("resourceVersion", Long.toString(revision));
        if (endsInitial) {
            Metadata.annotate(object, "k8s.io/initial-events-end", "true");
        }
        return event;
    }

    private byte[] event(String kind, Stored stored) {
        byte[] head = ("{\"type\":\"" + kind + "\",\"object\":").getBytes(StandardCharsets.UTF_8);
        byte[] json = asTable
                ? Json.bytes(Tables.of(type, List.of(stored.tree()), stored.revision(), clock.instant()))
                : stored.json();
        byte[] event = new byte[head.length + json.length + 1];
        System.arraycopy(head, 0, event, 0, head.length);
        System.arraycopy(json, 0, event, head.length, json.length);
        event[event.length - 1] = '}';
        return event;
    }

    private static long parse(String version) {
        try {
            return Long.parseLong(version);
        } catch (NumberFormatException e) {
            throw ApiFailure.badRequest("invalid resource version \"" + version + "\"");
        }
    }
}
