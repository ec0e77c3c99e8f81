package io.rollguard.sandbox.cluster;

import static io.rollguard.sandbox.cluster.TestClient.JSON_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.MERGE_PATCH;
import static io.rollguard.sandbox.cluster.TestClient.REPLICA_SETS;
import static io.rollguard.sandbox.cluster.TestClient.ROLLOUTS;
import static io.rollguard.sandbox.cluster.Workloads.isPhase;
import static io.rollguard.sandbox.cluster.Workloads.newTemplate;
import static io.rollguard.sandbox.cluster.Workloads.reason;
import static io.rollguard.sandbox.cluster.Workloads.rollout;
import static io.rollguard.sandbox.cluster.Workloads.service;
import static io.rollguard.sandbox.cluster.Workloads.status;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What was seen on Argo Rollouts 1.10.1, step by step. */
class RolloutControllerTest extends RolloutFixture {

    private static final String STEPS = "{'canary':{'steps':[{'setWeight':25},{'pause':{}},{'setWeight':50}]}}";

    @Test
    void firstDeployIsPromotedAtOnceAndItsTemplateWrittenBackNormalized() {
        client.post(ROLLOUTS, rollout("cart", STEPS, "")).object();

        ObjectNode cart = await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(Metadata.generation(cart)).isEqualTo(2);
        assertThat(status(cart, "observedGeneration")).isEqualTo("2");
        assertThat(status(cart, "stableRS")).isNotEmpty().isEqualTo(status(cart, "currentPodHash"));
        assertThat(status(cart, "currentStepIndex")).isEqualTo("3");
        assertThat(Json.at(cart, "spec", "template", "spec", "containers", "0").isMissingNode())
                .isTrue();
        assertThat(Json.at(cart, "spec", "template", "spec", "containers")
                        .get(0)
                        .path("resources")
                        .isObject())
                .isTrue();
        assertThat(Metadata.annotation(cart, "rollout.argoproj.io/revision")).isEqualTo("1");
        assertThat(reason(cart, "Completed")).isEqualTo("RolloutCompleted");
        assertThat(reason(cart, "Progressing")).isEqualTo("NewReplicaSetAvailable");
    }

    @Test
    void canaryStopsAtItsPauseWithOnePodOfFour() {
        ObjectNode cart = canaryAtPause();

        assertThat(status(cart, "message")).isEqualTo("CanaryPauseStep");
        assertThat(status(cart, "currentStepIndex")).isEqualTo("1");
        assertThat(status(cart, "controllerPause")).isEqualTo("true");
        assertThat(status(cart, "updatedReplicas")).isEqualTo("1");
        assertThat(status(cart, "stableRS")).isNotEqualTo(status(cart, "currentPodHash"));
        assertThat(Conditions.isTrue(cart.path("status"), "Completed")).isFalse();
        assertThat(replicas("v1")).isEqualTo(3);
        assertThat(replicas("v2")).isEqualTo(1);
    }

    @Test
    void abortTakesTheCanaryBackAndKeepsTheBadTemplate() {
        ObjectNode paused = canaryAtPause();

        abort(paused);
        ObjectNode aborted = await(rollout -> rollout.path("status").has("abortedAt"));
        ObjectNode back = await(rollout -> status(rollout, "updatedReplicas").isEmpty()
                && status(rollout, "availableReplicas").equals("4"));

        assertThat(status(aborted, "phase")).isEqualTo("Degraded");
        assertThat(status(aborted, "message")).isEqualTo("RolloutAborted: Rollout aborted update to revision 2");
        assertThat(status(aborted, "currentStepIndex")).isEqualTo("0");
        assertThat(aborted.path("status").has("pauseConditions")).isFalse();
        assertThat(status(aborted, "promoteFull")).isEqualTo("false");
        assertThat(Json.at(back, "spec", "template")).isEqualTo(Json.at(paused, "spec", "template"));
        assertThat(replicas("v1")).isEqualTo(4);
        assertThat(replicas("v2")).isZero();
        assertThat(eventReasons()).contains("RolloutAborted");
    }

    /** As Argo Rollouts 1.9 does where a write comes while it is writing itself. */
    @Test
    void whatItOverlooksItSeesWithTheNextWrite() {
        ObjectNode paused = canaryAtPause();
        cluster.overlookNextWrite("shop", "cart");
        abort(paused);
        client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'metadata':{'annotations':{'touched':'once'}}}")
                .object();

        ObjectNode aborted = await(rollout -> rollout.path("status").has("abortedAt"));

        assertThat(Metadata.annotation(aborted, "touched")).isEqualTo("once");
    }

    @Test
    void retryGoesOnFromTheFirstStep() {
        abort(canaryAtPause());
        await(rollout -> rollout.path("status").has("abortedAt"));

        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'abort':false}}")
                .object();
        ObjectNode again = await(rollout -> isPhase(rollout, "Paused"));

        assertThat(again.path("status").has("abortedAt")).isFalse();
        assertThat(replicas("v2")).isEqualTo(1);
    }

    @Test
    void anEditOfTheStepsEndsAnAbort() {
        abort(canaryAtPause());
        await(rollout -> rollout.path("status").has("abortedAt"));

        client.patch(
                        ROLLOUTS + "/cart",
                        MERGE_PATCH,
                        "{'spec':{'strategy':{'canary':{'steps':[{'setWeight':50},{'pause':{}}]}}}}")
                .object();

        ObjectNode cart = await(rollout -> isPhase(rollout, "Paused"));
        assertThat(cart.path("status").has("abort")).isFalse();
        assertThat(replicas("v2")).isEqualTo(2);
    }

    @Test
    void restoringTheStableTemplateInMidRolloutSkipsAllSteps() {
        canaryAtPause();

        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v1")).object();
        ObjectNode cart = await(rollout ->
                isPhase(rollout, "Healthy") && status(rollout, "replicas").equals("4"));

        assertThat(status(cart, "currentPodHash")).isEqualTo(status(cart, "stableRS"));
        assertThat(Metadata.annotation(cart, "rollout.argoproj.io/revision")).isEqualTo("3");
        assertThat(eventReasons()).contains("SkipSteps");
        assertThat(replicas("v2")).isZero();
    }

    @Test
    void abortOfAPromotedRolloutIsDroppedWithoutATrace() {
        promoted();

        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'abort':true}}")
                .object();
        ObjectNode cart = await(rollout -> !rollout.path("status").has("abort"));

        assertThat(status(cart, "phase")).isEqualTo("Healthy");
        assertThat(eventReasons()).doesNotContain("RolloutAborted");
    }

    @Test
    void restoreAfterPromotionRunsTheStepsAgainUntilPromoteFull() {
        promoted();

        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v1")).object();
        ObjectNode paused = await(rollout -> isPhase(rollout, "Paused"));
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'promoteFull':true}}")
                .object();
        ObjectNode done = await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(status(paused, "currentPodHash")).isNotEqualTo(status(paused, "stableRS"));
        assertThat(status(done, "stableRS")).isEqualTo(status(paused, "currentPodHash"));
        assertThat(done.path("status").has("promoteFull")).isFalse();
        assertThat(Metadata.annotation(done, "rollout.argoproj.io/revision")).isEqualTo("3");
    }

    @Test
    void promoteFullOverridesAnAbort() {
        ObjectNode paused = canaryAtPause();
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'promoteFull':true,'abort':true}}")
                .object();

        ObjectNode cart = await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(status(cart, "stableRS")).isEqualTo(status(paused, "currentPodHash"));
        assertThat(cart.path("status").has("abort")).isFalse();
    }

    @Test
    void promoteFullSentBeforeTheRestoreIsObservedIsLost() {
        promoted();
        cluster.controllers().freeze(Controllers.Part.ROLLOUTS);
        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v1")).object();
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'promoteFull':true}}")
                .object();

        cluster.controllers().thaw();

        assertThat(await(rollout -> isPhase(rollout, "Paused"))
                        .path("status")
                        .path("promoteFull")
                        .asBoolean())
                .isFalse();
    }

    @Test
    void abortThatMeetsANewTemplateUnobservedIsThrownAway() {
        ObjectNode paused = canaryAtPause();
        cluster.controllers().freeze(Controllers.Part.ROLLOUTS);
        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v3")).object();

        var withGeneration = client.patch(
                ROLLOUTS + "/cart/status",
                JSON_PATCH,
                "[{'op':'test','path':'/metadata/generation','value':" + Metadata.generation(paused)
                        + "},{'op':'add','path':'/status/abort','value':true}]");
        abortByHashes(paused);
        cluster.controllers().thaw();
        ObjectNode cart = await(rollout -> isPhase(rollout, "Paused")
                && !status(rollout, "currentPodHash").equals(status(paused, "currentPodHash")));

        assertThat(withGeneration.code()).isEqualTo(422);
        assertThat(cart.path("status").has("abort")).isFalse();
        assertThat(replicas("v3")).isEqualTo(1);
    }

    @Test
    void userPauseHoldsTheCanaryPodsUntilUnpaused() {
        ObjectNode paused = canaryAtPause();
        client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'spec':{'paused':true}}")
                .object();
        await(rollout -> status(rollout, "message").equals("manually paused"));

        abortByHashes(paused);
        await(rollout -> isPhase(rollout, "Degraded"));
        int held = replicas("v2");
        client.patch(ROLLOUTS + "/cart", MERGE_PATCH, "{'spec':{'paused':false}}")
                .object();
        await(rollout -> status(rollout, "updatedReplicas").isEmpty());

        assertThat(held).isEqualTo(1);
        assertThat(replicas("v1")).isEqualTo(4);
    }

    @Test
    void deadlineAbortSaysWhy() {
        client.post(ROLLOUTS, rollout("cart", STEPS, "'progressDeadlineSeconds':1,'progressDeadlineAbort':true,"))
                .object();
        await(rollout -> isPhase(rollout, "Healthy"));

        client.patch(ROLLOUTS + "/cart", JSON_PATCH, Workloads.crashingTemplate("cart", "v2"))
                .object();
        ObjectNode cart = await(rollout -> rollout.path("status").has("abortedAt"));

        assertThat(status(cart, "message"))
                .startsWith("RolloutAborted: Rollout aborted update to revision 2: ReplicaSet \"cart-")
                .endsWith("has timed out progressing.");
    }

    @Test
    void rollbackWithinTheWindowSkipsTheSteps() {
        client.post(ROLLOUTS, rollout("cart", STEPS, "'rollbackWindow':{'revisions':2},"))
                .object();
        ObjectNode first = await(rollout -> isPhase(rollout, "Healthy"));
        // two ReplicaSets of one second are never a rollback
        ahead.set(2);
        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v2")).object();
        await(rollout -> isPhase(rollout, "Paused"));
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'promoteFull':true}}")
                .object();
        await(rollout -> isPhase(rollout, "Healthy"));

        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v1")).object();
        List<String> phases = new ArrayList<>();
        ObjectNode back = await(rollout -> {
            phases.add(status(rollout, "phase"));
            return isPhase(rollout, "Healthy") && status(rollout, "stableRS").equals(status(first, "stableRS"));
        });

        assertThat(phases).doesNotContain("Paused");
        assertThat(status(back, "currentStepIndex")).isEqualTo("3");
    }

    @Test
    void takesItsTemplateFromTheDeploymentItRefersTo() {
        String deployments = TestClient.DEPLOYMENTS;
        client.post(deployments, Workloads.deployment("cart", "").replace("'replicas':4", "'replicas':0"))
                .object();
        client.post(
                        ROLLOUTS,
                        "{'apiVersion':'argoproj.io/v1alpha1','kind':'Rollout','metadata':{'name':'cart'},'spec':{'replicas':4,"
                                + "'workloadRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'cart'},'strategy':"
                                + STEPS + "}}")
                .object();
        await(rollout -> isPhase(rollout, "Healthy"));

        client.patch(deployments + "/cart", JSON_PATCH, newTemplate("cart", "v2"))
                .object();
        ObjectNode paused = await(rollout -> isPhase(rollout, "Paused"));
        client.patch(deployments + "/cart", JSON_PATCH, newTemplate("cart", "v1"))
                .object();
        ObjectNode back = await(rollout -> isPhase(rollout, "Healthy")
                && status(rollout, "workloadObservedGeneration").equals("3"));

        assertThat(status(paused, "workloadObservedGeneration")).isEqualTo("2");
        assertThat(Metadata.generation(back)).isEqualTo(1);
        assertThat(Json.at(back, "spec").has("template")).isFalse();
        assertThat(Metadata.annotation(back, "rollout.argoproj.io/workload-generation"))
                .isEqualTo("3");
        assertThat(status(back, "currentPodHash")).isEqualTo(status(paused, "stableRS"));
    }

    @Test
    void anInvalidTemplateIsReportedAndNothingElseHappens() {
        canaryAtPause();
        client.patch(
                        ROLLOUTS + "/cart",
                        MERGE_PATCH,
                        "{'spec':{'template':{'spec':{'containers':[{'name':'Bad_Name','image':'x'}]}}}}")
                .object();
        await(rollout -> isPhase(rollout, "Degraded"));

        ObjectNode asked = client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'abort':true}}")
                .object();
        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v1")).object();
        ObjectNode cart = await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(status(asked, "message")).startsWith("InvalidSpec: The Rollout \"cart\" is invalid: ");
        assertThat(Conditions.find(cart.path("status"), "InvalidSpec").isMissingNode())
                .isTrue();
        assertThat(cart.path("status").has("abort")).isFalse();
    }

    @Test
    void blueGreenSwitchesTheServiceAndBackAgainOnAbort() {
        client.post("/api/v1/namespaces/shop/services", service("active")).object();
        client.post(
                        ROLLOUTS,
                        rollout("cart", "{'blueGreen':{'activeService':'active','autoPromotionEnabled':false}}", ""))
                .object();
        ObjectNode first = await(rollout -> isPhase(rollout, "Healthy"));

        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v2")).object();
        ObjectNode paused = await(rollout -> isPhase(rollout, "Paused"));
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'pauseConditions':null}}")
                .object();
        ObjectNode done = await(rollout -> isPhase(rollout, "Healthy"));

        assertThat(status(paused, "message")).isEqualTo("BlueGreenPause");
        assertThat(Json.text(paused, "status", "blueGreen", "activeSelector")).isEqualTo(status(first, "stableRS"));
        assertThat(Json.text(done, "status", "blueGreen", "activeSelector"))
                .isEqualTo(status(paused, "currentPodHash"));
        JsonNode service = client.get("/api/v1/namespaces/shop/services/active").object();
        assertThat(Json.text(service, "spec", "selector", PodTemplates.ROLLOUT_HASH))
                .isEqualTo(status(done, "stableRS"));
    }

    @Test
    void nginxWeightFollowsTheStepsAndIsZeroAfterAnAbort() {
        for (String name : List.of("stable", "canary")) {
            client.post("/api/v1/namespaces/shop/services", service(name)).object();
        }
        String ingresses = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses";
        client.post(
                        ingresses,
                        "{'metadata':{'name':'web'},'spec':{'defaultBackend':{'service':{'name':'stable','port':{'number':80}}}}}")
                .object();
        client.post(
                        ROLLOUTS,
                        rollout(
                                "cart",
                                "{'canary':{'stableService':'stable','canaryService':'canary','trafficRouting':{'nginx':"
                                        + "{'stableIngress':'web'}},'steps':[{'setWeight':25},{'pause':{}}]}}",
                                ""))
                .object();
        await(rollout -> isPhase(rollout, "Healthy"));
        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v2")).object();
        ObjectNode paused = await(rollout -> isPhase(rollout, "Paused"));

        abort(paused);
        ObjectNode aborted = await(rollout -> rollout.path("status").has("abortedAt")
                && Json.text(rollout, "status", "canary", "weights", "canary", "weight")
                        .equals("0"));

        assertThat(Json.text(paused, "status", "canary", "weights", "canary", "weight"))
                .isEqualTo("25");
        assertThat(Json.text(aborted, "status", "canary", "weights", "stable", "weight"))
                .isEqualTo("100");
        JsonNode ingress = client.get(ingresses + "/cart-web-canary").object();
        assertThat(Metadata.annotation(ingress, "nginx.ingress.kubernetes.io/canary-weight"))
                .isEqualTo("0");
        assertThat(Json.text(ingress, "spec", "defaultBackend", "service", "name"))
                .isEqualTo("canary");
        // kept until its deadline, so that an abort can be taken back
        assertThat(replicas("v2")).isEqualTo(1);
    }

    private ObjectNode canaryAtPause() {
        client.post(ROLLOUTS, rollout("cart", STEPS, "")).object();
        await(rollout -> isPhase(rollout, "Healthy"));
        client.patch(ROLLOUTS + "/cart", JSON_PATCH, newTemplate("cart", "v2")).object();
        return await(rollout ->
                isPhase(rollout, "Paused") && Conditions.has(rollout.path("status"), "Progressing", "RolloutPaused"));
    }

    private void promoted() {
        canaryAtPause();
        client.patch(ROLLOUTS + "/cart/status", MERGE_PATCH, "{'status':{'pauseConditions':null}}")
                .object();
        await(rollout ->
                isPhase(rollout, "Healthy") && status(rollout, "replicas").equals("4"));
    }

    private void abort(ObjectNode seen) {
        client.patch(
                        ROLLOUTS + "/cart/status",
                        JSON_PATCH,
                        "[{'op':'test','path':'/metadata/generation','value':" + Metadata.generation(seen) + "},"
                                + "{'op':'add','path':'/status/abort','value':true},"
                                + "{'op':'add','path':'/status/promoteFull','value':false}]")
                .object();
    }

    private void abortByHashes(ObjectNode seen) {
        client.patch(
                        ROLLOUTS + "/cart/status",
                        JSON_PATCH,
                        "[{'op':'test','path':'/status/currentPodHash','value':'" + status(seen, "currentPodHash")
                                + "'}," + "{'op':'add','path':'/status/abort','value':true}]")
                .object();
    }

    private int replicas(String version) {
        for (JsonNode set : client.get(REPLICA_SETS).object().path("items")) {
            JsonNode container =
                    Json.at(set, "spec", "template", "spec", "containers").get(0);
            if (Json.text(container, "image").equals("cart:" + version)) {
                return Json.at(set, "spec", "replicas").asInt();
            }
        }
        throw new AssertionError("no ReplicaSet of " + version);
    }

    private List<String> eventReasons() {
        List<String> reasons = new ArrayList<>();
        client.get("/api/v1/namespaces/shop/events")
                .object()
                .path("items")
                .forEach(event -> reasons.add(Json.text(event, "reason")));
        return reasons;
    }
}
