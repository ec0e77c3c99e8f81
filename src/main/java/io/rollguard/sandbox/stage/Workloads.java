package io.rollguard.sandbox.stage;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.rollguard.release.Kind;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the owners of workloads do, as verbs, through the plain API: the same on the simulated cluster and on a real one.
 * Revisions differ in an environment variable, so that a real cluster can run them from one small image.
 */
public final class Workloads {

    private static final Duration SLOW = Duration.ofSeconds(60);

    private static final ResourceDefinitionContext ROLLOUTS = new ResourceDefinitionContext.Builder()
            .withGroup("argoproj.io")
            .withVersion("v1alpha1")
            .withKind("Rollout")
            .withPlural("rollouts")
            .withNamespaced(true)
            .build();
    private static final ResourceDefinitionContext DEPLOYMENTS = apps(Kind.DEPLOYMENT);
    private static final ResourceDefinitionContext STATEFUL_SETS = apps(Kind.STATEFULSET);
    private static final ResourceDefinitionContext DAEMON_SETS = apps(Kind.DAEMONSET);

    private static ResourceDefinitionContext apps(Kind kind) {
        return new ResourceDefinitionContext.Builder()
                .withGroup("apps")
                .withVersion("v1")
                .withKind(kind.label())
                .withPlural(kind.alertLabel() + "s")
                .withNamespaced(true)
                .build();
    }

    private static final String ROLLOUT_HASH = "rollouts-pod-template-hash";
    private static final String DEPLOYMENT_HASH = "pod-template-hash";
    private static final String REVISION_HASH = "controller-revision-hash";

    private final KubernetesClient client;
    private final String namespace;

    public Workloads(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    public String namespace() {
        return namespace;
    }

    public void createNamespace() {
        client.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .addToLabels("rollguard.io/stage", "true")
                        .endMetadata()
                        .build())
                .create();
    }

    /** Asks for its removal with all that is in it; does not wait. */
    public void removeNamespace() {
        client.namespaces().withName(namespace).delete();
    }

    // --- owners' verbs

    /**
     * Creates a Rollout of version v1 and waits until it is complete.
     *
     * @param steps its canary steps, as YAML flow
     * @param bakeTime ISO duration, for the annotation
     */
    public void createRollout(String name, int replicas, String steps, String bakeTime) {
        createService(name);
        createCanary(name, replicas, "{steps: %s}".formatted(steps), "", bakeTime);
    }

    /**
     * Creates what nginx needs: the Services {@code name} and {@code name-canary}, and the Ingress {@code name}. Before the
     * Rollout, which is invalid without them.
     */
    public void createIngress(String name) {
        createService(name);
        createService(name + "-canary", name);
        create("""
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: %1$s, namespace: %2$s}
            spec: {rules: [{host: %1$s.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: %1$s, port: {number: 80}}}}]}}]}
            """.formatted(name, namespace));
    }

    /**
     * Creates a canary Rollout of version v1 and waits until it is complete.
     *
     * @param canary its strategy, as YAML flow
     * @param more further fields of its spec, as YAML flow without braces; may be empty
     * @param bakeTime ISO duration, for the annotation
     */
    public void createCanary(String name, int replicas, String canary, String more, String bakeTime) {
        var yaml = """
            apiVersion: argoproj.io/v1alpha1
            kind: Rollout
            metadata: {name: %1$s, namespace: %2$s, annotations: {rollguard.io/bake-time: "%6$s"}}
            spec: {replicas: %3$d, selector: {matchLabels: {app: %1$s}}, strategy: {canary: %4$s}, template: %7$s%5$s}
            """.formatted(
                        name, namespace, replicas, canary, more.isEmpty() ? "" : ", " + more, bakeTime, template(name));
        create(yaml);
        awaitComplete(Kind.ROLLOUT, name);
    }

    /**
     * Creates a blue-green Rollout of version v1 behind the Service of its name, and waits until it is complete.
     *
     * @param more further fields of its strategy, as YAML flow without braces
     * @param bakeTime ISO duration, for the annotation
     */
    public void createBlueGreen(String name, int replicas, String more, String bakeTime) {
        createService(name);
        create("""
            apiVersion: argoproj.io/v1alpha1
            kind: Rollout
            metadata: {name: %1$s, namespace: %2$s, annotations: {rollguard.io/bake-time: "%5$s"}}
            spec:
              replicas: %3$d
              selector: {matchLabels: {app: %1$s}}
              strategy: {blueGreen: {activeService: %1$s, %4$s}}
              template: %6$s
            """.formatted(name, namespace, replicas, more, bakeTime, template(name)));
        awaitComplete(Kind.ROLLOUT, name);
    }

    /** Creates a Deployment of version v1 and waits until it is complete. */
    public void createDeployment(String name, int replicas, String bakeTime) {
        createDeployment(name, replicas, bakeTime, "");
    }

    /** @param podSpec more of its pods' spec, as YAML flow without braces; or empty */
    public void createDeployment(String name, int replicas, String bakeTime, String podSpec) {
        var yaml = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: %1$s, namespace: %2$s, annotations: {rollguard.io/bake-time: "%4$s"}}
            spec:
              replicas: %3$d
              selector: {matchLabels: {app: %1$s}}
              template: %5$s
            """.formatted(name, namespace, replicas, bakeTime, template(name, podSpec));
        create(yaml);
        createService(name);
        awaitComplete(Kind.DEPLOYMENT, name);
    }

    /**
     * Creates a StatefulSet of version v1 and waits until it is complete.
     *
     * @param more fields of its spec, as lines of YAML flow: {@code podManagementPolicy: Parallel}
     */
    public void createStatefulSet(String name, int replicas, String bakeTime, String more) {
        var yaml = """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: %1$s, namespace: %2$s, annotations: {rollguard.io/bake-time: "%4$s"}}
            spec:
              replicas: %3$d
              serviceName: %1$s
              selector: {matchLabels: {app: %1$s}}
              template: %5$s
              %6$s
            """.formatted(name, namespace, replicas, bakeTime, template(name), more);
        create(yaml);
        createService(name);
        awaitComplete(Kind.STATEFULSET, name);
    }

    /** Creates a DaemonSet of version v1 and waits until it is complete; {@code more} as for a StatefulSet. */
    public void createDaemonSet(String name, String bakeTime, String more) {
        var yaml = """
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: %1$s, namespace: %2$s, annotations: {rollguard.io/bake-time: "%3$s"}}
            spec:
              selector: {matchLabels: {app: %1$s}}
              template: %4$s
              %5$s
            """.formatted(name, namespace, bakeTime, template(name), more);
        create(yaml);
        createService(name);
        awaitComplete(Kind.DAEMONSET, name);
    }

    private static String template(String name) {
        return template(name, "");
    }

    private static String template(String name, String podSpec) {
        return """
            {metadata: {labels: {app: %s}}, spec: {containers: [{name: app, image: "registry.k8s.io/pause:3.9", env: [{name: VERSION, value: v1}]}]%s}}\
            """.formatted(name, podSpec.isEmpty() ? "" : ", " + podSpec);
    }

    private void createService(String name) {
        createService(name, name);
    }

    private void createService(String name, String app) {
        create("""
            apiVersion: v1
            kind: Service
            metadata: {name: %1$s, namespace: %2$s}
            spec: {selector: {app: %3$s}, ports: [{port: 80, targetPort: 8080}]}
            """.formatted(name, namespace, app));
    }

    private void create(String yaml) {
        var object = Serialization.unmarshal(yaml, GenericKubernetesResource.class);
        client.resource(object).inNamespace(namespace).create();
    }

    /** Ships a version: a new pod template. */
    public void ship(Kind kind, String name, String version) {
        patch(kind, name, """
            [{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"%s"}]\
            """.formatted(version));
    }

    /** Ships a version whose pods behave as the annotation says (see the simulated kubelets). */
    public void shipMisbehaving(Kind kind, String name, String version, String annotation, String value) {
        patch(kind, name, """
            [{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"%s"},
             {"op":"add","path":"/spec/template/metadata/annotations","value":{"%s":"%s"}}]\
            """.formatted(version, annotation, value));
    }

    public void scale(Kind kind, String name, int replicas) {
        patch(kind, name, "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":%d}]".formatted(replicas));
    }

    /** As {@code kubectl rollout restart} does. */
    public void restart(Kind kind, String name, String at) {
        patch(kind, name, """
            [{"op":"add","path":"/spec/template/metadata/annotations","value":{"kubectl.kubernetes.io/restartedAt":"%s"}}]\
            """.formatted(at));
    }

    public void annotate(Kind kind, String name, String annotation, String value) {
        resource(kind, name)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        Serialization.asJson(Map.of("metadata", Map.of("annotations", Map.of(annotation, value)))));
    }

    /** As {@code kubectl argo rollouts pause} does; waits until its controller has seen it. */
    public void pause(String rollout) {
        patch(Kind.ROLLOUT, rollout, "[{\"op\":\"add\",\"path\":\"/spec/paused\",\"value\":true}]");
        awaitSeen(Kind.ROLLOUT, rollout, rollout + " is paused", Workloads::isObserved);
    }

    /** Waits until its controller has seen what was written, and this came of it. */
    private void awaitSeen(Kind kind, String name, String what, Predicate<GenericKubernetesResource> condition) {
        Await.insistently(what, SLOW, () -> touch(kind, name), () -> condition.test(get(kind, name)));
    }

    private void touch(Kind kind, String name) {
        if (kind == Kind.ROLLOUT) {
            annotate(kind, name, "sandbox.rollguard.io/touched", Long.toString(System.nanoTime()));
        }
    }

    public boolean isPaused(String rollout) {
        return Boolean.TRUE.equals(get(Kind.ROLLOUT, rollout).get("spec", "paused"));
    }

    /** The share of the traffic that nginx is told to send to the canary; empty without its Ingress. */
    public Optional<Integer> weightOnIngress(String rollout) {
        var ingress = client.network()
                .v1()
                .ingresses()
                .inNamespace(namespace)
                .withName("%1$s-%1$s-canary".formatted(rollout))
                .get();
        return Optional.ofNullable(ingress)
                .map(found -> found.getMetadata().getAnnotations().get("nginx.ingress.kubernetes.io/canary-weight"))
                .map(Integer::valueOf);
    }

    /** The revision that the Service of a Rollout selects; empty where it selects all. */
    public String served(String rollout) {
        return client.services()
                .inNamespace(namespace)
                .withName(rollout)
                .get()
                .getSpec()
                .getSelector()
                .getOrDefault(ROLLOUT_HASH, "");
    }

    /** What its kubelet says of a pod. */
    public void setReady(String pod, boolean ready) {
        var body = """
            {"status":{"conditions":[{"type":"Ready","status":"%1$s"},{"type":"ContainersReady","status":"%1$s"}]}}\
            """.formatted(ready ? "True" : "False");
        client.pods()
                .inNamespace(namespace)
                .withName(pod)
                .subresource("status")
                .patch(PatchContext.of(PatchType.STRATEGIC_MERGE), body);
    }

    /** Lets a paused canary go all the way, as {@code kubectl argo rollouts promote --full} does. */
    public void promote(String name) {
        client.genericKubernetesResources(ROLLOUTS)
                .inNamespace(namespace)
                .withName(name)
                .subresource("status")
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"status\":{\"promoteFull\":true}}");
    }

    /** Ships a version as a tool of this name does. */
    public void shipAs(String manager, Kind kind, String name, String version) {
        patchAs(
                manager,
                resource(kind, name),
                PatchType.JSON,
                "[{\"op\":\"replace\",\"path\":\"/spec/template/spec/containers/0/env/0/value\",\"value\":\"%s\"}]"
                        .formatted(version));
    }

    /** Takes an abort back, as {@code kubectl argo rollouts retry rollout} does. */
    public void retryAs(String manager, String rollout) {
        var status = client.genericKubernetesResources(ROLLOUTS)
                .inNamespace(namespace)
                .withName(rollout)
                .subresource("status");
        status.patch(as(manager, PatchType.JSON_MERGE), "{\"status\":{\"abort\":false}}");
    }

    /** @param steps as JSON */
    public void editStepsAs(String manager, String rollout, String steps) {
        patchAs(
                manager,
                resource(Kind.ROLLOUT, rollout),
                PatchType.JSON_MERGE,
                "{\"spec\":{\"strategy\":{\"canary\":{\"steps\":%s}}}}".formatted(steps));
    }

    private static void patchAs(
            String manager, Resource<GenericKubernetesResource> object, PatchType type, String body) {
        object.patch(as(manager, type), body);
    }

    private static PatchContext as(String manager, PatchType type) {
        return new PatchContext.Builder()
                .withPatchType(type)
                .withFieldManager(manager)
                .build();
    }

    /** @param where {@code labels} or {@code annotations} */
    public void mark(Kind kind, String name, String where, String key, String value) {
        resource(kind, name)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        Serialization.asJson(Map.of("metadata", Map.of(where, Map.of(key, value)))));
    }

    /** Merges into the spec, as {@code kubectl patch} does. */
    public void change(Kind kind, String name, Map<String, ?> spec) {
        resource(kind, name).patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of("spec", spec)));
    }

    public void annotatePod(String name, String annotation, String value) {
        client.pods()
                .inNamespace(namespace)
                .withName(name)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        Serialization.asJson(Map.of("metadata", Map.of("annotations", Map.of(annotation, value)))));
    }

    public void deletePod(String name) {
        client.pods().inNamespace(namespace).withName(name).delete();
    }

    /** Changes it by a JSON patch. */
    public void edit(Kind kind, String name, String patch) {
        patch(kind, name, patch);
    }

    public void delete(Kind kind, String name) {
        resource(kind, name).delete();
    }

    private void patch(Kind kind, String name, String body) {
        for (int attempt = 1; ; attempt++) {
            try {
                resource(kind, name).patch(PatchContext.of(PatchType.JSON), body);
                return;
            } catch (KubernetesClientException conflict) {
                if (conflict.getCode() != 409 || attempt == 5) {
                    throw conflict;
                }
            }
        }
    }

    // --- looking

    /** Waits until the present spec is observed and its revision has taken all pods. */
    public void awaitComplete(Kind kind, String name) {
        awaitSeen(kind, name, "%s %s is complete".formatted(kind, name), object -> isComplete(kind, name, object));
    }

    private boolean isComplete(Kind kind, String name, GenericKubernetesResource object) {
        if (!isObserved(object)) {
            return false;
        }
        if (kind == Kind.ROLLOUT) {
            return "Healthy".equals(text(object, "status", "phase"))
                    && observed(kind, name).equals(Optional.ofNullable(text(object, "status", "stableRS")));
        }
        if (kind == Kind.DAEMONSET) {
            int desired = number(object, "status", "desiredNumberScheduled");
            return desired > 0
                    && number(object, "status", "updatedNumberScheduled") == desired
                    && number(object, "status", "numberAvailable") == desired;
        }
        int wanted = number(object, "spec", "replicas");
        return number(object, "status", "updatedReplicas") == wanted
                && number(object, "status", "availableReplicas") == wanted
                && number(object, "status", "replicas") == wanted;
    }

    private static boolean isObserved(GenericKubernetesResource object) {
        Object observed = object.get("status", "observedGeneration");
        return observed != null
                && observed.toString()
                        .equals(Objects.toString(object.getMetadata().getGeneration()));
    }

    /** Waits until the canary has stopped at a pause step with pods of its new revision; says which. */
    public String awaitCanary(String name) {
        awaitSeen(Kind.ROLLOUT, name, "the canary of %s waits at a pause".formatted(name), object -> {
            var current = text(object, "status", "currentPodHash");
            return isObserved(object)
                    && "Paused".equals(text(object, "status", "phase"))
                    && current != null
                    && !current.equals(text(object, "status", "stableRS"))
                    && !readyPods(Kind.ROLLOUT, name, current).isEmpty();
        });
        return current(Kind.ROLLOUT, name);
    }

    /**
     * The hash of the revision that the spec asks for. Waits until its controller has seen it: a Deployment's own controller
     * writes its annotations, which counts as another generation.
     */
    public String current(Kind kind, String name) {
        return Await.value("the revision of %s %s".formatted(kind, name), SLOW, () -> observed(kind, name));
    }

    private Optional<String> observed(Kind kind, String name) {
        var object = get(kind, name);
        if (!isObserved(object)) {
            return Optional.empty();
        }
        if (kind == Kind.ROLLOUT) {
            return Optional.ofNullable(text(object, "status", "currentPodHash"));
        }
        if (kind == Kind.STATEFULSET) {
            return Optional.ofNullable(text(object, "status", "updateRevision"))
                    .map(revision -> revision.substring(revision.lastIndexOf('-') + 1));
        }
        if (kind == Kind.DAEMONSET) {
            return client
                    .apps()
                    .controllerRevisions()
                    .inNamespace(namespace)
                    .withLabel("app", name)
                    .list()
                    .getItems()
                    .stream()
                    .max(Comparator.comparing(ControllerRevision::getRevision))
                    .map(revision -> revision.getMetadata().getLabels().get(REVISION_HASH));
        }
        var revision = object.getMetadata().getAnnotations().get("deployment.kubernetes.io/revision");
        return client.apps().replicaSets().inNamespace(namespace).withLabel("app", name).list().getItems().stream()
                .filter(rs -> rs.getMetadata().getOwnerReferences().stream()
                        .anyMatch(owner ->
                                owner.getUid().equals(object.getMetadata().getUid())))
                .filter(rs -> Objects.equals(
                        revision, rs.getMetadata().getAnnotations().get("deployment.kubernetes.io/revision")))
                .map(rs -> rs.getMetadata().getLabels().get(DEPLOYMENT_HASH))
                .findFirst();
    }

    public String awaitCurrentOtherThan(Kind kind, String name, String hash) {
        awaitSeen(
                kind,
                name,
                "%s %s moves away from %s".formatted(kind, name, hash),
                object -> observed(kind, name).filter(now -> !now.equals(hash)).isPresent());
        return current(kind, name);
    }

    /** Names of the ready pods of one revision, sorted. */
    public List<String> readyPods(Kind kind, String name, String hash) {
        return pods(kind, name, hash).stream()
                .filter(Readiness::isPodReady)
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .map(pod -> pod.getMetadata().getName())
                .sorted()
                .toList();
    }

    public List<Pod> pods(Kind kind, String name, String hash) {
        var label = switch (kind) {
            case ROLLOUT -> ROLLOUT_HASH;
            case DEPLOYMENT -> DEPLOYMENT_HASH;
            case STATEFULSET, DAEMONSET -> REVISION_HASH;
        };
        return client.pods()
                .inNamespace(namespace)
                .withLabel("app", name)
                .withLabel(label, kind == Kind.STATEFULSET ? name + "-" + hash : hash)
                .list()
                .getItems();
    }

    /** How many revisions of it Rollguard keeps as good. */
    public long goodRevisions(Kind kind, String name) {
        var uid = get(kind, name).getMetadata().getUid();
        return client.apps()
                .controllerRevisions()
                .inNamespace(namespace)
                .withLabel("rollguard.io/good-of", uid)
                .list()
                .getItems()
                .size();
    }

    public String version(Kind kind, String name) {
        Object value = get(kind, name).get("spec", "template", "spec", "containers", 0, "env", 0, "value");
        return Objects.toString(value);
    }

    public String phase(String rollout) {
        return Objects.toString(text(get(Kind.ROLLOUT, rollout), "status", "phase"));
    }

    public boolean isAborted(String rollout) {
        return Boolean.TRUE.equals(get(Kind.ROLLOUT, rollout).get("status", "abort"));
    }

    public GenericKubernetesResource get(Kind kind, String name) {
        var object = resource(kind, name).get();
        if (object == null) {
            throw new IllegalStateException("there is no %s %s/%s".formatted(kind, namespace, name));
        }
        return object;
    }

    private Resource<GenericKubernetesResource> resource(Kind kind, String name) {
        var context = switch (kind) {
            case ROLLOUT -> ROLLOUTS;
            case DEPLOYMENT -> DEPLOYMENTS;
            case STATEFULSET -> STATEFUL_SETS;
            case DAEMONSET -> DAEMON_SETS;
        };
        return client.genericKubernetesResources(context).inNamespace(namespace).withName(name);
    }

    private static @Nullable String text(GenericKubernetesResource object, Object... path) {
        Object value = object.get(path);
        return value == null ? null : value.toString();
    }

    private static int number(GenericKubernetesResource object, Object... path) {
        return object.get(path) instanceof Number value ? value.intValue() : 0;
    }
}
