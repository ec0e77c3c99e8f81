package io.rollguard.wire;

import static io.rollguard.wire.KubernetesObjects.condition;
import static io.rollguard.wire.KubernetesObjects.isTrue;
import static io.rollguard.wire.KubernetesObjects.number;
import static io.rollguard.wire.KubernetesObjects.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.alert.PrometheusDuration;
import io.rollguard.release.GitOps;
import io.rollguard.release.GitOps.Tool;
import io.rollguard.release.Kind;
import io.rollguard.release.Links;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.BlueGreen;
import io.rollguard.release.WorkloadFacts.Settings;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.wire.KubernetesObjects.Meta;
import io.rollguard.wire.KubernetesObjects.UnreadableField;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reduces the four kinds of workload.
 *
 * <table>
 * <caption>Fields used</caption>
 * <tr><td>all</td><td>metadata.generation and status.observedGeneration; managedFields (who last wrote the template, and
 * when); spec.replicas; the status's counts; annotations {@code rollguard.io/*}; the signs of Argo CD, Flux and Helm</td></tr>
 * <tr><td>Rollout</td><td>spec: strategy (which; trafficRouting, dynamicStableScale, abortScaleDownDelaySeconds,
 * activeService), paused, rollbackWindow, workloadRef, progressDeadlineAbort; status: currentPodHash, stableRS, abort (and by
 * managedFields who asked for it), abortedAt, promoteFull, canary.weights, blueGreen.activeSelector, the states of the current
 * analysis runs, conditions Completed, Progressing, InvalidSpec, ReplicaFailure, workloadObservedGeneration with the annotation
 * of that name</td></tr>
 * <tr><td>Deployment</td><td>annotation {@code deployment.kubernetes.io/revision}; spec: strategy.type, paused; conditions
 * Progressing, ReplicaFailure</td></tr>
 * <tr><td>StatefulSet</td><td>spec: updateStrategy (type, partition), podManagementPolicy; status.currentRevision,
 * updateRevision</td></tr>
 * <tr><td>DaemonSet</td><td>spec.updateStrategy.type</td></tr>
 * </table>
 */
final class WorkloadObjects {

    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
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
        var ref = spec.path("workloadRef");
        boolean fromDeployment = ref.path("kind").asText().equals(Kind.DEPLOYMENT.label());
        boolean isSwitched = current != null
                && !current.equals(stable)
                && current.equals(hash(status.path("blueGreen").path("activeSelector")));
        var weights = status.path("canary").path("weights");
        var weight = weights.path("canary").path("weight");
        boolean isWeightKnown = weight.isNumber() && weights.path("verified").asBoolean(true);
        var completionMoved = completed == null ? null : time(completed.path("lastTransitionTime"));
        var strategy = spec.path("strategy").path("blueGreen").isObject() ? Strategy.BLUE_GREEN : Strategy.CANARY;
        var facts = begin(cluster, Kind.ROLLOUT, object, strategy)
                .observed(isObserved(object) && isTemplateObserved(object))
                .pods(
                        spec.path("replicas").asInt(1),
                        status.path("updatedReplicas").asInt(0),
                        status.path("availableReplicas").asInt(0),
                        status.path("replicas").asInt(0))
                .revisions(current, stable)
                .aborted(status.path("abort").asBoolean(false), time(status.path("abortedAt")))
                .canaryWeight(isWeightKnown ? weight.intValue() : null)
                .changedAt(isTrue(object, "Completed") ? null : completionMoved)
                .complete(isComplete, isComplete ? completionMoved : null)
                .stuck(isDeadlineExceeded(object))
                .blueGreen(blueGreen(spec, status))
                .trait(Trait.PAUSED, spec.path("paused").asBoolean(false))
                .trait(Trait.WORKLOAD_REF, fromDeployment)
                .trait(Trait.FOREIGN_TEMPLATE, ref.isObject() && !fromDeployment)
                .trait(
                        Trait.DYNAMIC_STABLE_SCALE,
                        canary.path("dynamicStableScale").asBoolean(false))
                .trait(Trait.ABORT_DELAY_SET, canary.hasNonNull("abortScaleDownDelaySeconds"))
                .trait(Trait.ABORTED_BY_CONTROLLER, isAbortedBy(object, "rollouts-controller"))
                .trait(Trait.WAITING, !status.path("pauseConditions").isEmpty())
                .trait(Trait.PROMOTE_FULL, status.path("promoteFull").asBoolean(false))
                .trait(Trait.ROLLBACK_WINDOW, spec.path("rollbackWindow").hasNonNull("revisions"))
                .trait(Trait.TRAFFIC_ROUTING, canary.path("trafficRouting").isObject())
                .trait(Trait.SWITCHED, isSwitched)
                .trait(Trait.INVALID, isTrue(object, "InvalidSpec"))
                .trait(Trait.QUOTA_EXCEEDED, isQuotaExceeded(object))
                .trait(Trait.ANALYSIS_FAILED, isAnalysisFailed(status))
                .trait(
                        Trait.ABORTS_AT_DEADLINE,
                        spec.path("progressDeadlineAbort").asBoolean(false))
                .build();
        return new Reduced.Workload(
                facts,
                new Links(
                        numbered(object, "rollout.argoproj.io/revision"),
                        fromDeployment ? text(ref.path("name")) : null,
                        generation(object),
                        number(status.path("workloadObservedGeneration").asText())));
    }

    private static @Nullable BlueGreen blueGreen(JsonNode spec, JsonNode status) {
        var strategy = spec.path("strategy").path("blueGreen");
        if (!strategy.isObject()) {
            return null;
        }
        return new BlueGreen(
                strategy.path("activeService").asText(),
                hash(status.path("blueGreen").path("activeSelector")));
    }

    private static long generation(JsonNode object) {
        return object.path("metadata").path("generation").asLong(0);
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
        long number = numbered(object, "deployment.kubernetes.io/revision");
        var strategy =
                spec.path("strategy").path("type").asText().equals("Recreate") ? Strategy.RECREATE : Strategy.ROLLING;
        var facts = begin(cluster, Kind.DEPLOYMENT, object, strategy)
                .observed(isObserved(object) && number > 0)
                .pods(replicas, updated, available, total)
                .complete(
                        isComplete,
                        isComplete && tellsWhen && progressing != null
                                ? time(progressing.path("lastUpdateTime"))
                                : null)
                .stuck(isDeadlineExceeded(object))
                .trait(Trait.PAUSED, spec.path("paused").asBoolean(false))
                .trait(Trait.QUOTA_EXCEEDED, isQuotaExceeded(object))
                .build();
        return new Reduced.Workload(facts, new Links(number, null, generation(object), 0));
    }

    private static long numbered(JsonNode object, String annotation) {
        var number = Meta.annotation(object, annotation);
        return number == null ? Links.BY_HASH : number(number);
    }

    static Reduced statefulSet(String cluster, JsonNode object) {
        var status = object.path("status");
        var strategy = updateStrategy(object);
        var spec = object.path("spec");
        int replicas = spec.path("replicas").asInt(1);
        int updated = status.path("updatedReplicas").asInt(0);
        int total = status.path("replicas").asInt(0);
        var current = text(status.path("updateRevision"));
        var before = text(status.path("currentRevision"));
        boolean onDelete = strategy == Strategy.ON_DELETE; // its currentRevision never moves
        // the controller moves currentRevision once all pods are new; more replicas later make it no release
        boolean isComplete = current != null && (onDelete ? updated == total : current.equals(before));
        var facts = begin(cluster, Kind.STATEFULSET, object, strategy)
                .observed(isObserved(object) && current != null)
                .pods(replicas, updated, status.path("availableReplicas").asInt(0), total)
                .revisions(
                        current == null ? null : new RevisionHash(hashOf(current)),
                        before == null || onDelete ? null : new RevisionHash(hashOf(before)))
                .complete(isComplete, null)
                .trait(Trait.ORDERED, !spec.path("podManagementPolicy").asText().equals("Parallel"))
                .trait(
                        Trait.PARTITIONED,
                        spec.at("/updateStrategy/rollingUpdate/partition").asInt(0) > 0)
                .build();
        return new Reduced.Workload(facts, Links.NONE);
    }

    static Reduced daemonSet(String cluster, JsonNode object) {
        var status = object.path("status");
        int desired = status.path("desiredNumberScheduled").asInt(0);
        int updated = status.path("updatedNumberScheduled").asInt(0);
        int available = status.path("numberAvailable").asInt(0);
        int scheduled = status.path("currentNumberScheduled").asInt(0);
        var facts = begin(cluster, Kind.DAEMONSET, object, updateStrategy(object))
                .observed(isObserved(object))
                .pods(desired, updated, available, scheduled)
                .complete(updated > 0 && updated >= scheduled, null)
                .build();
        return new Reduced.Workload(facts, new Links(Links.NEWEST, null, generation(object), 0));
    }

    /** The hash in a ControllerRevision's name: hashes have no dash. */
    static String hashOf(String controllerRevision) {
        var hash = controllerRevision.substring(controllerRevision.lastIndexOf('-') + 1);
        if (hash.isEmpty()) {
            throw new UnreadableField("the name of a ControllerRevision: no hash");
        }
        return hash;
    }

    /** With what every kind tells in the same way. */
    private static WorkloadFacts.Builder begin(String cluster, Kind kind, JsonNode object, Strategy strategy) {
        var ref = new WorkloadRef(cluster, Meta.namespace(object), kind, Meta.name(object));
        return WorkloadFacts.of(ref, Meta.uid(object), strategy)
                .templateSetAt(templateSetAt(object))
                .owner(owner(object))
                .gitOps(gitOps(object, kind == Kind.ROLLOUT ? "argoproj.io" : "apps", kind))
                .settings(settings(object))
                .trait(Trait.CLIENT_SIDE_APPLIED, Meta.annotation(object, LAST_APPLIED) != null);
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

    /** The controllers copy this condition from the ReplicaSet; its message is the API server's. */
    private static boolean isQuotaExceeded(JsonNode object) {
        var failure = condition(object, "ReplicaFailure");
        return failure != null
                && isTrue(object, "ReplicaFailure")
                && failure.path("reason").asText().equals("FailedCreate")
                && failure.path("message").asText().contains("exceeded quota");
    }

    /**
     * The status names the runs of the current revision only, and forgets them when the template changes or a person tries
     * again; a run that was terminated is Successful, which proves nothing, and an Error is a measurement that failed.
     */
    private static boolean isAnalysisFailed(JsonNode status) {
        var canary = status.path("canary");
        var blueGreen = status.path("blueGreen");
        return Stream.of(
                        canary.path("currentStepAnalysisRunStatus"),
                        canary.path("currentBackgroundAnalysisRunStatus"),
                        blueGreen.path("prePromotionAnalysisRunStatus"),
                        blueGreen.path("postPromotionAnalysisRunStatus"))
                .anyMatch(run -> run.path("status").asText().equals("Failed"));
    }

    /** Whether this field manager asked for the abort, as managedFields tell; a later writer of the same value takes it over. */
    private static boolean isAbortedBy(JsonNode object, String manager) {
        for (var entry : object.path("metadata").path("managedFields")) {
            if (entry.path("manager").asText().equals(manager)
                    && entry.path("fieldsV1").path("f:status").has("f:abort")) {
                return object.path("status").path("abort").asBoolean(false);
            }
        }
        return false;
    }

    /** When somebody last wrote the template: the newest of managedFields' entries that own part of it. */
    private static @Nullable Instant templateSetAt(JsonNode object) {
        return Meta.setAt(object, "template");
    }

    /** They write what others asked for back in their own form, so their name tells nothing; and we are not looked for. */
    private static final Set<String> NOT_ASKED_ABOUT =
            Set.of("rollouts-controller", "kube-controller-manager", "rollguard");

    /**
     * Who last wrote what decides which revision runs: the template; for a Rollout also its steps, a change of which takes an
     * abort back, and the abort itself.
     */
    static Optional<Write> lastWrite(JsonNode object) {
        boolean ofRollout = object.path("kind").asText().equals(Kind.ROLLOUT.label());
        Write last = null;
        for (var entry : object.path("metadata").path("managedFields")) {
            var manager = text(entry.path("manager"));
            var at = time(entry.path("time"));
            if (manager == null || at == null || NOT_ASKED_ABOUT.contains(manager) || !decides(entry, ofRollout)) {
                continue;
            }
            if (last == null || at.isAfter(last.at())) {
                last = new Write(manager, entry.path("operation").asText("Update"), at);
            }
        }
        return Optional.ofNullable(last);
    }

    private static boolean decides(JsonNode entry, boolean ofRollout) {
        var fields = entry.path("fieldsV1");
        return switch (entry.path("subresource").asText()) {
            case "" ->
                fields.path("f:spec").has("f:template")
                        || (ofRollout && fields.path("f:spec").has("f:strategy"));
            case "status" -> ofRollout && fields.path("f:status").has("f:abort");
            default -> false;
        };
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

    /**
     * Argo CD ignores a tracking-id that was copied from another object, and so do we. In label mode it leaves only a label that
     * Helm charts set too, so there its name among the writers has to bear it out. Flux comes before Helm, whose signs a
     * HelmRelease leaves as well.
     */
    private static @Nullable GitOps gitOps(JsonNode object, String group, Kind kind) {
        var tracking = Meta.annotation(object, "argocd.argoproj.io/tracking-id");
        var own = ":%s/%s:%s/%s".formatted(group, kind.label(), Meta.namespace(object), Meta.name(object));
        if (tracking != null && tracking.endsWith(own)) {
            return argoCd(tracking.substring(0, tracking.length() - own.length()));
        }
        var kustomization = Meta.label(object, "kustomize.toolkit.fluxcd.io/name");
        if (kustomization != null) {
            var namespace = Meta.label(object, "kustomize.toolkit.fluxcd.io/namespace");
            return new GitOps(Tool.FLUX_KUSTOMIZATION, typed(kustomization, "NAME"), typed(namespace, "NAMESPACE"));
        }
        var release = Meta.label(object, "helm.toolkit.fluxcd.io/name");
        if (release != null) {
            var namespace = Meta.label(object, "helm.toolkit.fluxcd.io/namespace");
            return new GitOps(Tool.FLUX_HELM_RELEASE, typed(release, "NAME"), typed(namespace, "NAMESPACE"));
        }
        var instance = Optional.ofNullable(Meta.label(object, "argocd.argoproj.io/instance"))
                .orElse(Meta.label(object, "app.kubernetes.io/instance"));
        if (instance != null && isWrittenByArgoCd(object)) {
            return argoCd(instance);
        }
        var helm = Meta.annotation(object, "meta.helm.sh/release-name");
        if (helm != null && "Helm".equals(Meta.label(object, "app.kubernetes.io/managed-by"))) {
            var namespace = Meta.annotation(object, "meta.helm.sh/release-namespace");
            return new GitOps(Tool.HELM, typed(helm, "RELEASE"), typed(namespace, Meta.namespace(object)));
        }
        return null;
    }

    /** An application outside of Argo CD's own namespace is named {@code namespace_name}. */
    private static GitOps argoCd(String application) {
        int bar = application.indexOf('_');
        var namespace = bar < 0 ? "" : typed(application.substring(0, bar), "NAMESPACE");
        return new GitOps(Tool.ARGO_CD, typed(application.substring(bar + 1), "APPLICATION"), namespace);
    }

    private static boolean isWrittenByArgoCd(JsonNode object) {
        for (var entry : object.path("metadata").path("managedFields")) {
            if (entry.path("manager").asText().startsWith("argocd")
                    && entry.path("subresource").asText().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /** A name that stands in a command for people. Annotations hold whatever somebody wrote there; what is no name is not shown. */
    private static String typed(@Nullable String name, String otherwise) {
        return name != null && WorkloadRef.isName(name) ? name : otherwise;
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

    private static @Nullable RevisionHash hash(JsonNode node) {
        var text = text(node);
        return text == null ? null : new RevisionHash(text);
    }

    private static @Nullable Instant time(JsonNode node) {
        return Meta.timeOrNull(node);
    }
}
