package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import java.util.List;

/**
 * The JSON patches that take a release back. Each carries as tests what was judged, and the {@linkplain #version version} of
 * the read it was judged on, which turns away a process that slept in between. The server evaluates a patch as a whole: one
 * test that fails and nothing is written.
 */
final class Patches {

    private static final String TEMPLATE_GENERATION = "rollout.argoproj.io/workload-generation";
    private static final String ROLLED_BACK_FROM = "rollguard.io/rolled-back-from";
    private static final String ROLLED_BACK_FROM_PATH = annotationPath(ROLLED_BACK_FROM);

    /** What people say of a workload there, an act rests on; the controller and others write annotations too. */
    private static final List<String> SETTINGS =
            List.of("rollguard.io/mode", "rollguard.io/no-rollback", ROLLED_BACK_FROM);

    private Patches() {}

    /**
     * What a restore tests beside the facts, so that it does not land once anybody has changed the spec: the resourceVersion, or
     * the generation of a paused Rollout. While all new pods of a blue-green serve, Argo Rollouts tells a pause and takes it back
     * in the status without end, so that no resourceVersion is the latest for long enough to write on it (ADR 012).
     */
    static String version(WorkloadFacts facts, ObjectNode object) {
        var metadata = object.path("metadata");
        return isRestless(facts)
                ? "generation " + metadata.path("generation").asText()
                : metadata.path("resourceVersion").asText();
    }

    private static boolean isRestless(WorkloadFacts facts) {
        return facts.ref().kind() == Kind.ROLLOUT && facts.is(Trait.PAUSED);
    }

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
        testTemplateGeneration(patch, raw);
        patch.addObject().put("op", "add").put("path", "/status/abort").put("value", true);
        patch.addObject().put("op", "add").put("path", "/status/promoteFull").put("value", false);
        return patch;
    }

    /**
     * The restore of a pod template, for the object that it is in. A Rollout names its revision, which is tested too, and is
     * unpaused with it: nothing would move else. Tests the whole template as read, and the generation, which an autoscaler moves
     * as well, only where the resourceVersion can't be. Touches nothing but the template and our own annotation.
     */
    static ArrayNode restore(Reading.Found as, RevisionHash bad, JsonNode good) {
        var raw = Raw.of(as);
        boolean ofRollout = as.facts().ref().kind() == Kind.ROLLOUT && raw.referenced() == null;
        boolean unpauses = ofRollout && isRestless(as.facts());
        var patch = unpauses ? guardedByGeneration(raw) : guarded(raw.templated());
        test(patch, "/spec/template", raw.template());
        if (ofRollout) {
            test(patch, "/status/currentPodHash", TextNode.valueOf(bad.value()));
        }
        patch.addObject().put("op", "replace").put("path", "/spec/template").set("value", good);
        if (unpauses) {
            unpause(patch);
        }
        if (!raw.hasAnnotations()) {
            patch.addObject()
                    .put("op", "add")
                    .put("path", "/metadata/annotations")
                    .putObject("value");
        }
        mark(patch, bad);
        return patch;
    }

    private static void mark(ArrayNode patch, RevisionHash bad) {
        patch.addObject().put("op", "add").put("path", ROLLED_BACK_FROM_PATH).put("value", bad.value());
    }

    // --- what is left of an act

    /** For an abort that its controller has acknowledged. */
    static ArrayNode unpause(Reading.Found as, RevisionHash bad) {
        var status = Raw.of(as).status();
        var patch = guarded(as);
        test(patch, "/status/currentPodHash", TextNode.valueOf(bad.value()));
        test(patch, "/status/abort", BooleanNode.TRUE);
        test(patch, "/status/abortedAt", status.path("abortedAt"));
        test(patch, "/spec/paused", BooleanNode.TRUE);
        unpause(patch);
        return patch;
    }

    private static void unpause(ArrayNode patch) {
        patch.addObject().put("op", "replace").put("path", "/spec/paused").put("value", false);
    }

    /**
     * The mark of a restore on a Rollout whose template was restored elsewhere: what is promoted must bear it. A Rollout with a
     * template elsewhere has annotations.
     */
    static ArrayNode mark(Reading.Found as, RevisionHash bad) {
        var patch = guarded(as);
        mark(patch, bad);
        return patch;
    }

    /** For a restore of ours that its controller has observed; sent before that, it would be thrown away. */
    static ArrayNode promote(Reading.Found as, RevisionHash bad, RevisionHash target) {
        var raw = Raw.of(as);
        var patch = guarded(as);
        test(patch, "/metadata/generation", raw.generation());
        test(patch, "/status/observedGeneration", raw.status().path("observedGeneration"));
        test(patch, "/status/currentPodHash", TextNode.valueOf(target.value()));
        test(patch, "/status/stableRS", raw.status().path("stableRS"));
        testTemplateGeneration(patch, raw);
        test(patch, ROLLED_BACK_FROM_PATH, TextNode.valueOf(bad.value()));
        patch.addObject().put("op", "add").put("path", "/status/promoteFull").put("value", true);
        return patch;
    }

    /**
     * A write that says nothing: of abort and promoteFull, the one that is not asked for is absent or false, which is the same
     * to the controller, and becomes the other.
     */
    static ArrayNode nudge(Reading.Found as) {
        var status = Raw.of(as).status();
        var idle = status.path("promoteFull").asBoolean(false) ? "abort" : "promoteFull";
        var patch = guarded(as);
        if (status.has(idle) && !status.path(idle).asBoolean(false)) {
            patch.addObject().put("op", "remove").put("path", "/status/" + idle);
        } else {
            patch.addObject().put("op", "add").put("path", "/status/" + idle).put("value", false);
        }
        return patch;
    }

    /** A Rollout does not see at once that its template changed in another object, and its own generation never moves. */
    private static void testTemplateGeneration(ArrayNode patch, Raw raw) {
        if (raw.referenced() != null) {
            var seen = raw.object().path("metadata").path("annotations").path(TEMPLATE_GENERATION);
            test(patch, annotationPath(TEMPLATE_GENERATION), seen);
        }
    }

    private static ArrayNode guarded(Reading.Found as) {
        return guarded(Raw.of(as).object());
    }

    private static ArrayNode guarded(ObjectNode object) {
        var metadata = object.path("metadata");
        var patch = ApiServer.JSON.createArrayNode();
        test(patch, "/metadata/uid", metadata.path("uid"));
        test(patch, "/metadata/resourceVersion", metadata.path("resourceVersion"));
        return patch;
    }

    /**
     * The generation rises with every change of the spec and never falls, so a restore in between, and the bad template put back
     * after it, turns this away as the resourceVersion would. What else was judged and may change without it is tested by itself.
     */
    private static ArrayNode guardedByGeneration(Raw raw) {
        var patch = ApiServer.JSON.createArrayNode();
        test(patch, "/metadata/uid", raw.object().path("metadata").path("uid"));
        test(patch, "/metadata/generation", raw.generation());
        test(patch, "/status/stableRS", raw.status().path("stableRS"));
        if (!raw.hasAnnotations()) {
            test(patch, "/metadata/annotations", NullNode.instance);
            return patch;
        }
        for (var each : SETTINGS) {
            var value = raw.object().path("metadata").path("annotations").path(each);
            test(patch, annotationPath(each), value.isMissingNode() ? NullNode.instance : value);
        }
        return patch;
    }

    private static String annotationPath(String name) {
        return "/metadata/annotations/" + name.replace("/", "~1");
    }

    private static void test(ArrayNode patch, String path, JsonNode value) {
        patch.addObject().put("op", "test").put("path", path).set("value", value);
    }
}
