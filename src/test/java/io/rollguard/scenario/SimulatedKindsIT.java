package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every kind of workload in each of its states, on the simulated cluster; and what only that one can be made to do. */
class SimulatedKindsIT extends KindScenarios {

    SimulatedKindsIT() {
        super(new Simulated());
    }

    @Test
    void withoutTheRightToDeletePodsAStuckPodIsLeftToPeopleToo() {
        var simulated = ((Simulated) cluster()).simulated();
        simulated.faults().forbid("delete", "", "pods");
        try {
            with(DELETES_STUCK_PODS, () -> {
                var good = givenAStatefulSet("db", "");
                var bad = whenABrokenVersionIsShipped(Kind.STATEFULSET, "db", good);
                awaitPods(Kind.STATEFULSET, "db", bad, 1);
                simulated.requestLog().clear();

                whenItAlerts(firing("PodNotReady", Map.of("pod", "db-2")));

                var failed = thenFailed("db", "stuck-pod");
                assertThat(failed.value().path("detail").asText()).contains("may not delete pods");
                assertThat(simulated.requestLog().of("delete", ".*/pods/.*"))
                        .as("not even tried")
                        .noneMatch(request -> request.userAgent().startsWith("rollguard"));
            });
        } finally {
            simulated.faults().clear();
        }
    }
}
