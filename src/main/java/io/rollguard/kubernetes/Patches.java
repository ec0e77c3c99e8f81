package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.RevisionHash;

/**
 * The JSON patches that take a release back. Each carries as tests what was judged, and the resourceVersion of the read it
 * was judged on, which turns away a process that slept in between. The server evaluates a patch as a whole: one test that
 * fails and nothing is written.
 */
final class Patches {

    private static final String ROLLED_BACK_FROM = "rollguard.io/rolled-back-from";

    private Patches() {}

    /**
     * The abort of a canary, for the status subresource. Tests the generation too, for a status may lag behind the spec,
     * and an abort that meets a newer template is accepted and then thrown away. Clears promoteFull, which would make the
     * controller take the abort back.
     */
    static ArrayNode abort(Reading.Found as, RevisionHash bad, RevisionHash stable) {
        var raw = Raw.of(as);
        var patch = guarded(as);
        test(patch, "/metadata/generation", raw.generation());
        test(patch, "/status/observedGeneration", raw.status().path("observedGeneration"));
        test(patch, "/status/currentPodHash", TextNode.valueOf(bad.value()));
        test(patch, "/status/stableRS", TextNode.valueOf(stable.value()));
        patch.addObject().put("op", "add").put("path", "/status/abort").put("value", true);
        patch.addObject().put("op", "add").put("path", "/status/promoteFull").put("value", false);
        return patch;
    }

    /**
     * The restore of a pod template. Does not test the generation, which an autoscaler moves as well, but the whole
     * template as read. Touches nothing but the template and our own annotation.
     */
    static ArrayNode restore(Reading.Found as, RevisionHash bad, JsonNode good) {
        var raw = Raw.of(as);
        var patch = guarded(as);
        test(patch, "/spec/template", raw.template());
        patch.addObject().put("op", "replace").put("path", "/spec/template").set("value", good);
        if (!raw.hasAnnotations()) {
            patch.addObject()
                    .put("op", "add")
                    .put("path", "/metadata/annotations")
                    .putObject("value");
        }
        patch.addObject()
                .put("op", "add")
                .put("path", "/metadata/annotations/" + ROLLED_BACK_FROM.replace("/", "~1"))
                .put("value", bad.value());
        return patch;
    }

    private static ArrayNode guarded(Reading.Found as) {
        var patch = ApiServer.JSON.createArrayNode();
        test(patch, "/metadata/uid", TextNode.valueOf(as.facts().uid()));
        test(patch, "/metadata/resourceVersion", TextNode.valueOf(as.resourceVersion()));
        return patch;
    }

    private static void test(ArrayNode patch, String path, JsonNode value) {
        patch.addObject().put("op", "test").put("path", path).set("value", value);
    }
}
