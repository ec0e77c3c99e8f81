package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.reactor.Cluster.Reading;

/** A workload as read, whole, for the write that follows. Never printed: it holds the pod template. */
record Raw(ObjectNode object) {

    static Raw of(Reading.Found reading) {
        return (Raw) reading.raw();
    }

    String uid() {
        return object.path("metadata").path("uid").asText();
    }

    JsonNode generation() {
        return object.path("metadata").path("generation");
    }

    JsonNode template() {
        return object.path("spec").path("template");
    }

    JsonNode status() {
        return object.path("status");
    }

    boolean hasAnnotations() {
        return object.path("metadata").path("annotations").isObject();
    }

    @Override
    public String toString() {
        return object.path("metadata").path("name").asText() + " (raw)";
    }
}
