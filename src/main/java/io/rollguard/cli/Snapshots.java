package io.rollguard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.rollguard.release.Kind;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.PodTemplate;
import io.rollguard.wire.StoredTemplate;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The snapshots of a namespace, read and deleted with the rights of whoever asks: templates go from the cluster to that
 * person's terminal and nowhere else.
 */
final class Snapshots implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper SORTED = JsonMapper.builder()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();

    private final KubernetesClient client;
    private final String namespace;

    /** One snapshot as it lies in the cluster. Never printed as a whole: it holds a pod template. */
    record Snapshot(JsonNode object) {

        String name() {
            return object.at("/metadata/name").asText();
        }

        String uid() {
            return object.at("/metadata/uid").asText();
        }

        String revision() {
            return object.at("/metadata/annotations/rollguard.io~1hash").asText();
        }

        Instant takenAt() {
            return StoredTemplate.since(object);
        }

        Optional<Kind> kind() {
            return Kind.named(object.at("/metadata/ownerReferences/0/kind").asText());
        }

        String workload() {
            return object.at("/metadata/ownerReferences/0/name").asText();
        }

        String workloadUid() {
            return object.at("/metadata/ownerReferences/0/uid").asText();
        }

        Optional<JsonNode> template() {
            return StoredTemplate.template(object);
        }

        List<String> images() {
            var images = new ArrayList<String>();
            template()
                    .ifPresent(template -> template.at("/spec/containers")
                            .forEach(container ->
                                    images.add(container.path("image").asText())));
            return images;
        }

        @Override
        public String toString() {
            return name();
        }
    }

    Snapshots(String namespace) throws UnreadableInput {
        if (!WorkloadRef.isName(namespace)) {
            throw new UnreadableInput("'%s' is no name of a namespace".formatted(namespace));
        }
        this.client = new KubernetesClientBuilder().build();
        this.namespace = namespace;
    }

    /** Newest first. */
    List<Snapshot> all() throws UnreadableInput {
        var selector = URLEncoder.encode(StoredTemplate.SNAPSHOT_OF, StandardCharsets.UTF_8);
        var list = get(revisions() + "?labelSelector=" + selector)
                .orElseThrow(() -> new UnreadableInput("namespace %s does not exist".formatted(namespace)));
        var all = new ArrayList<Snapshot>();
        list.path("items").forEach(each -> all.add(new Snapshot(each)));
        all.sort(Comparator.comparing(Snapshot::takenAt).reversed().thenComparing(Snapshot::name));
        return all;
    }

    Snapshot named(String name) throws UnreadableInput {
        var all = all();
        return all.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UnreadableInput("no snapshot of %s is named '%s'; there %s"
                        .formatted(namespace, name, all.isEmpty() ? "are none" : "are: " + names(all))));
    }

    static String names(List<Snapshot> snapshots) {
        return String.join(", ", snapshots.stream().map(Snapshot::name).toList());
    }

    /** What the workload of a snapshot runs now, as it was written. */
    JsonNode live(Snapshot snapshot) throws UnreadableInput {
        var group =
                snapshot.object().at("/metadata/ownerReferences/0/apiVersion").asText();
        var kind = snapshot.kind()
                .orElseThrow(() -> new UnreadableInput(snapshot.name() + " names no workload that it is of"));
        var path = "/apis/%s/namespaces/%s/%ss/%s".formatted(group, namespace, kind.alertLabel(), snapshot.workload());
        var template = get(path)
                .orElseThrow(() -> new UnreadableInput("%s %s is gone".formatted(kind.label(), snapshot.workload())))
                .at("/spec/template");
        if (!template.isObject()) {
            throw new UnreadableInput("the template of %s is in another object".formatted(snapshot.workload()));
        }
        return PodTemplate.pristine(template);
    }

    static JsonNode template(Snapshot snapshot) throws UnreadableInput {
        return snapshot.template()
                .orElseThrow(() -> new UnreadableInput("what %s holds can't be read".formatted(snapshot.name())));
    }

    /** With the keys in order, so that two can be compared. */
    static List<String> lines(JsonNode template) {
        try {
            var sorted = JSON.readTree(SORTED.writeValueAsString(JSON.convertValue(template, Object.class)));
            return YAML.writeValueAsString(sorted).lines().toList();
        } catch (JsonProcessingException never) {
            throw new IllegalStateException(never);
        }
    }

    /** Deletes that very object, and none that took its name. */
    void delete(Snapshot snapshot) throws UnreadableInput {
        var options = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "DeleteOptions");
        options.putObject("preconditions").put("uid", snapshot.uid());
        try {
            client.raw(revisions() + "/" + snapshot.name(), "DELETE", options);
        } catch (KubernetesClientException e) {
            throw refused(e);
        }
    }

    private String revisions() {
        return "/apis/apps/v1/namespaces/%s/controllerrevisions".formatted(namespace);
    }

    private Optional<JsonNode> get(String path) throws UnreadableInput {
        try {
            var body = client.raw(path);
            return body == null ? Optional.empty() : Optional.of(JSON.readTree(body));
        } catch (KubernetesClientException e) {
            throw refused(e);
        } catch (JsonProcessingException e) {
            throw new UnreadableInput("the cluster's answer is no JSON");
        }
    }

    private static UnreadableInput refused(KubernetesClientException e) {
        return new UnreadableInput(
                e.getCode() == 0
                        ? "the cluster of KUBECONFIG does not answer"
                        : "the cluster refuses it: HTTP %d %s"
                                .formatted(
                                        e.getCode(),
                                        e.getStatus() == null
                                                ? ""
                                                : e.getStatus().getReason()));
    }

    @Override
    public void close() {
        client.close();
    }
}
