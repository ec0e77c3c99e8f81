package io.rollguard.wire;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.release.Kind;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Pod templates as they stand in ReplicaSets, ControllerRevisions and workloads, and their digests: SHA-256 of the JSON with
 * sorted keys and without nulls, hash labels, what a restart changes, and what Argo Rollouts injects into the ReplicaSets of
 * a Rollout (ephemeral metadata and its anti-affinity term; both come and go while the template stays).
 */
public final class PodTemplate {

    /** Labels that controllers put into the templates of the objects they make. */
    static final List<String> HASH_LABELS =
            Arrays.stream(Kind.values()).map(Kind::hashLabel).distinct().toList();

    static final String EPHEMERAL_METADATA = "rollout.argoproj.io/ephemeral-metadata";

    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
    private static final String PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
    private static final String RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What may be left behind, empty, where the last entry was taken out; innermost first. */
    private static final List<JsonPointer> LEFT_EMPTY = Stream.of(
                    "/metadata/labels",
                    "/metadata/annotations",
                    "/spec/affinity/podAntiAffinity/" + REQUIRED,
                    "/spec/affinity/podAntiAffinity/" + PREFERRED,
                    "/spec/affinity/podAntiAffinity",
                    "/spec/affinity")
            .map(JsonPointer::compile)
            .toList();

    private PodTemplate() {}

    /** A copy of a ReplicaSet's or ControllerRevision's template without what its controller added to it. */
    public static ObjectNode pristine(JsonNode template) {
        var copy = (ObjectNode) template.deepCopy();
        copy.remove("$patch");
        if (copy.path("metadata").path("labels") instanceof ObjectNode labels) {
            labels.remove(HASH_LABELS);
        }
        return copy;
    }

    /** The digest that tells two revisions apart. */
    public static String digest(JsonNode template) {
        return sha256(comparable(template, name -> name.equals(RESTARTED_AT)));
    }

    /** The digest that also leaves out annotations which carry checksums of configuration. */
    static String configDigest(JsonNode template) {
        return sha256(comparable(template, name -> name.equals(RESTARTED_AT) || isOfConfiguration(name)));
    }

    /** As Helm's checksum/config, hand-made config-hash and Stakater's Reloader name them. */
    private static boolean isOfConfiguration(String annotation) {
        return annotation.contains("checksum")
                || annotation.contains("config-hash")
                || annotation.startsWith("reloader.stakater.com/");
    }

    /** What Argo Rollouts injected into the template of this ReplicaSet, taken out again. */
    static ObjectNode withoutInjected(JsonNode replicaSet) {
        var template = pristine(replicaSet.path("spec").path("template"));
        var listed = replicaSet.path("metadata").path("annotations").path(EPHEMERAL_METADATA);
        if (listed.isTextual()) {
            try {
                var ephemeral = JSON.readTree(listed.textValue());
                for (var part : List.of("labels", "annotations")) {
                    if (template.path("metadata").path(part) instanceof ObjectNode map) {
                        ephemeral.path(part).fieldNames().forEachRemaining(map::remove);
                    }
                }
            } catch (JsonProcessingException notJson) {
                return template; // nothing is known to be ephemeral
            }
        }
        for (var when : List.of(REQUIRED, PREFERRED)) {
            if (template.at("/spec/affinity/podAntiAffinity").path(when) instanceof ArrayNode terms) {
                dropInjected(terms);
            }
        }
        return template;
    }

    /**
     * The template of a ReplicaSet as it can be put back: without what its controller injected, and to the letter, since a
     * Rollout's controller takes whatever differs for a new revision. Of a required anti-affinity term it takes out the emptied
     * parents as well, of a preferred one it leaves them. Empty where it can't be told what was injected.
     */
    public static Optional<JsonNode> restorable(JsonNode replicaSet) {
        var injected = replicaSet.path("metadata").path("annotations").path(EPHEMERAL_METADATA);
        if (!injected.isMissingNode() && !isObject(injected)) {
            return Optional.empty();
        }
        var original = replicaSet.path("spec").path("template");
        var template = withoutInjected(replicaSet);
        for (var part : List.of("labels", "annotations")) {
            if (template.path("metadata").path(part) instanceof ObjectNode map
                    && map.isEmpty()
                    && !original.path("metadata").path(part).isEmpty()) {
                ((ObjectNode) template.path("metadata")).remove(part);
            }
        }
        var affinity = template.at("/spec/affinity");
        if (affinity.path("podAntiAffinity") instanceof ObjectNode anti) {
            boolean required = hasLost(anti, original, REQUIRED);
            boolean preferred = hasLost(anti, original, PREFERRED);
            if (required) {
                anti.remove(REQUIRED);
            }
            if (preferred) {
                anti.remove(PREFERRED);
            }
            if (required && !preferred && anti.isEmpty()) {
                ((ObjectNode) affinity).remove("podAntiAffinity");
                if (affinity.isEmpty()) {
                    ((ObjectNode) template.path("spec")).remove("affinity");
                }
            }
        }
        return Optional.of(template);
    }

    private static boolean hasLost(ObjectNode antiAffinity, JsonNode original, String when) {
        return antiAffinity.path(when).isArray()
                && antiAffinity.path(when).isEmpty()
                && !original.at("/spec/affinity/podAntiAffinity").path(when).isEmpty();
    }

    private static boolean isObject(JsonNode text) {
        try {
            return JSON.readTree(text.asText()) instanceof ObjectNode;
        } catch (JsonProcessingException notJson) {
            return false;
        }
    }

    private static void dropInjected(ArrayNode terms) {
        for (Iterator<JsonNode> each = terms.iterator(); each.hasNext(); ) {
            var term = each.next();
            var selector = term.path("podAffinityTerm").isObject() ? term.path("podAffinityTerm") : term;
            for (var expression : selector.at("/labelSelector/matchExpressions")) {
                if (HASH_LABELS.contains(expression.path("key").asText())) {
                    each.remove();
                    break;
                }
            }
        }
    }

    private static JsonNode comparable(JsonNode template, Predicate<String> leftOut) {
        var copy = pristine(template);
        if (copy.path("metadata").path("annotations") instanceof ObjectNode annotations) {
            var names = new TreeSet<String>();
            annotations.fieldNames().forEachRemaining(names::add);
            names.stream().filter(leftOut).forEach(annotations::remove);
        }
        for (var path : LEFT_EMPTY) {
            if (copy.at(path.head()).path(path.last().getMatchingProperty()) instanceof ContainerNode<?> left
                    && left.isEmpty()) {
                ((ObjectNode) copy.at(path.head())).remove(path.last().getMatchingProperty());
            }
        }
        return canonical(copy);
    }

    /** Keys sorted; nulls, which the API server adds and drops at will, left out. */
    private static JsonNode canonical(JsonNode node) {
        if (node instanceof ObjectNode object) {
            var sorted = JSON.createObjectNode();
            var names = new TreeSet<String>();
            object.fieldNames().forEachRemaining(names::add);
            for (var name : names) {
                var value = canonical(object.path(name));
                if (!value.isNull()) {
                    sorted.set(name, value);
                }
            }
            return sorted;
        }
        if (node instanceof ArrayNode array) {
            var items = JSON.createArrayNode();
            array.forEach(item -> items.add(canonical(item)));
            return items;
        }
        return node;
    }

    private static String sha256(JsonNode node) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(JSON.writeValueAsBytes(node)));
        } catch (NoSuchAlgorithmException | JsonProcessingException never) {
            throw new IllegalStateException(never);
        }
    }
}
