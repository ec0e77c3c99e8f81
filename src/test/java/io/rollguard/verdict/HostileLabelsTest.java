package io.rollguard.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.ServiceFacts;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Labels that lie. shop has the Rollout api (stable aaaa, new bbbb), the Deployment web (new cccc) and one of equal template
 * (twin: new bbbb); the Service `both` selects api and web, `api` only api, `none` nothing; the pod `api-debug` has api's
 * labels and no owner. staging has a Deployment api.
 */
class HostileLabelsTest {

    private static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");

    private final ClusterObjects objects = new ClusterObjects("eu");

    HostileLabelsTest() {
        workload("shop", Kind.ROLLOUT, "api", "bbbb", "aaaa", "aaaa", "bbbb");
        workload("shop", Kind.DEPLOYMENT, "web", "cccc", null, "cccc");
        workload("shop", Kind.DEPLOYMENT, "twin", "bbbb", null, "bbbb");
        workload("staging", Kind.DEPLOYMENT, "api", "dddd", null, "dddd");
        objects.put(new PodFacts("shop", "api-debug", null, "node", true, false, T0));
        objects.put(new PodFacts("shop", "my-exporter-x", "web-cccc", "node", true, false, T0));
        objects.put(new ServiceFacts("shop", "api", Map.of("app", "api")));
        objects.put(new ServiceFacts("shop", "both", Map.of("tier", "edge")));
        objects.put(new ServiceFacts("shop", "none", Map.of("app", "gone")));
        objects.put(new ServiceFacts("shop", "open", Map.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "namespace=shop rollout=api                                  | Rollout api kind-label",
                "namespace=shop deployment=api                               | ''",
                "namespace=shop deployment=production                        | ''",
                "namespace=shop deployment=web rollout=api                   | ''",
                "namespace=shop deployment=web pod=api-bbbb-11111            | Deployment web kind-label",
                "namespace=shop rollout=api pod=api-bbbb-11111               | Rollout api new-revision bbbb",
                "namespace=shop rollout=api pod=api-aaaa-11111 rollouts_pod_template_hash=bbbb service=api | Rollout api kind-label",
                "namespace=shop exported_deployment=web deployment=ksm       | Deployment web kind-label",
                "namespace=monitoring exported_namespace=shop deployment=web | Deployment web kind-label",
                "namespace=shop exported_namespace=staging deployment=web    | ''",
                "deployment=web                                              | ''",
                "namespace=shop cluster=us deployment=web                    | ''",
                "namespace=shop cluster=eu deployment=web                    | Deployment web kind-label",
                "namespace=shop workload=web workload_type=DEPLOYMENT        | Deployment web workload-label",
                "namespace=shop workload=api workload_type=rollout           | Rollout api workload-label",
                "namespace=shop workload=web workload_type=job               | ''",
                "namespace=shop workload=web-cccc workload_type=replicaset   | Deployment web workload-label",
                "namespace=shop workload=web                                 | ''",
                "namespace=shop pod=api-bbbb-11111                           | Rollout api new-revision bbbb",
                "namespace=shop pod=api-aaaa-11111                           | Rollout api pod-owner aaaa",
                "namespace=shop pod=api-bbbb-gone1                           | Rollout api new-revision bbbb",
                "namespace=shop pod=api-zzzz-gone1 service=api               | ''",
                "namespace=shop pod=api-debug service=api                    | ''",
                "namespace=staging pod=api-bbbb-11111                        | ''",
                "namespace=shop exported_pod=web-cccc-11111 pod=api-bbbb-11111 | Deployment web new-revision cccc",
                "namespace=shop pod=my-exporter-x                            | ''",
                "namespace=shop pod=kube-state-metrics-0 service=kube-state-metrics | ''",
                "namespace=shop pod=my-exporter-x service=api                | Rollout api service",
                "namespace=shop exported_namespace=shop pod=api-bbbb-11111   | ''",
                "namespace=shop rollouts_pod_template_hash=aaaa              | Rollout api pod-owner aaaa",
                "namespace=shop rollouts_pod_template_hash=bbbb              | ''",
                "namespace=shop rollouts_pod_template_hash=bbbb service=api  | Rollout api new-revision bbbb",
                "namespace=shop rollouts_pod_template_hash=bbbb pod=twin-bbbb-11111 | Deployment twin new-revision bbbb",
                "namespace=shop rollouts_pod_template_hash=aaaa pod=api-bbbb-11111 | ''",
                "namespace=shop rollouts_pod_template_hash=aaaa pod_template_hash=cccc | ''",
                "namespace=shop rollouts_pod_template_hash=zzzz service=api  | ''",
                "namespace=shop exported_namespace=shop pod_template_hash=cccc service=api | ''",
                "namespace=shop replicaset=api-aaaa                          | Rollout api pod-owner aaaa",
                "namespace=shop replicaset=api-zzzz service=api              | ''",
                "namespace=shop service=api                                  | Rollout api service",
                "namespace=shop service=both                                 | Rollout api service; Deployment web service",
                "namespace=shop service=none                                 | ''",
                "namespace=shop service=open                                 | ''",
                "namespace=shop service=kubelet                              | ''",
                "namespace=shop job=api instance=10.0.0.1:80 app=api         | ''",
                "namespace=shop                                              | ''"
            })
    void nobodyIsAccusedByALabelThatDoesNotNameHim(String labels, String expected) {
        var found = new Attribution(objects).of(alert(labels));

        var told = found.stream()
                .map(target -> "%s %s %s%s"
                        .formatted(
                                target.workload().kind(),
                                target.workload().name(),
                                target.relation().label(),
                                target.revision() == null ? "" : " " + target.revision()))
                .collect(Collectors.joining("; "));
        assertThat(told).isEqualTo(expected);
    }

    /** Who looks for the alerts about a workload by its names misses none. */
    @Property(tries = 5000)
    void everyAlertAboutAWorkloadIsAmongItsCandidates(@ForAll("labels") Map<String, String> values) {
        var alert = alert(values);
        var table = new AlertTable(10);
        table.apply(alert);
        var attribution = new Attribution(objects);

        for (var target : attribution.of(alert)) {
            assertThat(attribution.candidates(table, target.workload())).hasSize(1);
        }
    }

    @Provide
    Arbitrary<Map<String, String>> labels() {
        var names = Arbitraries.of(
                "rollout",
                "deployment",
                "statefulset",
                "daemonset",
                "pod",
                "replicaset",
                "service",
                "workload",
                "exported_pod",
                "exported_service",
                "exported_deployment",
                "rollouts_pod_template_hash",
                "pod_template_hash",
                "job",
                "app");
        var values = Arbitraries.of(
                "api",
                "web",
                "twin",
                "both",
                "open",
                "none",
                "aaaa",
                "bbbb",
                "cccc",
                "api-bbbb",
                "api-aaaa",
                "web-cccc",
                "api-bbbb-11111",
                "api-aaaa-11111",
                "api-bbbb-gone1",
                "web-cccc-11111",
                "web-cccc-x9x9x",
                "my-exporter-x");
        return Combinators.combine(
                        Arbitraries.maps(names, values).ofMaxSize(3),
                        Arbitraries.of("namespace", "exported_namespace"),
                        Arbitraries.of("", "deployment", "rollout", "replicaset"))
                .as((some, namespace, type) -> {
                    var all = new TreeMap<>(some);
                    all.put(namespace, "shop");
                    all.put("workload_type", type);
                    return all;
                });
    }

    private static Alert alert(String text) {
        var values = new TreeMap<String, String>();
        for (var pair : text.strip().split(" +")) {
            values.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        }
        return alert(values);
    }

    private static Alert alert(Map<String, String> given) {
        var values = new TreeMap<>(given);
        values.put("alertname", "A");
        var labels = Labels.of(values);
        return new Alert(
                Fingerprint.of(labels),
                Alert.Status.FIRING,
                labels.get("cluster").orElse("eu"),
                labels,
                Map.of(),
                T0,
                null,
                "",
                T0);
    }

    private void workload(
            String namespace, Kind kind, String name, String current, @Nullable String stable, String... revisions) {
        var uid = namespace + "-" + name;
        objects.put(WorkloadFacts.of(new WorkloadRef("eu", namespace, kind, name), uid, Strategy.ROLLING)
                .pods(1, 1, 1, 1)
                .revisions(new RevisionHash(current), stable == null ? null : new RevisionHash(stable))
                .build());
        for (var hash : revisions) {
            var tier = name.equals("twin") ? "back" : "edge";
            objects.put(new RevisionFacts(
                    namespace,
                    name + "-" + hash,
                    uid,
                    new RevisionHash(hash),
                    1,
                    false,
                    T0,
                    1,
                    1,
                    Map.of("app", name, "tier", tier),
                    hash,
                    hash));
            objects.put(
                    new PodFacts(namespace, name + "-" + hash + "-11111", name + "-" + hash, "node", true, false, T0));
        }
    }
}
