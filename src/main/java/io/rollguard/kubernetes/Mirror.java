package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.ServiceFacts;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.KubernetesObjects;
import io.rollguard.wire.Reduced;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Turns what the watches see into reduced objects, and tells which workloads a change is about. */
final class Mirror implements ObjectWatch.Sink {

    private static final Logger LOG = Logger.getLogger(Mirror.class);

    private final ClusterObjects objects;
    private final List<Consumer<WorkloadRef>> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, GoodRevision> good = new ConcurrentHashMap<>(); // by the object that tells so
    private final Map<String, String> unreadable = new ConcurrentHashMap<>();

    Mirror(String cluster) {
        this.objects = new ClusterObjects(cluster);
    }

    ClusterObjects objects() {
        return objects;
    }

    /** How many objects there are that could not be understood. */
    int unreadable() {
        return unreadable.size();
    }

    void onChange(Consumer<WorkloadRef> listener) {
        listeners.add(listener);
    }

    @Override
    public void seen(Resource resource, JsonNode object) {
        var meta = object.path("metadata");
        var namespace = meta.path("namespace").asText("");
        var name = meta.path("name").asText("");
        var key = key(resource, namespace, name);
        var reduced = KubernetesObjects.reduce(objects.cluster(), resource.apiVersion(), resource.kind(), object);
        if (!(reduced instanceof Reduced.Unreadable)) {
            unreadable.remove(key);
        }
        switch (reduced) {
            case Reduced.Workload(var facts, var links) -> changed(objects.put(facts, links), facts.ref());
            case Reduced.Revision(var facts) -> changed(objects.put(facts), facts);
            case Reduced.Good(var revision) -> changed(learnGood(key, revision), namespace, revision.workloadUid());
            case Reduced.Pod(var facts) -> {
                var before = objects.pod(namespace, name).orElse(null);
                boolean changed = objects.put(facts);
                changed(changed, facts);
                if (before != null
                        && before.revision() != null
                        && !before.revision().equals(facts.revision())) {
                    changed(changed, before);
                }
            }
            case Reduced.Service(var facts) -> changed(objects.put(facts), facts);
            case Reduced.Node(var facts) -> {
                if (objects.put(facts)) {
                    objects.podsOn(name).forEach(pod -> changed(true, pod));
                }
            }
            case Reduced.Lease lease -> {}
            case Reduced.Unused() -> gone(resource, namespace, name); // a ReplicaSet may lose its owner
            case Reduced.Unreadable(var what, var why) -> {
                gone(resource, namespace, name);
                if (!why.equals(unreadable.put(key, why))) {
                    LOG.warnf("%s is left out: %s", what, why);
                }
            }
        }
    }

    @Override
    public void gone(Resource resource, String namespace, String name) {
        unreadable.remove(key(resource, namespace, name));
        switch (resource) {
            case ROLLOUTS -> workloadGone(namespace, Kind.ROLLOUT, name);
            case DEPLOYMENTS -> workloadGone(namespace, Kind.DEPLOYMENT, name);
            case STATEFUL_SETS -> workloadGone(namespace, Kind.STATEFULSET, name);
            case DAEMON_SETS -> workloadGone(namespace, Kind.DAEMONSET, name);
            case REPLICA_SETS -> revisionGone(namespace, name);
            case CONTROLLER_REVISIONS -> {
                forgetGood(key(resource, namespace, name));
                revisionGone(namespace, name);
            }
            case PODS -> {
                var pod = objects.pod(namespace, name).orElse(null);
                if (pod != null) {
                    changed(objects.removePod(namespace, name), pod);
                }
            }
            case SERVICES -> {
                var service = objects.service(namespace, name).orElse(null);
                if (service != null) {
                    changed(objects.removeService(namespace, name), service);
                }
            }
            case NODES -> {
                if (objects.removeNode(name)) {
                    objects.podsOn(name).forEach(pod -> changed(true, pod));
                }
            }
        }
    }

    private static String key(Resource resource, String namespace, String name) {
        return resource.ordinal() + "/" + namespace + "/" + name;
    }

    private void workloadGone(String namespace, Kind kind, String name) {
        var ref = new WorkloadRef(objects.cluster(), namespace, kind, name);
        changed(objects.remove(ref), ref);
    }

    private void revisionGone(String namespace, String name) {
        var revision = objects.revision(namespace, name).orElse(null);
        if (revision != null) {
            changed(objects.removeRevision(namespace, name), revision);
        }
    }

    // --- good revisions: several objects may tell of one

    private boolean learnGood(String key, GoodRevision revision) {
        good.put(key, revision);
        return objects.put(revision);
    }

    private void forgetGood(String key) {
        var gone = good.remove(key);
        if (gone == null) {
            return;
        }
        objects.remove(gone);
        good.values().stream()
                .filter(other -> other.workloadUid().equals(gone.workloadUid())
                        && other.hash().equals(gone.hash()))
                .forEach(objects::put);
    }

    // --- whom it is about

    private void changed(boolean really, PodFacts pod) {
        if (really && pod.revision() != null) {
            objects.revision(pod.namespace(), pod.revision()).ifPresent(revision -> changed(true, revision));
        }
    }

    private void changed(boolean really, RevisionFacts revision) {
        changed(really, revision.namespace(), revision.workloadUid());
    }

    private void changed(boolean really, ServiceFacts service) {
        if (really) {
            objects.revisions(service.namespace())
                    .filter(revision -> service.selects(revision.podLabels()))
                    .map(RevisionFacts::workloadUid)
                    .distinct()
                    .forEach(uid -> changed(true, service.namespace(), uid));
        }
    }

    private void changed(boolean really, String namespace, @Nullable String workloadUid) {
        if (really && workloadUid != null) {
            objects.workload(namespace, workloadUid).map(WorkloadFacts::ref).ifPresent(ref -> changed(true, ref));
        }
    }

    private void changed(boolean really, WorkloadRef workload) {
        if (really) {
            Stream.concat(Stream.of(workload), governedBy(workload).stream())
                    .forEach(ref -> listeners.forEach(listener -> listener.accept(ref)));
        }
    }

    /**
     * A primary that Flagger made says something of the workload it was made from, a Deployment of the Rollout that takes its
     * template from it.
     */
    private List<WorkloadRef> governedBy(WorkloadRef workload) {
        var user = objects.templateUser(workload);
        if (user.isPresent()) {
            return List.of(user.get());
        }
        var name = workload.name();
        return name.endsWith("-primary") && name.length() > "-primary".length()
                ? List.of(new WorkloadRef(
                        workload.cluster(),
                        workload.namespace(),
                        workload.kind(),
                        name.substring(0, name.length() - "-primary".length())))
                : List.of();
    }
}
