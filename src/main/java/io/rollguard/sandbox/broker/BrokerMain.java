package io.rollguard.sandbox.broker;

import io.rollguard.sandbox.stage.Leash;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * One Kafka broker on 127.0.0.1, its data kept on disk. Usage: {@code BrokerMain <port> <data directory>
 * [<port>:<advertised port> ...]}; each pair is a further listener for clients that come through something which stands
 * between, on the advertised port. Prints {@code READY <bootstrap servers>} once it serves; ends with TERM, and when its standard input ends, so that it never outlives
 * whoever started it.
 */
public final class BrokerMain {

    /**
     * System property: how many bytes each partition keeps, 256 MiB where it is unset. A machine's disk is not a cluster's:
     * whatever is kept longest goes first.
     */
    private static final String RETENTION = "rollguard.sandbox.broker.retention-bytes";

    private static final String CONTROLLER = "CONTROLLER";
    private static final int NODE = 1;

    private BrokerMain() {}

    public static void main(String[] args) throws Exception {
        if (args.length < 2) {
            System.err.println("usage: BrokerMain <port> <data directory> [<port>:<advertised port> ...]");
            System.exit(2);
        }
        int port = Integer.parseInt(args[0]);
        var data = Path.of(args[1]).toAbsolutePath();
        var config = KafkaConfig.fromProps(
                properties(port, freePort(), data, List.of(args).subList(2, args.length)), false);
        format(data);
        var server = new KafkaRaftServer(config, Time.SYSTEM);
        server.startup();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            server.shutdown();
                            server.awaitShutdown();
                        },
                        "broker-shutdown"));
        System.out.println("READY 127.0.0.1:" + port);
        Leash.awaitParentsEnd();
        System.exit(0);
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void format(Path data) throws Exception {
        Files.createDirectories(data);
        var formatter = new Formatter();
        formatter.setClusterId(clusterId(data));
        formatter.setNodeId(NODE);
        formatter.setIgnoreFormatted(true);
        formatter.setControllerListenerName(CONTROLLER);
        formatter.setMetadataLogDirectory(data.toString());
        formatter.addDirectory(data.toString());
        formatter.run();
    }

    /** The one it had before, so that its data are its own after a restart. */
    private static String clusterId(Path data) throws IOException {
        var meta = data.resolve("meta.properties");
        if (Files.exists(meta)) {
            var properties = new Properties();
            try (var in = Files.newInputStream(meta)) {
                properties.load(in);
            }
            var id = properties.getProperty("cluster.id");
            if (id != null) {
                return id;
            }
        }
        return Uuid.randomUuid().toString();
    }

    private static Properties properties(int port, int controllerPort, Path data, List<String> gates) {
        var listeners = new StringBuilder("PLAINTEXT://127.0.0.1:" + port);
        var advertised = new StringBuilder(listeners);
        var protocols = new StringBuilder("PLAINTEXT:PLAINTEXT," + CONTROLLER + ":PLAINTEXT");
        for (var gate : gates) {
            var ports = gate.split(":", 2);
            listeners.append(",GATE").append(ports[1]).append("://127.0.0.1:").append(ports[0]);
            advertised.append(",GATE").append(ports[1]).append("://127.0.0.1:").append(ports[1]);
            protocols.append(",GATE").append(ports[1]).append(":PLAINTEXT");
        }
        listeners.append(",").append(CONTROLLER).append("://127.0.0.1:").append(controllerPort);
        var properties = new Properties();
        properties.putAll(Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", Integer.toString(NODE)),
                Map.entry("controller.quorum.voters", NODE + "@127.0.0.1:" + controllerPort),
                Map.entry("listeners", listeners.toString()),
                Map.entry("advertised.listeners", advertised.toString()),
                Map.entry("inter.broker.listener.name", "PLAINTEXT"),
                Map.entry("controller.listener.names", CONTROLLER),
                Map.entry("listener.security.protocol.map", protocols.toString()),
                Map.entry("log.dirs", data.toString()),
                Map.entry("auto.create.topics.enable", "false"),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("offsets.topic.num.partitions", "4"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1"),
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                Map.entry("num.network.threads", "2"),
                Map.entry("num.io.threads", "2"),
                Map.entry("log.cleaner.dedupe.buffer.size", "2097152"),
                Map.entry("log.retention.bytes", Long.toString(Long.getLong(RETENTION, 256L << 20))),
                Map.entry("log.segment.bytes", "67108864"),
                // After a kill the old registration must have ended before the broker may come back (KAFKA-19130).
                Map.entry("broker.session.timeout.ms", "1000"),
                Map.entry("broker.heartbeat.interval.ms", "300")));
        return properties;
    }
}
