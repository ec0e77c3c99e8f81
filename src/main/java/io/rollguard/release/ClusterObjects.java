package io.rollguard.release;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The reduced objects of one cluster, indexed for the questions that judging asks. Writers replace whole objects; readers
 * may see one object newer than another, as with any cache of a cluster: what is acted on is read again before the act.
 * Safe for many threads.
 */
public final class ClusterObjects {

    private final String cluster;
    private final Map<String, Namespace> namespaces = new ConcurrentHashMap<>();
    private final Map<String, NodeFacts> nodes = new ConcurrentHashMap<>();
    private final Map<String, Map<RevisionHash, GoodRevision>> good = new ConcurrentHashMap<>();

    private static final class Namespace {
        final Map<String, WorkloadFacts> workloads = new ConcurrentSkipListMap<>();
        final Map<String, RevisionFacts> revisions = new ConcurrentSkipListMap<>();
        final Map<String, PodFacts> pods = new ConcurrentHashMap<>();
        final Map<String, Map<String, PodFacts>> podsByRevision = new ConcurrentHashMap<>();
        final Map<String, ServiceFacts> services = new ConcurrentHashMap<>();
    }

    public ClusterObjects(String cluster) {
        this.cluster = cluster;
    }

    /** The cluster's name, as in keys and events. */
    public String cluster() {
        return cluster;
    }

    // --- questions

    public Optional<WorkloadFacts> workload(WorkloadRef ref) {
        return find(ref.namespace()).map(ns -> ns.workloads.get(key(ref.kind(), ref.name())));
    }

    public Optional<WorkloadFacts> workload(String namespace, Kind kind, String name) {
        return find(namespace).map(ns -> ns.workloads.get(key(kind, name)));
    }

    public Optional<WorkloadFacts> workload(String namespace, String uid) {
        return workloads(namespace).filter(each -> each.uid().equals(uid)).findFirst();
    }

    public Stream<WorkloadFacts> workloads(String namespace) {
        return find(namespace).stream().flatMap(ns -> ns.workloads.values().stream());
    }

    /** Every workload, by namespace, kind and name. */
    public Stream<WorkloadFacts> workloads() {
        return new TreeMap<>(namespaces).values().stream().flatMap(ns -> ns.workloads.values().stream());
    }

    public Stream<RevisionFacts> revisions(String namespace) {
        return find(namespace).stream().flatMap(ns -> ns.revisions.values().stream());
    }

    /** The revisions of a workload, newest first. */
    public List<RevisionFacts> revisionsOf(WorkloadFacts workload) {
        return revisions(workload.ref().namespace())
                .filter(revision -> revision.workloadUid().equals(workload.uid()))
                .sorted(NEWEST_FIRST)
                .toList();
    }

    private static final Comparator<RevisionFacts> NEWEST_FIRST = Comparator.comparingLong(
                    RevisionFacts::number)
            .thenComparing(RevisionFacts::createdAt)
            .thenComparing(RevisionFacts::name)
            .reversed();

    public Optional<RevisionFacts> revision(String namespace, String name) {
        return find(namespace).map(ns -> ns.revisions.get(name));
    }

    public Optional<PodFacts> pod(String namespace, String name) {
        return find(namespace).map(ns -> ns.pods.get(name));
    }

    /** The pods of a revision, by name. */
    public List<PodFacts> podsOf(RevisionFacts revision) {
        return find(revision.namespace())
                .map(ns -> ns.podsByRevision.get(revision.name()))
                .map(pods -> List.copyOf(pods.values()))
                .orElse(List.of());
    }

    public Optional<ServiceFacts> service(String namespace, String name) {
        return find(namespace).map(ns -> ns.services.get(name));
    }

    public Optional<NodeFacts> node(String name) {
        return Optional.ofNullable(nodes.get(name));
    }

    /** The good revisions of a workload, newest first. */
    public List<GoodRevision> goodRevisions(String workloadUid) {
        return good.getOrDefault(workloadUid, Map.of()).values().stream()
                .sorted(Comparator.comparing(GoodRevision::since)
                        .thenComparing(GoodRevision::hash)
                        .reversed())
                .toList();
    }

    public int podCount() {
        return namespaces.values().stream().mapToInt(ns -> ns.pods.size()).sum();
    }

    public int workloadCount() {
        return namespaces.values().stream().mapToInt(ns -> ns.workloads.size()).sum();
    }

    // --- writes

    public void put(WorkloadFacts workload) {
        make(workload.ref().namespace()).workloads.put(key(workload.ref().kind(), workload.ref().name()), workload);
    }

    public void remove(WorkloadRef ref) {
        find(ref.namespace())
                .map(ns -> ns.workloads.remove(key(ref.kind(), ref.name())))
                .ifPresent(gone -> good.remove(gone.uid()));
    }

    public void put(RevisionFacts revision) {
        make(revision.namespace()).revisions.put(revision.name(), revision);
    }

    public void removeRevision(String namespace, String name) {
        find(namespace).ifPresent(ns -> ns.revisions.remove(name));
    }

    public void put(PodFacts pod) {
        var ns = make(pod.namespace());
        unindex(ns, ns.pods.put(pod.name(), pod), pod.revision());
        if (pod.revision() != null) {
            ns.podsByRevision
                    .computeIfAbsent(pod.revision(), key -> new ConcurrentSkipListMap<>())
                    .put(pod.name(), pod);
        }
    }

    public void removePod(String namespace, String name) {
        find(namespace).ifPresent(ns -> unindex(ns, ns.pods.remove(name), null));
    }

    private static void unindex(Namespace ns, @Nullable PodFacts old, @Nullable String kept) {
        if (old != null && old.revision() != null && !old.revision().equals(kept)) {
            ns.podsByRevision.computeIfPresent(old.revision(), (key, pods) -> {
                pods.remove(old.name());
                return pods.isEmpty() ? null : pods;
            });
        }
    }

    public void put(ServiceFacts service) {
        make(service.namespace()).services.put(service.name(), service);
    }

    public void removeService(String namespace, String name) {
        find(namespace).ifPresent(ns -> ns.services.remove(name));
    }

    public void put(NodeFacts node) {
        nodes.put(node.name(), node);
    }

    public void removeNode(String name) {
        nodes.remove(name);
    }

    /** Remembers a good revision; what is proven is not made assumed again. */
    public void put(GoodRevision revision) {
        good.computeIfAbsent(revision.workloadUid(), key -> new ConcurrentHashMap<>())
                .merge(revision.hash(), revision, (known, now) -> known.assumed() || !now.assumed() ? now : known);
    }

    public void removeGood(String workloadUid, RevisionHash hash) {
        good.computeIfPresent(workloadUid, (key, revisions) -> {
            revisions.remove(hash);
            return revisions.isEmpty() ? null : revisions;
        });
    }

    private Optional<Namespace> find(String namespace) {
        return Optional.ofNullable(namespaces.get(namespace));
    }

    private Namespace make(String namespace) {
        return namespaces.computeIfAbsent(namespace, key -> new Namespace());
    }

    private static String key(Kind kind, String name) {
        return kind.ordinal() + "/" + name;
    }
}
