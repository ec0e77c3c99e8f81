package io.rollguard.sandbox.cluster;

import static io.rollguard.sandbox.cluster.TestClient.JSON_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.PODS;
import static io.rollguard.sandbox.cluster.Workloads.crashingTemplate;
import static io.rollguard.sandbox.cluster.Workloads.newTemplate;
import static io.rollguard.sandbox.cluster.Workloads.template;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** StatefulSets and DaemonSets, as seen on kube-controller-manager 1.35. */
class StatefulSetControllerTest {

    private static final String SETS = "/apis/apps/v1/namespaces/shop/statefulsets";
    private static final String DAEMONS = "/apis/apps/v1/namespaces/shop/daemonsets";
    private static final String REVISIONS = "/apis/apps/v1/namespaces/shop/controllerrevisions";

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
    void makesItsPodsInOrderAndReplacesThemFromTheLast() {
        set("");
        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v2")).object();
        ObjectNode db = await(this::isDone);

        assertThat(images()).containsExactly("db-0=db:v2", "db-1=db:v2", "db-2=db:v2");
        assertThat(Json.text(db, "status", "currentRevision")).isEqualTo(Json.text(db, "status", "updateRevision"));
        JsonNode pod = client.get(PODS + "/db-1").object();
        assertThat(Metadata.label(pod, "controller-revision-hash"))
                .isEqualTo(Json.text(db, "status", "updateRevision"));
        assertThat(numbers()).containsExactly(1, 2);
    }

    @Test
    void anOrderedSetStaysStuckOnABrokenPodEvenWithTheGoodTemplateRestored() {
        set("");
        client.patch(SETS + "/db", JSON_PATCH, crashingTemplate("db", "v2")).object();
        String broken = Metadata.uid(client.await(
                Catalog.PODS,
                "db-2",
                pod -> image(pod).equals("db:v2") && pod.path("status").has("containerStatuses")));

        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v1")).object();
        ObjectNode restored =
                await(db -> Json.number(db, 0, "status", "observedGeneration") == Metadata.generation(db));
        String still = Metadata.uid(client.get(PODS + "/db-2").object());
        client.delete(PODS + "/db-2").object();
        await(this::isDone);

        assertThat(still).isEqualTo(broken);
        assertThat(Json.number(restored, 0, "status", "readyReplicas")).isEqualTo(2);
        assertThat(images()).containsExactly("db-0=db:v1", "db-1=db:v1", "db-2=db:v1");
        // the first revision again, under a new number
        assertThat(numbers()).containsExactly(2, 3);
    }

    @Test
    void aParallelSetGetsOutByItself() {
        set("'podManagementPolicy':'Parallel',");
        client.patch(SETS + "/db", JSON_PATCH, crashingTemplate("db", "v2")).object();
        client.await(
                Catalog.PODS,
                "db-2",
                pod -> image(pod).equals("db:v2") && pod.path("status").has("containerStatuses"));

        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v1")).object();
        await(this::isDone);

        assertThat(images()).containsExactly("db-0=db:v1", "db-1=db:v1", "db-2=db:v1");
    }

    @Test
    void leavesWhatIsBelowThePartition() {
        set("'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition':2}},");

        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v2")).object();
        client.await(Catalog.PODS, "db-2", pod -> image(pod).equals("db:v2") && Pods.isReady(pod));
        ObjectNode db = await(it -> Json.number(it, 0, "status", "updatedReplicas") == 1
                && Json.number(it, 0, "status", "readyReplicas") == 3);

        assertThat(images()).containsExactly("db-0=db:v1", "db-1=db:v1", "db-2=db:v2");
        assertThat(Json.text(db, "status", "currentRevision")).isNotEqualTo(Json.text(db, "status", "updateRevision"));
    }

    @Test
    void changesNothingByItselfOnDelete() {
        set("'updateStrategy':{'type':'OnDelete'},");
        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v2")).object();
        await(db -> Json.number(db, 0, "status", "observedGeneration") == Metadata.generation(db));

        client.delete(PODS + "/db-0").object();
        client.await(Catalog.PODS, "db-0", pod -> image(pod).equals("db:v2") && Pods.isReady(pod));

        assertThat(images()).containsExactly("db-0=db:v2", "db-1=db:v1", "db-2=db:v1");
    }

    @Test
    void aDaemonSetHasAPodOnEveryNodeAndReplacesBrokenOnesFirst() {
        client.post(
                        DAEMONS,
                        "{'metadata':{'name':'agent'},'spec':{'selector':{'matchLabels':{'app':'agent'}},'template':"
                                + template("agent", "v1", "") + "}}")
                .object();
        awaitDaemon("1");
        client.patch(DAEMONS + "/agent", JSON_PATCH, crashingTemplate("agent", "v2"))
                .object();
        client.await(
                Catalog.DAEMON_SETS,
                "agent",
                set -> Json.number(set, 0, "status", "numberUnavailable") == 1
                        && Json.number(set, 0, "status", "updatedNumberScheduled") == 1);

        client.patch(DAEMONS + "/agent", JSON_PATCH, newTemplate("agent", "v1")).object();
        awaitDaemon("3");

        List<String> nodes = new ArrayList<>();
        for (JsonNode pod : client.get(PODS).object().path("items")) {
            nodes.add(Json.text(pod, "spec", "nodeName") + "=" + image(pod));
        }
        assertThat(nodes).containsExactlyInAnyOrder("node-a=agent:v1", "node-b=agent:v1", "node-c=agent:v1");
        assertThat(numbers()).containsExactly(2, 3);
    }

    @Test
    void forgetsTheRevisionsBeyondItsLimit() {
        set("'revisionHistoryLimit':1,");
        String first = Json.text(client.get(SETS + "/db").object(), "status", "updateRevision");
        for (int version = 2; version <= 3; version++) {
            client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v" + version))
                    .object();
            await(this::isDone);
        }

        client.awaitGone(Catalog.CONTROLLER_REVISIONS, first);
        assertThat(numbers()).containsExactly(2, 3);
    }

    @Test
    void aPartitionRaisedOverACompleteUpdateHoldsItsPodsAndWhatTheyComeBackAs() {
        set("");
        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v2")).object();
        await(this::isDone);
        client.patch(
                        SETS + "/db",
                        JSON_PATCH,
                        "[{'op':'add','path':'/spec/updateStrategy/rollingUpdate/partition','value':3}]")
                .object();

        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v1")).object();
        await(db -> Json.number(db, 0, "status", "observedGeneration") == Metadata.generation(db)
                && !Json.text(db, "status", "currentRevision").equals(Json.text(db, "status", "updateRevision")));
        String before = Metadata.uid(client.get(PODS + "/db-2").object());
        client.delete(PODS + "/db-2").object();
        client.await(Catalog.PODS, "db-2", pod -> !Metadata.uid(pod).equals(before) && Pods.isReady(pod));

        assertThat(images()).containsExactly("db-0=db:v2", "db-1=db:v2", "db-2=db:v2");
    }

    @Test
    void ofPodsThatAreAllBrokenTheLowestComesBackFirst() {
        set("");
        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v2")).object();
        await(this::isDone);
        for (String pod : List.of("db-0", "db-1", "db-2")) {
            client.patch(
                            PODS + "/" + pod,
                            JSON_PATCH,
                            "[{'op':'add','path':'/metadata/annotations/sandbox.rollguard.io~1fail-after','value':'0s'}]")
                    .object();
            client.await(Catalog.PODS, pod, each -> !Pods.isReady(each));
        }
        client.patch(SETS + "/db", JSON_PATCH, newTemplate("db", "v1")).object();
        await(db -> Json.number(db, 0, "status", "observedGeneration") == Metadata.generation(db));

        client.delete(PODS + "/db-2").object();
        client.awaitGone(Catalog.PODS, "db-2");
        client.delete(PODS + "/db-0").object();
        client.await(Catalog.PODS, "db-0", pod -> image(pod).equals("db:v1") && Pods.isReady(pod));
        int highest = client.get(PODS + "/db-2").code();
        client.delete(PODS + "/db-1").object();
        await(this::isDone);

        assertThat(highest).as("is not even made while a lower one is broken").isEqualTo(404);
        assertThat(images()).containsExactly("db-0=db:v1", "db-1=db:v1", "db-2=db:v1");
    }

    @Test
    void aDaemonSetChangesNothingByItselfOnDelete() {
        client.post(
                        DAEMONS,
                        "{'metadata':{'name':'agent'},'spec':{'updateStrategy':{'type':'OnDelete'},"
                                + "'selector':{'matchLabels':{'app':'agent'}},'template':"
                                + template("agent", "v1", "") + "}}")
                .object();
        awaitDaemon("1");
        client.patch(DAEMONS + "/agent", JSON_PATCH, newTemplate("agent", "v2")).object();
        client.await(
                Catalog.DAEMON_SETS,
                "agent",
                set -> Json.number(set, 0, "status", "observedGeneration") == Metadata.generation(set)
                        && Json.number(set, 0, "status", "updatedNumberScheduled") == 0);

        String first = Metadata.name(client.get(PODS).object().path("items").path(0));
        client.delete(PODS + "/" + first).object();

        client.await(
                Catalog.DAEMON_SETS,
                "agent",
                set -> Json.number(set, 0, "status", "updatedNumberScheduled") == 1
                        && Json.number(set, 0, "status", "numberAvailable") == 3);
    }

    private void awaitDaemon(String templates) {
        client.await(
                Catalog.DAEMON_SETS,
                "agent",
                set -> Metadata.annotation(set, "deprecated.daemonset.template.generation")
                                .equals(templates)
                        && Json.number(set, 0, "status", "observedGeneration") == Metadata.generation(set)
                        && Json.number(set, 0, "status", "updatedNumberScheduled") == 3
                        && Json.number(set, 0, "status", "numberAvailable") == 3);
    }

    private void set(String more) {
        client.post(
                        SETS,
                        "{'metadata':{'name':'db'},'spec':{'replicas':3,'serviceName':'db',"
                                + "'selector':{'matchLabels':{'app':'db'}}," + more + "'template':"
                                + template("db", "v1", "") + "}}")
                .object();
        await(this::isDone);
        assertThat(images()).containsExactly("db-0=db:v1", "db-1=db:v1", "db-2=db:v1");
    }

    private boolean isDone(JsonNode db) {
        JsonNode status = db.path("status");
        return Json.number(status, 0, "observedGeneration") == Metadata.generation(db)
                && Json.number(status, 0, "readyReplicas") == 3
                && Json.number(status, 0, "updatedReplicas") == 3
                && Json.text(status, "currentRevision").equals(Json.text(status, "updateRevision"));
    }

    private ObjectNode await(Predicate<ObjectNode> wanted) {
        return client.await(Catalog.STATEFUL_SETS, "db", wanted);
    }

    private List<String> images() {
        List<String> images = new ArrayList<>();
        for (JsonNode pod : client.get(PODS).object().path("items")) {
            images.add(Metadata.name(pod) + "=" + image(pod));
        }
        return images;
    }

    private List<Integer> numbers() {
        List<Integer> numbers = new ArrayList<>();
        client.get(REVISIONS)
                .object()
                .path("items")
                .forEach(revision -> numbers.add(revision.path("revision").asInt()));
        return numbers.stream().sorted().toList();
    }

    private static String image(JsonNode pod) {
        return Json.text(Json.at(pod, "spec", "containers").path(0), "image");
    }
}
