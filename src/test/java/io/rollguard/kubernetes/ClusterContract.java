package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.wire.StoredTemplate;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What holds against a real control plane and against the simulated one alike. */
abstract class ClusterContract {

    Shop shop;

    abstract Shop open();

    @BeforeEach
    void begin() {
        shop = open();
        shop.watched();
    }

    @AfterEach
    void end() {
        shop.close();
        afterwards();
    }

    void afterwards() {}

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
        return shop.cluster.keepGood(
                shop.cluster.objects().workload(workload).orElseThrow(), kept(workload, hash, assumed));
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
