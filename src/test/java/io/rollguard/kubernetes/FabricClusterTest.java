package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.rollguard.policy.Tier;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.Kind;
import io.rollguard.release.WorkloadRef;
import io.rollguard.sandbox.cluster.SimulatedCluster;
import io.rollguard.verdict.Reason;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract against the simulated cluster, and what only that one can be made to do. */
class FabricClusterTest extends ClusterContract {

    private SimulatedCluster simulated;

    @Override
    Shop open() {
        return open(SimulatedCluster.Options.defaults());
    }

    private Shop open(SimulatedCluster.Options options) {
        simulated = SimulatedCluster.start(options);
        return new Shop(simulated.kubeconfig(), "shop", List.of());
    }

    @Override
    void afterwards() {
        simulated.close();
    }

    // --- where it runs itself

    @ParameterizedTest
    @CsvSource({
        "rollguard, true,  shop, rollguard",
        "rollguard, false, shop, rollguard",
        "         , true,  shop, shop",
        "         , false, shop,", // a context says where people work, not where Rollguard runs
    })
    void sparesTheNamespaceThatItRunsIn(String configured, boolean inCluster, String context, String own) {
        var config = new ConfigBuilder(Config.empty()).withNamespace(context).build();
        try (var client = new KubernetesClientBuilder().withConfig(config).build()) {
            var cluster = new FabricCluster(
                    client,
                    "test",
                    List.of(),
                    Optional.ofNullable(configured),
                    inCluster,
                    ObjectWatch.Pace.DEFAULT,
                    Clock.systemUTC());

            assertThat(cluster.ownNamespace()).isEqualTo(Optional.ofNullable(own));
            cluster.stop();
        }
    }

    // --- watches

    @Test
    void goesOnAfterTheServerWasAway() {
        var cart = completed(shop.deployment("cart"));

        simulated.faults().dropConnections();
        shop.await(shop::isUp);
        var released = shop.release(cart, "v2");

        assertThat(shop.current(cart)).isEqualTo(released);
    }

    @Test
    void aDeadConnectionMakesNoReadFail() {
        var cart = completed(shop.deployment("cart"));
        shop.read(cart);

        simulated.faults().dropConnections();

        assertThat(shop.cluster.pause().paused()).isFalse();
        assertThat(shop.cluster.read(cart)).isInstanceOf(Reading.Found.class);
    }

    @Test
    void readsTheListAgainWhereHistoryIsForgotten() {
        var cart = completed(shop.deployment("cart"));
        var other = shop.rollout("other");
        shop.await(other, facts -> true);

        simulated.faults().forgetHistory();
        simulated.faults().dropWatches();
        shop.send("DELETE", Resource.path(other), "application/json", "{}");

        shop.await(() -> shop.cluster.objects().workload(other).isEmpty());
        assertThat(shop.cluster.objects().workload(cart)).isPresent();
    }

    @Test
    void isNotWholeWhereAKindMayNotBeListed() {
        shop.close();
        simulated.close();
        shop = open(SimulatedCluster.Options.defaults());
        simulated.faults().forbid("list", "", "pods");

        shop.cluster.start();

        shop.await(() -> "not allowed".equals(shop.cluster.gaps().get("pods"))
                && shop.cluster.gaps().size() == 1);
        assertThat(shop.cluster.isWhole()).isFalse();
    }

    @Test
    void isWholeWithoutArgoRollouts() {
        shop.close();
        simulated.close();
        shop = open(SimulatedCluster.Options.defaults().withoutRollouts());

        shop.watched();

        assertThat(shop.cluster.isWhole()).isTrue();
        assertThat(shop.cluster.read(shop.ref(Kind.ROLLOUT, "cart"))).isEqualTo(new Reading.Gone());
    }

    @Test
    void picksUpArgoRolloutsWhenItIsInstalledLater() {
        shop.close();
        simulated.close();
        shop = open(SimulatedCluster.Options.defaults().withoutRollouts());
        shop.watched();
        shop.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json", """
                {'metadata':{'name':'rollouts.argoproj.io'},'spec':{'group':'argoproj.io','scope':'Namespaced',
                'names':{'kind':'Rollout','plural':'rollouts'},
                'versions':[{'name':'v1alpha1','served':true,'storage':true,'subresources':{'status':{}}}]}}""");

        var cart = shop.rollout("cart");

        shop.await(() -> shop.cluster.objects().workload(cart).isPresent());
    }

    @Test
    void closingAStreamEndsItsReader() throws Exception {
        var streamed = new ApiServer(shop.client).stream("/api/v1/pods?watch=true&timeoutSeconds=600");
        var reader = CompletableFuture.supplyAsync(() -> {
            try {
                return streamed.body().read();
            } catch (IOException closed) {
                return -1;
            }
        });

        streamed.close();

        assertThat(reader.get(5, TimeUnit.SECONDS)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../secrets/token", "cart?x", "cart/status", "..", "%2e%2e"})
    void nothingButANameGetsIntoAPath(String name) {
        var reading = shop.cluster.read(new WorkloadRef("test", "shop", Kind.DEPLOYMENT, name));

        assertThat(reading).isEqualTo(new Reading.Gone());
        assertThat(simulated.requestLog().of("get", ".*(secrets|status).*")).isEmpty();
    }

    // --- answers

    @ParameterizedTest
    @CsvSource({
        "403, Refused, FORBIDDEN",
        "401, Refused, FORBIDDEN",
        "400, Refused, REJECTED",
        "409, Moved,",
        "429, NotDone,",
        "500, NotDone,",
        "503, NotDone,",
        "504, Unsure,"
    })
    void tellsWhatCameOfAnAbort(int code, String answer, Reason reason) {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);
        var reading = shop.read(cart);
        simulated.requestLog().clear();
        simulated.faults().on("patch", ".*/status").times(9).answer(code);

        var given = shop.cluster.abort(reading, bad, stable);

        assertThat(given.getClass().getSimpleName()).isEqualTo(answer);
        if (given instanceof Answer.Refused refused) {
            assertThat(refused.reason()).isEqualTo(reason);
        }
        assertThat(simulated.requestLog().of("patch", ".*/status")).hasSize(1);
    }

    @Test
    void isUnsureWhereTheConnectionBrokeAfterTheRequest() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);
        var reading = shop.quiet(cart);
        simulated.faults().on("patch", ".*/status").dropConnectionAfterApplying();

        var answer = shop.cluster.abort(reading, bad, stable);

        assertThat(answer).isInstanceOf(Answer.Unsure.class);
        assertThat(shop.read(cart).facts().aborted()).isTrue();
    }

    @Test
    void writesNoTemplateWhereTheSnapshotIsNotAllowed() {
        var cart = completed(shop.deployment("cart"));
        var good = shop.current(cart);
        var bad = shop.release(cart, "v2");
        shop.await(cart, facts -> facts.complete());
        simulated.faults().forbid("create", "apps", "controllerrevisions");

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> true));

        assertThat(answer)
                .isInstanceOfSatisfying(
                        Answer.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(Reason.FORBIDDEN));
        assertThat(shop.current(cart)).isEqualTo(bad);
    }

    @Test
    void aPauseSwitchThatCannotBeReadIsPaused() {
        simulated.faults().forbid("get", "", "configmaps");

        var pause = shop.cluster.pause();

        assertThat(pause.paused()).isTrue();
        assertThat(pause.by()).isEqualTo("rollguard");
        assertThat(pause.reason()).contains("403");
    }

    @Test
    void isNotDoneWhereTheServerIsAway() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);
        var reading = shop.read(cart);
        simulated.close();

        var answer = shop.cluster.abort(reading, bad, stable);

        assertThat(answer).isInstanceOf(Answer.NotDone.class);
        assertThat(shop.cluster.read(cart)).isInstanceOf(Reading.Failed.class);
        assertThat(shop.cluster.pause().paused()).isTrue();
    }

    // --- rights

    /** Nobody asks but the test. */
    private void unwatched() {
        shop.close();
        simulated.close();
        shop = open(SimulatedCluster.Options.defaults());
    }

    @ParameterizedTest
    @CsvSource({
        "patch,  argoproj.io, rollouts/status,     OBSERVE",
        "patch,  apps,        deployments,         ABORT_ONLY",
        "create, apps,        controllerrevisions, ABORT_ONLY",
        "get,    '',          secrets,             FULL"
    })
    void asksWhatItMayDo(String verb, String group, String resource, Tier tier) {
        unwatched();
        simulated.faults().forbid(verb, group, resource);

        assertThat(shop.cluster.reviews().ask()).isTrue();

        assertThat(shop.cluster.rights("shop").orElseThrow().tier()).isEqualTo(tier);
        assertThat(shop.cluster.rights()).containsOnlyKeys("");
        assertThat(shop.cluster.reviews().summary()).startsWith(tier.label() + " in all namespaces");
    }

    @Test
    void noticesThatItsRightsHaveChanged() {
        unwatched();
        simulated.faults().forbid("patch", "apps", "deployments");
        shop.cluster.reviews().ask();
        assertThat(shop.cluster.reviews().summary())
                .isEqualTo("abort-only in all namespaces; for full: patch deployments.apps");

        simulated.faults().clear();
        shop.cluster.reviews().ask();

        assertThat(shop.cluster.reviews().summary()).isEqualTo("full in all namespaces");
    }

    @Test
    void whereReviewsAreNotAnsweredItsRightsAreWhatTheyWere() {
        unwatched();
        simulated.faults().on("create", ".*/selfsubjectaccessreviews").times(1).answer(500);
        assertThat(shop.cluster.reviews().ask()).isFalse();
        assertThat(shop.cluster.reviews().rights()).isEmpty();
        simulated.faults().forbid("patch", "apps", "deployments");
        assertThat(shop.cluster.reviews().ask()).isTrue();

        simulated.faults().clear();
        simulated.faults().on("create", ".*/selfsubjectaccessreviews").times(1).answer(403);
        assertThat(shop.cluster.reviews().ask()).isFalse();

        assertThat(shop.cluster.reviews().rights().get("").tier()).isEqualTo(Tier.ABORT_ONLY);
    }

    @Test
    void rightsThatAreGivenInOneNamespaceCountThere() {
        unwatched();
        simulated.faults().forbidOutside("shop", "patch", "argoproj.io", "rollouts/status");
        simulated.faults().forbidOutside("shop", "patch", "apps", "deployments");
        shop.cluster.reviews().ask();

        assertThat(shop.cluster.rights("shop").orElseThrow().tier()).isEqualTo(Tier.FULL);
        assertThat(shop.cluster.rights("billing").orElseThrow().tier()).isEqualTo(Tier.OBSERVE);
    }

    @Test
    void eachNamespaceThatIsWatchedHasItsOwnRights() {
        try (var two = new Shop(simulated.kubeconfig(), "billing", List.of("shop", "billing"))) {
            simulated.faults().forbidOutside("shop", "patch", "apps", "deployments");
            two.cluster.reviews().ask();

            assertThat(two.cluster.rights("shop").orElseThrow().tier()).isEqualTo(Tier.FULL);
            assertThat(two.cluster.rights("billing").orElseThrow().tier()).isEqualTo(Tier.ABORT_ONLY);
            assertThat(two.cluster.rights("elsewhere")).isEmpty();
        }
    }

    // --- nodes

    @Test
    void readsTheLeasesThatThereAre() {
        shop.await(() -> !shop.cluster.leases(List.of("node-a")).isEmpty());

        var leases = shop.cluster.leases(List.of("node-a", "node-b", "nowhere"));

        assertThat(leases).containsOnlyKeys("node-a", "node-b");
        assertThat(shop.cluster.ask(List.of("node-a", "nowhere")).get().leases())
                .containsOnlyKeys("node-a");
        assertThat(shop.cluster.ask(List.of()).get().pause()).isEqualTo(shop.cluster.pause());
    }

    @Test
    void tellsOfTheWorkloadsOnANodeThatFails() {
        var cart = completed(shop.deployment("cart"));
        shop.await(() -> !shop.wasToldOf(cart));

        simulated.nodeDown("node-a", true);
        simulated.nodeDown("node-b", true);
        simulated.nodeDown("node-c", true);

        shop.await(() -> shop.wasToldOf(cart));
        shop.await(() -> shop.cluster.objects().node("node-a").stream().noneMatch(node -> node.ready()));
    }
}
