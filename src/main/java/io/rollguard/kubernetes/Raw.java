package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.reactor.Cluster.Reading;
import org.jspecify.annotations.Nullable;

/**
 * A workload as read, whole, for the write that follows. Never printed: it holds the pod template.
 *
 * @param referenced the Deployment that a Rollout takes its template from; null where the template is in the workload
 */
record Raw(ObjectNode object, @Nullable ObjectNode referenced) {

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
        return templated().path("spec").path("template");
    }

    /** The object that the template is in. */
    ObjectNode templated() {
        return referenced == null ? object : referenced;
    }

    JsonNode status() {
        return object.path("status");
    }

    /** Whether the object that the template is in has any. */
    boolean hasAnnotations() {
        return templated().path("metadata").path("annotations").isObject();
    }

    /** The same workload, read again. */
    Raw with(ObjectNode now) {
        return new Raw(now, referenced);
    }

    @Override
    public String toString() {
        return object.path("metadata").path("name").asText() + " (raw)";
    }
}
