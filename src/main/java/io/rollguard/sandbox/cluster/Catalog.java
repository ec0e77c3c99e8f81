package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.concurrent.CopyOnWriteArrayList;

/** The kinds the API serves: the built-in ones, and those that CustomResourceDefinitions add while it runs. */
final class Catalog {

    static final ResourceType NAMESPACES = ResourceType.builtIn("v1", "Namespace", "namespaces", "ns")
            .withStatus()
            .clusterWide();
    static final ResourceType NODES =
            ResourceType.builtIn("v1", "Node", "nodes", "no").withStatus().clusterWide();
    static final ResourceType PODS =
            ResourceType.builtIn("v1", "Pod", "pods", "po").withStatus();
    static final ResourceType SERVICES =
            ResourceType.builtIn("v1", "Service", "services", "svc").withStatus();
    static final ResourceType CONFIG_MAPS = ResourceType.builtIn("v1", "ConfigMap", "configmaps", "cm");
    static final ResourceType SERVICE_ACCOUNTS = ResourceType.builtIn("v1", "ServiceAccount", "serviceaccounts", "sa");
    static final ResourceType SECRETS = ResourceType.builtIn("v1", "Secret", "secrets");
    static final ResourceType EVENTS = ResourceType.builtIn("v1", "Event", "events", "ev");
    static final ResourceType DEPLOYMENTS = ResourceType.builtIn("apps/v1", "Deployment", "deployments", "deploy")
            .withStatus()
            .withScale();
    static final ResourceType REPLICA_SETS = ResourceType.builtIn("apps/v1", "ReplicaSet", "replicasets", "rs")
            .withStatus()
            .withScale();
    static final ResourceType STATEFUL_SETS = ResourceType.builtIn("apps/v1", "StatefulSet", "statefulsets", "sts")
            .withStatus()
            .withScale();
    static final ResourceType DAEMON_SETS =
            ResourceType.builtIn("apps/v1", "DaemonSet", "daemonsets", "ds").withStatus();
    static final ResourceType CONTROLLER_REVISIONS =
            ResourceType.builtIn("apps/v1", "ControllerRevision", "controllerrevisions");
    static final ResourceType LEASES = ResourceType.builtIn("coordination.k8s.io/v1", "Lease", "leases");
    static final ResourceType CRDS = ResourceType.builtIn(
                    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", "crd", "crds")
            .withStatus()
            .clusterWide();

    private static final List<ResourceType> BUILT_IN = List.of(
            NAMESPACES,
            NODES,
            PODS,
            SERVICES,
            CONFIG_MAPS,
            SECRETS,
            SERVICE_ACCOUNTS,
            EVENTS,
            // nobody counts here: its status is what was written with it
            ResourceType.builtIn("v1", "ResourceQuota", "resourcequotas", "quota"),
            ResourceType.builtIn("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc")
                    .withStatus(),
            ResourceType.builtIn("v1", "PersistentVolume", "persistentvolumes", "pv")
                    .withStatus()
                    .clusterWide(),
            ResourceType.builtIn("v1", "PodTemplate", "podtemplates"),
            ResourceType.builtIn("v1", "Endpoints", "endpoints", "ep"),
            DEPLOYMENTS,
            REPLICA_SETS,
            STATEFUL_SETS,
            DAEMON_SETS,
            CONTROLLER_REVISIONS,
            ResourceType.builtIn("batch/v1", "Job", "jobs").withStatus(),
            ResourceType.builtIn("batch/v1", "CronJob", "cronjobs", "cj").withStatus(),
            ResourceType.builtIn("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa")
                    .withStatus(),
            ResourceType.builtIn("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb")
                    .withStatus(),
            ResourceType.builtIn("networking.k8s.io/v1", "Ingress", "ingresses", "ing")
                    .withStatus(),
            ResourceType.builtIn("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
            LEASES,
            CRDS,
            ResourceType.builtIn("rbac.authorization.k8s.io/v1", "Role", "roles"),
            ResourceType.builtIn("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
            ResourceType.builtIn("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles")
                    .clusterWide(),
            ResourceType.builtIn("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings")
                    .clusterWide());

    private final List<ResourceType> types = new CopyOnWriteArrayList<>(BUILT_IN);

    List<ResourceType> types() {
        return List.copyOf(types);
    }

    Optional<ResourceType> find(String group, String version, String plural) {
        return types.stream()
                .filter(type -> type.is(group, plural) && type.version().equals(version))
                .findFirst();
    }

    boolean serves(String group, String version) {
        return types.stream()
                .anyMatch(type -> type.group().equals(group) && type.version().equals(version));
    }

    boolean isBuiltIn(String group, String version) {
        return BUILT_IN.stream()
                .anyMatch(type -> type.group().equals(group) && type.version().equals(version));
    }

    SequencedCollection<String> groups() {
        var groups = new LinkedHashSet<String>();
        types.forEach(type -> groups.add(type.group()));
        groups.remove("");
        groups.add("authorization.k8s.io");
        return groups;
    }

    List<String> versions(String group) {
        var versions = new LinkedHashSet<String>();
        types.stream().filter(type -> type.group().equals(group)).forEach(type -> versions.add(type.version()));
        if (group.equals("authorization.k8s.io")) {
            versions.add("v1");
        }
        return List.copyOf(versions);
    }

    /** Starts serving what the definition describes. */
    void install(JsonNode definition) {
        uninstall(definition);
        for (JsonNode version : Json.at(definition, "spec", "versions")) {
            if (version.path("served").asBoolean(true)) {
                types.add(custom(definition, version));
            }
        }
    }

    void uninstall(JsonNode definition) {
        String group = Json.text(definition, "spec", "group");
        String plural = Json.text(definition, "spec", "names", "plural");
        types.removeIf(type -> type.custom() && type.is(group, plural));
    }

    List<ResourceType> installedBy(JsonNode definition) {
        String group = Json.text(definition, "spec", "group");
        String plural = Json.text(definition, "spec", "names", "plural");
        return types.stream()
                .filter(type -> type.custom() && type.is(group, plural))
                .toList();
    }

    private static ResourceType custom(JsonNode definition, JsonNode version) {
        JsonNode names = Json.at(definition, "spec", "names");
        List<String> shortNames = new ArrayList<>();
        names.path("shortNames").forEach(name -> shortNames.add(name.asText()));
        String kind = Json.text(names, "kind");
        String singular = Json.text(names, "singular");
        return new ResourceType(
                Json.text(definition, "spec", "group"),
                Json.text(version, "name"),
                Json.text(names, "plural"),
                singular.isEmpty() ? kind.toLowerCase(Locale.ROOT) : singular,
                kind,
                shortNames,
                Json.text(definition, "spec", "scope").equals("Namespaced"),
                Json.at(version, "subresources").has("status"),
                Json.at(version, "subresources").has("scale"),
                true);
    }

    /** The definition of a namespaced kind of Argo Rollouts, as far as the API server acts on it. */
    static ObjectNode argoDefinition(String kind, String plural, String shortName, boolean status) {
        ObjectNode definition = Json.object();
        definition.put("apiVersion", CRDS.apiVersion()).put("kind", CRDS.kind());
        Metadata.of(definition).put("name", plural + ".argoproj.io");
        ObjectNode spec = definition.putObject("spec");
        spec.put("group", "argoproj.io").put("scope", "Namespaced");
        ObjectNode names = spec.putObject("names");
        names.put("kind", kind).put("listKind", kind + "List").put("plural", plural);
        names.put("singular", kind.toLowerCase(Locale.ROOT));
        names.putArray("shortNames").add(shortName);
        ArrayNode versions = spec.putArray("versions");
        ObjectNode version = versions.addObject();
        version.put("name", "v1alpha1").put("served", true).put("storage", true);
        version.putObject("schema")
                .putObject("openAPIV3Schema")
                .put("type", "object")
                .put("x-kubernetes-preserve-unknown-fields", true);
        if (status) {
            ObjectNode subresources = version.putObject("subresources");
            subresources.putObject("status");
            if (kind.equals("Rollout")) {
                subresources
                        .putObject("scale")
                        .put("labelSelectorPath", ".status.selector")
                        .put("specReplicasPath", ".spec.replicas")
                        .put("statusReplicasPath", ".status.HPAReplicas");
            }
        }
        return definition;
    }
}
