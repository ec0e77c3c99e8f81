package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.KubernetesObjects.Meta;
import io.rollguard.wire.KubernetesObjects.UnreadableField;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A pod template that Rollguard keeps beside its workload, as a ControllerRevision: a good revision, or the snapshot taken
 * before a restore. Four rules make that safe beside the controllers that use the same kind: an owner reference that does
 * not control, none of the workload's selector labels (a StatefulSet would adopt it), data that is canonical JSON (the
 * collector patches it, and data is immutable), and a name of its own. Compressed and encoded, the template is that and is
 * kept as it was read.
 */
public final class StoredTemplate {

    /** Label: the uid of the workload that the revision was good for. */
    public static final String GOOD_OF = "rollguard.io/good-of";

    /** Label: the uid of the workload that the snapshot is of. */
    public static final String SNAPSHOT_OF = "rollguard.io/snapshot-of";

    private static final String HASH = "rollguard.io/hash";
    private static final String DIGEST = "rollguard.io/template-digest";
    private static final String CONFIG_DIGEST = "rollguard.io/config-digest";
    private static final String KEPT_DIGEST = "rollguard.io/kept-digest";
    private static final String REPLACED_BY = "rollguard.io/replaced-by";
    private static final String SINCE = "rollguard.io/since";
    private static final String ASSUMED = "rollguard.io/assumed";

    private static final int MAX_NAME = 253;
    private static final int MAX_TEMPLATE = 3 * 1024 * 1024; // what the API server takes at most
    private static final ObjectMapper JSON = new ObjectMapper();

    private StoredTemplate() {}

    /** A good revision; what is assumed has another name than what is proven, since neither can be changed into the other. */
    public static ObjectNode good(WorkloadFacts workload, GoodRevision revision, JsonNode template) {
        var object = object(workload, GOOD_OF, nameOf(workload.ref(), revision), template);
        var annotations = object.withObject("/metadata/annotations");
        annotations.put(HASH, revision.hash().value());
        annotations.put(DIGEST, revision.templateDigest());
        if (revision.configDigest() != null) {
            annotations.put(CONFIG_DIGEST, revision.configDigest());
        }
        annotations.put(SINCE, revision.since().toString());
        annotations.put(ASSUMED, Boolean.toString(revision.assumed()));
        return object;
    }

    /**
     * The snapshot of a template that is about to be replaced.
     *
     * @param hash of the revision that it is of
     * @param by the revision that replaces it
     */
    public static ObjectNode snapshot(WorkloadFacts workload, RevisionHash hash, RevisionHash by, JsonNode template) {
        var object = object(workload, SNAPSHOT_OF, nameOfSnapshot(workload.ref(), hash), template);
        object.withObject("/metadata/annotations").put(HASH, hash.value()).put(REPLACED_BY, by.value());
        return object;
    }

    /** What the snapshot is called that is taken before this revision is replaced. */
    public static String nameOfSnapshot(WorkloadRef workload, RevisionHash hash) {
        return name(workload, "replaced-" + hash);
    }

    /** The name of the object that keeps a good revision. */
    public static String nameOf(WorkloadRef workload, GoodRevision revision) {
        return name(workload, (revision.assumed() ? "assumed-" : "good-") + revision.hash());
    }

    private static String name(WorkloadRef workload, String suffix) {
        var end = "-" + suffix;
        return workload.name().substring(0, Math.min(workload.name().length(), MAX_NAME - end.length())) + end;
    }

    private static ObjectNode object(WorkloadFacts workload, String label, String name, JsonNode template) {
        var ref = workload.ref();
        var object = JSON.createObjectNode().put("apiVersion", "apps/v1").put("kind", "ControllerRevision");
        var metadata = object.putObject("metadata").put("name", name).put("namespace", ref.namespace());
        metadata.putObject("labels").put(label, workload.uid()).put("app.kubernetes.io/managed-by", "rollguard");
        metadata.putArray("ownerReferences")
                .addObject()
                .put("apiVersion", ref.kind() == Kind.ROLLOUT ? "argoproj.io/v1alpha1" : "apps/v1")
                .put("kind", ref.kind().label())
                .put("name", ref.name())
                .put("uid", workload.uid())
                .put("controller", false)
                .put("blockOwnerDeletion", false);
        metadata.putObject("annotations").put(KEPT_DIGEST, PodTemplate.digest(template));
        object.putObject("data").put("template", packed(template));
        return object.put("revision", 1);
    }

    /** Null where the object is no good revision of ours. */
    static @Nullable GoodRevision goodRevision(JsonNode object) {
        var workloadUid = Meta.label(object, GOOD_OF);
        if (workloadUid == null) {
            return null;
        }
        var hash = Meta.annotation(object, HASH);
        var digest = Meta.annotation(object, DIGEST);
        var since = Meta.annotation(object, SINCE);
        if (hash == null || hash.isEmpty() || digest == null || since == null) {
            throw new UnreadableField("metadata.annotations: not those of a good revision");
        }
        return new GoodRevision(
                workloadUid,
                new RevisionHash(hash),
                digest,
                Meta.time(since, SINCE),
                !"false".equals(Meta.annotation(object, ASSUMED)),
                Meta.annotation(object, CONFIG_DIGEST));
    }

    /**
     * The digest of the revision's template as its controller keeps it, which for a Rollout is not that of the template that
     * is kept here: a ReplicaSet's has defaults that the Rollout's own has not.
     */
    public static Optional<String> templateDigest(JsonNode object) {
        return Optional.ofNullable(Meta.annotation(object, DIGEST));
    }

    /** Whether it is of that revision, and the template in it is the one that was put there. */
    public static boolean isOf(JsonNode object, RevisionHash hash) {
        var digest = Meta.annotation(object, KEPT_DIGEST);
        return hash.value().equals(Meta.annotation(object, HASH))
                && template(object)
                        .filter(each -> PodTemplate.digest(each).equals(digest))
                        .isPresent();
    }

    /** Whether it says that it is of that revision. */
    public static boolean isNamed(JsonNode object, RevisionHash hash) {
        return hash.value().equals(Meta.annotation(object, HASH));
    }

    /** When a snapshot was taken, or a revision became good. */
    public static Instant since(JsonNode object) {
        var since = Meta.annotation(object, SINCE);
        return since == null ? Meta.createdAt(object) : Meta.time(since, SINCE);
    }

    /** The template that is kept; empty where the data can't be read. */
    public static Optional<JsonNode> template(JsonNode object) {
        try {
            var bytes = Base64.getDecoder()
                    .decode(object.path("data").path("template").asText());
            try (var in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
                var template = JSON.readTree(in.readNBytes(MAX_TEMPLATE));
                return template.isObject() ? Optional.of(template) : Optional.empty();
            }
        } catch (IOException | IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    private static String packed(JsonNode template) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(JSON.writeValueAsBytes(template));
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
