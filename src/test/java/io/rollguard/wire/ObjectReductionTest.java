package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.WorkloadFacts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of two whole clusters, as kubectl prints them, against what was read and found right once. */
class ObjectReductionTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    @ParameterizedTest
    @ValueSource(strings = {"deployment", "rollout"})
    void reducesAsRecorded(String name) throws IOException {
        var printed = YAML.readTree(resource("/payloads/labels/objects/" + name + ".yaml"));

        var read = KubernetesObjects.read("test", printed);

        assertThat(read.skipped()).isEmpty();
        assertThat(text(read.objects())).isEqualTo(resource("/kubernetes/" + name + ".reduced.txt"));
    }

    private static String text(ClusterObjects objects) {
        return objects.workloads()
                .flatMap(workload -> Stream.concat(
                        Stream.of(line(workload)),
                        objects.revisionsOf(workload).stream()
                                .flatMap(revision -> Stream.concat(
                                        Stream.of(line(revision)),
                                        objects.podsOf(revision).stream().map(pod -> "    " + pod)))))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String line(WorkloadFacts facts) {
        return facts.toString().replaceFirst("WorkloadFacts\\[ref=test/([^,]*), uid=[^,]*,", "$1");
    }

    private static String line(RevisionFacts facts) {
        return "  "
                + new RevisionFacts(
                        facts.namespace(),
                        facts.name(),
                        "",
                        facts.hash(),
                        facts.number(),
                        facts.reused(),
                        facts.createdAt(),
                        facts.replicas(),
                        facts.readyReplicas(),
                        Map.of(),
                        facts.templateDigest().substring(0, 8),
                        facts.configDigest().substring(0, 8))
                + " " + new TreeMap<>(facts.podLabels());
    }

    private static String resource(String path) {
        try (var in = ObjectReductionTest.class.getResourceAsStream(path)) {
            return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }
}
