package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/**
 * The rules by which objects are written: names and uids, optimistic locking, which half of an object a request may
 * change, what counts as a new generation, and what a deletion leaves standing. API requests and controllers both write
 * through here.
 */
final class Registry {

    static final String FOREGROUND = "foregroundDeletion";
    static final String ORPHAN = "orphan";

    private static final List<String> KEPT = List.of(
            "uid",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "managedFields");
    private static final Set<String> WITHOUT_GENERATION = Set.of("controllerrevisions");
    private static final Set<String> GROUPS_WITH_GENERATION = Set.of("apps", "batch", "networking.k8s.io", "policy");

    private final ObjectStore store;
    private final Catalog catalog;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Set<String> unchangeable = ConcurrentHashMap.newKeySet();

    Registry(ObjectStore store, Catalog catalog, InstantSource clock, RandomGenerator random) {
        this.store = store;
        this.catalog = catalog;
        this.clock = clock;
        this.random = random;
    }

    ObjectStore store() {
        return store;
    }

    InstantSource clock() {
        return clock;
    }

    String now() {
        return Metadata.time(clock.instant());
    }

    ObjectNode get(ObjectKey key) {
        return store.find(key)
                .orElseThrow(() -> ApiFailure.notFound(key.type(), key.name()))
                .tree();
    }

    ObjectNode create(ResourceType type, String namespace, ObjectNode body, Writer writer, boolean dryRun) {
        checkKind(type, body);
        ObjectNode object = body.deepCopy();
        ObjectNode metadata = Metadata.of(object);
        if (!Json.text(metadata, "resourceVersion").isEmpty()) {
            throw ApiFailure.internal("resourceVersion should not be set on objects to be created");
        }
        metadata.remove(KEPT);
        metadata.remove(List.of("resourceVersion", "selfLink"));
        placeInNamespace(type, namespace, metadata);
        boolean generated = Json.text(metadata, "name").isEmpty()
                && !Json.text(metadata, "generateName").isEmpty();
        if (generated) {
            String base = Json.text(metadata, "generateName");
            metadata.put("name", base.substring(0, Math.min(58, base.length())) + PodTemplates.randomSuffix(random));
        }
        Defaults.checkName(type, Json.text(metadata, "name"));
        if (type.statusSubresource()) {
            object.remove("status");
            if (!type.custom()) {
                Json.ensure(object, "status");
            }
        }
        Defaults.apply(type, object);
        Defaults.check(type, object, MissingNode.getInstance());
        Defaults.countTemplate(type, MissingNode.getInstance(), object);
        metadata.put("uid", UUID.randomUUID().toString());
        metadata.put("creationTimestamp", now());
        if (hasGeneration(type)) {
            metadata.put("generation", 1);
        }
        ObjectKey key = ObjectKey.of(type, object);
        return store.atomically(() -> {
            if (type.namespaced()) {
                checkNamespace(key.namespace());
            }
            if (store.find(key).isPresent()) {
                throw ApiFailure.alreadyExists(type, key.name());
            }
            ManagedFields.record(null, object, writer, "", now());
            if (dryRun) {
                return object;
            }
            if (type.equals(Catalog.CRDS)) {
                establish(object);
            }
            return store.put(key, object).tree();
        });
    }

    /** See {@link RevisionData}. */
    void refuseChangesOf(ObjectNode revision) {
        unchangeable.add(Metadata.uid(revision));
    }

    /**
     * @param change makes the wanted object of the present one, which it must not touch
     */
    ObjectNode update(
            ObjectKey key, String subresource, UnaryOperator<ObjectNode> change, Writer writer, boolean dryRun) {
        return store.atomically(() -> {
            ObjectNode current = get(key);
            ObjectNode wanted = change.apply(current);
            ResourceType type = key.type();
            checkKind(type, wanted);
            checkIdentity(key, current, wanted, subresource);
            ObjectNode result = subresource.equals("status")
                    ? withStatusOf(wanted, current, type)
                    : withEverythingButStatusOf(wanted, current, type);
            Defaults.apply(type, result);
            Defaults.check(type, result, current);
            if (unchangeable.contains(Metadata.uid(current))) {
                String why = "Invalid value: " + result.path("data") + ": field is immutable";
                throw ApiFailure.invalid(type, key.name(), "data", "FieldValueInvalid", why);
            }
            Defaults.countTemplate(type, current, result);
            if (hasGeneration(type) && !subresource.equals("status") && isNewGeneration(type, current, result)) {
                Metadata.of(result).set("generation", Json.number(Metadata.generation(current) + 1));
            }
            Metadata.of(result).set("resourceVersion", Json.at(current, "metadata", "resourceVersion"));
            if (result.equals(current)) {
                return current;
            }
            ManagedFields.record(current, result, writer, subresource, now());
            if (dryRun) {
                return result;
            }
            if (Metadata.deleting(result) && Metadata.finalizers(result).isEmpty() && !waitsForKubelet(type, result)) {
                store.put(key, result);
                return erase(key);
            }
            ObjectNode stored = store.put(key, result).tree();
            if (type.equals(Catalog.CRDS)) {
                catalog.install(stored);
            }
            return stored;
        });
    }

    /** A controller's write: changes a copy in place. */
    ObjectNode modify(ObjectKey key, String subresource, Writer writer, Consumer<ObjectNode> change) {
        return update(
                key,
                subresource,
                current -> {
                    ObjectNode copy = current.deepCopy();
                    change.accept(copy);
                    return copy;
                },
                writer,
                false);
    }

    /**
     * @param deleted true when the object is gone; false when it only carries a deletion timestamp now
     */
    record Deletion(ObjectNode object, boolean deleted) {}

    record DeleteOptions(String propagation, long graceSeconds, String uid, String resourceVersion, boolean dryRun) {
        /** Of a pod: as long as its spec says. */
        static final long OWN_GRACE = -1;

        static final DeleteOptions BACKGROUND = new DeleteOptions("Background", OWN_GRACE, "", "", false);
        static final DeleteOptions AT_ONCE = new DeleteOptions("Background", 0, "", "", false);
    }

    Deletion delete(ObjectKey key, DeleteOptions options) {
        return store.atomically(() -> {
            ObjectNode current = get(key);
            checkPreconditions(key, current, options);
            if (options.dryRun()) {
                return new Deletion(current, true);
            }
            List<String> finalizers = new ArrayList<>(Metadata.finalizers(current));
            if (options.propagation().equals("Orphan") && !finalizers.contains(ORPHAN)) {
                finalizers.add(ORPHAN);
            } else if (options.propagation().equals("Foreground") && !finalizers.contains(FOREGROUND)) {
                finalizers.add(FOREGROUND);
            }
            long grace = grace(key.type(), current, options);
            if (finalizers.isEmpty() && grace == 0 && !key.type().equals(Catalog.NAMESPACES)) {
                return new Deletion(erase(key), true);
            }
            ObjectNode marked = current.deepCopy();
            Metadata.setFinalizers(marked, finalizers);
            if (!Metadata.deleting(current)) {
                Metadata.of(marked)
                        .put("deletionTimestamp", Metadata.time(clock.instant().plusSeconds(grace)))
                        .set("deletionGracePeriodSeconds", Json.number(grace));
                if (hasGeneration(key.type())) {
                    Metadata.of(marked).set("generation", Json.number(Metadata.generation(current) + 1));
                }
            }
            if (key.type().equals(Catalog.NAMESPACES)) {
                Json.ensure(marked, "status").put("phase", "Terminating");
            }
            return new Deletion(
                    marked.equals(current) ? current : store.put(key, marked).tree(), false);
        });
    }

    /** Removes what waits for nothing any more. */
    ObjectNode erase(ObjectKey key) {
        return store.atomically(() -> {
            ObjectNode last = store.remove(key)
                    .orElseThrow(() -> ApiFailure.notFound(key.type(), key.name()))
                    .tree();
            if (key.type().equals(Catalog.CRDS)) {
                for (ResourceType type : catalog.installedBy(last)) {
                    store.list(type, "").objects().forEach(object -> store.remove(ObjectKey.of(type, object.tree())));
                }
                catalog.uninstall(last);
            }
            return last;
        });
    }

    static boolean hasGeneration(ResourceType type) {
        return type.custom()
                || (GROUPS_WITH_GENERATION.contains(type.group()) && !WITHOUT_GENERATION.contains(type.plural()));
    }

    private static boolean waitsForKubelet(ResourceType type, JsonNode object) {
        return (type.isPod()
                        && !Json.text(object, "spec", "nodeName").isEmpty()
                        && Json.number(object, 0, "metadata", "deletionGracePeriodSeconds") > 0)
                || type.equals(Catalog.NAMESPACES);
    }

    private static long grace(ResourceType type, JsonNode object, DeleteOptions options) {
        String phase = Json.text(object, "status", "phase");
        if (!type.isPod()
                || Json.text(object, "spec", "nodeName").isEmpty()
                || phase.equals("Succeeded")
                || phase.equals("Failed")) {
            return 0;
        }
        return options.graceSeconds() >= 0
                ? options.graceSeconds()
                : Json.number(object, 30, "spec", "terminationGracePeriodSeconds");
    }

    private void establish(ObjectNode definition) {
        catalog.install(definition);
        ObjectNode status = Json.ensure(definition, "status");
        status.set("acceptedNames", Json.at(definition, "spec", "names").deepCopy());
        var conditions = status.putArray("conditions");
        for (String[] condition : new String[][] {
            {"NamesAccepted", "NoConflicts", "no conflicts found"},
            {"Established", "InitialNamesAccepted", "the initial names have been accepted"}
        }) {
            conditions
                    .addObject()
                    .put("type", condition[0])
                    .put("status", "True")
                    .put("lastTransitionTime", now())
                    .put("reason", condition[1])
                    .put("message", condition[2]);
        }
        var stored = status.putArray("storedVersions");
        Json.at(definition, "spec", "versions").forEach(version -> stored.add(Json.text(version, "name")));
    }

    private void checkNamespace(String namespace) {
        ObjectNode found = get(new ObjectKey(Catalog.NAMESPACES, "", namespace));
        if (Metadata.deleting(found)) {
            throw ApiFailure.of(
                    403,
                    "Forbidden",
                    "unable to create new content in namespace " + namespace + " because it is being terminated");
        }
    }

    private static void placeInNamespace(ResourceType type, String namespace, ObjectNode metadata) {
        if (!type.namespaced()) {
            metadata.remove("namespace");
            return;
        }
        String own = Json.text(metadata, "namespace");
        if (!own.isEmpty() && !own.equals(namespace)) {
            throw ApiFailure.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request");
        }
        metadata.put("namespace", namespace);
    }

    private static void checkKind(ResourceType type, ObjectNode body) {
        String kind = Json.text(body, "kind");
        String apiVersion = Json.text(body, "apiVersion");
        if (type.custom()) {
            checkKindOfCustom(type, body, kind, apiVersion);
        } else if ((!kind.isEmpty() && !kind.equals(type.kind()))
                || (!apiVersion.isEmpty() && !apiVersion.equals(type.apiVersion()))) {
            throw ApiFailure.badRequest(
                    kind + " in version \"" + apiVersion + "\" cannot be handled as a " + type.kind());
        }
        body.put("apiVersion", type.apiVersion()).put("kind", type.kind());
    }

    /** Unlike the built-in kinds, custom ones have to say what they are. */
    private static void checkKindOfCustom(ResourceType type, ObjectNode body, String kind, String apiVersion) {
        if (kind.isEmpty()) {
            throw ApiFailure.badRequest("the object provided is unrecognized (must be of type " + type.kind()
                    + "): Object 'Kind' is missing in '" + body + "'");
        }
        if (!apiVersion.equals(type.apiVersion())) {
            throw ApiFailure.badRequest("the API version in the data (" + apiVersion
                    + ") does not match the expected API version (" + type.apiVersion() + ")");
        }
        if (!kind.equals(type.kind())) {
            throw ApiFailure.invalid(
                    type,
                    Metadata.name(body),
                    "kind",
                    "FieldValueInvalid",
                    "Invalid value: \"" + kind + "\": must be " + type.kind());
        }
    }

    private static void checkIdentity(ObjectKey key, ObjectNode current, ObjectNode wanted, String subresource) {
        String name = Metadata.name(wanted);
        if (!name.equals(key.name())) {
            throw ApiFailure.badRequest(
                    "the name of the object (" + name + ") does not match the name on the URL (" + key.name() + ")");
        }
        String version = Json.text(wanted, "metadata", "resourceVersion");
        if (!version.isEmpty() && !version.equals(Json.text(current, "metadata", "resourceVersion"))) {
            throw ApiFailure.stale(key.type(), key.name());
        }
        String uid = Metadata.uid(wanted);
        if (subresource.isEmpty() && !uid.isEmpty() && !uid.equals(Metadata.uid(current))) {
            throw ApiFailure.invalid(
                    key.type(),
                    key.name(),
                    "metadata.uid",
                    "FieldValueInvalid",
                    "Invalid value: \"" + uid + "\": field is immutable");
        }
    }

    private static void checkPreconditions(ObjectKey key, ObjectNode current, DeleteOptions options) {
        String uid = Metadata.uid(current);
        if (!options.uid().isEmpty() && !options.uid().equals(uid)) {
            throw ApiFailure.precondition(key.type(), key.name(), "UID", options.uid(), uid);
        }
        String version = Json.text(current, "metadata", "resourceVersion");
        if (!options.resourceVersion().isEmpty() && !options.resourceVersion().equals(version)) {
            throw ApiFailure.precondition(
                    key.type(), key.name(), "ResourceVersion", options.resourceVersion(), version);
        }
    }

    /** A write to /status: spec and, of a custom resource, all metadata are dropped without a word. */
    private static ObjectNode withStatusOf(ObjectNode wanted, ObjectNode current, ResourceType type) {
        ObjectNode result = current.deepCopy();
        setOrRemove(result, "status", wanted.path("status"));
        if (!type.custom()) {
            setOrRemove(Metadata.of(result), "annotations", Json.at(wanted, "metadata", "annotations"));
        }
        return result;
    }

    private static ObjectNode withEverythingButStatusOf(ObjectNode wanted, ObjectNode current, ResourceType type) {
        ObjectNode result = wanted.deepCopy();
        if (type.statusSubresource()) {
            setOrRemove(result, "status", current.path("status"));
        }
        for (String kept : KEPT) {
            setOrRemove(Metadata.of(result), kept, Json.at(current, "metadata", kept));
        }
        setOrRemove(Metadata.of(result), "namespace", Json.at(current, "metadata", "namespace"));
        return result;
    }

    private static boolean isNewGeneration(ResourceType type, ObjectNode current, ObjectNode result) {
        if (type.custom()) {
            ObjectNode before = current.deepCopy();
            ObjectNode after = result.deepCopy();
            before.remove(List.of("metadata", "status"));
            after.remove(List.of("metadata", "status"));
            return !before.equals(after);
        }
        boolean annotations = type.equals(Catalog.DEPLOYMENTS)
                && !Json.at(current, "metadata", "annotations").equals(Json.at(result, "metadata", "annotations"));
        return annotations || !current.path("spec").equals(result.path("spec"));
    }

    private static void setOrRemove(ObjectNode object, String name, JsonNode value) {
        if (value.isMissingNode()) {
            object.remove(name);
        } else {
            object.set(name, value);
        }
    }
}
