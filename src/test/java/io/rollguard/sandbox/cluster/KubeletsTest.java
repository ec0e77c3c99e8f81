package io.rollguard.sandbox.cluster;

import static io.rollguard.sandbox.cluster.TestClient.MERGE_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.PODS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubeletsTest {

    private SimulatedCluster cluster;
    private TestClient client;

    @BeforeEach
    void start() {
        cluster = SimulatedCluster.start();
        client = new TestClient(cluster);
        client.namespace("shop");
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    @ParameterizedTest
    @CsvSource({
        "CrashLoopBackOff, Running, CrashLoopBackOff, 4",
        "ImagePullBackOff, Pending, ImagePullBackOff, 0",
        "NotReady,         Running, '',               0"
    })
    void failsAsTheAnnotationSays(String why, String phase, String waiting, int restarts) {
        pod("'sandbox.rollguard.io/fail':'" + why + "'");

        ObjectNode pod = await(it -> it.path("status").has("containerStatuses"));

        JsonNode container = Json.at(pod, "status", "containerStatuses").get(0);
        assertThat(Pods.isReady(pod)).isFalse();
        assertThat(Json.text(pod, "status", "phase")).isEqualTo(phase);
        assertThat(Json.text(container, "state", "waiting", "reason")).isEqualTo(waiting);
        assertThat(Json.number(container, -1, "restartCount")).isEqualTo(restarts);
    }

    @Test
    void fallsOverSomeTimeAfterItWasReady() {
        pod("'sandbox.rollguard.io/ready-after':'10ms','sandbox.rollguard.io/fail-after':'30ms'");

        ObjectNode ready = await(Pods::isReady);
        ObjectNode fallen = await(it -> !Pods.isReady(it));

        assertThat(Json.text(ready, "status", "phase")).isEqualTo("Running");
        assertThat(Json.text(Json.at(fallen, "status", "containerStatuses").get(0), "state", "waiting", "reason"))
                .isEqualTo("CrashLoopBackOff");
    }

    @Test
    void crashesOnDemand() {
        pod("'sandbox.rollguard.io/ready-after':'10ms'");
        await(Pods::isReady);

        cluster.crashPod("shop", "p");

        assertThat(Conditions.has(await(it -> !Pods.isReady(it)).path("status"), "Ready", "ContainersNotReady"))
                .isTrue();
    }

    @Test
    void takesItsTimeToEnd() {
        pod("'sandbox.rollguard.io/ready-after':'10ms','sandbox.rollguard.io/terminates-after':'400ms'");
        await(Pods::isReady);
        Instant asked = Instant.now();

        ObjectNode marked = client.delete(PODS + "/p").object();
        client.awaitGone(Catalog.PODS, "p");

        assertThat(Metadata.deleting(marked)).isTrue();
        assertThat(Json.number(marked, 0, "metadata", "deletionGracePeriodSeconds"))
                .isEqualTo(30);
        assertThat(Instant.now()).isAfterOrEqualTo(asked.plusMillis(400));
    }

    @Test
    void isGoneAtOnceWithoutGrace() {
        pod("'sandbox.rollguard.io/terminates-after':'1h'");
        await(Pods::isReady);

        client.delete(PODS + "/p?gracePeriodSeconds=0").object();

        assertThat(client.get(PODS + "/p").code()).isEqualTo(404);
    }

    @Test
    void aDeadNodeTurnsUnknownAndItsPodsNotReadyAndNeverEnd() {
        pod("'sandbox.rollguard.io/ready-after':'10ms'");
        String node = Json.text(await(Pods::isReady), "spec", "nodeName");

        cluster.nodeDown(node, true);
        ObjectNode lost = client.await(
                Catalog.NODES, node, it -> Conditions.has(it.path("status"), "Ready", "NodeStatusUnknown"));
        ObjectNode pod = await(it -> !Pods.isReady(it));
        client.delete(PODS + "/p").object();
        cluster.nodeUp(node);
        client.awaitGone(Catalog.PODS, "p");

        assertThat(Json.text(Conditions.find(lost.path("status"), "Ready"), "status"))
                .isEqualTo("Unknown");
        assertThat(Conditions.has(pod.path("status"), "Ready", "NodeNotReady")).isTrue();
        assertThat(Conditions.isTrue(
                        client.get("/api/v1/nodes/" + node).object().path("status"), "Ready"))
                .isTrue();
    }

    @Test
    void aNodeThatComesBackHasItsPodsReadyAgain() {
        pod("'sandbox.rollguard.io/ready-after':'10ms'");
        String node = Json.text(await(Pods::isReady), "spec", "nodeName");
        cluster.nodeDown(node, true);
        await(it -> !Pods.isReady(it));

        client.patch(
                        "/api/v1/nodes/" + node,
                        MERGE_PATCH,
                        "{'metadata':{'annotations':{'sandbox.rollguard.io/down':null}}}")
                .object();

        assertThat(Pods.isReady(await(Pods::isReady))).isTrue();
    }

    @Test
    void nodesRenewTheirLeases() {
        JsonNode lease = client.get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-a")
                .object();

        assertThat(Json.text(lease, "spec", "holderIdentity")).isEqualTo("node-a");
        assertThat(Json.number(lease, 0, "spec", "leaseDurationSeconds")).isEqualTo(40);
    }

    private void pod(String annotations) {
        client.post(
                        PODS,
                        "{'metadata':{'name':'p','annotations':{" + annotations
                                + "}},'spec':{'containers':[{'name':'app','image':'x:1'}]}}")
                .object();
    }

    private ObjectNode await(java.util.function.Predicate<ObjectNode> wanted) {
        return client.await(Catalog.PODS, "p", wanted);
    }
}
