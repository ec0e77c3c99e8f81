package io.rollguard.wire;

import static io.rollguard.wire.KubernetesObjects.condition;
import static io.rollguard.wire.KubernetesObjects.isTrue;
import static io.rollguard.wire.KubernetesObjects.number;
import static io.rollguard.wire.KubernetesObjects.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.alert.PrometheusDuration;
import io.rollguard.release.Kind;
import io.rollguard.release.Links;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Settings;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.KubernetesObjects.Meta;
import io.rollguard.wire.KubernetesObjects.UnreadableField;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reduces the four kinds of workload.
 *
 * <table>
 * <caption>Fields used</caption>
 * <tr><td>all</td><td>metadata.generation and status.observedGeneration; managedFields (who last wrote the template, and
 * when); spec.replicas; the status's counts; annotations {@code rollguard.io/*}; Argo CD's tracking-id and Flux' labels</td></tr>
 * <tr><td>Rollout</td><td>spec: strategy (which; trafficRouting, dynamicStableScale), paused, rollbackWindow, workloadRef;
 * status: currentPodHash, stableRS, abort, abortedAt, promoteFull, canary.weights, blueGreen.activeSelector, conditions
 * Completed, Progressing, InvalidSpec, workloadObservedGeneration with the annotation of that name</td></tr>
 * <tr><td>Deployment</td><td>annotation {@code deployment.kubernetes.io/revision}; spec: strategy.type, paused; condition
 * Progressing</td></tr>
 * <tr><td>StatefulSet</td><td>spec.updateStrategy.type; status.currentRevision, updateRevision</td></tr>
 * <tr><td>DaemonSet</td><td>spec.updateStrategy.type</td></tr>
 * </table>
 */
final class WorkloadObjects {

    private static final String DEADLINE_EXCEEDED = "ProgressDeadlineExceeded";

    private WorkloadObjects() {}

    static Reduced rollout(String cluster, JsonNode object) {
        var spec = object.path("spec");
        var status = object.path("status");
        var current = hash(status.path("currentPodHash"));
        var stable = hash(status.path("stableRS"));
        var completed = condition(object, "Completed");
        var canary = spec.path("strategy").path("canary");
        boolean isComplete = current != null
                && current.equals(stable)
                && (completed == null || isTrue(object, "Completed")); // controllers before 1.3 have none that says so
        var traits = EnumSet.noneOf(Trait.class);
        add(traits, Trait.PAUSED, spec.path("paused").asBoolean(false));
        add(traits, Trait.WORKLOAD_REF, spec.path("workloadRef").isObject());
        add(
                traits,
                Trait.DYNAMIC_STABLE_SCALE,
                canary.path("dynamicStableScale").asBoolean(false));
        add(traits, Trait.PROMOTE_FULL, status.path("promoteFull").asBoolean(false));
        add(traits, Trait.ROLLBACK_WINDOW, spec.path("rollbackWindow").hasNonNull("revisions"));
        add(traits, Trait.TRAFFIC_ROUTING, canary.path("trafficRouting").isObject());
        add(
                traits,
                Trait.SWITCHED,
                current != null
                        && !current.equals(stable)
                        && current.equals(hash(status.path("blueGreen").path("activeSelector"))));
        add(traits, Trait.INVALID, isTrue(object, "InvalidSpec"));
        var weight = status.path("canary").path("weights").path("canary").path("weight");
        var facts = new WorkloadFacts(
                ref(cluster, Kind.ROLLOUT, object),
                Meta.uid(object),
                isObserved(object) && isTemplateObserved(object),
                spec.path("strategy").path("blueGreen").isObject() ? Strategy.BLUE_GREEN : Strategy.CANARY,
                spec.path("replicas").asInt(1),
                status.path("updatedReplicas").asInt(0),
                status.path("availableReplicas").asInt(0),
                status.path("replicas").asInt(0),
                current,
                stable,
                status.path("abort").asBoolean(false),
                time(status.path("abortedAt")),
                weight.isNumber() ? weight.intValue() : null,
                completed != null && !isTrue(object, "Completed") ? time(completed.path("lastTransitionTime")) : null,
                isComplete,
                isComplete && completed != null ? time(completed.path("lastTransitionTime")) : null,
                templateSetAt(object),
                isDeadlineExceeded(object),
                owner(object),
                gitOps(object, "argoproj.io", Kind.ROLLOUT),
                false,
                traits,
                settings(object));
        var ref = spec.path("workloadRef");
        boolean fromDeployment = ref.path("kind").asText().equals(Kind.DEPLOYMENT.label());
        return new Reduced.Workload(facts, new Links(Links.BY_HASH, fromDeployment ? text(ref.path("name")) : null));
    }

    static Reduced deployment(String cluster, JsonNode object) {
        var spec = object.path("spec");
        var status = object.path("status");
        int replicas = spec.path("replicas").asInt(1);
        int updated = status.path("updatedReplicas").asInt(0);
        int available = status.path("availableReplicas").asInt(0);
        int total = status.path("replicas").asInt(0);
        var progressing = condition(object, "Progressing");
        var progress = progressing == null ? "" : progressing.path("reason").asText();
        boolean tellsWhen = progress.equals("NewReplicaSetAvailable");
        boolean pausedLater = progress.equals("DeploymentPaused") && updated >= replicas;
        boolean isComplete = total == updated
                && (progressing == null // without a deadline there is no such condition
                        ? updated >= replicas && available >= replicas
                        : tellsWhen || pausedLater);
        var traits = EnumSet.noneOf(Trait.class);
        add(traits, Trait.PAUSED, spec.path("paused").asBoolean(false));
        var number = Meta.annotation(object, "deployment.kubernetes.io/revision");
        var facts = new WorkloadFacts(
                ref(cluster, Kind.DEPLOYMENT, object),
                Meta.uid(object),
                isObserved(object) && number != null && number(number) > 0,
                spec.path("strategy").path("type").asText().equals("Recreate") ? Strategy.RECREATE : Strategy.ROLLING,
                replicas,
                updated,
                available,
                total,
                null,
                null,
                false,
                null,
                null,
                null,
                isComplete,
                isComplete && tellsWhen && progressing != null ? time(progressing.path("lastUpdateTime")) : null,
                templateSetAt(object),
                isDeadlineExceeded(object),
                owner(object),
                gitOps(object, "apps", Kind.DEPLOYMENT),
                false,
                traits,
                settings(object));
        return new Reduced.Workload(facts, new Links(number == null ? Links.BY_HASH : number(number), null));
    }

    static Reduced statefulSet(String cluster, JsonNode object) {
        var status = object.path("status");
        var strategy = updateStrategy(object);
        int replicas = object.path("spec").path("replicas").asInt(1);
        int updated = status.path("updatedReplicas").asInt(0);
        int total = status.path("replicas").asInt(0);
        var current = text(status.path("updateRevision"));
        var before = text(status.path("currentRevision"));
        boolean onDelete = strategy == Strategy.ON_DELETE; // its currentRevision never moves
        // the controller moves currentRevision once all pods are new; more replicas later make it no release
        boolean isComplete = current != null && (onDelete ? updated == total : current.equals(before));
        var facts = new WorkloadFacts(
                ref(cluster, Kind.STATEFULSET, object),
                Meta.uid(object),
                isObserved(object) && current != null,
                strategy,
                replicas,
                updated,
                status.path("availableReplicas").asInt(0),
                total,
                current == null ? null : new RevisionHash(hashOf(current)),
                before == null || onDelete ? null : new RevisionHash(hashOf(before)),
                false,
                null,
                null,
                null,
                isComplete,
                null,
                templateSetAt(object),
                false,
                owner(object),
                gitOps(object, "apps", Kind.STATEFULSET),
                false,
                Set.of(),
                settings(object));
        return new Reduced.Workload(facts, Links.NONE);
    }

    static Reduced daemonSet(String cluster, JsonNode object) {
        var status = object.path("status");
        int desired = status.path("desiredNumberScheduled").asInt(0);
        int updated = status.path("updatedNumberScheduled").asInt(0);
        int available = status.path("numberAvailable").asInt(0);
        var facts = new WorkloadFacts(
                ref(cluster, Kind.DAEMONSET, object),
                Meta.uid(object),
                isObserved(object),
                updateStrategy(object),
                desired,
                updated,
                available,
                status.path("currentNumberScheduled").asInt(0),
                null,
                null,
                false,
                null,
                null,
                null,
                updated > 0 && updated >= status.path("currentNumberScheduled").asInt(0),
                null,
                templateSetAt(object),
                false,
                owner(object),
                gitOps(object, "apps", Kind.DAEMONSET),
                false,
                Set.of(),
                settings(object));
        return new Reduced.Workload(facts, new Links(Links.NEWEST, null));
    }

    /** The hash in a ControllerRevision's name: hashes have no dash. */
    static String hashOf(String controllerRevision) {
        var hash = controllerRevision.substring(controllerRevision.lastIndexOf('-') + 1);
        if (hash.isEmpty()) {
            throw new UnreadableField("the name of a ControllerRevision: no hash");
        }
        return hash;
    }

    // --- status

    /**
     * Whether the status describes the present spec. A Rollout writes the number as text, and before 0.10 wrote a hash;
     * what is no number, or is greater, counts as observed, as it does for Argo's own tools.
     */
    private static boolean isObserved(JsonNode object) {
        var observed = text(object.path("status").path("observedGeneration"));
        var generation = object.path("metadata").path("generation");
        if (observed == null) {
            return generation.isMissingNode() && object.path("status").isObject();
        }
        try {
            return Long.parseLong(observed) >= generation.asLong(0);
        } catch (NumberFormatException hash) {
            return true;
        }
    }

    /** With workloadRef the template has a generation of its own. */
    private static boolean isTemplateObserved(JsonNode rollout) {
        if (!rollout.path("spec").path("workloadRef").isObject()) {
            return true;
        }
        var wanted = Meta.annotation(rollout, "rollout.argoproj.io/workload-generation");
        return wanted != null && wanted.equals(text(rollout.path("status").path("workloadObservedGeneration")));
    }

    private static boolean isDeadlineExceeded(JsonNode object) {
        var progressing = condition(object, "Progressing");
        return progressing != null && progressing.path("reason").asText().equals(DEADLINE_EXCEEDED);
    }

    /** When somebody last wrote the template: the newest of managedFields' entries that own part of it. */
    private static @Nullable Instant templateSetAt(JsonNode object) {
        Instant newest = null;
        for (var entry : object.path("metadata").path("managedFields")) {
            boolean ofTemplate = entry.path("subresource").asText().isEmpty()
                    && entry.path("fieldsV1").path("f:spec").has("f:template");
            var time = ofTemplate ? time(entry.path("time")) : null;
            if (time != null && (newest == null || time.isAfter(newest))) {
                newest = time;
            }
        }
        return newest;
    }

    private static Strategy updateStrategy(JsonNode object) {
        return object.path("spec").path("updateStrategy").path("type").asText().equals("OnDelete")
                ? Strategy.ON_DELETE
                : Strategy.ROLLING;
    }

    // --- who else has a say

    private static @Nullable String owner(JsonNode object) {
        var owner = Meta.controller(object);
        return owner == null ? null : owner.kind() + "/" + owner.name();
    }

    /** Argo CD ignores a tracking-id that was copied from another object, and so do we. */
    private static @Nullable String gitOps(JsonNode object, String group, Kind kind) {
        var tracking = Meta.annotation(object, "argocd.argoproj.io/tracking-id");
        var own = ":%s/%s:%s/%s".formatted(group, kind.label(), Meta.namespace(object), Meta.name(object));
        if (tracking != null && tracking.endsWith(own)) {
            return "Argo CD";
        }
        boolean flux = Meta.label(object, "kustomize.toolkit.fluxcd.io/name") != null
                || Meta.label(object, "helm.toolkit.fluxcd.io/name") != null;
        return flux ? "Flux" : null;
    }

    private static Settings settings(JsonNode object) {
        var bakeTime = Meta.annotation(object, "rollguard.io/bake-time");
        return new Settings(
                Meta.annotation(object, "rollguard.io/mode"),
                bakeTime == null ? null : duration(bakeTime),
                Meta.annotation(object, "rollguard.io/no-rollback"),
                text(object.path("metadata").path("annotations").path("rollguard.io/rolled-back-from")));
    }

    /** As ISO 8601 or as Prometheus writes it; null where it is neither, or negative. */
    private static @Nullable Duration duration(String text) {
        try {
            var duration = Duration.parse(text.strip());
            return duration.isNegative() ? null : duration;
        } catch (DateTimeException other) {
            return PrometheusDuration.parse(text.strip()).orElse(null);
        }
    }

    // --- fields

    private static WorkloadRef ref(String cluster, Kind kind, JsonNode object) {
        return new WorkloadRef(cluster, Meta.namespace(object), kind, Meta.name(object));
    }

    private static @Nullable RevisionHash hash(JsonNode node) {
        var text = text(node);
        return text == null ? null : new RevisionHash(text);
    }

    /** Null where there is none; a time that can't be read makes nothing else unreadable. */
    private static @Nullable Instant time(JsonNode node) {
        var text = text(node);
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeException notOne) {
            return null;
        }
    }

    private static void add(EnumSet<Trait> traits, Trait trait, boolean has) {
        if (has) {
            traits.add(trait);
        }
    }
}
