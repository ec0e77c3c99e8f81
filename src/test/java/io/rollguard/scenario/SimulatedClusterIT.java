package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The scenarios on the simulated cluster, and what only that one can be made to do. */
class SimulatedClusterIT extends Scenarios implements AfterTheAct {

    SimulatedClusterIT() {
        super(new Simulated());
    }

    @Override
    public Scene scene() {
        return this;
    }

    @Test
    void whereRightsAreMissingTheActThatNeedsThemIsNotTried() {
        var simulated = ((Simulated) cluster()).simulated();
        var good = givenADeployment("search");
        instance().kill();
        shop().ship(Kind.DEPLOYMENT, "search", "v2");
        shop().awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        shop().awaitComplete(Kind.DEPLOYMENT, "search");
        simulated.faults().forbid("patch", "apps", "deployments");
        try {
            startInstances();
            Await.until(
                    "health names the rights that are missing",
                    SOON,
                    () -> service()
                            .get("/q/health/group/reactor")
                            .body()
                            .contains("abort-only in all namespaces; for full: patch deployments.apps"));
            assertThat(counted("rollguard_rights{tier=\"abort-only\"}")).isOne();
            var bad = givenACanary("cart");

            whenItAlerts(firing("SearchSlow", Map.of("deployment", "search")));
            whenItAlerts(firing("CartErrors", Map.of("pod", podOf("cart", bad))));

            thenRefused("search", "rights-missing");
            var refused = steps("search", "judged").getLast();
            assertThat(refused.value().path("command").asText())
                    .startsWith("kubectl rollout undo deployment/search -n " + shop().namespace());
            thenStep("cart", "verified");
            thenAborted("cart", bad);
            thenNothingIsIntended("search");
            assertThat(simulated.requestLog().entries())
                    .as("not even tried")
                    .noneMatch(request -> request.verb().equals("patch")
                            && request.path().endsWith(shop().namespace() + "/deployments/search")
                            && request.userAgent().startsWith("rollguard"));
        } finally {
            simulated.faults().clear();
            instance().kill();
            startInstances();
        }
    }
}
