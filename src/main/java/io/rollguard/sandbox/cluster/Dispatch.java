package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.sandbox.cluster.Controllers.Part;
import io.rollguard.sandbox.cluster.ObjectStore.Change;
import io.rollguard.sandbox.cluster.ObjectStore.ChangeKind;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Decides which controllers look at what after a change. Called with the store locked. */
final class Dispatch implements Consumer<Change> {

    private final Controllers controllers;
    private final ObjectStore store;
    private final Catalog catalog;

    Dispatch(Controllers controllers, ObjectStore store, Catalog catalog) {
        this.controllers = controllers;
        this.store = store;
        this.catalog = catalog;
    }

    @Override
    public void accept(Change change) {
        ResourceType type = change.key().type();
        JsonNode object = change.now().tree();
        boolean deleted = change.kind() == ChangeKind.DELETED;
        if (type.equals(Catalog.PODS)) {
            enqueueController(change.key(), object);
            controllers.enqueue(Part.KUBELETS, change.key());
        } else if (type.equals(Catalog.REPLICA_SETS)) {
            controllers.enqueue(Part.REPLICA_SETS, change.key());
            enqueueController(change.key(), object);
        } else if (type.equals(Catalog.DEPLOYMENTS)) {
            controllers.enqueue(Part.DEPLOYMENTS, change.key());
            enqueueRollouts(change.key().namespace(), rollout -> WorkloadReference.isOn(rollout, change.key()));
        } else if (type.is("argoproj.io", "rollouts")) {
            controllers.enqueue(Part.ROLLOUTS, change.key());
        } else if (type.equals(Catalog.STATEFUL_SETS)) {
            controllers.enqueue(Part.STATEFUL_SETS, change.key());
        } else if (type.equals(Catalog.DAEMON_SETS)) {
            controllers.enqueue(Part.DAEMON_SETS, change.key());
        } else if (type.equals(Catalog.NODES)) {
            controllers.enqueue(Part.NODES, change.key());
            if (change.kind() != ChangeKind.MODIFIED) {
                store.list(Catalog.DAEMON_SETS, "")
                        .objects()
                        .forEach(set ->
                                controllers.enqueue(Part.DAEMON_SETS, ObjectKey.of(Catalog.DAEMON_SETS, set.tree())));
            }
        }
        if (type.equals(Catalog.SERVICES)) {
            enqueueRollouts(
                    change.key().namespace(),
                    rollout -> RolloutTraffic.services(rollout)
                            .contains(change.key().name()));
        }
        collect(change, object, deleted);
    }

    private void collect(Change change, JsonNode object, boolean deleted) {
        if (deleted) {
            store.dependentsOf(Metadata.uid(object)).forEach(key -> controllers.enqueue(Part.GARBAGE_COLLECTION, key));
            for (String owner : Metadata.ownerUids(object)) {
                store.withUid(owner).ifPresent(key -> controllers.enqueue(Part.GARBAGE_COLLECTION, key));
            }
        } else if (Metadata.deleting(object)
                || (change.kind() == ChangeKind.ADDED
                        && !Metadata.ownerUids(object).isEmpty())) {
            controllers.enqueue(Part.GARBAGE_COLLECTION, change.key());
        }
    }

    private void enqueueController(ObjectKey key, JsonNode object) {
        JsonNode owner = Metadata.controllerOf(object);
        if (owner != null) {
            store.withUid(Json.text(owner, "uid"))
                    .filter(found -> found.namespace().equals(key.namespace()))
                    .ifPresent(this::enqueueWorkload);
        }
    }

    private void enqueueWorkload(ObjectKey key) {
        if (key.type().equals(Catalog.REPLICA_SETS)) {
            controllers.enqueue(Part.REPLICA_SETS, key);
        } else if (key.type().equals(Catalog.DEPLOYMENTS)) {
            controllers.enqueue(Part.DEPLOYMENTS, key);
        } else if (key.type().equals(Catalog.STATEFUL_SETS)) {
            controllers.enqueue(Part.STATEFUL_SETS, key);
        } else if (key.type().equals(Catalog.DAEMON_SETS)) {
            controllers.enqueue(Part.DAEMON_SETS, key);
        } else if (key.type().is("argoproj.io", "rollouts")) {
            controllers.enqueue(Part.ROLLOUTS, key);
        }
    }

    private void enqueueRollouts(String namespace, Predicate<JsonNode> chosen) {
        catalog.find("argoproj.io", "v1alpha1", "rollouts")
                .ifPresent(type -> store.list(type, namespace).objects().stream()
                        .filter(rollout -> chosen.test(rollout.tree()))
                        .forEach(rollout -> controllers.enqueue(Part.ROLLOUTS, ObjectKey.of(type, rollout.tree()))));
    }
}
