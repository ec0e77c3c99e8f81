package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.reactor.FollowUp;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.wire.StoredTemplate;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds against a real control plane and against the simulated one alike. */
abstract class ClusterContract extends InAShop {

    // --- the picture

    @Test
    void seesADeploymentWithItsRevisionsAndPods() {
        var cart = shop.deployment("cart");

        var facts =
                shop.await(cart, each -> each.complete() && each.availableReplicas() == 2 && each.current() != null);

        assertThat(facts.settings().mode()).isEqualTo("auto");
        assertThat(facts.completedAt()).isNotNull();
        assertThat(facts.templateSetAt()).isNotNull();
        var revisions = shop.cluster.objects().revisionsOf(facts);
        assertThat(revisions).extracting(RevisionFacts::hash).containsExactly(facts.current());
        shop.await(() -> shop.cluster.objects().podsOf(revisions.getFirst()).stream()
                        .filter(pod -> pod.ready() && pod.node() != null)
                        .count()
                == 2);
    }

    @Test
    void aFreshReadAgreesWithThePicture() {
        var cart = shop.deployment("cart");
        completed(cart);
        settled(cart);
        var seen = shop.cluster.objects().workload(cart).orElseThrow();

        var read = shop.read(cart);

        assertThat(read.facts()).isEqualTo(seen);
        assertThat(read.toString()).doesNotContain("image");
    }

    @Test
    void aRestartIsTheSameTemplateAndAnotherImageIsNot() {
        var cart = completed(shop.deployment("cart"));
        var before = shop.current(cart);
        shop.patch(
                cart,
                "[{'op':'add','path':'/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt','value':'now'}]");
        var restarted =
                shop.await(cart, facts -> !before.equals(facts.current())).current();

        var released = shop.release(cart, "v2");

        assertThat(digest(cart, restarted)).isEqualTo(digest(cart, before));
        assertThat(digest(cart, released)).isNotEqualTo(digest(cart, before));
    }

    @Test
    void tellsOfAWorkloadThatIsGone() {
        var cart = completed(shop.deployment("cart"));

        shop.send("DELETE", Resource.path(cart), "application/json", "{}");

        shop.await(() -> shop.cluster.objects().workload(cart).isEmpty());
        shop.await(
                () -> shop.cluster.objects().revisions(shop.namespace).findAny().isEmpty());
        assertThat(shop.cluster.read(cart)).isEqualTo(new Reading.Gone());
    }

    // --- abort

    @Test
    void abortsACanary() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);

        var answer = shop.onFreshReading(cart, now -> shop.cluster.abort(now, bad, stable));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        var facts = shop.await(cart, each -> each.abortedAt() != null);
        assertThat(facts.aborted()).isTrue();
        assertThat(facts.current()).isEqualTo(bad);
        assertThat(facts.stable()).isEqualTo(stable);
    }

    @Test
    void anAbortOnAnOlderReadingMovesNothing() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);
        var reading = shop.read(cart);
        shop.patch(cart, "[{'op':'add','path':'/metadata/annotations/touched','value':'yes'}]");

        var answer = shop.cluster.abort(reading, bad, stable);

        assertThat(answer).isInstanceOf(Answer.Moved.class);
        assertThat(shop.read(cart).facts().aborted()).isFalse();
    }

    @Test
    void neverAbortsWhatIsNotInProgress() {
        var cart = completed(shop.rollout("cart"));
        var only = shop.current(cart);

        var answer = shop.cluster.abort(shop.read(cart), only, only);

        assertThat(answer).isInstanceOf(Answer.Moved.class);
        assertThat(shop.read(cart).facts().aborted()).isFalse();
    }

    @Test
    void aGoneWorkloadIsRefusedAsGone() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);
        var reading = shop.read(cart);
        shop.send("DELETE", Resource.path(cart), "application/json", "{}");
        shop.await(() -> shop.cluster.read(cart) instanceof Reading.Gone);

        var answer = shop.cluster.abort(reading, bad, stable);

        assertThat(answer)
                .isInstanceOfSatisfying(
                        Answer.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(Reason.GONE));
    }

    // --- restore

    @Test
    void restoresFromTheReplicaSetAndSaysWhatItLeft() {
        var cart = completed(shop.deployment("cart"));
        var good = shop.current(cart);
        var bad = shop.release(cart, "v2");
        shop.await(cart, facts -> facts.complete());

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> true));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        var facts = shop.await(cart, each -> good.equals(each.current()) && each.complete());
        assertThat(facts.settings().rolledBackFrom()).isEqualTo(bad.value());
        var snapshots = shop.get(
                Resource.CONTROLLER_REVISIONS.path(shop.namespace) + "?labelSelector=" + StoredTemplate.SNAPSHOT_OF);
        assertThat(snapshots.path("items")).hasSize(1);
        assertThat(StoredTemplate.template(snapshots.path("items").get(0))
                        .orElseThrow()
                        .at("/spec/containers/0/image")
                        .asText())
                .isEqualTo("cart:v2");
    }

    @Test
    void restoresWhatWasKeptWhenItsReplicaSetIsGone() {
        var cart = completed(shop.deployment("cart"));
        var good = shop.current(cart);
        keepGood(cart, good, false);
        shop.patch(cart, "[{'op':'add','path':'/spec/revisionHistoryLimit','value':0}]");
        var bad = shop.release(cart, "v2");
        shop.await(
                cart,
                facts -> facts.complete()
                        && shop.cluster.objects().revisionsOf(facts).size() == 1);

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> true));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        shop.await(cart, facts -> facts.current() != null && !bad.equals(facts.current()) && facts.complete());
        assertThat(shop.get(Resource.path(cart))
                        .at("/spec/template/spec/containers/0/image")
                        .asText())
                .isEqualTo("cart:v1");
    }

    @Test
    void aRestoreOnAnOlderReadingMovesNothing() {
        var cart = completed(shop.deployment("cart"));
        var good = shop.current(cart);
        var bad = shop.release(cart, "v2");
        shop.await(cart, facts -> facts.complete());
        var reading = settled(cart);
        shop.patch(cart, "[{'op':'add','path':'/metadata/annotations/touched','value':'yes'}]");

        var answer = shop.cluster.restore(reading, bad, good, () -> true);

        assertThat(answer).isInstanceOf(Answer.Moved.class);
        assertThat(shop.get(Resource.path(cart))
                        .at("/spec/template/spec/containers/0/image")
                        .asText())
                .isEqualTo("cart:v2");
    }

    @Test
    void restoresNothingOnceTheWorkloadIsAnothers() {
        var cart = completed(shop.deployment("cart"));
        var good = shop.current(cart);
        var bad = shop.release(cart, "v2");
        shop.await(cart, facts -> facts.complete());

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> false));

        assertThat(answer).isInstanceOf(Answer.Moved.class);
        assertThat(shop.current(cart)).isEqualTo(bad);
    }

    @Test
    void refusesToRestoreWhatIsNotThere() {
        var cart = completed(shop.deployment("cart"));
        var bad = shop.current(cart);

        var answer = shop.cluster.restore(settled(cart), bad, new RevisionHash("5f4dcc3b"), () -> true);

        assertThat(answer)
                .isInstanceOfSatisfying(
                        Answer.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(Reason.NO_GOOD_REVISION));
    }

    // --- restore of a Rollout, and what is left of its acts

    @Test
    void restoresTheStableTemplateOfACanaryAndSaysWhatItLeft() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, stable, () -> true));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        var facts = shop.await(cart, each -> stable.equals(each.current()) && each.complete());
        assertThat(facts.settings().rolledBackFrom()).isEqualTo(bad.value());
    }

    /** A template that differs from the stable one by what its controller injected would be a new canary, from step 0. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'requiredDuringSchedulingIgnoredDuringExecution':{}",
                "'preferredDuringSchedulingIgnoredDuringExecution':{'weight':1}"
            })
    void restoresTheStableRevisionFromAReplicaSetInWhichItsControllerPutItsOwn(String antiAffinity) {
        shop.create(
                Kind.ROLLOUT,
                "'metadata':{'name':'cart'},'spec':{'replicas':2,'selector':{'matchLabels':{'app':'cart'}},"
                        + "'strategy':{'canary':{'stableMetadata':{'labels':{'role':'stable'},'annotations':{'seen':'yes'}},"
                        + "'antiAffinity':{" + antiAffinity + "},'steps':[{'setWeight':50},{'pause':{}}]}},'template':"
                        + Shop.template("v1", "") + "}}");
        var cart = completed(shop.ref(Kind.ROLLOUT, "cart"));
        var stable = shop.current(cart);
        var template = shop.get(Resource.path(cart)).at("/spec/template");
        var bad = paused(cart);

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, stable, () -> true));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        var restored = shop.get(Resource.path(cart)).at("/spec/template");
        assertThat(restored.path("metadata")).isEqualTo(template.path("metadata"));
        assertThat(restored.at("/spec/affinity").isMissingNode()).isTrue();
        shop.await(cart, facts -> !bad.equals(facts.current())); // 1.9 may make a third revision of that very template
    }

    @Test
    void aRestoreUnpausesARollout() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);
        shop.patch(cart, "[{'op':'add','path':'/spec/paused','value':true}]");
        shop.await(cart, facts -> facts.is(Trait.PAUSED));

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, stable, () -> true));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        shop.await(cart, facts -> stable.equals(facts.current()) && facts.complete() && !facts.is(Trait.PAUSED));
    }

    @Test
    void unpausesWhatWasAbortedAndNothingElse() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);
        shop.patch(cart, "[{'op':'add','path':'/spec/paused','value':true}]");
        shop.await(cart, facts -> facts.is(Trait.PAUSED));
        var early = shop.onFreshReading(
                cart, now -> shop.cluster.finish(now, new FollowUp.Unpause(), bad, stable, () -> true));
        assertThat(early).isInstanceOf(Answer.Moved.class);
        shop.onFreshReading(cart, now -> shop.cluster.abort(now, bad, stable));
        shop.await(cart, facts -> facts.abortedAt() != null);

        var answer = shop.onFreshReading(
                cart, now -> shop.cluster.finish(now, new FollowUp.Unpause(), bad, stable, () -> true));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        var facts = shop.await(cart, each -> !each.is(Trait.PAUSED) && each.updatedReplicas() == 0);
        assertThat(facts.aborted()).isTrue();
    }

    @Test
    void promotesWhatWasRestoredAndNothingElse() {
        var cart = completed(shop.rollout("cart"));
        var good = shop.current(cart);
        var bad = shop.release(cart, "v2");
        assertThat(shop.onFreshReading(
                        cart, now -> shop.cluster.finish(now, new FollowUp.Promote(), good, bad, () -> true)))
                .as("nobody restored it")
                .isInstanceOf(Answer.Moved.class);
        shop.send(
                "PATCH",
                Resource.path(cart) + "/status",
                "application/merge-patch+json",
                "{'status':{'promoteFull':true}}");
        shop.await(cart, facts -> facts.complete() && bad.equals(facts.current()));
        shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> true));
        shop.await(cart, facts -> good.equals(facts.current()) && !facts.complete());

        var answer = shop.onFreshReading(
                cart, now -> shop.cluster.finish(now, new FollowUp.Promote(), bad, good, () -> true));

        assertThat(answer).isInstanceOf(Answer.Done.class);
        shop.await(cart, facts -> facts.complete() && good.equals(facts.current()));
    }

    @Test
    void aNudgeIsAWriteThatChangesNothing() {
        var cart = completed(shop.rollout("cart"));
        var stable = shop.current(cart);
        var bad = paused(cart);
        shop.onFreshReading(cart, now -> shop.cluster.abort(now, bad, stable));
        shop.await(cart, facts -> facts.abortedAt() != null && facts.updatedReplicas() == 0);
        for (int nudge = 0; nudge < 2; nudge++) {
            var before = shop.quiet(cart);

            var answer = shop.cluster.finish(before, new FollowUp.Nudge(), bad, stable, () -> true);

            assertThat(answer).isInstanceOf(Answer.Done.class);
            var after = shop.read(cart);
            assertThat(after.version()).isNotEqualTo(before.version());
            assertThat(after.facts()).isEqualTo(before.facts());
        }
    }

    @Test
    void restoresNothingWhoseConfigMapIsGoneAndSaysWhich() {
        var cart = completed(shop.deployment("cart"));
        shop.send(
                "POST",
                "/api/v1/namespaces/" + shop.namespace + "/configmaps",
                "application/json",
                "{'metadata':{'name':'cart'}}");
        var good = shop.change(
                cart,
                "[{'op':'add','path':'/spec/template/spec/volumes','value':[{'name':'c','configMap':{'name':'cart'}}]}]");
        completed(cart);
        var bad = shop.release(cart, "v2");
        completed(cart);
        shop.send("DELETE", "/api/v1/namespaces/" + shop.namespace + "/configmaps/cart", "application/json", "{}");

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> true));

        assertThat(answer).isEqualTo(new Answer.Refused(Reason.REFERENCE_MISSING, "ConfigMap cart"));
        assertThat(shop.current(cart)).isEqualTo(bad);
        assertThat(shop.get(Resource.CONTROLLER_REVISIONS.path(shop.namespace)).path("items"))
                .isEmpty();
    }

    @Test
    void saysWhichSnapshotItTook() {
        var cart = completed(shop.deployment("cart"));
        var good = shop.current(cart);
        var bad = shop.release(cart, "v2");
        completed(cart);

        var answer = shop.onFreshReading(cart, now -> shop.cluster.restore(now, bad, good, () -> true));

        assertThat(answer)
                .isInstanceOfSatisfying(
                        Answer.Done.class, done -> assertThat(done.detail()).contains("snapshot cart-replaced-" + bad));
        assertThat(shop.get(Resource.CONTROLLER_REVISIONS.path(shop.namespace) + "/cart-replaced-" + bad)
                        .at("/metadata/annotations/rollguard.io~1replaced-by")
                        .asText())
                .isEqualTo(good.value());
    }

    // --- what is kept, beside the controllers that use the same kind

    /** Its data is immutable, and a server that reads it otherwise than it was written refuses every later change. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/merge-patch+json | {'metadata':{'labels':{'seen':'yes'}}}",
                "application/strategic-merge-patch+json | {'metadata':{'annotations':{'seen':'yes'}}}",
                "application/json-patch+json | [{'op':'add','path':'/metadata/labels/seen','value':'yes'}]",
            })
    void whatIsKeptCanStillBeChangedByOthers(String type, String change) {
        var cart = completed(shop.deployment("cart"));
        shop.change(
                cart,
                "[{'op':'add','path':'/spec/template/metadata/annotations/odd','value':'<a> & \u00e9 \u2028 / 1.50'}]");
        completed(cart);
        var hash = shop.current(cart);
        assertThat(keepGood(cart, hash, false)).isInstanceOf(Answer.Done.class);

        var path = Resource.CONTROLLER_REVISIONS.path(shop.namespace) + "/cart-good-" + hash;

        assertThat(shop.send("PATCH", path, type, change)).isEqualTo(200);
    }

    @Test
    void whatIsKeptGoesWithItsWorkloadAndStaysWithoutAnOwnerWhereOrphansAreWanted() {
        var cart = completed(shop.deployment("cart"));
        keepGood(cart, shop.current(cart), false);
        var path = Resource.CONTROLLER_REVISIONS.path(shop.namespace);
        var owner = shop.get(path).at("/items/0/metadata/ownerReferences/0");
        assertThat(owner.path("controller").asBoolean(true)).isFalse();
        assertThat(owner.path("blockOwnerDeletion").asBoolean(true)).isFalse();

        shop.send("DELETE", Resource.path(cart), "application/json", "{'propagationPolicy':'Orphan'}");

        shop.await(() -> shop.cluster.read(cart) instanceof Reading.Gone);
        shop.await(() -> shop.get(path).at("/items/0/metadata/ownerReferences").isEmpty());
        assertThat(shop.get(path).path("items")).hasSize(1);
    }

    @Test
    void noStatefulSetTakesWhatIsKeptForItsOwnHistory() {
        shop.create(
                Kind.STATEFULSET,
                "'metadata':{'name':'cart'},'spec':{'replicas':2,'serviceName':'cart','revisionHistoryLimit':1,"
                        + "'selector':{'matchLabels':{'app':'cart'}},'template':"
                        + Shop.template("v1", "") + "}}");
        var cart = completed(shop.ref(Kind.STATEFULSET, "cart"));
        var hash = shop.current(cart);
        keepGood(cart, hash, false);

        for (var version : List.of("v2", "v3", "v4")) {
            shop.release(cart, version);
            completed(cart);
        }

        var kept = shop.get(Resource.CONTROLLER_REVISIONS.path(shop.namespace) + "/cart-good-" + hash);
        assertThat(kept.at("/metadata/ownerReferences")).hasSize(1);
        assertThat(kept.at("/metadata/ownerReferences/0/controller").asBoolean(true))
                .isFalse();
        assertThat(StoredTemplate.template(kept)
                        .orElseThrow()
                        .at("/spec/containers/0/image")
                        .asText())
                .isEqualTo("cart:v1");
    }

    /** Its controller puts metadata of the role and an anti-affinity term into the ReplicaSet's template; neither is kept. */
    @Test
    void whatIsKeptOfARolloutIsItsOwnTemplateWhateverWasPutIntoItsReplicaSet() {
        shop.create(
                Kind.ROLLOUT,
                "'metadata':{'name':'cart'},'spec':{'replicas':2,'selector':{'matchLabels':{'app':'cart'}},"
                        + "'strategy':{'canary':{'stableMetadata':{'labels':{'role':'stable'},'annotations':{'seen':'yes'}},"
                        + "'antiAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':{'weight':1}},"
                        + "'steps':[{'setWeight':50},{'pause':{}}]}},'template':"
                        + Shop.template("v1", "") + "}}");
        var cart = completed(shop.ref(Kind.ROLLOUT, "cart"));
        var hash = shop.current(cart);

        assertThat(keepGood(cart, hash, false)).isInstanceOf(Answer.Done.class);

        var kept = shop.get(Resource.CONTROLLER_REVISIONS.path(shop.namespace) + "/cart-good-" + hash);
        assertThat(StoredTemplate.template(kept))
                .contains(shop.get(Resource.path(cart)).at("/spec/template"));
        assertThat(StoredTemplate.isOf(kept, hash)).isTrue();
        assertThat(StoredTemplate.templateDigest(kept)).contains(digest(cart, hash));
    }

    // --- good revisions

    @Test
    void keepsAGoodRevisionOnceAndSeesIt() {
        var cart = completed(shop.deployment("cart"));
        var hash = shop.current(cart);

        var kept = keepGood(cart, hash, true);
        var again = keepGood(cart, hash, true);

        assertThat(again).isInstanceOf(Answer.Done.class);
        var uid = shop.cluster.objects().workload(cart).orElseThrow().uid();
        shop.await(() -> shop.cluster.objects().goodRevisions(uid).contains(kept(cart, hash, true)));
        assertThat(kept).isInstanceOf(Answer.Done.class);
    }

    @Test
    void aProvenRevisionReplacesAnAssumedOne() {
        var cart = completed(shop.deployment("cart"));
        var hash = shop.current(cart);
        keepGood(cart, hash, true);
        var uid = shop.cluster.objects().workload(cart).orElseThrow().uid();
        shop.await(() -> !shop.cluster.objects().goodRevisions(uid).isEmpty());

        keepGood(cart, hash, false);

        shop.await(() -> shop.cluster.objects().goodRevisions(uid).stream().noneMatch(GoodRevision::assumed));
        assertThat(shop.cluster.objects().goodRevisions(uid)).hasSize(1);
    }

    @Test
    void keepsTheNewestFive() {
        var cart = completed(shop.deployment("cart"));
        for (int version = 2; version < 9; version++) {
            keepGood(cart, shop.current(cart), false);
            shop.release(cart, "v" + version);
            shop.await(cart, facts -> facts.complete());
        }

        var kept = shop.get(
                Resource.CONTROLLER_REVISIONS.path(shop.namespace) + "?labelSelector=" + StoredTemplate.GOOD_OF);

        assertThat(kept.path("items")).hasSize(5);
    }

    @Test
    void keepsNothingOfARevisionThatIsNotCurrent() {
        var cart = completed(shop.deployment("cart"));

        var answer = keepGood(cart, new RevisionHash("5f4dcc3b"), false);

        assertThat(answer).isInstanceOf(Answer.Moved.class);
    }

    // --- the pause switch, and what people type

    @Test
    void readsThePauseSwitch() {
        var before = shop.cluster.pause();
        shop.send(
                "POST",
                "/api/v1/namespaces/" + shop.namespace + "/configmaps",
                "application/json",
                "{'metadata':{'name':'rollguard-automation'},'data':{'paused':'true','by':'ada','reason':'game day'}}");

        var pause = shop.cluster.pause();

        assertThat(before.paused()).isFalse();
        assertThat(pause.paused()).isTrue();
        assertThat(pause.by()).isEqualTo("ada");
        assertThat(pause.reason()).isEqualTo("game day");
    }

    @Test
    void namesTheRevisionInTheManualCommand() {
        var cart = completed(shop.deployment("cart"));
        var good = shop.current(cart);
        shop.release(cart, "v2");

        var command = shop.cluster.manualCommand(cart, Act.RESTORE, good);

        assertThat(command).isEqualTo("kubectl rollout undo deployment/cart -n " + shop.namespace + " --to-revision=1");
    }

    // --- steps

    WorkloadRef completed(WorkloadRef workload) {
        shop.await(workload, facts -> facts.complete() && facts.availableReplicas() == 2 && facts.current() != null);
        return workload;
    }

    /** Releases a canary and waits until it stands still. */
    RevisionHash paused(WorkloadRef rollout) {
        var bad = shop.release(rollout, "v2");
        shop.await(rollout, facts -> facts.updatedReplicas() == 1 && facts.availableReplicas() == 2);
        shop.await(() ->
                shop.get(Resource.path(rollout)).at("/status/phase").asText().equals("Paused"));
        return bad;
    }

    /** A reading after which the controllers have nothing more to write. */
    Reading.Found settled(WorkloadRef workload) {
        shop.await(workload, facts -> facts.totalReplicas() == 2 && facts.availableReplicas() == 2);
        shop.await(
                () -> shop.get(Resource.path(workload)).at("/status/replicas").asInt() == 2);
        return shop.read(workload);
    }

    private Answer keepGood(WorkloadRef workload, RevisionHash hash, boolean assumed) {
        return shop.cluster.keepGood(shop.read(workload), kept(workload, hash, assumed));
    }

    private GoodRevision kept(WorkloadRef workload, RevisionHash hash, boolean assumed) {
        var facts = shop.cluster.objects().workload(workload).orElseThrow();
        return new GoodRevision(
                facts.uid(), hash, digest(workload, hash), Instant.parse("2026-11-24T12:00:00Z"), assumed);
    }

    private String digest(WorkloadRef workload, RevisionHash hash) {
        return shop
                .cluster
                .objects()
                .revisionsOf(shop.cluster.objects().workload(workload).orElseThrow())
                .stream()
                .filter(revision -> revision.hash().equals(hash))
                .map(RevisionFacts::templateDigest)
                .findFirst()
                .orElse("none");
    }
}
