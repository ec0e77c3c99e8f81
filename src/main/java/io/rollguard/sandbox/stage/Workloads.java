package io.rollguard.sandbox.stage;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
    private static final ResourceDefinitionContext DEPLOYMENTS = new ResourceDefinitionContext.Builder()
            .withGroup("apps")
            .withVersion("v1")
            .withKind("Deployment")
            .withPlural("deployments")
            .withNamespaced(true)
            .build();

    private static final String ROLLOUT_HASH = "rollouts-pod-template-hash";
    private static final String DEPLOYMENT_HASH = "pod-template-hash";

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
        var yaml = """
                apiVersion: argoproj.io/v1alpha1
                kind: Rollout
                metadata: {name: %1$s, namespace: %2$s, annotations: {rollguard.io/bake-time: "%5$s"}}
                spec:
                  replicas: %3$d
                  selector: {matchLabels: {app: %1$s}}
                  strategy: {canary: {steps: %4$s}}
                  template: %6$s
                """.formatted(name, namespace, replicas, steps, bakeTime, template(name));
        create(yaml);
        createService(name);
        awaitComplete(Kind.ROLLOUT, name);
    }

    /** Creates a Deployment of version v1 and waits until it is complete. */
    public void createDeployment(String name, int replicas, String bakeTime) {
        var yaml = """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: %1$s, namespace: %2$s, annotations: {rollguard.io/bake-time: "%4$s"}}
                spec:
                  replicas: %3$d
                  selector: {matchLabels: {app: %1$s}}
                  template: %5$s
                """.formatted(name, namespace, replicas, bakeTime, template(name));
        create(yaml);
        createService(name);
        awaitComplete(Kind.DEPLOYMENT, name);
    }

    private static String template(String name) {
        return """
                {metadata: {labels: {app: %s}}, spec: {containers: [{name: app, image: "registry.k8s.io/pause:3.9", env: [{name: VERSION, value: v1}]}]}}""".formatted(name);
    }

    private void createService(String name) {
        create("""
                apiVersion: v1
                kind: Service
                metadata: {name: %1$s, namespace: %2$s}
                spec: {selector: {app: %1$s}, ports: [{port: 80, targetPort: 8080}]}
                """.formatted(name, namespace));
    }

    private void create(String yaml) {
        var object = Serialization.unmarshal(yaml, GenericKubernetesResource.class);
        client.resource(object).inNamespace(namespace).create();
    }

    /** Ships a version: a new pod template. */
    public void ship(Kind kind, String name, String version) {
        patch(kind, name, """
                [{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"%s"}]""".formatted(version));
    }

    /** Ships a version whose pods behave as the annotation says (see the simulated kubelets). */
    public void shipMisbehaving(Kind kind, String name, String version, String annotation, String value) {
        patch(kind, name, """
                [{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"%s"},
                 {"op":"add","path":"/spec/template/metadata/annotations","value":{"%s":"%s"}}]""".formatted(version, annotation, value));
    }

    public void scale(Kind kind, String name, int replicas) {
        patch(kind, name, "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":%d}]".formatted(replicas));
    }

    /** As {@code kubectl rollout restart} does. */
    public void restart(Kind kind, String name, String at) {
        patch(kind, name, """
                [{"op":"add","path":"/spec/template/metadata/annotations","value":{"kubectl.kubernetes.io/restartedAt":"%s"}}]""".formatted(at));
    }

    public void annotate(Kind kind, String name, String annotation, String value) {
        resource(kind, name)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        Serialization.asJson(Map.of("metadata", Map.of("annotations", Map.of(annotation, value)))));
    }

    /** Lets a paused canary go all the way, as {@code kubectl argo rollouts promote --full} does. */
    public void promote(String name) {
        client.genericKubernetesResources(ROLLOUTS)
                .inNamespace(namespace)
                .withName(name)
                .subresource("status")
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"status\":{\"promoteFull\":true}}");
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
        Await.until("%s %s is complete".formatted(kind, name), SLOW, () -> isComplete(kind, name));
    }

    private boolean isComplete(Kind kind, String name) {
        var object = get(kind, name);
        if (!isObserved(object)) {
            return false;
        }
        if (kind == Kind.ROLLOUT) {
            return "Healthy".equals(text(object, "status", "phase"))
                    && current(kind, name).equals(Optional.ofNullable(text(object, "status", "stableRS")));
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
        return Await.value("the canary of %s waits at a pause".formatted(name), SLOW, () -> {
            var object = get(Kind.ROLLOUT, name);
            boolean waits = isObserved(object)
                    && "Paused".equals(text(object, "status", "phase"))
                    && !Objects.equals(text(object, "status", "currentPodHash"), text(object, "status", "stableRS"));
            return waits
                    ? Optional.ofNullable(text(object, "status", "currentPodHash"))
                            .filter(hash -> !readyPods(Kind.ROLLOUT, name, hash).isEmpty())
                    : Optional.empty();
        });
    }

    /** The hash of the revision that the spec asks for, once its controller has seen it. */
    public Optional<String> current(Kind kind, String name) {
        var object = get(kind, name);
        if (!isObserved(object)) {
            return Optional.empty();
        }
        if (kind == Kind.ROLLOUT) {
            return Optional.ofNullable(text(object, "status", "currentPodHash"));
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
        return Await.value(
                "%s %s moves away from %s".formatted(kind, name, hash),
                SLOW,
                () -> current(kind, name).filter(now -> !now.equals(hash)));
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
        var label = kind == Kind.ROLLOUT ? ROLLOUT_HASH : DEPLOYMENT_HASH;
        return client.pods()
                .inNamespace(namespace)
                .withLabel("app", name)
                .withLabel(label, hash)
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
        var context = kind == Kind.ROLLOUT ? ROLLOUTS : DEPLOYMENTS;
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
