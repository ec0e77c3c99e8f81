package io.rollguard.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client that Rollguard uses, with its informers over WebSockets, against the simulated API server. */
class Fabric8ClientTest {

    private SimulatedCluster cluster;
    private KubernetesClient client;

    @BeforeEach
    void start() {
        cluster = SimulatedCluster.start();
        client = client(cluster);
        client.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("shop")
                        .endMetadata()
                        .build())
                .create();
    }

    @AfterEach
    void stop() {
        client.close();
        cluster.close();
    }

    @Test
    void informerSeesWhatComesChangesAndGoes() throws InterruptedException {
        configMap("before", "1");
        Seen seen = new Seen();
        try (SharedIndexInformer<ConfigMap> informer = informer(seen)) {
            configMap("after", "1");
            change("after", "2");
            client.configMaps().inNamespace("shop").withName("before").delete();

            assertThat(seen.next()).isEqualTo("+before=1");
            assertThat(seen.next()).isEqualTo("+after=1");
            assertThat(seen.next()).isEqualTo("after=2");
            assertThat(seen.next()).isEqualTo("-before");
            assertThat(informer.getStore().list()).hasSize(1);
        }
    }

    @Test
    void informerResumesWhereItWasAfterTheConnectionBroke() throws InterruptedException {
        Seen seen = new Seen();
        try (SharedIndexInformer<ConfigMap> informer = informer(seen)) {
            configMap("one", "1");
            assertThat(seen.next()).isEqualTo("+one=1");
            cluster.requestLog().clear();

            cluster.faults().dropWatches();
            configMap("two", "1");

            assertThat(seen.next()).isEqualTo("+two=1");
            assertThat(informer.isWatching()).isTrue();
            assertThat(cluster.requestLog().of("watch", ".*/configmaps")).isNotEmpty();
            assertThat(cluster.requestLog().of("list", ".*/configmaps")).isEmpty();
        }
    }

    @Test
    void informerListsAgainWhenItsPlaceInHistoryIsGone() throws InterruptedException {
        Seen seen = new Seen();
        try (SharedIndexInformer<ConfigMap> informer = informer(seen)) {
            configMap("one", "1");
            assertThat(seen.next()).isEqualTo("+one=1");
            cluster.requestLog().clear();

            cluster.faults().on("watch", ".*/configmaps").answer(500);
            cluster.faults().dropWatches();
            change("one", "2");
            cluster.faults().forgetHistory();

            assertThat(seen.next()).isEqualTo("one=2");
            assertThat(cluster.requestLog().of("list", ".*/configmaps")).isNotEmpty();
            assertThat(informer.getStore().list()).hasSize(1);
        }
    }

    @Test
    void failedPatchTestIs422() {
        GenericKubernetesResource rollout = rollout();

        assertThatThrownBy(() -> client.resource(rollout)
                        .patch(
                                PatchContext.of(PatchType.JSON),
                                "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"other\"}]"))
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        e -> assertThat(e.getCode()).isEqualTo(422));
    }

    @Test
    void statusIsPatchedApart() {
        GenericKubernetesResource rollout = rollout();

        GenericKubernetesResource patched = client.resource(rollout)
                .subresource("status")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"status\":{\"abort\":true},\"spec\":{\"replicas\":9}}");

        assertThat(patched.<Boolean>get("status", "abort")).isTrue();
        assertThat(patched.<Integer>get("spec", "replicas")).isEqualTo(1);
    }

    @Test
    void discoveryNamesVersionsAndKinds() {
        assertThat(client.getKubernetesVersion().getMinor()).isEqualTo("35");
        assertThat(client.getApiGroups().getGroups()).extracting("name").contains("apps", "argoproj.io");
        assertThat(client.getApiResources("argoproj.io/v1alpha1").getResources())
                .extracting("name")
                .contains("rollouts", "rollouts/status");
        assertThat(client.genericKubernetesResources("argoproj.io/v1alpha1", "Rollout")
                        .inNamespace("shop")
                        .list()
                        .getItems())
                .isEmpty();
    }

    @Test
    void asksWhatItMayDo() {
        cluster.faults().forbid("patch", "apps", "deployments");

        var review = client.authorization()
                .v1()
                .selfSubjectAccessReview()
                .create(new SelfSubjectAccessReviewBuilder()
                        .withNewSpec()
                        .withNewResourceAttributes()
                        .withVerb("patch")
                        .withGroup("apps")
                        .withResource("deployments")
                        .endResourceAttributes()
                        .endSpec()
                        .build());

        assertThat(review.getStatus().getAllowed()).isFalse();
    }

    private GenericKubernetesResource rollout() {
        GenericKubernetesResource rollout = new GenericKubernetesResource();
        rollout.setApiVersion("argoproj.io/v1alpha1");
        rollout.setKind("Rollout");
        rollout.setMetadata(new io.fabric8.kubernetes.api.model.ObjectMetaBuilder()
                .withName("cart")
                .withNamespace("shop")
                .build());
        rollout.setAdditionalProperty("spec", java.util.Map.of("replicas", 1));
        return client.resource(rollout).create();
    }

    private SharedIndexInformer<ConfigMap> informer(Seen seen) {
        return client.configMaps().inNamespace("shop").inform(seen, 0);
    }

    private void configMap(String name, String value) {
        client.configMaps()
                .inNamespace("shop")
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .addToData("v", value)
                        .build())
                .create();
    }

    private void change(String name, String value) {
        client.configMaps()
                .inNamespace("shop")
                .withName(name)
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"data\":{\"v\":\"" + value + "\"}}");
    }

    private static KubernetesClient client(SimulatedCluster cluster) {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withAutoConfigure(false)
                        .withMasterUrl(cluster.url())
                        .withWatchReconnectInterval(50)
                        .withRequestRetryBackoffLimit(3)
                        .withRequestRetryBackoffInterval(20)
                        .build())
                .build();
    }

    private static final class Seen implements ResourceEventHandler<ConfigMap> {
        private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

        @Override
        public void onAdd(ConfigMap added) {
            events.add("+" + text(added));
        }

        @Override
        public void onUpdate(ConfigMap before, ConfigMap now) {
            if (!text(before).equals(text(now))) {
                events.add(text(now));
            }
        }

        @Override
        public void onDelete(ConfigMap gone, boolean unknown) {
            events.add("-" + gone.getMetadata().getName());
        }

        String next() throws InterruptedException {
            return events.poll(15, TimeUnit.SECONDS);
        }

        private static String text(ConfigMap map) {
            return map.getMetadata().getName() + "=" + map.getData().get("v");
        }
    }
}
