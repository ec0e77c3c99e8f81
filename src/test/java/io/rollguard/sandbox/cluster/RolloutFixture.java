package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A cluster whose clock can be put forward, for one Rollout that is named cart. */
abstract class RolloutFixture {

    private static final ResourceType TYPE = new ResourceType(
            "argoproj.io", "v1alpha1", "rollouts", "rollout", "Rollout", List.of("ro"), true, true, true, true);

    /** By how many seconds the cluster's clock is ahead. */
    final AtomicLong ahead = new AtomicLong();

    SimulatedCluster cluster;
    TestClient client;

    @BeforeEach
    void start() {
        cluster = SimulatedCluster.start(
                SimulatedCluster.Options.defaults(), () -> Instant.now().plusSeconds(ahead.get()));
        client = new TestClient(cluster);
        client.namespace("shop");
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    final ObjectNode await(Predicate<ObjectNode> wanted) {
        return client.await(TYPE, "cart", wanted);
    }
}
