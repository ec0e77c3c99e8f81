package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Collects what has lost its last owner, carries out orphan and foreground deletions, and empties namespaces that go. */
final class GarbageCollector implements Controllers.Reconciler {

    private static final Writer WRITER = Writer.DEPLOYMENTS;

    private final Registry registry;
    private final Catalog catalog;

    GarbageCollector(Registry registry, Catalog catalog) {
        this.registry = registry;
        this.catalog = catalog;
    }

    @Override
    public void reconcile(ObjectKey key) {
        ObjectStore.Stored found = registry.store().find(key).orElse(null);
        if (found == null) {
            return;
        }
        ObjectNode object = found.tree();
        if (Metadata.deleting(object)) {
            if (key.type().equals(Catalog.NAMESPACES)) {
                empty(key);
            } else {
                finish(key, object);
            }
        } else {
            collect(key, object);
        }
    }

    private boolean exists(String uid) {
        return registry.store().withUid(uid).isPresent();
    }

    private void collect(ObjectKey key, ObjectNode object) {
        List<String> owners = Metadata.ownerUids(object);
        List<String> gone = owners.stream().filter(uid -> !exists(uid)).toList();
        if (!owners.isEmpty() && gone.size() == owners.size()) {
            registry.delete(key, DeleteOptions.BACKGROUND);
        } else if (!gone.isEmpty()) {
            registry.modify(key, "", WRITER, changed -> removeOwners(changed, gone));
        }
    }

    private void finish(ObjectKey key, ObjectNode object) {
        List<String> finalizers = Metadata.finalizers(object);
        List<ObjectKey> dependents = registry.store().dependentsOf(Metadata.uid(object));
        if (finalizers.contains(Registry.ORPHAN)) {
            List<String> owner = List.of(Metadata.uid(object));
            dependents.forEach(
                    dependent -> registry.modify(dependent, "", WRITER, changed -> removeOwners(changed, owner)));
            removeFinalizer(key, Registry.ORPHAN);
        } else if (finalizers.contains(Registry.FOREGROUND)) {
            List<ObjectKey> waitedFor = new ArrayList<>();
            for (ObjectKey dependent : dependents) {
                ObjectNode tree = registry.get(dependent);
                if (blocks(tree, Metadata.uid(object))) {
                    waitedFor.add(dependent);
                }
                if (!Metadata.deleting(tree)) {
                    registry.delete(dependent, new DeleteOptions("Foreground", DeleteOptions.OWN_GRACE, "", "", false));
                }
            }
            if (waitedFor.isEmpty()) {
                removeFinalizer(key, Registry.FOREGROUND);
            }
        }
    }

    private void empty(ObjectKey namespace) {
        boolean left = false;
        for (ResourceType type : catalog.types()) {
            if (type.namespaced()) {
                for (ObjectStore.Stored stored :
                        registry.store().list(type, namespace.name()).objects()) {
                    left = true;
                    if (!Metadata.deleting(stored.tree())) {
                        registry.delete(ObjectKey.of(type, stored.tree()), DeleteOptions.BACKGROUND);
                    }
                }
            }
        }
        if (!left) {
            registry.erase(namespace);
        } else {
            throw ApiFailure.of(409, "Conflict", "namespace is not empty yet");
        }
    }

    private void removeFinalizer(ObjectKey key, String finalizer) {
        registry.modify(key, "", WRITER, changed -> {
            List<String> finalizers = new ArrayList<>(Metadata.finalizers(changed));
            finalizers.remove(finalizer);
            Metadata.setFinalizers(changed, finalizers);
        });
    }

    private static boolean blocks(JsonNode dependent, String owner) {
        for (JsonNode reference : Json.at(dependent, "metadata", "ownerReferences")) {
            if (Json.text(reference, "uid").equals(owner)) {
                return reference.path("blockOwnerDeletion").asBoolean();
            }
        }
        return false;
    }

    private static void removeOwners(ObjectNode object, List<String> uids) {
        if (Metadata.of(object).get("ownerReferences") instanceof ArrayNode owners) {
            for (Iterator<JsonNode> all = owners.iterator(); all.hasNext(); ) {
                if (uids.contains(Json.text(all.next(), "uid"))) {
                    all.remove();
                }
            }
            if (owners.isEmpty()) {
                Metadata.of(object).remove("ownerReferences");
            }
        }
    }
}
