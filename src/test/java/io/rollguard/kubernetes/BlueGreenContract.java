package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.FollowUp;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.StoredTemplate;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The writes on Rollouts of blue-green, and on those whose template is in a Deployment, on every control plane alike. */
abstract class BlueGreenContract extends InAShop {

    private static final String ENDLESS =
            "'postPromotionAnalysis':{'templates':[{'templateName':'endless'}]},'abortScaleDownDelaySeconds':2";

    // --- blue-green

    @Test
    void aPreviewIsAbortedAndUsersStay() {
        var cart = blueGreen("'autoPromotionEnabled':false");
        var good = shop.current(cart);
        var bad = shop.release(cart, "v2");
        shop.await(cart, facts -> facts.updatedReplicas() == 2);

        var answer = shop.onFreshReading(cart, now -> shop.cluster.abort(now, bad, good));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        var aborted = shop.await(cart, facts -> facts.abortedAt() != null);
        assertThat(aborted.is(Trait.SWITCHED)).isFalse();
        assertThat(served()).isEqualTo(good.value());
    }

    @Test
    void aRestoreTakesUsersBackWhileANewPodIsDown() {
        var cart = blueGreen(ENDLESS);
        var good = shop.current(cart);
        var bad = switched(cart);
        aPodFails(cart, bad);

        assertThat(restore(cart, bad, good)).isInstanceOf(Answer.Done.class);

        thenBack(cart, good);
    }

    @Test
    void aRestoreTakesUsersBackWhilePaused() {
        var cart = blueGreen(ENDLESS);
        var good = shop.current(cart);
        var bad = switched(cart);
        pause(cart);

        assertThat(restore(cart, bad, good)).isInstanceOf(Answer.Done.class);

        thenBack(cart, good);
        assertThat(shop.read(cart).facts().is(Trait.PAUSED)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{'op':'add','path':'/metadata/annotations/rollguard.io~1no-rollback','value':'a migration ran'}]",
                "[{'op':'add','path':'/metadata/annotations/rollguard.io~1mode','value':'observe'}]",
                "[{'op':'replace','path':'/spec/replicas','value':3}]",
                "[{'op':'replace','path':'/spec/template/spec/containers/0/image','value':'cart:v3'}]",
                "[{'op':'replace','path':'/spec/paused','value':false}]"
            })
    void aRestoreWhilePausedIsNotSentOnceSomebodyHasChangedWhatItRestsOn(String change) {
        var cart = blueGreen(ENDLESS);
        var good = shop.current(cart);
        var bad = switched(cart);
        pause(cart);
        var reading = shop.read(cart);

        shop.patch(cart, change);

        assertThat(shop.cluster.restore(reading, bad, good, () -> true)).isInstanceOf(Answer.Moved.class);
        assertThat(served()).isNotEqualTo(good.value());
    }

    @Test
    void aRestoreWhilePausedIsNotSentAfterAnotherThatWasTakenBack() {
        var cart = blueGreen(ENDLESS);
        var good = shop.current(cart);
        var bad = switched(cart);
        pause(cart);
        var reading = shop.read(cart);
        assertThat(restore(cart, bad, good)).isInstanceOf(Answer.Done.class);
        thenBack(cart, good);
        assertThat(shop.release(cart, "v2")).isEqualTo(bad); // 1.9 promotes it at once then
        pause(cart);
        // so that nothing but the generation tells the one from the other
        shop.patch(cart, "[{'op':'remove','path':'/metadata/annotations/rollguard.io~1rolled-back-from'}]");

        assertThat(shop.cluster.restore(reading, bad, good, () -> true)).isInstanceOf(Answer.Moved.class);
    }

    @Test
    void anAbortWithANewPodDownStrandsUsersAndGoingBackCuresIt() {
        var cart = blueGreen(ENDLESS);
        var good = shop.current(cart);
        var bad = switched(cart);
        aPodFails(cart, bad);

        shop.onFreshReading(cart, now -> shop.cluster.abort(now, bad, good));
        shop.await(cart, facts -> facts.isStranded() && facts.availableReplicas() == 0);
        assertThat(served()).as("a blackout").isEqualTo(bad.value());
        var answer = shop.onFreshReading(
                cart, now -> shop.cluster.finish(now, new FollowUp.GoBack(), bad, good, () -> true));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        thenBack(cart, good);
    }

    @Test
    void aFreshReadKnowsWhetherEveryNewPodServes() {
        var cart = blueGreen(ENDLESS);
        var bad = switched(cart);
        boolean whole = shop.read(cart).facts().is(Trait.PARTLY_UP);

        aPodFails(cart, bad);

        assertThat(whole).isFalse();
        assertThat(shop.read(cart).facts().is(Trait.PARTLY_UP)).isTrue();
    }

    // --- a template in a Deployment

    @Test
    void aRolloutIsRestoredInTheDeploymentThatItsTemplateIsInAndPromoted() {
        var cart = referencing();
        var deployment = shop.ref(Kind.DEPLOYMENT, "cart");
        var good = shop.current(cart);
        keepGood(cart, good);
        var bad = shipped(cart, deployment);
        shop.send(
                "PATCH",
                Resource.path(cart) + "/status",
                "application/merge-patch+json",
                "{'status':{'promoteFull':true}}");
        shop.await(cart, facts -> bad.equals(facts.stable()) && facts.complete());

        assertThat(restore(cart, bad, good)).isInstanceOf(Answer.Done.class);
        shop.await(cart, facts -> good.equals(facts.current()));
        var promoted = shop.onFreshReading(
                cart, now -> shop.cluster.finish(now, new FollowUp.Promote(), bad, good, () -> true));

        assertThat(promoted).isInstanceOf(Answer.Done.class);
        var back = shop.await(cart, facts -> good.equals(facts.stable()));
        assertThat(back.settings().rolledBackFrom()).isEqualTo(bad.value());
        var object = shop.get(Resource.path(deployment));
        assertThat(object.at("/spec/template/spec/containers/0/image").asText()).isEqualTo("cart:v1");
        assertThat(object.at("/spec/replicas").asInt()).isZero();
        var kept = shop.get(Resource.CONTROLLER_REVISIONS.path(shop.namespace) + "?labelSelector="
                + StoredTemplate.GOOD_OF.replace("/", "%2F"));
        assertThat(kept.path("items")).as("of the Rollout").hasSize(1);
    }

    @Test
    void aRolloutWithItsTemplateElsewhereIsAborted() {
        var cart = referencing();
        var good = shop.current(cart);
        var bad = shipped(cart, shop.ref(Kind.DEPLOYMENT, "cart"));

        var answer = shop.onFreshReading(cart, now -> shop.cluster.abort(now, bad, good));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        shop.await(cart, facts -> facts.abortedAt() != null);
    }

    @Test
    void anAbortIsNotSentOnceTheDeploymentHasMovedOn() {
        var cart = referencing();
        var good = shop.current(cart);
        var bad = shipped(cart, shop.ref(Kind.DEPLOYMENT, "cart"));
        var reading = shop.quiet(cart);
        shop.patch(
                shop.ref(Kind.DEPLOYMENT, "cart"),
                "[{'op':'replace','path':'/spec/template','value':" + Shop.template("v3", "") + "}]");
        shop.await(cart, facts -> !bad.equals(facts.current()));

        assertThat(shop.cluster.abort(reading, bad, good)).isInstanceOf(Answer.Moved.class);
        assertThat(restore(cart, bad, good)).isInstanceOf(Answer.Moved.class);
    }

    @Test
    void aChangeOfTheDeploymentIsToldAsOneOfTheRollout() {
        var cart = referencing();
        while (shop.wasToldOf(cart)) {
            // of its own changes
        }

        shop.patch(
                shop.ref(Kind.DEPLOYMENT, "cart"),
                "[{'op':'add','path':'/metadata/annotations/rollguard.io~1no-rollback','value':'a migration ran'}]");

        shop.await(cart, facts -> "a migration ran".equals(facts.settings().noRollback()));
        shop.await(() -> shop.wasToldOf(cart));
    }

    // --- words

    private WorkloadRef blueGreen(String strategy) {
        shop.send(
                "POST",
                "/apis/argoproj.io/v1alpha1/namespaces/" + shop.namespace + "/analysistemplates",
                "application/json",
                "{'apiVersion':'argoproj.io/v1alpha1','kind':'AnalysisTemplate','metadata':{'name':'endless'},'spec':{'metrics':"
                        + "[{'name':'never','initialDelay':'1h','provider':{'web':{'url':'http://127.0.0.1:1','jsonPath':'{$.ok}'}}}]}}");
        assertThat(shop.send(
                        "POST",
                        Resource.SERVICES.path(shop.namespace),
                        "application/json",
                        "{'metadata':{'name':'users'},'spec':{'selector':{'app':'cart'},'ports':[{'port':80}]}}"))
                .isEqualTo(201);
        shop.create(
                Kind.ROLLOUT,
                "'metadata':{'name':'cart'},'spec':{'replicas':2,'selector':{'matchLabels':{'app':'cart'}},"
                        + "'strategy':{'blueGreen':{'activeService':'users'," + strategy + "}},'template':"
                        + Shop.template("v1", "") + "}}");
        return complete();
    }

    private WorkloadRef referencing() {
        shop.create(
                Kind.DEPLOYMENT,
                "'metadata':{'name':'cart'},'spec':{'replicas':0,'selector':{'matchLabels':{'app':'cart'}},'template':"
                        + Shop.template("v1", "") + "}}");
        shop.create(
                Kind.ROLLOUT,
                "'metadata':{'name':'cart'},'spec':{'replicas':2,'workloadRef':"
                        + "{'apiVersion':'apps/v1','kind':'Deployment','name':'cart'},"
                        + "'strategy':{'canary':{'steps':[{'setWeight':50},{'pause':{}}]}}}}");
        return complete();
    }

    private WorkloadRef complete() {
        var cart = shop.ref(Kind.ROLLOUT, "cart");
        shop.await(cart, facts -> facts.complete() && facts.availableReplicas() == 2);
        return cart;
    }

    private RevisionHash shipped(WorkloadRef cart, WorkloadRef deployment) {
        var before = shop.current(cart);
        shop.patch(deployment, "[{'op':'replace','path':'/spec/template','value':" + Shop.template("v2", "") + "}]");
        return shop.await(cart, facts -> !before.equals(facts.current()) && facts.updatedReplicas() == 1)
                .current();
    }

    /** Users are on v2, and all its pods serve. */
    private RevisionHash switched(WorkloadRef cart) {
        var bad = shop.release(cart, "v2");
        shop.await(cart, facts -> facts.is(Trait.SWITCHED) && !facts.is(Trait.PARTLY_UP));
        return bad;
    }

    private void pause(WorkloadRef cart) {
        shop.patch(cart, "[{'op':'add','path':'/spec/paused','value':true}]");
        shop.await(cart, facts -> facts.is(Trait.PAUSED));
    }

    private void aPodFails(WorkloadRef cart, RevisionHash hash) {
        var objects = shop.cluster.objects();
        var pod = objects.revisions(shop.namespace, hash).stream()
                .flatMap(revision -> objects.podsOf(revision).stream())
                .findFirst()
                .orElseThrow();
        shop.send(
                "PATCH",
                Resource.PODS.path(shop.namespace) + "/" + pod.name(),
                "application/merge-patch+json",
                "{'metadata':{'annotations':{'sandbox.rollguard.io/fail-after':'0s'}}}");
        shop.await(cart, facts -> facts.is(Trait.PARTLY_UP) && facts.availableReplicas() == 1);
    }

    private void keepGood(WorkloadRef cart, RevisionHash hash) {
        var facts = shop.cluster.objects().workload(cart).orElseThrow();
        var digest = shop.cluster.objects().revisions(shop.namespace, hash).stream()
                .filter(revision -> revision.workloadUid().equals(facts.uid()))
                .findFirst()
                .orElseThrow()
                .templateDigest();
        var good = new GoodRevision(facts.uid(), hash, digest, Instant.EPOCH, false);
        assertThat(shop.cluster.keepGood(shop.read(cart), good)).isInstanceOf(Answer.Done.class);
    }

    private Answer restore(WorkloadRef cart, RevisionHash bad, RevisionHash good) {
        return shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> true));
    }

    private void thenBack(WorkloadRef cart, RevisionHash good) {
        // complete at once, being what was stable; users come a moment later
        var facts = shop.await(
                cart,
                each -> each.complete()
                        && good.equals(each.current())
                        && each.blueGreen() != null
                        && good.equals(each.blueGreen().active())
                        && each.availableReplicas() == 2);
        assertThat(served()).isEqualTo(good.value());
        assertThat(facts.replicas()).isEqualTo(2);
    }

    private String served() {
        return shop.get(Resource.SERVICES.path(shop.namespace) + "/users")
                .at("/spec/selector/rollouts-pod-template-hash")
                .asText();
    }
}
