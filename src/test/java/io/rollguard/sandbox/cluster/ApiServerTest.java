package io.rollguard.sandbox.cluster;

import static io.rollguard.sandbox.cluster.TestClient.CONFIG_MAPS;
import static io.rollguard.sandbox.cluster.TestClient.DEPLOYMENTS;
import static io.rollguard.sandbox.cluster.TestClient.JSON_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.MERGE_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.ROLLOUTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading and writing objects, with the controllers frozen. */
class ApiServerTest {

    private static final String ROLLOUT = "{'apiVersion':'argoproj.io/v1alpha1','kind':'Rollout',"
            + "'metadata':{'name':'cart','annotations':{'a':'b'}},'spec':{'replicas':2,'template':{'x':1}},"
            + "'status':{'phase':'Forged'}}";

    private SimulatedCluster cluster;
    private TestClient client;

    @BeforeEach
    void start() {
        cluster = SimulatedCluster.start();
        cluster.controllers().freeze();
        client = new TestClient(cluster);
        client.namespace("shop");
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    @Test
    void createsWithWhatOnlyTheServerKnowsAndWithoutStatus() {
        ObjectNode created = client.post(ROLLOUTS, ROLLOUT).object();

        assertThat(Metadata.uid(created)).hasSize(36);
        assertThat(Metadata.generation(created)).isEqualTo(1);
        assertThat(Json.text(created, "metadata", "creationTimestamp"))
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
        assertThat(Metadata.namespace(created)).isEqualTo("shop");
        assertThat(created.has("status")).isFalse();
    }

    @Test
    void namesWhatOnlyHasAPrefix() {
        ObjectNode created = client.post(CONFIG_MAPS, "{'metadata':{'generateName':'settings-'}}")
                .object();

        assertThat(Metadata.name(created)).matches("settings-[bcdfghjklmnpqrstvwxz2456789]{5}");
    }

    @Test
    void refusesASecondObjectOfTheName() {
        client.post(ROLLOUTS, ROLLOUT).object();

        var second = client.post(ROLLOUTS, ROLLOUT);

        assertThat(second.code()).isEqualTo(409);
        assertThat(Json.text(second.body(), "reason")).isEqualTo("AlreadyExists");
        assertThat(Json.text(second.body(), "message")).isEqualTo("rollouts.argoproj.io \"cart\" already exists");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"'kind':'Rollout',", "'apiVersion':'argoproj.io/v1alpha1',", "'apiVersion':'argoproj.io/v1',"})
    void demandsThatACustomResourceSaysWhatItIs(String missing) {
        String unnamed = missing.endsWith("v1',") ? ROLLOUT.replace("v1alpha1", "v1") : ROLLOUT.replace(missing, "");

        assertThat(client.post(ROLLOUTS, unnamed).code()).isEqualTo(400);
    }

    @Test
    void refusesAnObjectInANamespaceThatIsNotThere() {
        var answer = client.post(ROLLOUTS.replace("shop", "nowhere"), ROLLOUT);

        assertThat(answer.code()).isEqualTo(404);
        assertThat(Json.text(answer.body(), "message")).isEqualTo("namespaces \"nowhere\" not found");
    }

    @Test
    void dropsStatusWrittenToTheObjectAndSpecWrittenToStatus() {
        ObjectNode created = client.post(ROLLOUTS, ROLLOUT).object();

        var main = client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'status':{'abort':true}}")
                .object();
        var status = client.patch(
                        ROLLOUTS + "/cart/status",
                        MERGE_PATCH,
                        "{'status':{'abort':true},'spec':{'replicas':9},'metadata':{'annotations':{'a':'c'}}}")
                .object();

        assertThat(main).isEqualTo(created);
        assertThat(Json.at(status, "status", "abort").asBoolean()).isTrue();
        assertThat(Json.at(status, "spec", "replicas").asInt()).isEqualTo(2);
        assertThat(Metadata.annotation(status, "a")).isEqualTo("b");
        assertThat(Metadata.generation(status)).isEqualTo(1);
    }

    @Test
    void countsAGenerationForSpecOnlyButForAnnotationsOfADeploymentToo() {
        client.post(ROLLOUTS, ROLLOUT).object();
        client.post(DEPLOYMENTS, deployment("web")).object();
        String annotate = "{'metadata':{'annotations':{'who':'me'}}}";
        String label = "{'metadata':{'labels':{'who':'me'}}}";
        String scale = "{'spec':{'replicas':7}}";

        assertThat(generationAfter(ROLLOUTS + "/cart", annotate)).isEqualTo(1);
        assertThat(generationAfter(ROLLOUTS + "/cart", scale)).isEqualTo(2);
        assertThat(generationAfter(DEPLOYMENTS + "/web", label)).isEqualTo(1);
        assertThat(generationAfter(DEPLOYMENTS + "/web", annotate)).isEqualTo(2);
        assertThat(generationAfter(DEPLOYMENTS + "/web", scale)).isEqualTo(3);
    }

    @Test
    void refusesAStaleResourceVersionInPutMergeAndReplaceButFailsATestOfIt() {
        ObjectNode old = client.post(ROLLOUTS, ROLLOUT).object();
        client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'spec':{'replicas':3}}").object();
        String version = Json.text(old, "metadata", "resourceVersion");

        var put = client.put(ROLLOUTS + "/cart", old);
        var merge = client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'metadata':{'resourceVersion':'" + version + "'}}");
        var replace = client.patch(
                ROLLOUTS + "/cart",
                JSON_PATCH,
                "[{'op':'replace','path':'/metadata/resourceVersion','value':'" + version + "'}]");
        var test = client.patch(
                ROLLOUTS + "/cart",
                JSON_PATCH,
                "[{'op':'test','path':'/metadata/resourceVersion','value':'" + version + "'}]");

        assertThat(put.code()).isEqualTo(409);
        assertThat(Json.text(put.body(), "message"))
                .startsWith("Operation cannot be fulfilled on rollouts.argoproj.io");
        assertThat(merge.code()).isEqualTo(409);
        assertThat(replace.code()).isEqualTo(409);
        assertThat(test.code()).isEqualTo(422);
    }

    @Test
    void testsTheWholeObjectOnStatusAndWritesOnlyWhenAllHold() {
        ObjectNode rollout = client.post(ROLLOUTS, ROLLOUT).object();
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'stableRS':'old','currentPodHash':'new'}}");
        String abort = "[{'op':'test','path':'/metadata/uid','value':'" + Metadata.uid(rollout) + "'},"
                + "{'op':'test','path':'/metadata/generation','value':1},"
                + "{'op':'test','path':'/spec/template','value':{'x':1}},"
                + "{'op':'test','path':'/status/currentPodHash','value':'%s'},"
                + "{'op':'add','path':'/status/abort','value':true}]";

        var spoiled = client.patch(ROLLOUTS + "/cart/status", JSON_PATCH, abort.formatted("other"));
        var right = client.patch(ROLLOUTS + "/cart/status", JSON_PATCH, abort.formatted("new"));

        assertThat(spoiled.code()).isEqualTo(422);
        assertThat(spoiled.body().path("details")).isEmpty();
        assertThat(Json.at(right.object(), "status", "abort").asBoolean()).isTrue();
    }

    @Test
    void ignoresAWrongUidInAMergeOfStatus() {
        client.post(ROLLOUTS, ROLLOUT).object();
        String forged = "{'metadata':{'uid':'not-this-one'},'status':{'abort':true}}";

        assertThat(client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, forged).code())
                .isEqualTo(200);
        assertThat(client.patch(ROLLOUTS + "/cart", MERGE_PATCH, forged).code()).isEqualTo(422);
    }

    @Test
    void remembersWhoAbortedAndChangesNothingTheSecondTime() {
        client.post(ROLLOUTS, ROLLOUT).object();
        String abort = "[{'op':'add','path':'/status','value':{'abort':true}}]";

        ObjectNode first = client.patch(ROLLOUTS + "/cart/status?fieldManager=rollguard", JSON_PATCH, abort)
                .object();
        ObjectNode second = client.patch(
                        ROLLOUTS + "/cart/status?fieldManager=somebody",
                        JSON_PATCH,
                        "[{'op':'add','path':'/status/abort','value':true}]")
                .object();

        assertThat(second).isEqualTo(first);
        JsonNode entry = managed(first, "rollguard");
        assertThat(Json.text(entry, "subresource")).isEqualTo("status");
        assertThat(Json.at(entry, "fieldsV1", "f:status").has("f:abort")).isTrue();
        assertThat(managed(first, "tester").path("subresource").isMissingNode()).isTrue();
    }

    @Test
    void movesAFieldToWhoeverWroteItLast() {
        client.post(ROLLOUTS, ROLLOUT).object();
        client.patch(ROLLOUTS + "/cart/status?fieldManager=one", MERGE_PATCH, "{'status':{'abort':true}}");

        ObjectNode after = client.patch(
                        ROLLOUTS + "/cart/status?fieldManager=two", MERGE_PATCH, "{'status':{'abort':false}}")
                .object();

        assertThat(Json.at(managed(after, "two"), "fieldsV1", "f:status").has("f:abort"))
                .isTrue();
        assertThat(Json.at(managed(after, "one"), "fieldsV1", "f:status").has("f:abort"))
                .isFalse();
    }

    @Test
    void followsTheFieldsOfAContainerByItsName() {
        client.post(DEPLOYMENTS, deployment("web")).object();

        ObjectNode after = client.patch(
                        DEPLOYMENTS + "/web?fieldManager=ci",
                        JSON_PATCH,
                        "[{'op':'replace','path':'/spec/template/spec/containers/0/image','value':'web:v2'}]")
                .object();

        String[] container = {"fieldsV1", "f:spec", "f:template", "f:spec", "f:containers", "k:{\"name\":\"app\"}"};
        assertThat(Json.at(managed(after, "ci"), container).toString()).isEqualTo("{\"f:image\":{}}");
        assertThat(Json.at(managed(after, "tester"), container).has("f:name")).isTrue();
        assertThat(Json.at(managed(after, "tester"), container).has("f:image")).isFalse();
    }

    @Test
    void triesWithoutStoringWhenItIsADryRun() {
        ObjectNode before = client.post(ROLLOUTS, ROLLOUT).object();

        var tried = client.patch(ROLLOUTS + "/cart?dryRun=All", MERGE_PATCH, "{'spec':{'replicas':3}}")
                .object();
        var broken = client.patch(
                DEPLOYMENTS + "/web?dryRun=All", MERGE_PATCH, "{'spec':{'template':{'spec':{'containers':[]}}}}");

        assertThat(Json.at(tried, "spec", "replicas").asInt()).isEqualTo(3);
        assertThat(client.get(ROLLOUTS + "/cart").object()).isEqualTo(before);
        assertThat(broken.code()).isEqualTo(404);
    }

    @Test
    void checksTheTemplateOfADeploymentButNotOfARollout() {
        client.post(DEPLOYMENTS, deployment("web")).object();
        client.post(ROLLOUTS, ROLLOUT).object();
        String bad = "{'spec':{'template':{'spec':{'containers':[{'name':'Bad_Name','image':'x'}]}}}}";

        var deployment = client.patch(DEPLOYMENTS + "/web?dryRun=All", MERGE_PATCH, bad);
        var rollout = client.patch(ROLLOUTS + "/cart?dryRun=All", MERGE_PATCH, bad);

        assertThat(deployment.code()).isEqualTo(422);
        assertThat(Json.text(deployment.body(), "details", "name")).isEqualTo("web");
        assertThat(rollout.code()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/strategic-merge-patch+json", "application/apply-patch+yaml"})
    void takesNoOtherPatchOfACustomResource(String contentType) {
        client.post(ROLLOUTS, ROLLOUT).object();

        assertThat(client.patch(ROLLOUTS + "/cart", contentType, "{}").code()).isEqualTo(415);
    }

    @Test
    void servesAKindOnlyWhileItsDefinitionIsInstalled() {
        client.post(ROLLOUTS, ROLLOUT).object();
        String definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        String definition =
                Catalog.argoDefinition("Rollout", "rollouts", "ro", true).toString();

        client.delete(definitions + "/rollouts.argoproj.io").object();
        var without = client.get(ROLLOUTS);
        client.post(definitions, definition).object();
        var again = client.get(ROLLOUTS);

        assertThat(without.code()).isEqualTo(404);
        assertThat(without.body().asText()).isEqualTo("404 page not found\n");
        assertThat(again.object().path("items")).isEmpty();
    }

    @Test
    void leavesKindAndVersionOutOfTheItemsOfBuiltInLists() {
        client.post(DEPLOYMENTS, deployment("web")).object();
        client.post(ROLLOUTS, ROLLOUT).object();

        JsonNode builtIn =
                client.get(DEPLOYMENTS + "?labelSelector=team%3Dshop").object();
        JsonNode custom = client.get(ROLLOUTS).object();

        assertThat(Json.text(builtIn, "kind")).isEqualTo("DeploymentList");
        assertThat(builtIn.path("items")).hasSize(1);
        assertThat(builtIn.path("items").get(0).has("kind")).isFalse();
        assertThat(Metadata.name(builtIn.path("items").get(0))).isEqualTo("web");
        assertThat(Json.text(custom.path("items").get(0), "kind")).isEqualTo("Rollout");
    }

    @Test
    void showsATableToThoseWhoAskForOne() {
        client.post(DEPLOYMENTS, deployment("web")).object();

        JsonNode table = client.getTable(DEPLOYMENTS).object();

        assertThat(Json.text(table, "kind")).isEqualTo("Table");
        assertThat(table.path("columnDefinitions"))
                .extracting(column -> Json.text(column, "name"))
                .containsExactly("Name", "Ready", "Up-to-date", "Available", "Age");
        assertThat(table.path("rows").get(0).path("cells").toString()).startsWith("[\"web\",\"0/1\",0,0,\"");
    }

    @ParameterizedTest
    @CsvSource({"0,0s", "119,119s", "125,2m5s", "600,10m", "7200,120m", "36000,10h", "864000,10d"})
    void tellsAnAgeAsKubectlDoes(long seconds, String age) {
        Instant now = Instant.parse("2026-11-24T12:00:00Z");

        assertThat(Tables.age(now.minusSeconds(seconds), now)).isEqualTo(age);
    }

    @Test
    void scalesThroughTheSubresourceOnly() {
        client.post(DEPLOYMENTS, deployment("web")).object();

        ObjectNode scale = client.get(DEPLOYMENTS + "/web/scale").object();
        Json.ensure(scale, "spec").put("replicas", 5);
        client.put(DEPLOYMENTS + "/web/scale", scale).object();

        ObjectNode after = client.get(DEPLOYMENTS + "/web").object();
        assertThat(Json.text(after, "kind")).isEqualTo("Deployment");
        assertThat(Json.at(after, "spec", "replicas").asInt()).isEqualTo(5);
    }

    @Test
    void keepsADeletedObjectUntilItsFinalizersAreGone() {
        client.post(CONFIG_MAPS, "{'metadata':{'name':'kept','finalizers':['example.org/hold']}}")
                .object();

        ObjectNode marked = client.delete(CONFIG_MAPS + "/kept").object();
        client.patch(CONFIG_MAPS + "/kept", MERGE_PATCH, "{'metadata':{'finalizers':null}}")
                .object();

        assertThat(Metadata.deleting(marked)).isTrue();
        assertThat(client.get(CONFIG_MAPS + "/kept").code()).isEqualTo(404);
    }

    @Test
    void deletesOnlyTheObjectThatWasMeant() {
        client.post(CONFIG_MAPS, "{'metadata':{'name':'mine'}}").object();

        var wrong = client.send(
                "DELETE", CONFIG_MAPS + "/mine", "{'preconditions':{'uid':'somebody-else'}}", "application/json");

        assertThat(wrong.code()).isEqualTo(409);
        assertThat(client.get(CONFIG_MAPS + "/mine").code()).isEqualTo(200);
    }

    @Test
    void holdsASnapshotImmutable() {
        String revisions = "/apis/apps/v1/namespaces/shop/controllerrevisions";
        client.post(revisions, "{'metadata':{'name':'snap'},'revision':1,'data':{'template':'abc'}}")
                .object();

        assertThat(client.patch(revisions + "/snap", MERGE_PATCH, "{'data':{'template':'xyz'}}")
                        .code())
                .isEqualTo(422);
        assertThat(client.patch(revisions + "/snap", MERGE_PATCH, "{'metadata':{'labels':{'a':'b'}}}")
                        .code())
                .isEqualTo(200);
        assertThat(client.post(revisions, "{'metadata':{'name':'empty'},'revision':1}")
                        .code())
                .isEqualTo(422);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'template': 'abc'}", "{'template':'a&b'}", "{ 'template':'abc'}"})
    void neverTakesAChangeOfASnapshotWhoseDataGoWouldHaveWrittenDifferently(String data) {
        String revisions = "/apis/apps/v1/namespaces/shop/controllerrevisions";
        client.post(revisions, "{'metadata':{'name':'snap'},'revision':1,'data':" + data + "}")
                .object();

        var labelled = client.patch(revisions + "/snap", MERGE_PATCH, "{'metadata':{'labels':{'a':'b'}}}");

        assertThat(labelled.code()).isEqualTo(422);
        assertThat(Json.text(labelled.body(), "message")).endsWith("field is immutable");
    }

    @Test
    void letsNobodyInWithoutTheToken() {
        try (SimulatedCluster guarded =
                SimulatedCluster.start(SimulatedCluster.Options.defaults().withToken("secret"))) {
            assertThat(new TestClient(guarded).get("/api/v1/namespaces").code()).isEqualTo(401);
            assertThat(guarded.kubeconfig()).contains("token: secret", guarded.url());
        }
    }

    @Test
    void forbidsWhatATestForbidsAndSaysSoWhenAsked() {
        client.post(ROLLOUTS, ROLLOUT).object();
        cluster.faults().forbid("patch", "argoproj.io", "rollouts");
        String review =
                "{'spec':{'resourceAttributes':{'verb':'patch','group':'argoproj.io','resource':'rollouts'%s}}}";
        String reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

        var main = client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'spec':{'replicas':3}}");
        var status = client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'abort':true}}");
        var mayMain = client.post(reviews, review.formatted("")).object();
        var mayStatus = client.post(reviews, review.formatted(",'subresource':'status'"))
                .object();

        assertThat(main.code()).isEqualTo(403);
        assertThat(status.code()).isEqualTo(200);
        assertThat(Json.at(mayMain, "status", "allowed").asBoolean()).isFalse();
        assertThat(Json.at(mayStatus, "status", "allowed").asBoolean()).isTrue();
    }

    @Test
    void goesWrongAsOftenAsToldAndLogsEveryRequest() {
        client.post(ROLLOUTS, ROLLOUT).object();
        cluster.requestLog().clear();
        cluster.faults().on("patch", ".*/rollouts/cart").times(2).answer(429, Duration.ofSeconds(7));
        String scale = "{'spec':{'replicas':3}}";

        var first = client.patch(ROLLOUTS + "/cart", MERGE_PATCH, scale);
        var second = client.patch(ROLLOUTS + "/cart", MERGE_PATCH, scale);
        var third = client.patch(ROLLOUTS + "/cart?fieldManager=x", MERGE_PATCH, scale);

        assertThat(first.code()).isEqualTo(429);
        assertThat(first.http().headers().firstValue("Retry-After")).contains("7");
        assertThat(second.code()).isEqualTo(429);
        assertThat(third.code()).isEqualTo(200);
        assertThat(cluster.requestLog().of("patch", ".*/rollouts/cart"))
                .extracting(RequestLog.Entry::code, RequestLog.Entry::query, RequestLog.Entry::userAgent)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(429, "", "tester/1.0"),
                        org.assertj.core.groups.Tuple.tuple(429, "", "tester/1.0"),
                        org.assertj.core.groups.Tuple.tuple(200, "fieldManager=x", "tester/1.0"));
        assertThat(cluster.requestLog().entries().getLast().body()).contains("replicas");
    }

    @Test
    void canApplyAWriteWhoseAnswerIsLost() {
        client.post(ROLLOUTS, ROLLOUT).object();
        cluster.faults().on("patch", ".*/rollouts/cart").dropConnectionAfterApplying();

        assertThatThrownBy(() -> client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'spec':{'replicas':3}}"))
                .isInstanceOf(UncheckedIOException.class);

        assertThat(Json.at(client.get(ROLLOUTS + "/cart").object(), "spec", "replicas")
                        .asInt())
                .isEqualTo(3);
    }

    private long generationAfter(String path, String merge) {
        return Metadata.generation(client.patch(path, MERGE_PATCH, merge).object());
    }

    private static JsonNode managed(JsonNode object, String manager) {
        for (JsonNode entry : Json.at(object, "metadata", "managedFields")) {
            if (Json.text(entry, "manager").equals(manager)) {
                return entry;
            }
        }
        throw new AssertionError(manager + " owns nothing of " + object);
    }

    private static String deployment(String name) {
        return "{'metadata':{'name':'" + name
                + "','labels':{'team':'shop'}},'spec':{'selector':{'matchLabels':{'app':'web'}},"
                + "'template':{'metadata':{'labels':{'app':'web'}},"
                + "'spec':{'containers':[{'name':'app','image':'web:v1'}]}}}}";
    }
}
