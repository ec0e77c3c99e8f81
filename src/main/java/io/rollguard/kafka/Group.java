package io.rollguard.kafka;

import io.rollguard.config.RollguardConfig;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;

/** The instances that share the workloads of one cluster: a consumer group. */
@Singleton
class Group {

    private final Clients clients;
    private final String name;

    @Inject
    Group(Clients clients, RollguardConfig config) {
        this(clients, "rollguard-reactor-" + config.cluster());
    }

    Group(Clients clients, String name) {
        this.clients = clients;
        this.name = name;
    }

    /** A new member, which joins once it subscribes. */
    Consumer<byte[], byte[]> member() {
        return clients.member(name);
    }

    /** How many take part; 0 where Kafka does not tell. Waits for 3 s at most. */
    int size() {
        try (var admin = clients.admin()) {
            return size(admin);
        }
    }

    private int size(Admin admin) {
        try {
            return admin.describeConsumerGroups(List.of(name)).all().get().values().stream()
                    .mapToInt(group -> group.members().size())
                    .sum();
        } catch (ExecutionException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }
}
