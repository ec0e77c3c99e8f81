package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** These scenarios on the simulated cluster, whose kubelets look for what pods need, as KWOK's do not. */
class SimulatedTargetsIT extends TargetScenarios {

    SimulatedTargetsIT() {
        super(new Simulated());
    }

    @Test
    void aSecretThatMayNotBeLookedAtIsSaidAndARestoreToPodsThatCannotStartIsNeverVerified() {
        givenSecret("search-tls");
        var simulated = ((Simulated) cluster()).simulated();
        simulated.faults().forbid("get", "", "secrets");
        try {
            givenARelease("search", "volumes: [{name: tls, secret: {secretName: search-tls}}]");
            client().secrets()
                    .inNamespace(shop().namespace())
                    .withName("search-tls")
                    .delete();

            whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));

            thenStep("search", "accepted");
            assertThat(steps("search", "accepted")
                            .getFirst()
                            .value()
                            .path("detail")
                            .asText())
                    .endsWith("; not checked: Secret search-tls");
            Await.until("its pods wait", SOON, () -> waiting("search").contains("CreateContainerConfigError"));
            assertThat(steps("search", "verified")).isEmpty();
            assertThat(simulated.requestLog().of("get", ".*/%s/secrets/.*".formatted(shop().namespace())))
                    .isEmpty();

            givenSecret("search-tls");
            thenStep("search", "verified");
        } finally {
            simulated.faults().clear();
        }
    }

    private String waiting(String name) {
        var current = shop().current(Kind.DEPLOYMENT, name);
        return shop().pods(Kind.DEPLOYMENT, name, current).stream()
                .flatMap(pod -> pod.getStatus().getContainerStatuses().stream())
                .map(container -> container.getState().getWaiting())
                .filter(Objects::nonNull)
                .map(state -> state.getReason())
                .toList()
                .toString();
    }
}
