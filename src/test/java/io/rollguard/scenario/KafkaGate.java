package io.rollguard.scenario;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Stands between one instance of the service and the broker, on a port that a listener of the broker advertises. It can hold
 * a request before it reaches the broker, or an answer on the way back, and can cut the instance off. What it holds it knows
 * by Kafka's frames (size, then API key, version and correlation id; an answer begins with the correlation id) and by texts
 * in them, which stand there readable as nothing is compressed.
 */
final class KafkaGate implements AutoCloseable {

    private static final short PRODUCE = 0;
    private static final short FETCH = 1;
    private static final short HEARTBEAT = 12;

    private enum What {
        REQUEST,
        ANSWER_TO,
        ANSWER
    }

    /** At its end the connection of what is held is closed. */
    private record Hold(
            What what, short api, List<String> texts, CompletableFuture<Void> reached, CompletableFuture<Void> end) {

        boolean isAbout(What where, short key, byte[] frame) {
            if (what != where || api != key) {
                return false;
            }
            var text = new String(frame, StandardCharsets.ISO_8859_1);
            return texts.stream().allMatch(text::contains);
        }
    }

    private final ServerSocket door;
    private final int listener;
    private final List<Hold> holds = new CopyOnWriteArrayList<>();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile String lastHeartbeat = "";
    private volatile boolean cut;

    /** @param listener the port of the broker's listener that advertises {@link #port()} */
    KafkaGate(int listener) throws IOException {
        this.listener = listener;
        this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("kafka-gate").start(this::welcome);
    }

    int port() {
        return door.getLocalPort();
    }

    int listener() {
        return listener;
    }

    // --- holding

    /** Records with all these texts are sent and don't reach the broker; completes when some are held. */
    CompletableFuture<Void> holdRecords(String... texts) {
        return hold(What.REQUEST, PRODUCE, texts);
    }

    /** Records with all these texts are appended, and the answer does not come back; completes when one is held. */
    CompletableFuture<Void> holdAcks(String... texts) {
        return hold(What.ANSWER_TO, PRODUCE, texts);
    }

    /** Records with all these texts are not read back; completes when some are held. */
    CompletableFuture<Void> holdReading(String... texts) {
        return hold(What.ANSWER, FETCH, texts);
    }

    private CompletableFuture<Void> hold(What what, short api, String... texts) {
        var hold = new Hold(what, api, List.of(texts), new CompletableFuture<>(), new CompletableFuture<>());
        holds.add(hold);
        return hold.reached();
    }

    /** Forgets what is held, since whoever sent it or waited for it is gone; nobody is cut off any more. */
    void open() {
        if (cut) {
            reconnect();
        }
        holds.forEach(hold -> hold.end().complete(null));
        holds.clear();
    }

    /** Nothing comes through any more, and nobody is told so. */
    void cutOff() {
        cut = true;
    }

    /** What was on its way is lost; new connections come through. */
    void reconnect() {
        connections.forEach(Connection::close);
        cut = false;
    }

    /** Whether the last heartbeat that came through was this group member's. */
    boolean speaksFor(String memberId) {
        return lastHeartbeat.contains(memberId);
    }

    // --- connections

    private void welcome() {
        try {
            while (true) {
                var client = door.accept();
                Thread.ofVirtual().start(() -> connect(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void connect(Socket client) {
        try (client;
                var broker = new Socket(InetAddress.getLoopbackAddress(), listener)) {
            client.setTcpNoDelay(true);
            broker.setTcpNoDelay(true);
            var connection = new Connection(client, broker);
            connections.add(connection);
            try {
                var back = Thread.ofVirtual().start(connection::answers);
                connection.requests();
                back.join();
            } finally {
                connections.remove(connection);
            }
        } catch (IOException e) {
            // one side is gone, and with it the other
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Connection {

        private final Socket client;
        private final Socket broker;
        private final Map<Integer, Short> asked = new ConcurrentHashMap<>();
        private final Map<Integer, Hold> heldAnswers = new ConcurrentHashMap<>();

        Connection(Socket client, Socket broker) {
            this.client = client;
            this.broker = broker;
        }

        private void requests() {
            pump(client, broker, frame -> {
                var key = frame.getShort(0);
                int correlation = frame.getInt(4);
                asked.put(correlation, key);
                if (key == HEARTBEAT) {
                    lastHeartbeat = new String(frame.array(), StandardCharsets.ISO_8859_1);
                }
                held(What.ANSWER_TO, key, frame).ifPresent(hold -> heldAnswers.put(correlation, hold));
                return held(What.REQUEST, key, frame);
            });
        }

        private void answers() {
            pump(broker, client, frame -> {
                int correlation = frame.getInt(0);
                var key = asked.remove(correlation);
                var hold = heldAnswers.remove(correlation);
                return hold != null || key == null ? Optional.ofNullable(hold) : held(What.ANSWER, key, frame);
            });
        }

        private Optional<Hold> held(What what, short key, ByteBuffer frame) {
            return holds.stream()
                    .filter(hold -> hold.isAbout(what, key, frame.array()))
                    .findFirst();
        }

        private interface Inspection {
            Optional<Hold> holding(ByteBuffer frame);
        }

        private void pump(Socket from, Socket to, Inspection inspection) {
            try {
                var in = new DataInputStream(new BufferedInputStream(from.getInputStream()));
                var out = new DataOutputStream(new BufferedOutputStream(to.getOutputStream()));
                while (true) {
                    var frame = in.readNBytes(in.readInt());
                    var hold = inspection.holding(ByteBuffer.wrap(frame));
                    if (hold.isPresent()) {
                        hold.get().reached().complete(null);
                        hold.get().end().join();
                        return;
                    }
                    if (!cut) {
                        out.writeInt(frame.length);
                        out.write(frame);
                        out.flush();
                    }
                }
            } catch (IOException e) {
                // one side is gone
            } finally {
                close();
            }
        }

        void close() {
            closeQuietly(client);
            closeQuietly(broker);
        }

        private static void closeQuietly(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                // it is gone
            }
        }
    }

    @Override
    public void close() throws IOException {
        door.close();
        open();
        connections.forEach(Connection::close);
    }
}
