package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.rollguard.policy.Right;
import io.rollguard.policy.Tier;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Pause;
import io.rollguard.reactor.FollowUp;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.sandbox.cluster.SimulatedCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The manifests give exactly the rights that are used, tier by tier: base those of looking, the components those of acting. */
class LeastPrivilegeTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final Path MANIFESTS = Path.of(System.getProperty("rollguard.home", "."), "k8s");
    private static final Pattern PATH =
            Pattern.compile("/(?:api|apis/([^/]+))/v[^/]+(?:/namespaces/[^/]+)?/([^/]+)(?:/[^/]+)?(?:/([^/]+))?");

    @Test
    void everyRightIsUsedAndNothingElse() throws IOException {
        try (var simulated = SimulatedCluster.start();
                var shop = new Shop(simulated.kubeconfig(), "shop", List.of())) {
            shop.watched();
            var cart = shop.deployment("cart");
            var canary = shop.rollout("canary");
            shop.await(cart, facts -> facts.complete() && facts.current() != null);
            shop.await(canary, facts -> facts.complete());

            look(shop);
            var looking = used(simulated);
            simulated.requestLog().clear();
            act(shop, cart, canary);
            actOnSets(shop);
            var acting = used(simulated);

            assertThat(looking).isEqualTo(Tier.OBSERVE.needs());
            acting.removeAll(looking);
            var ofActs = new HashSet<>(Tier.ofTheSwitch());
            ofActs.addAll(Tier.ABORT_ONLY.needs());
            ofActs.addAll(Tier.FULL.needs());
            ofActs.addAll(Tier.ofStuckPods());
            ofActs.addAll(Tier.ofThePreflight());
            ofActs.removeAll(looking);
            assertThat(acting).isEqualTo(ofActs);
        }
    }

    @Test
    void theManifestsOfATierGiveWhatItNeedsAndNothingElse() throws IOException {
        assertThat(granted("base/rbac.yaml")).isEqualTo(Tier.OBSERVE.needs());
        assertThat(granted("components/abort-only/rbac.yaml")).isEqualTo(Tier.ABORT_ONLY.needs());
        assertThat(granted("components/abort-only/switch.yaml")).isEqualTo(Tier.ofTheSwitch());
        assertThat(granted("components/full/rbac.yaml")).isEqualTo(Tier.FULL.needs());
        assertThat(granted("components/delete-stuck-pods/rbac.yaml")).isEqualTo(Tier.ofStuckPods());
        assertThat(granted("components/full/preflight.yaml")).isEqualTo(Tier.ofThePreflight());
    }

    private static void look(Shop shop) {
        for (var kind : Kind.values()) {
            shop.cluster.read(shop.ref(kind, "cart"));
        }
        shop.cluster.pause();
        shop.cluster.leases(List.of("node-a"));
    }

    private static void act(Shop shop, WorkloadRef cart, WorkloadRef canary) {
        assertThat(shop.cluster.pause(new Pause(true, "ann", "maintenance"))).isInstanceOf(Answer.Done.class);
        assertThat(shop.cluster.pause()).isEqualTo(new Pause(true, "ann", "maintenance"));
        assertThat(shop.cluster.pause(new Pause(false, "ann", ""))).isInstanceOf(Answer.Done.class);
        assertThat(shop.cluster.pause()).isEqualTo(Pause.NONE);
        nameOthers(shop, cart);
        var good = shop.current(cart);
        for (int version = 2; version < 9; version++) {
            keepGood(shop, cart);
            shop.release(cart, "v" + version);
        }
        keepGood(shop, cart);
        keepGood(shop, cart);
        var bad = shop.current(cart);
        assertThat(shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> true)))
                .isInstanceOf(Answer.Done.class);
        var stable = shop.current(canary);
        var next = shop.release(canary, "v2");
        assertThat(shop.onFreshReading(canary, now -> shop.cluster.abort(now, next, stable)))
                .isInstanceOf(Answer.Done.class);
        assertThat(shop.onFreshReading(canary, now -> shop.cluster.restore(now, next, stable, () -> true)))
                .isInstanceOf(Answer.Done.class);
    }

    private static void actOnSets(Shop shop) {
        for (var set : List.of(shop.statefulSet("db"), shop.daemonSet("agent"))) {
            shop.await(set, facts -> facts.complete() && facts.current() != null && facts.availableReplicas() > 1);
            var good = shop.current(set);
            var bad = shop.releaseBroken(set, "v2");
            shop.awaitBrokenPod(set, bad);
            assertThat(shop.onFreshReading(set, now -> shop.cluster.restore(now, bad, good, () -> true)))
                    .isInstanceOf(Answer.Done.class);
            shop.await(set, facts -> good.equals(facts.current()));
            if (set.kind() == Kind.STATEFULSET) {
                var delete = new FollowUp.DeletePod("db-1");
                assertThat(shop.onFreshReading(set, now -> shop.cluster.finish(now, delete, bad, good, () -> true)))
                        .isInstanceOf(Answer.Done.class);
            }
        }
    }

    /** A template that names one object of each kind; no Secret, which is read only where its own name is granted. */
    private static void nameOthers(Shop shop, WorkloadRef cart) {
        for (var plural : List.of("configmaps", "serviceaccounts", "persistentvolumeclaims")) {
            shop.send("POST", "/api/v1/namespaces/shop/" + plural, "application/json", "{'metadata':{'name':'cart'}}");
        }
        var before = shop.current(cart);
        shop.patch(
                cart,
                "[{'op':'add','path':'/spec/template/spec/serviceAccountName','value':'cart'},"
                        + "{'op':'add','path':'/spec/template/spec/volumes','value':["
                        + "{'name':'config','configMap':{'name':'cart'}},"
                        + "{'name':'data','persistentVolumeClaim':{'claimName':'cart'}}]}]");
        shop.await(cart, facts -> facts.current() != null && !before.equals(facts.current()));
    }

    private static void keepGood(Shop shop, WorkloadRef workload) {
        shop.await(workload, facts -> facts.current() != null);
        var facts = shop.cluster.objects().workload(workload).orElseThrow();
        var hash = facts.current() == null ? new RevisionHash("none") : facts.current();
        shop.cluster.keepGood(shop.read(workload), new GoodRevision(facts.uid(), hash, "digest", Instant.EPOCH, false));
    }

    /** Without the access reviews: everybody who may call at all may ask what he may. */
    private static Set<Right> used(SimulatedCluster simulated) {
        var used = new HashSet<Right>();
        for (var entry : simulated.requestLog().entries()) {
            var path = PATH.matcher(entry.path());
            if (entry.userAgent().startsWith("rollguard") && path.matches()) {
                var group = path.group(1) == null ? "" : path.group(1);
                var subresource = path.group(3) == null ? "" : "/" + path.group(3);
                used.add(new Right(entry.verb(), group, path.group(2) + subresource));
            }
        }
        used.removeIf(right -> right.resource().equals("selfsubjectaccessreviews"));
        return used;
    }

    private static Set<Right> granted(String file) throws IOException {
        var granted = new HashSet<Right>();
        for (var document : documents(MANIFESTS.resolve(file))) {
            for (var rule : document.path("rules")) {
                rule.path("verbs")
                        .forEach(verb -> rule.path("apiGroups")
                                .forEach(group -> rule.path("resources")
                                        .forEach(resource -> granted.add(
                                                new Right(verb.asText(), group.asText(), resource.asText())))));
            }
        }
        return granted;
    }

    private static List<JsonNode> documents(Path file) throws IOException {
        var documents = new ArrayList<JsonNode>();
        try (var values = YAML.readerFor(JsonNode.class).<JsonNode>readValues(file.toFile())) {
            values.forEachRemaining(documents::add);
        }
        return documents;
    }
}
