package io.rollguard.sandbox.cluster;

import static io.rollguard.sandbox.cluster.TestClient.JSON_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.MERGE_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.PODS;
import static io.rollguard.sandbox.cluster.TestClient.ROLLOUTS;
import static io.rollguard.sandbox.cluster.Workloads.isPhase;
import static io.rollguard.sandbox.cluster.Workloads.newTemplate;
import static io.rollguard.sandbox.cluster.Workloads.rollout;
import static io.rollguard.sandbox.cluster.Workloads.service;
import static io.rollguard.sandbox.cluster.Workloads.status;
import static io.rollguard.sandbox.cluster.Workloads.template;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What an abort and a restore did to a blue-green Rollout on Argo Rollouts 1.10.1; the blackout above all. */
class BlueGreenTest extends RolloutFixture {

    @Test
    void anAbortBeforeTheSwitchTakesThePreviewDownAndLeavesUsersAlone() {
        create("'autoPromotionEnabled':false");
        ObjectNode paused = ship(rollout -> isPhase(rollout, "Paused"));

        abort();
        await(rollout -> rollout.path("status").has("abortedAt"));
        long previewAtFirst = pods(paused, "currentPodHash");
        afterTheAbortDelay();
        awaitPods(paused, "currentPodHash", 0);

        assertThat(previewAtFirst).isEqualTo(4);
        assertThat(served()).isEqualTo(status(paused, "stableRS"));
        assertThat(pods(paused, "stableRS")).isEqualTo(4);
    }

    @Test
    void anAbortAfterTheSwitchTakesUsersBackWhereEveryNewPodServes() {
        ObjectNode switched = switched();

        abort();
        ObjectNode back = await(rollout -> active(rollout).equals(status(switched, "stableRS")));

        assertThat(served()).isEqualTo(status(switched, "stableRS"));
        assertThat(status(back, "phase")).isEqualTo("Degraded");
        assertThat(pods(switched, "currentPodHash")).isEqualTo(4);
    }

    @Test
    void anAbortWithOneNewPodUnreadyEndsInABlackoutThatOnlyARestoreCures() {
        ObjectNode switched = switched();
        fail(1);

        abort();
        await(rollout -> rollout.path("status").has("abortedAt"));
        assertThat(served()).as("not switched back").isEqualTo(status(switched, "currentPodHash"));
        afterTheAbortDelay();
        awaitPods(switched, "currentPodHash", 0);
        ObjectNode dark = await(rollout -> isPhase(rollout, "Degraded"));

        assertThat(served()).isEqualTo(status(switched, "currentPodHash"));
        assertThat(active(dark)).isEqualTo(status(switched, "currentPodHash"));
        assertThat(pods(switched, "stableRS")).as("unused").isEqualTo(4);
        restore("");
        await(rollout -> isPhase(rollout, "Healthy"));
        assertThat(served()).isEqualTo(status(switched, "stableRS"));
    }

    @Test
    void anAbortOfOneThatIsPausedEndsInABlackoutThoughEveryNewPodServes() {
        ObjectNode switched = switched();
        pause(true);

        abort();
        await(rollout -> rollout.path("status").has("abortedAt"));
        afterTheAbortDelay();
        awaitPods(switched, "currentPodHash", 0);

        assertThat(served()).isEqualTo(status(switched, "currentPodHash"));
    }

    @Test
    void anAbortWithoutAScaleDownKeepsTheNewPodsAndDoesNotSwitchEither() {
        ObjectNode switched = switched("'abortScaleDownDelaySeconds':0");
        fail(1);

        abort();
        await(rollout -> rollout.path("status").has("abortedAt"));
        afterTheAbortDelay();
        client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'spec':{'replicas':5}}").object();
        awaitPods(switched, "stableRS", 5);
        awaitPods(switched, "currentPodHash", 5);

        assertThat(served()).isEqualTo(status(switched, "currentPodHash"));
    }

    @Test
    void aRestoreWithOneNewPodUnreadyLosesNoUser() {
        ObjectNode switched = switched();
        fail(1);

        restore("");
        ObjectNode back = await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(served()).isEqualTo(status(switched, "stableRS"));
        assertThat(active(back)).isEqualTo(status(switched, "stableRS"));
    }

    @Test
    void aRestoreOfOneThatIsPausedMovesNothingUntilItIsUnpaused() {
        ObjectNode switched = switched();
        pause(true);

        restore("");
        ObjectNode observed = await(
                rollout -> status(rollout, "observedGeneration").equals(Long.toString(Metadata.generation(rollout))));
        String held = served();
        pause(false);
        await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(Metadata.generation(observed)).isGreaterThan(Metadata.generation(switched));
        assertThat(held).isEqualTo(status(switched, "currentPodHash"));
        assertThat(served()).isEqualTo(status(switched, "stableRS"));
    }

    @Test
    void aRestoreThatUnpausesInTheSamePatchGoesBackAtOnce() {
        ObjectNode switched = switched();
        pause(true);

        restore(",{'op':'add','path':'/spec/paused','value':false}");
        await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(served()).isEqualTo(status(switched, "stableRS"));
    }

    @Test
    void aRestoreOfAPromotedOneWaitsForAPersonUntilPromoteFull() {
        create("'autoPromotionEnabled':false,'scaleDownDelaySeconds':1");
        ObjectNode paused = ship(rollout -> isPhase(rollout, "Paused"));
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'pauseConditions':null}}")
                .object();
        await(rollout -> isPhase(rollout, "Healthy"));
        afterTheAbortDelay();
        awaitPods(paused, "stableRS", 0);

        restore("");
        ObjectNode waiting = await(rollout -> isPhase(rollout, "Paused"));
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'promoteFull':true}}")
                .object();
        await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(status(waiting, "message")).isEqualTo("BlueGreenPause");
        assertThat(served()).isEqualTo(status(paused, "stableRS"));
    }

    // --- a blue-green Rollout of four pods

    private void create(String blueGreen) {
        client.post("/api/v1/namespaces/shop/services", service("active")).object();
        client.post(ROLLOUTS, rollout("cart", "{'blueGreen':{'activeService':'active'," + blueGreen + "}}", ""))
                .object();
        await(rollout -> isPhase(rollout, "Healthy"));
    }

    private ObjectNode ship(Predicate<ObjectNode> wanted) {
        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v2")).object();
        return await(wanted);
    }

    private ObjectNode switched() {
        return switched("'abortScaleDownDelaySeconds':30");
    }

    /** Users are on v2, and its analysis goes on. */
    private ObjectNode switched(String more) {
        create("'postPromotionAnalysis':{'templates':[{'templateName':'endless'}]}," + more);
        ObjectNode switched = ship(rollout -> isPhase(rollout, "Progressing")
                && active(rollout).equals(status(rollout, "currentPodHash"))
                && !active(rollout).equals(status(rollout, "stableRS"))
                && status(rollout, "availableReplicas").equals("4"));
        assertThat(status(switched, "message")).isEqualTo("waiting for post-promotion verification to complete");
        return switched;
    }

    private void abort() {
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'abort':true}}")
                .object();
    }

    private void restore(String more) {
        client.patch(
                        ROLLOUTS + "/cart",
                        JSON_PATCH,
                        "[{'op':'replace','path':'/spec/template','value':" + template("cart", "v1", "") + "}" + more
                                + "]")
                .object();
    }

    private void pause(boolean paused) {
        client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'spec':{'paused':" + paused + "}}")
                .object();
        await(rollout -> Conditions.isTrue(rollout.path("status"), "Paused") == paused);
    }

    /** Lets pods of v2 crash, and waits until their controller has seen it. */
    private void fail(int count) {
        var v2 = podsOf("v2");
        for (JsonNode pod : v2.subList(0, count)) {
            client.patch(
                            PODS + "/" + Metadata.name(pod),
                            MERGE_PATCH,
                            "{'metadata':{'annotations':{'sandbox.rollguard.io/fail-after':'0s'}}}")
                    .object();
        }
        await(rollout -> status(rollout, "availableReplicas").equals(Integer.toString(4 - count)));
    }

    private void afterTheAbortDelay() {
        ahead.addAndGet(40);
        client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'metadata':{'annotations':{'nudge':'now'}}}")
                .object();
    }

    private String served() {
        JsonNode service = client.get("/api/v1/namespaces/shop/services/active").object();
        return Json.text(service, "spec", "selector", PodTemplates.ROLLOUT_HASH);
    }

    private static String active(ObjectNode rollout) {
        return Json.text(rollout, "status", "blueGreen", "activeSelector");
    }

    private List<JsonNode> podsOf(String version) {
        var found = new ArrayList<JsonNode>();
        for (JsonNode pod : client.get(PODS).object().path("items")) {
            JsonNode container = Json.at(pod, "spec", "containers").get(0);
            if (Json.text(container, "image").equals("cart:" + version)) {
                found.add(pod);
            }
        }
        return found;
    }

    private long pods(ObjectNode rollout, String field) {
        JsonNode set = client.get(TestClient.REPLICA_SETS + "/cart-" + status(rollout, field))
                .object();
        return Json.number(set, 0, "spec", "replicas");
    }

    private void awaitPods(ObjectNode rollout, String field, long count) {
        client.await(
                Catalog.REPLICA_SETS,
                "cart-" + status(rollout, field),
                set -> Json.number(set, 0, "spec", "replicas") == count);
    }
}
