package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;

/** Names one object: kind, namespace ("" where the kind has none) and name. */
record ObjectKey(ResourceType type, String namespace, String name) {

    static ObjectKey of(ResourceType type, JsonNode object) {
        return new ObjectKey(type, type.namespaced() ? Metadata.namespace(object) : "", Metadata.name(object));
    }

    /** Sorts as etcd does: by namespace, then by name. */
    String path() {
        return namespace + "/" + name;
    }

    @Override
    public String toString() {
        return type.qualifiedPlural() + " " + path();
    }
}
