package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import org.junit.jupiter.api.Test;

/** On the simulated cluster, and with nodes that are lost. */
class SimulatedHealthIT extends HealthScenarios {

    SimulatedHealthIT() {
        super(new Simulated());
    }

    @Test
    void whatCrashesOnALostNodeIsNotHeldAgainstTheRelease() {
        var simulated = ((Simulated) cluster()).simulated();
        shop().createRollout("cart", 5, STEPS, BRIEF);
        pause(true);
        var node = "";
        try {
            shop().shipMisbehaving(Kind.ROLLOUT, "cart", "v2", FAIL, "CrashLoopBackOff");
            thenRefused("cart", "paused");
            var bad = shop().current(Kind.ROLLOUT, "cart");
            var pods = shop().pods(Kind.ROLLOUT, "cart", bad);
            assertThat(pods).hasSize(1);
            node = pods.getFirst().getSpec().getNodeName();
            simulated.nodeDown(node, true);
            thenJudgedFor("cart", "nodes-not-ready");
        } finally {
            pause(false);
        }
        try {
            thenNothingWasDone("cart");
        } finally {
            simulated.nodeUp(node);
        }
        Await.until("the node is back, so it counts", SOON, () -> shop().isAborted("cart"));
    }
}
