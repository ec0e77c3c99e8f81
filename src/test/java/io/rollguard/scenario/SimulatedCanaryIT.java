package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import java.util.ArrayDeque;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Canary Rollouts on the simulated cluster, whose controller can be made to overlook a write. */
class SimulatedCanaryIT extends CanaryScenarios {

    SimulatedCanaryIT() {
        super(new Simulated());
    }

    @Test
    void anAbortThatItsControllerOverlookedIsNudged() {
        var bad = givenACanary("cart");
        whenTheNextWriteIsOverlooked("cart");

        whenAPodAlerts("cart", bad);

        thenStep("cart", "verified");
        thenAborted("cart", bad);
        thenOneAbort("cart");
        assertThat(accepted(statusOf("cart"))).as("abort, nudge").hasSizeGreaterThan(1);
    }

    @Test
    void aRestoreThatItsControllerOverlookedIsNudged() {
        var good = givenAGoodRollout("cart", "{steps: %s}".formatted(STEPS), "");
        var bad = whenPromoted("cart", good);
        whenTheNextWriteIsOverlooked("cart");

        whenItAlerts(firing("CartErrors", Map.of("rollout", "cart")));

        thenStep("cart", "verified");
        thenRestored("cart", good, bad);
        assertThat(promotions("cart")).hasSize(1);
        assertThat(accepted(statusOf("cart"))).as("nudge, promotion").hasSizeGreaterThan(1);
    }

    /** Its controller is at rest: nothing but a write makes it look. */
    private void whenTheNextWriteIsOverlooked(String name) {
        var versions = new ArrayDeque<String>();
        Await.until("%s is at rest".formatted(name), SOON, () -> {
            versions.addLast(shop().get(Kind.ROLLOUT, name).getMetadata().getResourceVersion());
            return versions.size() > 20 && versions.removeFirst().equals(versions.getLast());
        });
        ((Simulated) cluster()).simulated().overlookNextWrite(shop().namespace(), name);
    }
}
