package io.rollguard.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.rollguard.alert.Alert;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.release.ClusterObjects;
import io.rollguard.wire.KubernetesObjects;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.LoaderOptions;

/** Thirty real alerts in three scrape set-ups against the objects that their labels name, and others of nearly the same name. */
class AttributionGoldenTest {

    private static final Path LABELS = Path.of("src/test/resources/payloads/labels");
    private static final List<String> FLAVORS = List.of("kube-prometheus", "helm-stack", "no-honor-labels");

    /** The ways of finding the workload that the relations cover. */
    private static final Set<String> COVERED = Set.of(
            "direct", "pod", "service selector", "service selector + pod template hash", "exported_service selector");

    private static final Map<String, JsonNode> CLUSTERS = new HashMap<>();

    @ParameterizedTest
    @CsvSource({"deployment, Deployment", "rollout, Rollout"})
    void resolvesRightWhatTheRelationsCoverAndNothingWrong(String file, String kindOfApi) throws IOException {
        var wrong = new ArrayList<String>();
        var missed = new ArrayList<String>();
        int right = 0;
        var truth = new ObjectMapper().readTree(LABELS.resolve("truth.json").toFile());
        for (var flavor : FLAVORS) {
            for (var entry : truth.properties()) {
                var found = targets(file, flavor, entry.getKey());
                var target = entry.getValue().path("target");
                var expected = expected(target, kindOfApi);
                if (!found.isEmpty() && !found.equals(expected)) {
                    wrong.add(flavor + "/" + entry.getKey() + ": " + found + " for " + expected);
                } else if (found.isEmpty() && isCovered(flavor, entry.getKey(), entry.getValue(), kindOfApi)) {
                    missed.add(flavor + "/" + entry.getKey());
                } else if (!found.isEmpty()) {
                    right++;
                }
            }
        }

        assertThat(wrong).isEmpty();
        assertThat(missed).isEmpty();
        assertThat(right).isGreaterThanOrEqualTo(25);
    }

    @Test
    void theHashOfARolloutsPodsNamesItsNewRevision() {
        var alert = alert("helm-stack", "CanaryErrorRate");

        var found = new Attribution(cluster("rollout", alert.cluster())).of(alert);

        assertThat(found).singleElement().satisfies(target -> {
            assertThat(target.relation()).isEqualTo(Relation.NEW_REVISION);
            assertThat(target.revision()).hasToString("7c9f6d5b4");
        });
    }

    private static boolean isCovered(String flavor, String name, JsonNode truth, String kindOfApi) {
        boolean lostItsTarget = flavor.equals("no-honor-labels")
                && (name.equals("KubePodNotReady") || name.equals("KubeStatefulSetUpdateNotRolledOut"));
        // a label `deployment` names nothing where api is a Rollout
        boolean namesAnotherKind = truth.path("resolve_by").asText().equals("direct")
                && truth.path("target").path("name").asText().equals("api")
                && !truth.path("target").path("kind").asText().equals(kindOfApi);
        return COVERED.contains(truth.path("resolve_by").asText())
                && !truth.path("target").path("kind").asText().equals("Job")
                && !lostItsTarget
                && !namesAnotherKind;
    }

    private static List<String> expected(JsonNode target, String kindOfApi) {
        if (target.isNull()) {
            return List.of();
        }
        var name = target.path("namespace").asText() + "/" + target.path("name").asText();
        var kind = name.equals("shop/api") ? kindOfApi : target.path("kind").asText();
        return List.of(kind + " " + name);
    }

    private static List<String> targets(String file, String flavor, String name) {
        var alert = alert(flavor, name);
        return new Attribution(cluster(file, alert.cluster()))
                .of(alert).stream()
                        .map(target -> target.workload().kind() + " "
                                + target.workload().shortName())
                        .toList();
    }

    private static ClusterObjects cluster(String file, String name) {
        return KubernetesObjects.read(name, CLUSTERS.computeIfAbsent(file, AttributionGoldenTest::objects))
                .objects();
    }

    private static JsonNode objects(String file) {
        var options = new LoaderOptions();
        options.setCodePointLimit(Integer.MAX_VALUE);
        try {
            return new ObjectMapper(YAMLFactory.builder().loaderOptions(options).build())
                    .readTree(LABELS.resolve("objects").resolve(file + ".yaml").toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Alert alert(String flavor, String name) {
        try {
            var json = new ObjectMapper()
                    .readTree(LABELS.resolve(flavor).resolve(name + ".json").toFile())
                    .path("alerts")
                    .path(0);
            var values = new HashMap<String, String>();
            json.path("labels")
                    .properties()
                    .forEach(each -> values.put(each.getKey(), each.getValue().asText()));
            var labels = Labels.of(values);
            return new Alert(
                    new Fingerprint(json.path("fingerprint").asText()),
                    Alert.Status.FIRING,
                    labels.get("cluster").orElse("default"),
                    labels,
                    Map.of(),
                    Instant.EPOCH,
                    null,
                    "",
                    Instant.EPOCH);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
