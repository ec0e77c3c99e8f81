package io.rollguard.kafka;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.rollguard.config.RollguardConfig;
import io.rollguard.config.Surroundings;
import io.smallrye.common.annotation.Identifier;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.CommonClientConfigs;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Which broker, and how to reach it: {@code KAFKA_SECURITY_PROTOCOL}, {@code KAFKA_SASL_JAAS_CONFIG} and so on are passed to every
 * client. {@code KAFKA_BOOTSTRAP_SERVERS} names it; unset, an embedded one is used: one that
 * answers on its port already (another instance's), else one of our own. Inside a cluster nothing is embedded.
 */
@Singleton
class KafkaConnection {

    private static final Logger LOG = Logger.getLogger(KafkaConnection.class);

    private final Optional<String> named;
    private final RollguardConfig config;
    private final Map<String, Object> settings;
    private @Nullable String bootstrapServers;
    private @Nullable EmbeddedBroker embedded;

    KafkaConnection(
            @ConfigProperty(name = "KAFKA_BOOTSTRAP_SERVERS") Optional<String> named,
            RollguardConfig config,
            @Identifier("default-kafka-broker") Map<String, Object> settings) {
        this.named = named.filter(servers -> !servers.isBlank());
        this.config = config;
        this.settings = settings;
    }

    /** Decides, and starts the embedded broker where it is to be; may take seconds. */
    private void open() {
        if (bootstrapServers != null) {
            return;
        }
        if (named.isPresent()) {
            bootstrapServers = named.get();
            return;
        }
        if (Surroundings.inCluster()) {
            throw new ConfigurationException(
                    "KAFKA_BOOTSTRAP_SERVERS is unset: inside a cluster Rollguard needs a broker that outlives its pod");
        }
        int port = config.embeddedKafka().port();
        if (answers(port)) {
            LOG.infof("using the broker that answers on 127.0.0.1:%d", port);
        } else {
            embedded = EmbeddedBroker.start(
                    config.home().resolve("target/sandbox"),
                    config.dataDir().toAbsolutePath().resolve("kafka"),
                    port);
        }
        bootstrapServers = "127.0.0.1:" + port;
    }

    private static boolean answers(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Clients of that broker; decides which one where that was not done yet. */
    synchronized Clients clients() {
        open();
        var common = new HashMap<>(settings);
        common.remove("group.id"); // Quarkus adds one of its own
        common.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, Objects.requireNonNull(bootstrapServers));
        return new Clients(common);
    }

    @PreDestroy
    synchronized void close() {
        if (embedded != null) {
            embedded.close();
        }
    }
}
