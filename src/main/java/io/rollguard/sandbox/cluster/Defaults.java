package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import java.util.regex.Pattern;

/** What the API server fills in and what it refuses, kind by kind, as far as clients of this cluster depend on it. */
final class Defaults {

    static final String TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]*[a-z0-9])?");
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    private static final Set<String> TEMPLATED = Set.of("deployments", "replicasets", "statefulsets", "daemonsets");

    private Defaults() {}

    static void apply(ResourceType type, ObjectNode object) {
        if (type.group().equals("apps") && TEMPLATED.contains(type.plural())) {
            ObjectNode spec = Json.ensure(object, "spec");
            if (spec.get("template") instanceof ObjectNode template) {
                PodTemplates.applyDefaults(template);
            }
            applyToWorkload(type, spec);
        } else if (type.isPod()) {
            applyToPod(object);
        } else if (type.is("", "services")) {
            applyToService(Json.ensure(object, "spec"), Metadata.name(object).hashCode());
            Json.ensure(object, "status", "loadBalancer");
        } else if (type.is("", "namespaces")) {
            Json.ensure(object, "metadata", "labels").put("kubernetes.io/metadata.name", Metadata.name(object));
            ifAbsent(Json.ensure(object, "status"), "phase", Json.NODES.textNode("Active"));
            ifAbsent(
                    Json.ensure(object, "spec"),
                    "finalizers",
                    Json.NODES.arrayNode().add("kubernetes"));
        } else if (type.equals(Catalog.EVENTS)) {
            for (String time : new String[] {"eventTime", "firstTimestamp", "lastTimestamp"}) {
                ifAbsent(object, time, Json.NODES.nullNode());
            }
            ifAbsent(object, "reportingComponent", Json.NODES.textNode(""));
            ifAbsent(object, "reportingInstance", Json.NODES.textNode(""));
            Json.ensure(object, "source");
        } else if (type.is("argoproj.io", "rollouts")) {
            PodTemplates.defaultPortProtocols(Json.at(object, "spec", "template"));
        }
    }

    static void check(ResourceType type, ObjectNode object, JsonNode before) {
        String name = Metadata.name(object);
        if (type.is("apps", "controllerrevisions")) {
            if (!object.path("data").isObject()) {
                throw ApiFailure.invalid(type, name, "data", "FieldValueRequired", "Required value: data is mandatory");
            }
            if (before.has("data") && !before.get("data").equals(object.get("data"))) {
                throw ApiFailure.invalid(
                        type,
                        name,
                        "data",
                        "FieldValueInvalid",
                        "Invalid value: " + object.get("data") + ": field is immutable");
            }
        }
        if (type.group().equals("apps") && TEMPLATED.contains(type.plural())) {
            checkWorkload(type, object, before);
        }
        if (type.is("argoproj.io", "rollouts") && !Json.at(object, "spec").isObject()) {
            throw ApiFailure.invalid(type, name, "spec", "FieldValueRequired", "Required value");
        }
    }

    /** A DaemonSet carries the count of its templates in an annotation, and its pods in a label. */
    static void countTemplate(ResourceType type, JsonNode before, ObjectNode after) {
        if (!type.is("apps", "daemonsets")) {
            return;
        }
        JsonNode template = Json.at(before, "spec", "template");
        String count = Metadata.annotation(before, TEMPLATE_GENERATION);
        if (template.isMissingNode()) {
            Metadata.annotate(after, TEMPLATE_GENERATION, "1");
        } else if (!template.equals(Json.at(after, "spec", "template")) && count.matches("\\d{1,9}")) {
            Metadata.annotate(after, TEMPLATE_GENERATION, Integer.toString(Integer.parseInt(count) + 1));
        }
    }

    static void checkName(ResourceType type, String name) {
        if (name.isEmpty()) {
            throw ApiFailure.invalid(
                    type,
                    name,
                    "metadata.name",
                    "FieldValueRequired",
                    "Required value: name or generateName is required");
        }
        if (!NAME.matcher(name).matches() && !type.group().startsWith("rbac.")) {
            throw ApiFailure.invalid(
                    type,
                    name,
                    "metadata.name",
                    "FieldValueInvalid",
                    "Invalid value: \"" + name + "\": a lowercase RFC 1123 subdomain must consist of lower case"
                            + " alphanumeric characters, '-' or '.', and must start and end with an alphanumeric"
                            + " character (e.g. 'example.com', regex used for validation is"
                            + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
        }
    }

    private static void applyToWorkload(ResourceType type, ObjectNode spec) {
        if (!type.is("apps", "daemonsets")) {
            ifAbsent(spec, "replicas", Json.number(1));
        }
        if (!type.is("apps", "replicasets")) {
            ifAbsent(spec, "revisionHistoryLimit", Json.number(10));
        }
        switch (type.plural()) {
            case "deployments" -> {
                ifAbsent(spec, "progressDeadlineSeconds", Json.number(600));
                ObjectNode strategy = Json.ensure(spec, "strategy");
                ifAbsent(strategy, "type", Json.NODES.textNode("RollingUpdate"));
                if (Json.text(strategy, "type").equals("RollingUpdate")) {
                    ObjectNode rolling = Json.ensure(strategy, "rollingUpdate");
                    ifAbsent(rolling, "maxSurge", Json.NODES.textNode("25%"));
                    ifAbsent(rolling, "maxUnavailable", Json.NODES.textNode("25%"));
                }
            }
            case "statefulsets" -> {
                ifAbsent(spec, "podManagementPolicy", Json.NODES.textNode("OrderedReady"));
                ObjectNode claims = Json.ensure(spec, "persistentVolumeClaimRetentionPolicy");
                ifAbsent(claims, "whenDeleted", Json.NODES.textNode("Retain"));
                ifAbsent(claims, "whenScaled", Json.NODES.textNode("Retain"));
                ObjectNode strategy = Json.ensure(spec, "updateStrategy");
                ifAbsent(strategy, "type", Json.NODES.textNode("RollingUpdate"));
                if (Json.text(strategy, "type").equals("RollingUpdate")) {
                    ifAbsent(Json.ensure(strategy, "rollingUpdate"), "partition", Json.number(0));
                }
            }
            case "daemonsets" -> {
                ObjectNode strategy = Json.ensure(spec, "updateStrategy");
                ifAbsent(strategy, "type", Json.NODES.textNode("RollingUpdate"));
                if (Json.text(strategy, "type").equals("RollingUpdate")) {
                    ObjectNode rolling = Json.ensure(strategy, "rollingUpdate");
                    ifAbsent(rolling, "maxSurge", Json.number(0));
                    ifAbsent(rolling, "maxUnavailable", Json.number(1));
                }
            }
            default -> {
                // a ReplicaSet has no strategy
            }
        }
    }

    private static void applyToPod(ObjectNode pod) {
        PodTemplates.applyDefaults(pod);
        ObjectNode spec = Json.ensure(pod, "spec");
        ifAbsent(spec, "enableServiceLinks", Json.NODES.booleanNode(true));
        ifAbsent(spec, "preemptionPolicy", Json.NODES.textNode("PreemptLowerPriority"));
        ifAbsent(spec, "priority", Json.number(0));
        ifAbsent(spec, "serviceAccountName", Json.NODES.textNode("default"));
        ifAbsent(spec, "serviceAccount", spec.get("serviceAccountName"));
        ObjectNode status = Json.ensure(pod, "status");
        ifAbsent(status, "phase", Json.NODES.textNode("Pending"));
        ifAbsent(status, "qosClass", Json.NODES.textNode("BestEffort"));
    }

    private static void applyToService(ObjectNode spec, int address) {
        ifAbsent(spec, "internalTrafficPolicy", Json.NODES.textNode("Cluster"));
        ifAbsent(spec, "ipFamilies", Json.NODES.arrayNode().add("IPv4"));
        ifAbsent(spec, "ipFamilyPolicy", Json.NODES.textNode("SingleStack"));
        ifAbsent(
                spec,
                "clusterIP",
                Json.NODES.textNode("10.96." + Math.floorMod(address >> 8, 256) + "." + Math.floorMod(address, 256)));
        ifAbsent(spec, "clusterIPs", Json.NODES.arrayNode().add(spec.get("clusterIP")));
        ifAbsent(spec, "type", Json.NODES.textNode("ClusterIP"));
        ifAbsent(spec, "sessionAffinity", Json.NODES.textNode("None"));
        for (JsonNode port : spec.path("ports")) {
            if (port instanceof ObjectNode object) {
                ifAbsent(object, "protocol", Json.NODES.textNode("TCP"));
                ifAbsent(object, "targetPort", object.path("port"));
            }
        }
    }

    private static void checkWorkload(ResourceType type, ObjectNode object, JsonNode before) {
        String name = Metadata.name(object);
        JsonNode selector = Json.at(object, "spec", "selector");
        if (!selector.isObject() || selector.isEmpty()) {
            throw ApiFailure.invalid(type, name, "spec.selector", "FieldValueRequired", "Required value");
        }
        JsonNode old = Json.at(before, "spec", "selector");
        if (!old.isMissingNode() && !old.equals(selector)) {
            throw ApiFailure.invalid(
                    type,
                    name,
                    "spec.selector",
                    "FieldValueInvalid",
                    "Invalid value: " + selector + ": field is immutable");
        }
        JsonNode template = Json.at(object, "spec", "template");
        if (!LabelSelector.of(selector).matches(Json.at(template, "metadata", "labels"))) {
            throw ApiFailure.invalid(
                    type,
                    name,
                    "spec.template.metadata.labels",
                    "FieldValueInvalid",
                    "Invalid value: " + Json.at(template, "metadata", "labels")
                            + ": `selector` does not match template `labels`");
        }
        JsonNode containers = Json.at(template, "spec", "containers");
        if (!containers.isArray() || containers.isEmpty()) {
            throw ApiFailure.invalid(
                    type, name, "spec.template.spec.containers", "FieldValueRequired", "Required value");
        }
        for (int i = 0; i < containers.size(); i++) {
            String field = "spec.template.spec.containers[" + i + "]";
            if (!LABEL.matcher(Json.text(containers.get(i), "name")).matches()) {
                throw ApiFailure.invalid(
                        type,
                        name,
                        field + ".name",
                        "FieldValueInvalid",
                        "Invalid value: \"" + Json.text(containers.get(i), "name")
                                + "\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or"
                                + " '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or"
                                + " '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
            }
            if (Json.text(containers.get(i), "image").isEmpty()) {
                throw ApiFailure.invalid(type, name, field + ".image", "FieldValueRequired", "Required value");
            }
        }
    }

    private static void ifAbsent(ObjectNode object, String name, JsonNode value) {
        if (!object.has(name)) {
            object.set(name, value);
        }
    }
}
