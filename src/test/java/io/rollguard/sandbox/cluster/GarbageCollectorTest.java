package io.rollguard.sandbox.cluster;

import static io.rollguard.sandbox.cluster.TestClient.CONFIG_MAPS;
import static io.rollguard.sandbox.cluster.TestClient.DEPLOYMENTS;
import static io.rollguard.sandbox.cluster.TestClient.PODS;
import static io.rollguard.sandbox.cluster.TestClient.REPLICA_SETS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GarbageCollectorTest {

    private SimulatedCluster cluster;
    private TestClient client;

    @BeforeEach
    void start() {
        cluster = SimulatedCluster.start();
        client = new TestClient(cluster);
        client.namespace("shop");
        client.post(DEPLOYMENTS, Workloads.deployment("web", "")).object();
        client.await(Catalog.DEPLOYMENTS, "web", Workloads::isRolledOut);
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    @Test
    void collectsWhatADeletedWorkloadOwned() {
        String set = nameOfTheSet();
        String pod = Metadata.name(client.get(PODS).object().path("items").get(0));

        client.delete(DEPLOYMENTS + "/web").object();

        client.awaitGone(Catalog.REPLICA_SETS, set);
        client.awaitGone(Catalog.PODS, pod);
    }

    @Test
    void leavesOrphansTheirLives() {
        String set = nameOfTheSet();

        client.delete(DEPLOYMENTS + "/web?propagationPolicy=Orphan");
        client.awaitGone(Catalog.DEPLOYMENTS, "web");

        ObjectNode orphan = client.get(REPLICA_SETS + "/" + set).object();
        assertThat(Metadata.ownerUids(orphan)).isEmpty();
        assertThat(client.get(PODS).object().path("items")).hasSize(4);
    }

    @Test
    void endsTheOwnerLastWhenAskedForForeground() {
        String set = nameOfTheSet();

        ObjectNode marked =
                client.delete(DEPLOYMENTS + "/web?propagationPolicy=Foreground").object();
        client.awaitGone(Catalog.DEPLOYMENTS, "web");

        assertThat(Metadata.finalizers(marked)).containsExactly("foregroundDeletion");
        assertThat(client.get(REPLICA_SETS + "/" + set).code()).isEqualTo(404);
        assertThat(client.get(PODS).object().path("items")).isEmpty();
    }

    @Test
    void collectsWhatNamesAnOwnerThatNeverWas() {
        client.post(
                        CONFIG_MAPS,
                        "{'metadata':{'name':'lost','ownerReferences':[{'apiVersion':'apps/v1','kind':'Deployment',"
                                + "'name':'gone','uid':'no-such-uid'}]}}")
                .object();

        client.awaitGone(Catalog.CONFIG_MAPS, "lost");
    }

    @Test
    void emptiesANamespaceBeforeItGoes() {
        client.delete("/api/v1/namespaces/shop").object();

        client.awaitGone(Catalog.NAMESPACES, "shop");

        assertThat(client.get("/api/v1/pods").object().path("items")).isEmpty();
        assertThat(client.get("/apis/apps/v1/deployments").object().path("items"))
                .isEmpty();
    }

    private String nameOfTheSet() {
        return Metadata.name(client.get(REPLICA_SETS).object().path("items").get(0));
    }
}
