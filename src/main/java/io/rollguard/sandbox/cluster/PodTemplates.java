package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Pod templates as controllers see them: defaults, equality, and the hash that names a revision. */
final class PodTemplates {

    static final String DEPLOYMENT_HASH = "pod-template-hash";
    static final String ROLLOUT_HASH = "rollouts-pod-template-hash";

    private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
    private static final List<String> CONTAINERS = List.of("containers", "initContainers", "ephemeralContainers");

    private PodTemplates() {}

    /** Fills in what the API server fills in for the pod template of a built-in kind. */
    static void applyDefaults(ObjectNode template) {
        ObjectNode spec = Json.ensure(template, "spec");
        for (ObjectNode container : containers(spec)) {
            String image = Json.text(container, "image");
            String tag = image.substring(image.lastIndexOf('/') + 1);
            boolean latest = !tag.contains("@") && (!tag.contains(":") || tag.endsWith(":latest"));
            ifAbsent(container, "terminationMessagePath", "/dev/termination-log");
            ifAbsent(container, "terminationMessagePolicy", "File");
            ifAbsent(container, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
            for (String probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
                if (container.get(probe) instanceof ObjectNode defined) {
                    ifAbsent(defined, "failureThreshold", 3);
                    ifAbsent(defined, "periodSeconds", 10);
                    ifAbsent(defined, "successThreshold", 1);
                    ifAbsent(defined, "timeoutSeconds", 1);
                    if (defined.get("httpGet") instanceof ObjectNode get) {
                        ifAbsent(get, "path", "/");
                        ifAbsent(get, "scheme", "HTTP");
                    }
                }
            }
            for (JsonNode variable : container.path("env")) {
                if (variable.path("valueFrom").get("fieldRef") instanceof ObjectNode field) {
                    ifAbsent(field, "apiVersion", "v1");
                }
            }
        }
        normalize(template);
        ifAbsent(spec, "dnsPolicy", "ClusterFirst");
        ifAbsent(spec, "restartPolicy", "Always");
        ifAbsent(spec, "schedulerName", "default-scheduler");
        Json.ensure(spec, "securityContext");
        ifAbsent(spec, "terminationGracePeriodSeconds", 30);
        String account = Json.text(spec, "serviceAccountName");
        if (!account.isEmpty()) {
            spec.put("serviceAccount", account);
        }
        for (JsonNode volume : spec.path("volumes")) {
            for (String source : List.of("configMap", "secret", "downwardAPI", "projected")) {
                if (volume.get(source) instanceof ObjectNode defined) {
                    ifAbsent(defined, "defaultMode", 420);
                }
            }
        }
    }

    /** What a typed client writes where a person left it out; the Rollout controller writes templates back like that. */
    static void normalize(ObjectNode template) {
        for (ObjectNode container : containers(Json.ensure(template, "spec"))) {
            ObjectNode resources = Json.ensure(container, "resources");
            for (String list : List.of("limits", "requests")) {
                if (resources.get(list) instanceof ObjectNode amounts) {
                    for (String name : names(amounts)) {
                        amounts.put(name, quantity(amounts.get(name)));
                    }
                }
            }
            portProtocols(container);
        }
    }

    /** The one default the schema of a Rollout has. */
    static void defaultPortProtocols(JsonNode template) {
        containers(template.path("spec")).forEach(PodTemplates::portProtocols);
    }

    private static void portProtocols(ObjectNode container) {
        for (JsonNode port : container.path("ports")) {
            ifAbsent((ObjectNode) port, "protocol", "TCP");
        }
    }

    static boolean equalIgnoringHash(JsonNode one, JsonNode other) {
        return comparable(one).equals(comparable(other));
    }

    /** Ten characters or fewer that name a template; equal for equal templates, whatever the order of their members. */
    static String hash(JsonNode template, long collisions) {
        ObjectNode copy = template.deepCopy();
        byte[] text = Json.bytes(Json.sorted(collisions == 0 ? copy : copy.put("collisions", collisions)));
        return safeEncode(Integer.toUnsignedString(fnv32a(text)));
    }

    static String hashOf(JsonNode value) {
        return safeEncode(Integer.toUnsignedString(fnv32a(Json.bytes(Json.sorted(value)))));
    }

    static ObjectNode withLabel(JsonNode template, String label, String value) {
        ObjectNode labelled = template.deepCopy();
        Json.ensure(labelled, "metadata", "labels").put(label, value);
        return labelled;
    }

    private static JsonNode comparable(JsonNode template) {
        ObjectNode copy = template.deepCopy();
        Json.ensure(copy, "metadata", "labels").remove(List.of(DEPLOYMENT_HASH, ROLLOUT_HASH));
        applyDefaults(copy);
        prune(copy);
        return Json.sorted(copy);
    }

    /** Nothing and an empty list or map are the same in Go. */
    private static void prune(JsonNode node) {
        if (node instanceof ObjectNode object) {
            for (String name : names(object)) {
                JsonNode member = object.get(name);
                prune(member);
                boolean emptyMap = member.isObject()
                        && member.isEmpty()
                        && List.of(
                                        "labels",
                                        "annotations",
                                        "nodeSelector",
                                        "metadata",
                                        "resources",
                                        "limits",
                                        "requests")
                                .contains(name);
                if (member.isNull() || (member.isArray() && member.isEmpty()) || emptyMap) {
                    object.remove(name);
                }
            }
        } else {
            node.forEach(PodTemplates::prune);
        }
    }

    private static List<ObjectNode> containers(JsonNode spec) {
        List<ObjectNode> containers = new ArrayList<>();
        for (String list : CONTAINERS) {
            if (spec.get(list) instanceof ArrayNode array) {
                for (JsonNode container : array) {
                    if (container instanceof ObjectNode object) {
                        containers.add(object);
                    }
                }
            }
        }
        return containers;
    }

    private static String quantity(JsonNode amount) {
        String text = amount.asText();
        if (!text.matches("\\d*\\.\\d+")) {
            return text;
        }
        BigDecimal value = new BigDecimal(text);
        BigDecimal whole = value.stripTrailingZeros();
        return whole.scale() <= 0
                ? whole.toPlainString()
                : value.movePointRight(3).stripTrailingZeros().toPlainString() + "m";
    }

    private static List<String> names(ObjectNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static void ifAbsent(ObjectNode object, String name, String value) {
        if (!object.has(name)) {
            object.put(name, value);
        }
    }

    private static void ifAbsent(ObjectNode object, String name, int value) {
        if (!object.has(name)) {
            object.put(name, value);
        }
    }

    private static int fnv32a(byte[] bytes) {
        int hash = 0x811c9dc5;
        for (byte b : bytes) {
            hash = (hash ^ (b & 0xff)) * 0x01000193;
        }
        return hash;
    }

    /** No vowels and no look-alikes, as {@code SafeEncodeString} of apimachinery: no bad words in names. */
    private static String safeEncode(String text) {
        StringBuilder encoded = new StringBuilder();
        text.chars().forEach(c -> encoded.append(ALPHABET.charAt(c % ALPHABET.length())));
        return encoded.toString();
    }

    static String randomSuffix(RandomGenerator random) {
        StringBuilder suffix = new StringBuilder();
        for (int i = 0; i < 5; i++) {
            suffix.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return suffix.toString();
    }
}
