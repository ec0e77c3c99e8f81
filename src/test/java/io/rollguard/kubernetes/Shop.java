package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.sandbox.stage.Await;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;

/** A namespace with workloads in a cluster that Rollguard watches, and what people do to them. */
final class Shop implements AutoCloseable {

    private static final Duration SLOW = Duration.ofSeconds(60);

    private static final ObjectWatch.Pace PACE = new ObjectWatch.Pace(
            Duration.ofSeconds(5), Duration.ofMillis(100), Duration.ofMillis(50), Duration.ofMillis(400));

    final String namespace;
    final KubernetesClient client;
    final FabricCluster cluster;
    private final LinkedBlockingQueue<WorkloadRef> changes = new LinkedBlockingQueue<>();

    Shop(String kubeconfig, String namespace, List<String> watched) {
        this(kubeconfig, kubeconfig, namespace, watched);
    }

    /**
     * @param people what people use to get in
     * @param rollguard what Rollguard uses
     */
    Shop(String people, String rollguard, String namespace, List<String> watched) {
        this.namespace = namespace;
        this.client = client(people, "people");
        send("POST", "/api/v1/namespaces", "application/json", "{'metadata':{'name':'" + namespace + "'}}");
        this.cluster = new FabricCluster(
                client(rollguard, "rollguard"),
                "test",
                watched,
                Optional.of(namespace),
                false,
                PACE,
                Clock.systemUTC());
        cluster.onChange(changes::add);
    }

    private static KubernetesClient client(String kubeconfig, String userAgent) {
        var config = Config.fromKubeconfig(kubeconfig);
        new ClientSettings().customize(config);
        config.setUserAgent(userAgent);
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(new VertxHttpClientFactory())
                .build();
    }

    Shop watched() {
        cluster.start();
        await(cluster::isWhole);
        return this;
    }

    // --- what people do

    static String template(String version, String annotations) {
        return "{'metadata':{'labels':{'app':'cart'},'annotations':{'sandbox.rollguard.io/ready-after':'20ms',"
                + "'sandbox.rollguard.io/terminates-after':'10ms'" + annotations
                + "}},'spec':{'containers':[{'name':'app','image':'cart:" + version + "'}]}}";
    }

    WorkloadRef deployment(String name) {
        create(
                Kind.DEPLOYMENT,
                "'metadata':{'name':'" + name + "','annotations':{'rollguard.io/mode':'auto'}},"
                        + "'spec':{'replicas':2,'selector':{'matchLabels':{'app':'cart'}},'template':"
                        + template("v1", "") + "}}");
        return ref(Kind.DEPLOYMENT, name);
    }

    /** A canary that waits at half its way. */
    WorkloadRef rollout(String name) {
        create(
                Kind.ROLLOUT,
                "'metadata':{'name':'" + name + "'},'spec':{'replicas':2,"
                        + "'selector':{'matchLabels':{'app':'cart'}},'strategy':{'canary':{'steps':[{'setWeight':50},{'pause':{}}]}},"
                        + "'template':" + template("v1", "") + "}}");
        return ref(Kind.ROLLOUT, name);
    }

    /** Two pods, one after the other. */
    WorkloadRef statefulSet(String name) {
        create(
                Kind.STATEFULSET,
                "'metadata':{'name':'" + name + "'},'spec':{'replicas':2,'serviceName':'" + name
                        + "','selector':{'matchLabels':{'app':'cart'}},'template':" + template("v1", "") + "}}");
        return ref(Kind.STATEFULSET, name);
    }

    WorkloadRef daemonSet(String name) {
        create(
                Kind.DAEMONSET,
                "'metadata':{'name':'" + name + "'},'spec':{'selector':{'matchLabels':{'app':'cart'}},'template':"
                        + template("v1", "") + "}}");
        return ref(Kind.DAEMONSET, name);
    }

    /** Releases a version of which no pod becomes ready; tells the revision that it becomes. */
    RevisionHash releaseBroken(WorkloadRef workload, String version) {
        var before = current(workload);
        patch(
                workload,
                "[{'op':'replace','path':'/spec/template','value':"
                        + template(version, ",'sandbox.rollguard.io/fail':'CrashLoopBackOff'") + "}]");
        return await(
                        workload,
                        facts -> facts.current() != null && !facts.current().equals(before))
                .current();
    }

    void awaitBrokenPod(WorkloadRef workload, RevisionHash hash) {
        await(() -> cluster.objects().workload(workload).stream()
                .flatMap(facts -> cluster.objects().revisionsOf(facts).stream())
                .filter(revision -> revision.hash().equals(hash))
                .flatMap(revision -> cluster.objects().podsOf(revision).stream())
                .anyMatch(pod -> !pod.ready() && pod.node() != null));
    }

    void create(Kind kind, String fields) {
        var resource = Resource.of(kind);
        var body = "{'apiVersion':'" + resource.apiVersion() + "','kind':'" + resource.kind() + "'," + fields;
        assertThat(send("POST", resource.path(namespace), "application/json", body))
                .isEqualTo(201);
    }

    /** Releases another version; tells the revision that it becomes. */
    RevisionHash release(WorkloadRef workload, String version) {
        return change(workload, "[{'op':'replace','path':'/spec/template','value':" + template(version, "") + "}]");
    }

    /** Changes the template; tells the revision that it becomes. */
    RevisionHash change(WorkloadRef workload, String patch) {
        var before = current(workload);
        patch(workload, patch);
        return await(
                        workload,
                        facts -> facts.current() != null && !facts.current().equals(before))
                .current();
    }

    void patch(WorkloadRef workload, String patch) {
        assertThat(send("PATCH", Resource.path(workload), ApiServer.JSON_PATCH, patch))
                .isEqualTo(200);
    }

    int send(String method, String path, String contentType, String body) {
        var request = client.getHttpClient()
                .newHttpRequestBuilder()
                .uri(client.getMasterUrl().toString().replaceFirst("/$", "") + path)
                .method(method, contentType, body.replace('\'', '"'))
                .build();
        return client.getHttpClient()
                .sendAsync(request, byte[].class)
                .orTimeout(10, TimeUnit.SECONDS)
                .join()
                .code();
    }

    boolean isUp() {
        try {
            return send("GET", "/api/v1/nodes", "application/json", "") == 200;
        } catch (CompletionException away) {
            return false;
        }
    }

    JsonNode get(String path) {
        try {
            return ApiServer.JSON.readTree(client.raw(path));
        } catch (IOException notJson) {
            throw new AssertionError(notJson);
        }
    }

    // --- what Rollguard sees

    WorkloadRef ref(Kind kind, String name) {
        return new WorkloadRef("test", namespace, kind, name);
    }

    RevisionHash current(WorkloadRef workload) {
        return cluster.objects().workload(workload).orElseThrow().current();
    }

    Reading.Found read(WorkloadRef workload) {
        return (Reading.Found) cluster.read(workload);
    }

    /** A reading after which nobody writes for a while. */
    Reading.Found quiet(WorkloadRef workload) {
        var readings = new ArrayDeque<Reading.Found>(List.of(read(workload)));
        await(() -> {
            if (readings.size() == 10) {
                readings.removeFirst();
            }
            readings.addLast(read(workload));
            return readings.size() == 10
                    && readings.stream().map(Reading.Found::version).distinct().count() == 1;
        });
        return readings.getLast();
    }

    /** Acts as the reactor does: where only the version moved, reads and tries again, a few times. */
    Answer onFreshReading(WorkloadRef workload, Function<Reading.Found, Answer> act) {
        var answer = act.apply(read(workload));
        for (int more = 0; more < 5 && answer instanceof Answer.Moved; more++) {
            answer = act.apply(read(workload));
        }
        return answer;
    }

    WorkloadFacts await(WorkloadRef workload, Predicate<WorkloadFacts> wanted) {
        Await.insistently(
                "%s as wanted".formatted(workload),
                SLOW,
                () -> touch(workload),
                () -> cluster.objects()
                        .workload(workload)
                        .filter(facts -> facts.observed() && wanted.test(facts))
                        .isPresent());
        return cluster.objects().workload(workload).orElseThrow();
    }

    private void touch(WorkloadRef workload) {
        if (workload.kind() == Kind.ROLLOUT) {
            send(
                    "PATCH",
                    Resource.path(workload),
                    "application/merge-patch+json",
                    "{'metadata':{'annotations':{'sandbox.rollguard.io/touched':'%d'}}}".formatted(System.nanoTime()));
        }
    }

    /** Looks again and again until the condition holds; takes no change away from {@link #wasToldOf}. */
    void await(BooleanSupplier condition) {
        try {
            Await.until("what is waited for", SLOW, condition);
        } catch (AssertionError late) {
            throw new AssertionError("%s; not whole: %s".formatted(late.getMessage(), cluster.gaps()), late);
        }
    }

    boolean wasToldOf(WorkloadRef workload) {
        return changes.remove(workload);
    }

    @Override
    public void close() {
        try (client) {
            cluster.stop();
            send("DELETE", "/api/v1/namespaces/" + namespace, "application/json", "{}");
        } catch (CompletionException away) {
            // then there is nothing to clean up
        }
    }
}
