package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.sandbox.cluster.Controllers.Part;
import io.rollguard.sandbox.cluster.ObjectStore.Change;
import io.rollguard.sandbox.cluster.ObjectStore.ChangeKind;
import java.util.function.Consumer;

/** Decides which controllers look at what after a change. Called with the store locked. */
final class Dispatch implements Consumer<Change> {

    private final Controllers controllers;
    private final GarbageCollector collector;

    Dispatch(Controllers controllers, GarbageCollector collector) {
        this.controllers = controllers;
        this.collector = collector;
    }

    @Override
    public void accept(Change change) {
        collector.observe(change);
        ResourceType type = change.key().type();
        JsonNode object = change.now().tree();
        boolean deleted = change.kind() == ChangeKind.DELETED;
        if (type.equals(Catalog.PODS)) {
            enqueueController(change.key(), object);
            if (!deleted) {
                controllers.enqueue(Part.KUBELETS, change.key());
            }
        } else if (type.equals(Catalog.REPLICA_SETS)) {
            controllers.enqueue(Part.REPLICA_SETS, change.key());
            enqueueController(change.key(), object);
        } else if (type.equals(Catalog.DEPLOYMENTS)) {
            controllers.enqueue(Part.DEPLOYMENTS, change.key());
        } else if (type.is("argoproj.io", "rollouts")) {
            controllers.enqueue(Part.ROLLOUTS, change.key());
        } else if (type.equals(Catalog.NODES) && !deleted) {
            controllers.enqueue(Part.NODES, change.key());
        }
        collect(change, object, deleted);
    }

    private void collect(Change change, JsonNode object, boolean deleted) {
        if (deleted) {
            collector.dependentsOf(object).forEach(key -> controllers.enqueue(Part.GARBAGE_COLLECTION, key));
            collector.ownersOf(object).forEach(key -> controllers.enqueue(Part.GARBAGE_COLLECTION, key));
        } else if (Metadata.deleting(object)
                || (change.kind() == ChangeKind.ADDED
                        && !Metadata.ownerUids(object).isEmpty())) {
            controllers.enqueue(Part.GARBAGE_COLLECTION, change.key());
        }
    }

    private void enqueueController(ObjectKey key, JsonNode object) {
        JsonNode owner = Metadata.controllerOf(object);
        if (owner != null) {
            collector.find(key.namespace(), owner).ifPresent(found -> {
                if (found.type().equals(Catalog.REPLICA_SETS)) {
                    controllers.enqueue(Part.REPLICA_SETS, found);
                } else if (found.type().equals(Catalog.DEPLOYMENTS)) {
                    controllers.enqueue(Part.DEPLOYMENTS, found);
                } else if (found.type().is("argoproj.io", "rollouts")) {
                    controllers.enqueue(Part.ROLLOUTS, found);
                }
            });
        }
    }
}
