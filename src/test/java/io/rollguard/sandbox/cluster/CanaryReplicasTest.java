package io.rollguard.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanaryReplicasTest {

    /** The examples that Argo Rollouts gives for its own arithmetic, and those of an abort. */
    @ParameterizedTest
    @CsvSource({
        // replicas, weight, surge, unavailable, canary now, stable now -> canary, stable
        "10, 10, 1, 1, 0, 10, 1, 9",
        "10, 30, 3, 0, 0, 10, 3, 10",
        "10, 30, 0, 5, 0, 10, 0, 7",
        "10,  5, 1, 1, 0, 10, 1, 10",
        " 1,  5, 1, 0, 0,  1, 1, 1",
        " 1, 95, 1, 0, 0,  1, 1, 1",
        " 4,  0, 1, 1, 1,  3, 0, 4",
        " 4,  0, 1, 1, 1,  4, 0, 4",
        " 4, 50, 1, 1, 1,  3, 2, 2",
    })
    void approximatesTheWeightWithinItsBounds(
            int replicas,
            int weight,
            int surge,
            int unavailable,
            int canaryNow,
            int stableNow,
            int canary,
            int stable) {
        var fresh = set("fresh", canaryNow);
        var old = set("old", stableNow);

        var wanted = CanaryReplicas.byPods(replicas, weight, new Bounds(surge, unavailable), fresh, old, List.of());

        assertThat(wanted).isEqualTo(new CanaryReplicas(canary, stable));
    }

    private static ReplicaSetState set(String name, int replicas) {
        var tree = Json.object();
        Metadata.of(tree).put("name", name);
        Json.ensure(tree, "spec").put("replicas", replicas);
        Json.ensure(tree, "status").put("availableReplicas", replicas);
        return new ReplicaSetState(tree);
    }
}
