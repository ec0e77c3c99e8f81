package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import io.rollguard.sandbox.cluster.Registry.Deletion;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Answers every request but watches: discovery, reads, writes, access reviews. Knows nothing of connections. */
final class Api {

    private final Registry registry;
    private final Catalog catalog;
    private final Discovery discovery;
    private final Access access;

    Api(Registry registry, Catalog catalog, Access access) {
        this.registry = registry;
        this.catalog = catalog;
        this.discovery = new Discovery(catalog);
        this.access = access;
    }

    ApiResponse answer(ApiRequest request) {
        try {
            return request.resource().isEmpty() ? meta(request) : resource(request);
        } catch (ApiFailure failure) {
            return ApiResponse.of(failure);
        }
    }

    private ApiResponse meta(ApiRequest request) {
        String path = request.path().endsWith("/") && request.path().length() > 1
                ? request.path().substring(0, request.path().length() - 1)
                : request.path();
        return switch (path) {
            case "/readyz", "/livez", "/healthz" -> ApiResponse.text(200, "ok");
            case "/version" -> ApiResponse.json(200, discovery.version());
            case "/api" -> ApiResponse.json(200, discovery.coreVersions("127.0.0.1"));
            case "/openapi/v3" -> ApiResponse.json(200, discovery.schemas());
            case "/apis" -> ApiResponse.json(200, discovery.groups());
            default -> versionOrGroup(request, path);
        };
    }

    private ApiResponse versionOrGroup(ApiRequest request, String path) {
        if (!request.version().isEmpty()) {
            boolean served = catalog.serves(request.group(), request.version())
                    || catalog.versions(request.group()).contains(request.version());
            return served
                    ? ApiResponse.json(200, discovery.resources(request.group(), request.version()))
                    : ApiResponse.pageNotFound();
        }
        if (path.startsWith("/openapi/v3/")) {
            return ApiResponse.json(200, discovery.schemas(path.substring("/openapi/v3".length())));
        }
        String group = path.startsWith("/apis/") ? path.substring("/apis/".length()) : "";
        return !group.isEmpty() && catalog.groups().contains(group)
                ? ApiResponse.json(200, discovery.group(group))
                : ApiResponse.pageNotFound();
    }

    private ApiResponse resource(ApiRequest request) {
        if (request.group().equals("authorization.k8s.io") && request.resource().equals("selfsubjectaccessreviews")) {
            return ApiResponse.json(201, review(Json.parseObject(request.body())));
        }
        ResourceType type = type(request);
        if (type == null) {
            if (catalog.isBuiltIn(request.group(), request.version())) {
                throw ApiFailure.noSuchResource();
            }
            return ApiResponse.pageNotFound();
        }
        checkAccess(request, type);
        return switch (request.verb()) {
            case "list" -> list(request, type);
            case "get" -> get(request, type);
            case "create" -> create(request, type);
            case "update" -> update(request, type);
            case "patch" -> patch(request, type);
            case "delete" -> delete(request, type);
            case "deletecollection" -> deleteCollection(request, type);
            default -> throw ApiFailure.methodNotAllowed();
        };
    }

    @Nullable
    ResourceType type(ApiRequest request) {
        return catalog.find(request.group(), request.version(), request.resource())
                .orElse(null);
    }

    void checkAccess(ApiRequest request, ResourceType type) {
        String resource = request.resource() + (request.subresource().isEmpty() ? "" : "/" + request.subresource());
        if (!access.allows(request.namespace(), request.verb(), request.group(), resource)) {
            throw ApiFailure.forbidden(
                    type, request.subresource(), request.name(), request.verb(), request.namespace());
        }
    }

    private ApiResponse get(ApiRequest request, ResourceType type) {
        ObjectNode object = registry.get(key(request, type));
        return switch (request.subresource()) {
            case "" -> ApiResponse.json(200, shown(object, request, type));
            case "status" -> {
                requireStatus(type);
                yield ApiResponse.json(200, object);
            }
            case "scale" -> {
                requireScale(type);
                yield ApiResponse.json(200, Scale.of(object));
            }
            default -> throw ApiFailure.noSuchResource();
        };
    }

    private ObjectNode shown(ObjectNode object, ApiRequest request, ResourceType type) {
        if (request.asMetadata()) {
            ObjectNode partial =
                    Json.object().put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
            partial.set("metadata", object.path("metadata"));
            return partial;
        }
        return request.asTable() ? table(type, List.of(object)) : object;
    }

    private ApiResponse list(ApiRequest request, ResourceType type) {
        LabelSelector labels = LabelSelector.parse(request.param("labelSelector"));
        FieldSelector fields = FieldSelector.parse(type, request.param("fieldSelector"));
        ObjectStore.Listing listing = registry.store().list(type, request.namespace());
        if (request.asTable()) {
            List<ObjectNode> chosen = listing.objects().stream()
                    .map(ObjectStore.Stored::tree)
                    .filter(tree -> labels.matchesObject(tree) && fields.matches(tree))
                    .toList();
            return ApiResponse.json(200, table(type, chosen));
        }
        var out = new ByteArrayOutputStream(1 << 12);
        write(
                out,
                "{\"kind\":\"" + type.kind() + "List\",\"apiVersion\":\"" + type.apiVersion()
                        + "\",\"metadata\":{\"resourceVersion\":\"" + listing.revision() + "\"},\"items\":[");
        // items of built-in kinds come without apiVersion and kind, which stand first in the stored text
        int head = type.custom()
                ? 0
                : ("{\"apiVersion\":\"" + type.apiVersion() + "\",\"kind\":\"" + type.kind() + "\",").length();
        boolean first = true;
        for (ObjectStore.Stored stored : listing.objects()) {
            if (labels.matchesObject(stored.tree()) && fields.matches(stored.tree())) {
                if (!first) {
                    out.write(',');
                }
                first = false;
                if (head > 0) {
                    out.write('{');
                }
                out.write(stored.json(), head, stored.json().length - head);
            }
        }
        write(out, "]}");
        return ApiResponse.json(200, out.toByteArray());
    }

    private ObjectNode table(ResourceType type, List<ObjectNode> objects) {
        return Tables.of(
                type, objects, registry.store().revision(), registry.clock().instant());
    }

    private ApiResponse create(ApiRequest request, ResourceType type) {
        if (type.isPod() && request.subresource().equals("eviction")) {
            registry.delete(key(request, type), DeleteOptions.BACKGROUND);
            return ApiResponse.json(201, success(type, Json.object()));
        }
        if (!request.name().isEmpty()) {
            throw ApiFailure.methodNotAllowed();
        }
        ObjectNode body = Json.parseObject(request.body());
        ObjectNode created = registry.create(type, request.namespace(), body, request.writer(), request.dryRun());
        if (type.is("apps", "controllerrevisions") && !RevisionData.isAsGoWritesIt(request.body())) {
            registry.refuseChangesOf(created);
        }
        return ApiResponse.json(201, created);
    }

    private ApiResponse update(ApiRequest request, ResourceType type) {
        if (request.name().isEmpty()) {
            throw ApiFailure.methodNotAllowed();
        }
        ObjectNode body = Json.parseObject(request.body());
        if (request.subresource().equals("scale")) {
            return scale(request, type, current -> body);
        }
        boolean conditional = type.custom() || type.equals(Catalog.LEASES);
        if (conditional && Json.text(body, "metadata", "resourceVersion").isEmpty()) {
            throw ApiFailure.versionRequired(type, request.name());
        }
        return write(request, type, current -> {
            String uid = Metadata.uid(body);
            if (!uid.isEmpty() && !uid.equals(Metadata.uid(current))) {
                throw ApiFailure.conflict(
                        type,
                        request.name(),
                        "Precondition failed: UID in precondition: " + uid + ", UID in object meta: "
                                + Metadata.uid(current));
            }
            return body;
        });
    }

    private ApiResponse patch(ApiRequest request, ResourceType type) {
        UnaryOperator<ObjectNode> patch = patchOf(request, type);
        return request.subresource().equals("scale") ? scale(request, type, patch) : write(request, type, patch);
    }

    private static UnaryOperator<ObjectNode> patchOf(ApiRequest request, ResourceType type) {
        String contentType = request.contentType().split(";", 2)[0].strip();
        return switch (contentType) {
            case "application/json-patch+json" -> {
                JsonNode patch = Json.parse(request.body());
                yield current -> JsonPatch.apply(patch, current);
            }
            case "application/merge-patch+json" -> {
                JsonNode patch = Json.parse(request.body());
                yield current -> MergePatch.apply(patch, current);
            }
            case "application/strategic-merge-patch+json" -> {
                if (type.custom()) {
                    throw ApiFailure.unsupportedPatch();
                }
                JsonNode patch = Json.parse(request.body());
                yield current -> StrategicMergePatch.apply(patch, current);
            }
            default -> throw ApiFailure.unsupportedPatch();
        };
    }

    private ApiResponse write(ApiRequest request, ResourceType type, UnaryOperator<ObjectNode> change) {
        if (request.subresource().equals("status")) {
            requireStatus(type);
        } else if (!request.subresource().isEmpty()) {
            throw ApiFailure.noSuchResource();
        }
        return ApiResponse.json(
                200,
                registry.update(key(request, type), request.subresource(), change, request.writer(), request.dryRun()));
    }

    private ApiResponse scale(ApiRequest request, ResourceType type, UnaryOperator<ObjectNode> change) {
        requireScale(type);
        ObjectNode scaled = registry.update(
                key(request, type),
                "",
                current -> Scale.apply(change.apply(Scale.of(current)), current),
                request.writer(),
                request.dryRun());
        return ApiResponse.json(200, Scale.of(scaled));
    }

    private ApiResponse delete(ApiRequest request, ResourceType type) {
        Deletion deletion = registry.delete(key(request, type), options(request));
        return ApiResponse.json(200, deletion.deleted() ? success(type, deletion.object()) : deletion.object());
    }

    private ApiResponse deleteCollection(ApiRequest request, ResourceType type) {
        LabelSelector labels = LabelSelector.parse(request.param("labelSelector"));
        FieldSelector fields = FieldSelector.parse(type, request.param("fieldSelector"));
        DeleteOptions options = options(request);
        ObjectNode deleted = Json.object().put("kind", type.kind() + "List").put("apiVersion", type.apiVersion());
        Metadata.of(deleted)
                .put("resourceVersion", Long.toString(registry.store().revision()));
        var items = deleted.putArray("items");
        for (ObjectStore.Stored stored :
                registry.store().list(type, request.namespace()).objects()) {
            if (labels.matchesObject(stored.tree()) && fields.matches(stored.tree())) {
                items.add(registry.delete(ObjectKey.of(type, stored.tree()), options)
                        .object());
            }
        }
        return ApiResponse.json(200, deleted);
    }

    private static DeleteOptions options(ApiRequest request) {
        ObjectNode body = request.body().length == 0 ? Json.object() : Json.parseObject(request.body());
        String propagation = Json.text(body, "propagationPolicy");
        if (propagation.isEmpty()) {
            propagation = request.param("propagationPolicy");
        }
        long grace = Json.number(body, DeleteOptions.OWN_GRACE, "gracePeriodSeconds");
        if (!request.param("gracePeriodSeconds").isEmpty()) {
            grace = Long.parseLong(request.param("gracePeriodSeconds"));
        }
        return new DeleteOptions(
                body.path("orphanDependents").asBoolean() ? "Orphan" : propagation,
                grace,
                Json.text(body, "preconditions", "uid"),
                Json.text(body, "preconditions", "resourceVersion"),
                request.dryRun() || body.has("dryRun"));
    }

    private ObjectNode review(ObjectNode review) {
        JsonNode asked = Json.at(review, "spec", "resourceAttributes");
        String subresource = Json.text(asked, "subresource");
        String resource = Json.text(asked, "resource") + (subresource.isEmpty() ? "" : "/" + subresource);
        ObjectNode status = review.putObject("status");
        boolean allowed = access.allows(
                Json.text(asked, "namespace"), Json.text(asked, "verb"), Json.text(asked, "group"), resource);
        status.put("allowed", allowed);
        review.put("apiVersion", "authorization.k8s.io/v1").put("kind", "SelfSubjectAccessReview");
        return review;
    }

    private static ObjectKey key(ApiRequest request, ResourceType type) {
        return new ObjectKey(type, type.namespaced() ? request.namespace() : "", request.name());
    }

    private static ObjectNode success(ResourceType type, JsonNode deleted) {
        ObjectNode status = Json.object().put("kind", "Status").put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Success");
        ObjectNode details = status.putObject("details");
        if (deleted.has("metadata")) {
            details.put("name", Metadata.name(deleted));
            if (!type.group().isEmpty()) {
                details.put("group", type.group());
            }
            details.put("kind", type.plural()).put("uid", Metadata.uid(deleted));
        }
        return status;
    }

    private static void requireStatus(ResourceType type) {
        if (!type.statusSubresource()) {
            throw ApiFailure.noSuchResource();
        }
    }

    private static void requireScale(ResourceType type) {
        if (!type.scaleSubresource()) {
            throw ApiFailure.noSuchResource();
        }
    }

    private static void write(ByteArrayOutputStream out, String text) {
        out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }
}
