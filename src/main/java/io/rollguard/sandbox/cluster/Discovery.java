package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Tells clients which groups, versions and kinds there are, in the form that was there before aggregated discovery. */
final class Discovery {

    private static final List<String> VERBS =
            List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");

    private final Catalog catalog;

    Discovery(Catalog catalog) {
        this.catalog = catalog;
    }

    ObjectNode coreVersions(String server) {
        ObjectNode versions = Json.object().put("kind", "APIVersions");
        versions.putArray("versions").add("v1");
        versions.putArray("serverAddressByClientCIDRs")
                .addObject()
                .put("clientCIDR", "0.0.0.0/0")
                .put("serverAddress", server);
        return versions;
    }

    ObjectNode groups() {
        ObjectNode list = Json.object().put("kind", "APIGroupList").put("apiVersion", "v1");
        ArrayNode groups = list.putArray("groups");
        catalog.groups().forEach(name -> groups.add(group(name)));
        return list;
    }

    ObjectNode group(String name) {
        ObjectNode group =
                Json.object().put("kind", "APIGroup").put("apiVersion", "v1").put("name", name);
        ArrayNode versions = group.putArray("versions");
        for (String version : catalog.versions(name)) {
            versions.addObject().put("groupVersion", name + "/" + version).put("version", version);
        }
        if (!versions.isEmpty()) {
            group.set("preferredVersion", versions.get(0).deepCopy());
        }
        return group;
    }

    ObjectNode resources(String group, String version) {
        ObjectNode list = Json.object().put("kind", "APIResourceList").put("apiVersion", "v1");
        list.put("groupVersion", group.isEmpty() ? version : group + "/" + version);
        ArrayNode resources = list.putArray("resources");
        for (ResourceType type : catalog.types()) {
            if (type.group().equals(group) && type.version().equals(version)) {
                ObjectNode resource = resource(resources, type, "", type.kind());
                resource.put("singularName", type.singular());
                type.shortNames().forEach(resource.withArray("shortNames")::add);
                verbs(resource, VERBS);
                if (type.statusSubresource()) {
                    verbs(resource(resources, type, "/status", type.kind()), List.of("get", "patch", "update"));
                }
                if (type.scaleSubresource()) {
                    ObjectNode scale = resource(resources, type, "/scale", "Scale");
                    scale.put("group", "autoscaling").put("version", "v1");
                    verbs(scale, List.of("get", "patch", "update"));
                }
                if (type.isPod()) {
                    ObjectNode eviction = resource(resources, type, "/eviction", "Eviction");
                    eviction.put("group", "policy").put("version", "v1");
                    verbs(eviction, List.of("create"));
                }
            }
        }
        if (group.equals("authorization.k8s.io")) {
            ObjectNode review = resources.addObject();
            review.put("name", "selfsubjectaccessreviews").put("singularName", "selfsubjectaccessreview");
            review.put("namespaced", false).put("kind", "SelfSubjectAccessReview");
            verbs(review, List.of("create"));
        }
        return list;
    }

    /** No schemas, only what kubectl asks before it sends: whether the server takes {@code fieldValidation}. */
    ObjectNode schemas() {
        ObjectNode schemas = Json.object();
        ObjectNode paths = Json.ensure(schemas, "paths");
        for (ResourceType type : catalog.types()) {
            String path = root(type).substring(1);
            Json.ensure(paths, path).put("serverRelativeURL", "/openapi/v3/" + path);
        }
        return schemas;
    }

    ObjectNode schemas(String root) {
        ObjectNode document = Json.object().put("openapi", "3.0.0");
        Json.ensure(document, "info").put("title", "Kubernetes").put("version", "v1.35.4");
        ObjectNode paths = Json.ensure(document, "paths");
        for (ResourceType type : catalog.types()) {
            if (root(type).equals(root)) {
                ObjectNode patch = Json.ensure(paths, root + "/" + type.plural() + "/{name}", "patch");
                ObjectNode parameter = patch.putArray("parameters").addObject();
                parameter.put("name", "fieldValidation").put("in", "query");
                parameter.putObject("schema").put("type", "string");
                ObjectNode kind = patch.putObject("x-kubernetes-group-version-kind");
                kind.put("group", type.group()).put("version", type.version()).put("kind", type.kind());
                patch.putObject("responses");
            }
        }
        return document;
    }

    private static String root(ResourceType type) {
        return (type.group().isEmpty() ? "/api/" : "/apis/") + type.apiVersion();
    }

    ObjectNode version() {
        return Json.object()
                .put("major", "1")
                .put("minor", "35")
                .put("gitVersion", "v1.35.4+rollguard-sandbox")
                .put("gitCommit", "")
                .put("gitTreeState", "clean")
                .put("buildDate", "2026-01-01T00:00:00Z")
                .put("goVersion", "")
                .put("compiler", "")
                .put("platform", "linux/amd64");
    }

    private static ObjectNode resource(ArrayNode resources, ResourceType type, String subresource, String kind) {
        return resources
                .addObject()
                .put("name", type.plural() + subresource)
                .put("singularName", "")
                .put("namespaced", type.namespaced())
                .put("kind", kind);
    }

    private static void verbs(ObjectNode resource, List<String> verbs) {
        verbs.forEach(resource.putArray("verbs")::add);
    }
}
