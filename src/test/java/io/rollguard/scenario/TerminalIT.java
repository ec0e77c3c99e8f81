package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.Config;
import io.rollguard.cli.Main;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a person types at three in the morning, and what the terminal says, with a service that runs. */
class TerminalIT extends Scene {

    @TempDir
    Path home;

    private String out = "";
    private String err = "";

    TerminalIT() {
        super(new Simulated(), 1);
    }

    /** {@code snapshots} works with the rights of whoever types it. */
    @BeforeEach
    void aPersonWithAKubeconfig() throws IOException {
        var file = Files.writeString(
                home.resolve("config"), ((Simulated) cluster()).simulated().kubeconfig());
        System.setProperty(Config.KUBERNETES_KUBECONFIG_FILE, file.toString());
    }

    @AfterEach
    void nobodysKubeconfig() {
        System.clearProperty(Config.KUBERNETES_KUBECONFIG_FILE);
    }

    @Test
    void aDeploymentGoesBackAndForwardAgainFromItsSnapshot() {
        var good = givenABakedDeployment("search");
        var bad = givenABakedRelease("search", good);

        assertThat(type("snapshots", "list")).isZero();
        assertThat(out).isEqualTo("No snapshot is there.\n");
        assertThat(type("rollback", "deploy/search", "--dry-run")).as(err).isZero();
        assertThat(out)
                .startsWith("Deployment %s/search: restore %s -> %s (assumed good)\n"
                        .formatted(shop().namespace(), bad, good))
                .contains("the API server takes it")
                .endsWith("A dry run: nothing was done.\n");
        assertThat(shop().current(Kind.DEPLOYMENT, "search")).isEqualTo(bad);

        assertThat(type("rollback", "Deployments/search", "--reason", "checkout fails"))
                .as(out + err)
                .isZero();

        assertThat(out)
                .contains("checkout fails", "answered", "intended", "accepted", "verified", "Done in ")
                .contains("snapshot", "undo      ./rollguard rollback deployment/search")
                .doesNotContain("null");
        assertThat(shop().current(Kind.DEPLOYMENT, "search")).isEqualTo(good);
        assertThat(type("rollback", "deployment/search", "--reason", "again", "--to", good))
                .isEqualTo(1);
        assertThat(out).contains("already-there", "Nothing was done.");

        assertThat(type("snapshots", "list")).isZero();
        assertThat(out).contains("SNAPSHOT", "deployment/search", bad);
        var name = out.lines().skip(1).findFirst().orElseThrow().split(" ")[0];
        assertThat(type("snapshots", "show", name)).isZero();
        assertThat(out).contains("containers:", "value: v2");
        assertThat(type("snapshots", "diff", name)).isEqualTo(1);
        assertThat(out)
                .startsWith("--- " + name + "\n+++ deployment/search, now\n@@ ")
                .containsPattern("(?m)^- +value: v2$")
                .containsPattern("(?m)^\\+ +value: v1$");
        assertThat(type("snapshots", "restore", name, "--reason", "it was not that"))
                .isEqualTo(1);
        assertThat(out).contains("target-rolled-back", "--force does it all the same");
        assertThat(type("snapshots", "restore", name, "--reason", "it was not that", "--force"))
                .as(out + err)
                .isZero();
        assertThat(shop().current(Kind.DEPLOYMENT, "search")).isEqualTo(bad);
        assertThat(type("snapshots", "diff", name)).isZero();
        assertThat(out).isEqualTo("No difference: deployment/search runs this template.\n");

        assertThat(type("snapshots", "prune", "--keep", "0")).isZero();
        assertThat(out).contains("Would delete " + name, "Nothing was deleted: say --yes.");
        assertThat(type("snapshots", "prune", "--keep", "0", "--yes")).isZero();
        assertThat(out).contains("Deleted " + name);
        assertThat(type("snapshots", "list")).isZero();
        assertThat(out).isEqualTo("No snapshot is there.\n");
    }

    @Test
    void aCanaryIsAbortedAndAScriptIsToldInOneLine() {
        var bad = givenACanary("cart");

        assertThat(type("rollback", "ro/cart", "--reason", "it fails", "--output", "json"))
                .as(out + err)
                .isZero();

        assertThat(out.lines()).hasSize(1);
        assertThat(out).contains("\"done\":true", "\"act\":\"abort\"", "\"revision\":\"%s\"".formatted(bad));
        thenAborted("cart", bad);
        thenOneAbort("cart");
    }

    @Test
    void aPauseHoldsUntilThePersonInsists() {
        var bad = givenACanary("cart");
        pause(true);
        try {
            Await.until("it is held", SOON, () -> type("rollback", "rollout/cart", "--dry-run") == 1);
            assertThat(out).contains("paused", "--force does it all the same", "kubectl argo rollouts abort cart -n ");

            assertThat(type("rollback", "rollout/cart", "--reason", "it fails", "--force"))
                    .as(out + err)
                    .isZero();
        } finally {
            pause(false);
        }
        thenAborted("cart", bad);
    }

    @Test
    void whatIsTypedWrongIsNamed() {
        assertThat(type("rollback", "search", "--reason", "x")).isEqualTo(2);
        assertThat(err).contains("'search' is not <kind>/<name>, as in deployment/search", "Try: ./rollguard rollback");
        assertThat(type("rollback", "pod/search", "--reason", "x")).isEqualTo(2);
        assertThat(err).contains("'pod' is no kind of workload: say rollout, deployment, statefulset or daemonset");
        assertThat(type("rollback", "deployment/search")).isEqualTo(2);
        assertThat(err).contains("say why, with --reason");
        assertThat(type("rollback", "deployment/nothing", "--reason", "x")).isEqualTo(2);
        assertThat(err).contains("there is no such workload");
        assertThat(type("snapshots", "show", "nothing")).isEqualTo(2);
        assertThat(err).contains("no snapshot of %s is named 'nothing'; there are none".formatted(shop().namespace()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{};say why",
                "{\"reason\": \" \"};say why",
                "{\"reason\": \"x\", \"to\": \"../x\"};to is the hash of a revision",
                "{\"reason\": \"x\", \"to\": 5};to is the hash of a revision",
                "{\"reason\": \"x\", \"force\": \"yes\"};force is true or false",
                "{\"dryRun\": 1};dryRun is true or false",
                "[];a JSON object",
                "nonsense;JSON"
            })
    void whatIsWrongInARequestIsNamed(String body, String problem) {
        var answer = service().post("/api/v1/workloads/shop/deployment/search/rollback", body);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains(problem);
    }

    @ParameterizedTest
    @CsvSource({"shop/pod/search", "shop/deployment/SEARCH", "shop/deployment/a..%2Fb", "shop/deployment/nothing"})
    void whatIsNotThereIsNotFound(String workload) {
        var answer = service().post("/api/v1/workloads/%s/rollback".formatted(workload), "{\"reason\": \"x\"}");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(404);
    }

    private int type(String... words) {
        var all = new ArrayList<>(List.of(words));
        all.addAll(List.of("-n", shop().namespace()));
        if (!words[0].equals("snapshots") || words[1].equals("restore")) {
            all.addAll(List.of("--url", service().url()));
        }
        var said = new StringWriter();
        var problems = new StringWriter();
        int status = Main.commandLine(Map.of())
                .setOut(new PrintWriter(said, true))
                .setErr(new PrintWriter(problems, true))
                .execute(all.toArray(String[]::new));
        out = said.toString();
        err = problems.toString();
        return status;
    }
}
