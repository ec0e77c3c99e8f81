package io.rollguard.sandbox.cluster;

import static io.rollguard.sandbox.cluster.TestClient.DEPLOYMENTS;
import static io.rollguard.sandbox.cluster.TestClient.JSON_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.MERGE_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.REPLICA_SETS;
import static io.rollguard.sandbox.cluster.Workloads.crashingTemplate;
import static io.rollguard.sandbox.cluster.Workloads.deployment;
import static io.rollguard.sandbox.cluster.Workloads.isRolledOut;
import static io.rollguard.sandbox.cluster.Workloads.newTemplate;
import static io.rollguard.sandbox.cluster.Workloads.reason;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was seen on kube-controller-manager 1.35, step by step. */
class DeploymentControllerTest {

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

    @Test
    void firstReplicaSetIsMadeAndItsPodsBecomeReadyOnThreeNodes() {
        rolledOut("");

        JsonNode set = set("v1");
        List<JsonNode> pods = list(TestClient.PODS);

        assertThat(Metadata.name(set)).isEqualTo("web-" + Metadata.label(set, "pod-template-hash"));
        assertThat(Metadata.annotation(set, "deployment.kubernetes.io/desired-replicas"))
                .isEqualTo("4");
        assertThat(Metadata.annotation(set, "deployment.kubernetes.io/max-replicas"))
                .isEqualTo("5");
        assertThat(pods).hasSize(4).allMatch(Pods::isReady);
        assertThat(pods).extracting(pod -> Json.text(pod, "spec", "nodeName")).contains("node-a", "node-b", "node-c");
        assertThat(pods).extracting(Metadata::name).allMatch(name -> name.matches(Metadata.name(set) + "-\\w{5}"));
        assertThat(pods).allMatch(pod -> Metadata.isControlledBy(pod, set));
        assertThat(pods).extracting(pod -> Json.text(pod, "status", "podIP")).doesNotHaveDuplicates();
    }

    @Test
    void neverFallsBelowMinimumAvailabilityNorSurgesTooFar() {
        rolledOut("");
        List<Long> available = new ArrayList<>();
        List<Long> replicas = new ArrayList<>();

        client.patch(DEPLOYMENTS + "/web", JSON_PATCH, newTemplate("web", "v2")).object();
        await(web -> {
            available.add(Json.number(web, 0, "status", "availableReplicas"));
            replicas.add(Json.number(web, 0, "status", "replicas"));
            return isRolledOut(web);
        });

        assertThat(available).allMatch(count -> count >= 3);
        assertThat(replicas).allMatch(count -> count <= 5);
    }

    @Test
    void restoreUsesTheOldReplicaSetAgainUnderANewNumber() {
        rolledOut("");
        JsonNode good = set("v1");
        client.patch(DEPLOYMENTS + "/web", JSON_PATCH, crashingTemplate("web", "v2"))
                .object();
        await(web -> reason(web, "Progressing").equals("ReplicaSetUpdated")
                && Metadata.annotation(web, "deployment.kubernetes.io/revision").equals("2"));
        ObjectNode template = Json.at(good, "spec", "template").deepCopy();
        Json.ensure(template, "metadata", "labels").remove("pod-template-hash");

        client.patch(
                        DEPLOYMENTS + "/web",
                        JSON_PATCH,
                        "[{'op':'replace','path':'/spec/template','value':" + template + "},"
                                + "{'op':'add','path':'/metadata/annotations/rollguard.io~1mark','value':'x'}]")
                .object();
        ObjectNode web = await(deployment -> isRolledOut(deployment)
                && reason(deployment, "Progressing").equals("NewReplicaSetAvailable")
                && Metadata.annotation(deployment, "deployment.kubernetes.io/revision")
                        .equals("3"));

        JsonNode again = set("v1");
        assertThat(Metadata.uid(again)).isEqualTo(Metadata.uid(good));
        assertThat(Metadata.annotation(again, "deployment.kubernetes.io/revision"))
                .isEqualTo("3");
        assertThat(Metadata.annotation(again, "deployment.kubernetes.io/revision-history"))
                .isEqualTo("1");
        assertThat(Metadata.annotation(again, "rollguard.io/mark")).isEqualTo("x");
        assertThat(list(REPLICA_SETS)).hasSize(2);
        assertThat(Json.number(web, 0, "status", "unavailableReplicas")).isZero();
    }

    @Test
    void aRestartIsANewReplicaSet() {
        rolledOut("");

        client.patch(
                        DEPLOYMENTS + "/web",
                        MERGE_PATCH,
                        "{'spec':{'template':{'metadata':{'annotations':{'kubectl.kubernetes.io/restartedAt':'now'}}}}}")
                .object();
        await(web -> isRolledOut(web)
                && Metadata.annotation(web, "deployment.kubernetes.io/revision").equals("2"));

        assertThat(list(REPLICA_SETS)).hasSize(2);
    }

    @Test
    void aPausedDeploymentTakesTheTemplateButRollsNothing() {
        rolledOut("");
        client.patch(DEPLOYMENTS + "/web", MERGE_PATCH, "{'spec':{'paused':true}}")
                .object();
        await(web -> reason(web, "Progressing").equals("DeploymentPaused"));

        client.patch(DEPLOYMENTS + "/web", JSON_PATCH, newTemplate("web", "v2")).object();
        ObjectNode paused = await(web -> Json.number(web, 0, "status", "observedGeneration") == Metadata.generation(web)
                && Json.number(web, 0, "status", "updatedReplicas") == 0);
        int sets = list(REPLICA_SETS).size();
        client.patch(DEPLOYMENTS + "/web", MERGE_PATCH, "{'spec':{'paused':false}}")
                .object();
        await(web -> isRolledOut(web));

        assertThat(Json.number(paused, 0, "status", "availableReplicas")).isEqualTo(4);
        assertThat(sets).isEqualTo(1);
        assertThat(list(REPLICA_SETS)).hasSize(2);
    }

    @Test
    void saysWhenItsDeadlineHasPassed() {
        rolledOut("'progressDeadlineSeconds':1,");

        client.patch(DEPLOYMENTS + "/web", JSON_PATCH, crashingTemplate("web", "v2"))
                .object();
        ObjectNode stuck = await(web -> reason(web, "Progressing").equals("ProgressDeadlineExceeded"));

        JsonNode progressing = Conditions.find(stuck.path("status"), "Progressing");
        assertThat(Json.text(progressing, "status")).isEqualTo("False");
        assertThat(Json.text(progressing, "message")).matches("ReplicaSet \"web-\\w+\" has timed out progressing.");
    }

    @Test
    void recreateEndsTheOldPodsFirstAndKeepsNoMoreHistoryThanAsked() {
        rolledOut("'strategy':{'type':'Recreate'},'revisionHistoryLimit':1,");

        String oldest = Metadata.name(set("v1"));
        List<Long> replicas = new ArrayList<>();
        for (String version : List.of("v2", "v3")) {
            client.patch(DEPLOYMENTS + "/web", JSON_PATCH, newTemplate("web", version))
                    .object();
            await(web -> {
                replicas.add(Json.number(web, 0, "status", "replicas"));
                return isRolledOut(web);
            });
        }
        assertThat(replicas).contains(0L).allMatch(count -> count <= 4);
        client.awaitGone(Catalog.REPLICA_SETS, oldest);
    }

    @Test
    void scalesWithoutANewRevision() {
        rolledOut("");

        client.patch(DEPLOYMENTS + "/web", MERGE_PATCH, "{'spec':{'replicas':7}}")
                .object();
        ObjectNode web = await(deployment -> isRolledOut(deployment));

        assertThat(Metadata.annotation(web, "deployment.kubernetes.io/revision"))
                .isEqualTo("1");
        assertThat(list(TestClient.PODS)).hasSize(7);
    }

    private void rolledOut(String more) {
        client.post(DEPLOYMENTS, deployment("web", more)).object();
        await(web -> isRolledOut(web) && reason(web, "Progressing").equals("NewReplicaSetAvailable"));
    }

    private ObjectNode await(Predicate<ObjectNode> wanted) {
        return client.await(Catalog.DEPLOYMENTS, "web", wanted);
    }

    private JsonNode set(String version) {
        for (JsonNode set : list(REPLICA_SETS)) {
            JsonNode container =
                    Json.at(set, "spec", "template", "spec", "containers").get(0);
            if (Json.text(container, "image").equals("web:" + version)) {
                return set;
            }
        }
        throw new AssertionError("no ReplicaSet of " + version);
    }

    private List<JsonNode> list(String path) {
        List<JsonNode> items = new ArrayList<>();
        client.get(path).object().path("items").forEach(items::add);
        return items;
    }
}
