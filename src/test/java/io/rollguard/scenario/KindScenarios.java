package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Tap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is done about Deployments, StatefulSets and DaemonSets in each of their states. */
abstract class KindScenarios extends Scene {

    private static final String FAIL = "sandbox.rollguard.io/fail";
    private static final String ON_DELETE = "updateStrategy: {type: OnDelete}";

    static final Map<String, String> DELETES_STUCK_PODS = Map.of("ROLLGUARD_STATEFULSET_DELETE_STUCK_POD", "true");

    KindScenarios(TestCluster cluster) {
        super(cluster, 1);
    }

    // --- Deployment

    @Test
    void aPausedDeploymentIsToldAndNotResumed() {
        var good = givenADeployment("search");
        var bad = whenABrokenVersionIsShipped(Kind.DEPLOYMENT, "search", good);
        var pods = awaitPods(Kind.DEPLOYMENT, "search", bad, 2);
        shop().change(Kind.DEPLOYMENT, "search", Map.of("paused", true));

        pods.forEach(pod -> whenItAlerts(firing("PodNotReady", Map.of("pod", pod))));

        var command = thenHandedOver(Kind.DEPLOYMENT, "search", "workload-paused");
        assertThat(command)
                .isEqualTo(
                        "kubectl rollout resume deployment/search -n %1$s && kubectl rollout undo deployment/search -n %1$s --to-revision=1"
                                .formatted(shop().namespace()));
        assertThat(shop().get(Kind.DEPLOYMENT, "search").<Boolean>get("spec", "paused"))
                .isTrue();
        thenItBringsBack(command, Kind.DEPLOYMENT, "search", good);
    }

    // --- StatefulSet

    @Test
    void aBakingStatefulSetThatAlertsIsRestored() {
        var good = givenAStatefulSet("db", "");
        var bad = whenAVersionIsComplete(Kind.STATEFULSET, "db", good);

        var alert = whenItAlerts(firing("DbErrors", Map.of("statefulset", "db")));

        thenRestored(Kind.STATEFULSET, "db", good, bad);
        whenItAlerts(alert.resolved(now()));
        thenStep("db", "cured");
        thenStep("db", "closed");
    }

    @Test
    void anOrderedStatefulSetIsRestoredAndItsStuckPodIsLeftToPeople() {
        var good = givenAStatefulSet("db", "");
        var bad = whenABrokenVersionIsShipped(Kind.STATEFULSET, "db", good);
        var stuck = awaitPods(Kind.STATEFULSET, "db", bad, 1);

        var alert = whenItAlerts(firing("PodNotReady", Map.of("pod", "db-2")));

        var failed = thenFailed("db", "stuck-pod");
        assertThat(failed.value().path("again").asBoolean()).isFalse();
        assertThat(shop().version(Kind.STATEFULSET, "db")).isEqualTo("v1");
        assertThat(stuck).containsExactly("db-2");
        assertThat(podNames(Kind.STATEFULSET, "db", bad)).containsExactly("db-2");
        assertThat(deletions()).isEmpty();
        var command = failed.value().path("command").asText();
        assertThat(command).isEqualTo("kubectl delete pod -n %s db-2".formatted(shop().namespace()));
        thenSlackShows("db", "FAILED: act now");
        thenItBringsBack(command, Kind.STATEFULSET, "db", good);
        if (!podNames(Kind.STATEFULSET, "db", bad).isEmpty()) {
            shop().deletePod("db-2"); // where there is no shell
        }
        whenItAlerts(alert.resolved(now()));
        thenStep("db", "closed");
        assertThat(steps("db", "closed").getLast().value().at("/reason/code").asText())
                .isIn("resolved", "recovered"); // by whether the alert or the pod came first
    }

    @Test
    void aStuckPodIsDeletedWhereThatIsAllowed() {
        with(DELETES_STUCK_PODS, () -> {
            var good = givenAStatefulSet("db", "");
            var bad = whenABrokenVersionIsShipped(Kind.STATEFULSET, "db", good);
            awaitPods(Kind.STATEFULSET, "db", bad, 1);

            whenItAlerts(firing("PodNotReady", Map.of("pod", "db-2")));

            thenRestored(Kind.STATEFULSET, "db", good, bad);
            assertThat(deletions()).containsExactly("db-2");
        });
    }

    @Test
    void stuckPodsAreDeletedOneAtATimeTheLowestFirst() {
        with(DELETES_STUCK_PODS, () -> {
            var good = givenAStatefulSet("db", "");
            var bad = whenAVersionIsComplete(Kind.STATEFULSET, "db", good);
            for (var pod : List.of("db-0", "db-1", "db-2")) {
                shop().annotatePod(pod, "sandbox.rollguard.io/fail-after", "0s");
            }
            Await.until(
                    "all its pods are broken",
                    SOON,
                    () -> shop().readyPods(Kind.STATEFULSET, "db", bad).isEmpty());

            whenItAlerts(firing("DbDown", Map.of("statefulset", "db")));

            thenRestored(Kind.STATEFULSET, "db", good, bad);
            assertThat(deletions()).containsExactly("db-0", "db-1", "db-2");
        });
    }

    @Test
    void aParallelStatefulSetIsRestoredWithoutADeletion() {
        var good = givenAStatefulSet("db", "podManagementPolicy: Parallel");
        var bad = whenABrokenVersionIsShipped(Kind.STATEFULSET, "db", good);
        awaitPods(Kind.STATEFULSET, "db", bad, 1);

        whenItAlerts(firing("PodNotReady", Map.of("pod", "db-2")));

        thenRestored(Kind.STATEFULSET, "db", good, bad);
        assertThat(deletions()).isEmpty();
    }

    @Test
    void aReleaseThatAPartitionHoldsBackIsRestored() {
        var good = givenAStatefulSet("db", "updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}");
        shop().ship(Kind.STATEFULSET, "db", "v2");
        var bad = shop().awaitCurrentOtherThan(Kind.STATEFULSET, "db", good);
        Await.until(
                "one pod is new",
                SOON,
                () -> shop().readyPods(Kind.STATEFULSET, "db", bad).equals(List.of("db-2")));

        whenItAlerts(firing("DbErrors", Map.of("pod", "db-2")));

        thenRestored(Kind.STATEFULSET, "db", good, bad);
    }

    @Test
    void aPartitionRaisedOverTheReleaseIsTold() {
        var good = givenAStatefulSet("db", "");
        whenAVersionIsComplete(Kind.STATEFULSET, "db", good);
        shop().change(
                        Kind.STATEFULSET,
                        "db",
                        Map.of("updateStrategy", Map.of("rollingUpdate", Map.of("partition", 3))));

        whenItAlerts(firing("DbErrors", Map.of("statefulset", "db")));

        var command = thenHandedOver(Kind.STATEFULSET, "db", "partition-raised");
        assertThat(command).isEqualTo("""
                        kubectl rollout undo statefulset/db -n %1$s --to-revision=1 && kubectl patch statefulset db -n %1$s --type=merge -p \
                        '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}'""".formatted(shop().namespace()));
        thenItBringsBack(command, Kind.STATEFULSET, "db", good);
    }

    @Test
    void aStatefulSetWhosePodsWaitForTheirDeletionIsTold() {
        var good = givenAStatefulSet("db", ON_DELETE);
        shop().ship(Kind.STATEFULSET, "db", "v2");
        shop().awaitCurrentOtherThan(Kind.STATEFULSET, "db", good);
        double before = counted("rollguard_no_release_total");
        var early = whenItAlerts(firing("DbErrors", Map.of("statefulset", "db")));
        Await.until(
                "no pod has moved, so nothing is a release",
                SOON,
                () -> counted("rollguard_no_release_total") > before);
        whenItAlerts(early.resolved(now()));
        shop().deletePod("db-2");
        var bad = shop().current(Kind.STATEFULSET, "db");
        Await.until(
                "one pod is new",
                SOON,
                () -> shop().readyPods(Kind.STATEFULSET, "db", bad).equals(List.of("db-2")));

        whenItAlerts(firing("DbSlow", Map.of("pod", "db-2")));

        var command = thenHandedOver(Kind.STATEFULSET, "db", "on-delete");
        assertThat(command)
                .isEqualTo(
                        "kubectl rollout undo statefulset/db -n %1$s --to-revision=1 && kubectl delete pod -n %1$s db-2"
                                .formatted(shop().namespace()));
        thenItBringsBack(command, Kind.STATEFULSET, "db", good);
    }

    // --- DaemonSet

    @Test
    void aBakingDaemonSetThatAlertsIsRestored() {
        var good = givenADaemonSet("agent", "");
        var bad = whenAVersionIsComplete(Kind.DAEMONSET, "agent", good);

        whenItAlerts(firing("AgentErrors", Map.of("daemonset", "agent")));

        thenRestored(Kind.DAEMONSET, "agent", good, bad);
    }

    @Test
    void aDaemonSetWhoseNewPodIsBrokenIsRestored() {
        var good = givenADaemonSet("agent", "");
        var bad = whenABrokenVersionIsShipped(Kind.DAEMONSET, "agent", good);
        var pod = awaitPods(Kind.DAEMONSET, "agent", bad, 1).getFirst();

        whenItAlerts(firing("PodNotReady", Map.of("pod", pod)));

        thenRestored(Kind.DAEMONSET, "agent", good, bad);
    }

    @Test
    void aDaemonSetWhosePodsWaitForTheirDeletionIsTold() {
        var good = givenADaemonSet("agent", ON_DELETE);
        shop().ship(Kind.DAEMONSET, "agent", "v2");
        var bad = shop().awaitCurrentOtherThan(Kind.DAEMONSET, "agent", good);
        shop().deletePod(podNames(Kind.DAEMONSET, "agent", good).getFirst());
        var pod = awaitPods(Kind.DAEMONSET, "agent", bad, 1).getFirst();

        whenItAlerts(firing("AgentErrors", Map.of("pod", pod)));

        var command = thenHandedOver(Kind.DAEMONSET, "agent", "on-delete");
        assertThat(command)
                .isEqualTo(
                        "kubectl rollout undo daemonset/agent -n %1$s --to-revision=1 && kubectl delete pod -n %1$s %2$s"
                                .formatted(shop().namespace(), pod));
        thenItBringsBack(command, Kind.DAEMONSET, "agent", good);
    }

    // --- given

    String givenAStatefulSet(String name, String more) {
        shop().createStatefulSet(name, 3, LONG, more);
        return knownToBeGood(Kind.STATEFULSET, name);
    }

    private String givenADaemonSet(String name, String more) {
        shop().createDaemonSet(name, LONG, more);
        return knownToBeGood(Kind.DAEMONSET, name);
    }

    private String knownToBeGood(Kind kind, String name) {
        Await.until("its revision is known to be good", SOON, () -> shop().goodRevisions(kind, name) > 0);
        return shop().current(kind, name);
    }

    /** Plays a part with a service that is configured otherwise. */
    void with(Map<String, String> configuration, Runnable part) {
        instance().kill();
        startInstances(configuration);
        try {
            part.run();
        } finally {
            instance().kill();
            startInstances();
        }
    }

    // --- when

    String whenABrokenVersionIsShipped(Kind kind, String name, String good) {
        shop().shipMisbehaving(kind, name, "v2", FAIL, "NotReady"); // so that only the alert speaks against it
        return shop().awaitCurrentOtherThan(kind, name, good);
    }

    private String whenAVersionIsComplete(Kind kind, String name, String good) {
        shop().ship(kind, name, "v2");
        var bad = shop().awaitCurrentOtherThan(kind, name, good);
        shop().awaitComplete(kind, name);
        return bad;
    }

    /** The names of its pods of that revision, once there are as many. */
    List<String> awaitPods(Kind kind, String name, String hash, int count) {
        return Await.value(
                "%d pods of %s %s".formatted(count, kind, name),
                SOON,
                () -> Optional.of(podNames(kind, name, hash)).filter(names -> names.size() >= count));
    }

    private List<String> podNames(Kind kind, String name, String hash) {
        return shop().pods(kind, name, hash).stream()
                .map(Pod::getMetadata)
                .filter(pod -> pod.getDeletionTimestamp() == null)
                .map(pod -> pod.getName())
                .sorted()
                .toList();
    }

    // --- then

    private void thenRestored(Kind kind, String name, String good, String bad) {
        thenStep(name, "verified");
        assertThat(shop().version(kind, name)).isEqualTo("v1");
        assertThat(shop().current(kind, name)).isEqualTo(good);
        assertThat(shop().readyPods(kind, name, good)).hasSize(kind == Kind.DEPLOYMENT ? 4 : 3);
        assertThat(shop().get(kind, name).getMetadata().getAnnotations())
                .containsEntry("rollguard.io/rolled-back-from", bad);
        assertThat(restores(kind, name)).hasSize(1);
    }

    /** Refused, and untouched: what a person would type is told. */
    private String thenHandedOver(Kind kind, String name, String reason) {
        thenRefused(name, reason);
        thenNothingIsIntended(name);
        assertThat(restores(kind, name)).isEmpty();
        assertThat(shop().version(kind, name)).isEqualTo("v2");
        return steps(name, "judged").getLast().value().path("command").asText();
    }

    Tap.Event thenFailed(String name, String reason) {
        thenStep(name, "failed");
        var failed = steps(name, "failed").getLast();
        assertThat(failed.value().at("/reason/code").asText()).isEqualTo(reason);
        return failed;
    }

    /** Where there is a shell with kubectl, the command does all that is left to do. */
    private void thenItBringsBack(String command, Kind kind, String name, String good) {
        if (cluster().type(command)) {
            Await.until(
                    "it is back by hand", SOON, () -> shop().current(kind, name).equals(good));
            shop().awaitComplete(kind, name);
            assertThat(shop().version(kind, name)).isEqualTo("v1");
        }
    }

    /** The pods that Rollguard has deleted here, in that order. */
    List<String> deletions() {
        var pods = "/namespaces/%s/pods/".formatted(shop().namespace());
        return instance()
                .api()
                .answered("DELETE", pods)
                .filter(request -> request.status() < 300)
                .map(request -> request.path().substring(request.path().indexOf(pods) + pods.length()))
                .map(name -> name.replaceFirst("\\?.*", ""))
                .toList();
    }
}
