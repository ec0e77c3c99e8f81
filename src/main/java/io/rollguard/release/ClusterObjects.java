package io.rollguard.release;

import io.rollguard.release.WorkloadFacts.Trait;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
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
        final Map<String, Known> workloads = new ConcurrentSkipListMap<>();
        final NavigableSet<Completion> completions = new ConcurrentSkipListSet<>();
        final Map<String, String> workloadsByUid = new ConcurrentHashMap<>();
        final Map<String, String> templateUsers = new ConcurrentHashMap<>();
        final Map<String, RevisionFacts> revisions = new ConcurrentSkipListMap<>();
        final Map<String, Map<String, RevisionFacts>> revisionsByWorkload = new ConcurrentHashMap<>();
        final Map<String, PodFacts> pods = new ConcurrentHashMap<>();
        final Map<String, Map<String, PodFacts>> podsByRevision = new ConcurrentHashMap<>();
        final Map<String, Map<String, PodFacts>> troubledByRevision = new ConcurrentHashMap<>();
        final Map<String, ServiceFacts> services = new ConcurrentHashMap<>();
        final Map<String, Map<String, RevisionFacts>> revisionsByHash = new ConcurrentHashMap<>();
        final Map<String, Map<String, RevisionFacts>> revisionsByLabel = new ConcurrentHashMap<>();
        final Map<String, Map<String, ServiceFacts>> servicesByLabel = new ConcurrentHashMap<>();
    }

    /** A workload and what must be joined to it when it is read. */
    private record Known(WorkloadFacts facts, Links links) {}

    /**
     * When a workload completed, the newest first; before all others what has not, does not tell when, or bakes for a time of
     * its own.
     */
    private record Completion(Instant at, String key) implements Comparable<Completion> {

        private static final Comparator<Completion> NEWEST_FIRST =
                Comparator.comparing(Completion::at).reversed().thenComparing(Completion::key);

        static Completion of(Known known, String key) {
            var facts = known.facts();
            var completedAt = facts.complete() && facts.settings().bakeTime() == null ? facts.completedAt() : null;
            return new Completion(completedAt == null ? Instant.MAX : completedAt, key);
        }

        @Override
        public int compareTo(Completion other) {
            return NEWEST_FIRST.compare(this, other);
        }
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
        return workload(ref.namespace(), ref.kind(), ref.name());
    }

    public Optional<WorkloadFacts> workload(String namespace, Kind kind, String name) {
        return find(namespace).flatMap(ns -> workload(ns, key(kind, name)));
    }

    public Optional<WorkloadFacts> workload(String namespace, String uid) {
        return find(namespace)
                .flatMap(ns -> Optional.ofNullable(ns.workloadsByUid.get(uid))
                        .flatMap(key -> workload(ns, key))
                        .filter(found -> found.uid().equals(uid)));
    }

    private Optional<WorkloadFacts> workload(Namespace ns, String key) {
        return Optional.ofNullable(ns.workloads.get(key)).map(known -> join(ns, known));
    }

    public Stream<WorkloadFacts> workloads(String namespace) {
        return find(namespace).stream()
                .flatMap(ns -> ns.workloads.values().stream().map(known -> join(ns, known)));
    }

    /** The Rollout that takes its template from this Deployment. */
    public Optional<WorkloadRef> templateUser(WorkloadRef deployment) {
        return deployment.kind() != Kind.DEPLOYMENT
                ? Optional.empty()
                : find(deployment.namespace())
                        .flatMap(ns -> Optional.ofNullable(ns.templateUsers.get(deployment.name())))
                        .map(user -> new WorkloadRef(cluster, deployment.namespace(), Kind.ROLLOUT, user));
    }

    /** Every workload, by namespace, kind and name. */
    public Stream<WorkloadFacts> workloads() {
        return new TreeMap<>(namespaces).keySet().stream().flatMap(this::workloads);
    }

    /** As {@link #unsettled(String, Instant)}, in every namespace. */
    public Stream<WorkloadFacts> unsettled(Instant since) {
        return new TreeMap<>(namespaces).keySet().stream().flatMap(namespace -> unsettled(namespace, since));
    }

    /**
     * The workloads of a namespace but those of which is known that they completed before this time and bake for no time of
     * their own. What is not complete comes first. Costs what is found.
     */
    public Stream<WorkloadFacts> unsettled(String namespace, Instant since) {
        return find(namespace).stream()
                .flatMap(ns -> ns.completions.headSet(new Completion(since.minusNanos(1), "")).stream()
                        .map(Completion::key)
                        .distinct() // one that is being replaced may stand there twice
                        .flatMap(key -> workload(ns, key).stream()));
    }

    public Stream<RevisionFacts> revisions(String namespace) {
        return find(namespace).stream().flatMap(ns -> ns.revisions.values().stream());
    }

    /** The revisions of a namespace with this hash, by name: equal templates share it. */
    public List<RevisionFacts> revisions(String namespace, RevisionHash hash) {
        return find(namespace)
                .map(ns -> found(ns.revisionsByHash, hash.value()))
                .orElse(List.of());
    }

    /** The Services that select pods of this revision. */
    public List<ServiceFacts> servicesOf(RevisionFacts revision) {
        return find(revision.namespace()).stream()
                .flatMap(ns -> revision.podLabels().entrySet().stream()
                        .flatMap(label -> found(ns.servicesByLabel, pair(label)).stream()))
                .filter(service -> service.selects(revision.podLabels()))
                .toList();
    }

    /** The workloads of which a revision has pods that this Service selects, in the order of {@link #workloads(String)}. */
    public Stream<WorkloadFacts> workloadsBehind(ServiceFacts service) {
        return find(service.namespace()).stream()
                .flatMap(ns -> service.mostTelling().stream()
                        .flatMap(label -> found(ns.revisionsByLabel, pair(label)).stream())
                        .filter(revision -> service.selects(revision.podLabels()))
                        .map(RevisionFacts::workloadUid)
                        .distinct()
                        .flatMap(uid -> Stream.ofNullable(ns.workloadsByUid.get(uid)))
                        .sorted()
                        .flatMap(key -> workload(ns, key).stream()));
    }

    private static <T> List<T> found(Map<String, Map<String, T>> index, String key) {
        var entries = index.get(key);
        return entries == null ? List.of() : List.copyOf(entries.values());
    }

    private static String pair(Map.Entry<String, String> label) {
        return label.getKey() + "=" + label.getValue();
    }

    /** The revisions of a workload, newest first. */
    public List<RevisionFacts> revisionsOf(WorkloadFacts workload) {
        return find(workload.ref().namespace())
                .map(ns -> ns.revisionsByWorkload.get(workload.uid()))
                .map(Map::values)
                .stream()
                .flatMap(Collection::stream)
                .sorted(NEWEST_FIRST)
                .toList();
    }

    private static final Comparator<RevisionFacts> NEWEST_FIRST = Comparator.comparingLong(RevisionFacts::number)
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

    /** Whether a pod of a workload in this namespace is, or may come to be, in trouble. */
    public boolean hasTroubledPods(String namespace) {
        return find(namespace).filter(ns -> !ns.troubledByRevision.isEmpty()).isPresent();
    }

    /** The pods of a revision that are in trouble at this time, by name. */
    public List<PodFacts> troubledPodsOf(RevisionFacts revision, Instant at) {
        return find(revision.namespace()).map(ns -> ns.troubledByRevision.get(revision.name())).stream()
                .flatMap(pods -> pods.values().stream())
                .filter(pod -> pod.isInTrouble(at))
                .toList();
    }

    /** A workload of which a pod is in trouble, with that pod. */
    public record Troubled(WorkloadFacts workload, PodFacts pod) {}

    /** Everything that is in this trouble at this time. Costs what is in any. */
    public Stream<Troubled> troubled(Trouble kind, Instant at) {
        return namespaces.values().stream()
                .flatMap(ns -> ns.troubledByRevision.entrySet().stream()
                        .flatMap(entry -> Stream.ofNullable(ns.revisions.get(entry.getKey()))
                                .flatMap(revision -> Stream.ofNullable(ns.workloadsByUid.get(revision.workloadUid())))
                                .flatMap(key -> workload(ns, key).stream())
                                .flatMap(workload -> entry.getValue().values().stream()
                                        .filter(pod -> pod.trouble() != null
                                                && pod.trouble().kind() == kind)
                                        .filter(pod -> pod.isInTrouble(at))
                                        .map(pod -> new Troubled(workload, pod)))));
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

    /** The pods on a node, in any namespace. */
    public Stream<PodFacts> podsOn(String node) {
        return namespaces.values().stream()
                .flatMap(ns -> ns.pods.values().stream())
                .filter(pod -> node.equals(pod.node()));
    }

    /**
     * Facts read past this cache, joined with what was read with them and with what is known here. Where what is known here of
     * the current revision is older, nothing known here is about this release, so they name no current one: it went away and
     * came back meanwhile, which its number tells.
     *
     * @param revisions of this workload; none where it names its own
     * @param template the Deployment that it takes its template from; null where it has its own
     */
    public WorkloadFacts join(
            WorkloadFacts facts, Links links, Collection<RevisionFacts> revisions, @Nullable Template template) {
        var ns = find(facts.ref().namespace()).orElseGet(Namespace::new);
        var joined = join(
                ns,
                new Known(facts, links),
                revisions,
                template == null ? null : new Known(template.facts(), template.links()));
        var current = joined.current();
        if (current == null) {
            return joined;
        }
        long number = revisions.stream()
                .filter(each -> each.hash().equals(current))
                .mapToLong(RevisionFacts::number)
                .findFirst()
                .orElse(links.currentNumber());
        boolean behind = revisionsOf(joined).stream().anyMatch(each -> each.isBehind(current, number));
        return behind ? joined.with().revisions(null, joined.stable()).build() : joined;
    }

    /** A Deployment from which a Rollout takes its template. */
    public record Template(WorkloadFacts facts, Links links) {}

    private static WorkloadFacts join(Namespace ns, Known known) {
        var from = known.links().templateFrom();
        return join(
                ns,
                known,
                ns.revisionsByWorkload
                        .getOrDefault(known.facts().uid(), Map.of())
                        .values(),
                from == null ? null : ns.workloads.get(key(Kind.DEPLOYMENT, from)));
    }

    private static WorkloadFacts join(
            Namespace ns, Known known, Collection<RevisionFacts> revisions, @Nullable Known template) {
        var facts = known.facts();
        var ref = facts.ref();
        var user = ref.kind() == Kind.DEPLOYMENT ? ns.templateUsers.get(ref.name()) : null;
        var primary = ns.workloads.get(key(ref.kind(), ref.name() + "-primary"));
        boolean flagger = primary != null
                && ("Canary/" + ref.name()).equals(primary.facts().owner());
        var current = known.links().current(facts.current(), revisions);
        var joined = facts;
        if (!Objects.equals(current, facts.current()) || user != null || flagger != facts.flagger()) {
            var owner = facts.owner() != null || user == null ? facts.owner() : Kind.ROLLOUT + "/" + user;
            joined = facts.with()
                    .revisions(current, facts.stable())
                    .owner(owner)
                    .flagger(flagger || facts.flagger())
                    .trait(Trait.TEMPLATE_ONLY, user != null)
                    .build();
        }
        if (template != null) {
            joined = withTemplate(joined, known.links(), template);
        }
        return joined.blueGreen() == null ? joined : withUsers(ns, joined, joined.blueGreen(), revisions);
    }

    /**
     * With what the Deployment says from which a Rollout takes its template. Right after a change there the Rollout knows
     * nothing of it, and both of its own numbers agree with each other: only the Deployment's generation tells. Where it is not
     * known yet, the Rollout's own word stands; no act rests on that, for both are read anew before.
     */
    private static WorkloadFacts withTemplate(WorkloadFacts rollout, Links links, Known from) {
        var template = from.facts();
        var own = rollout.settings();
        var there = template.settings();
        return rollout.with()
                .observed(rollout.observed() && from.links().generation() == links.templateGeneration())
                .templateSetAt(template.templateSetAt())
                .owner(rollout.owner() == null ? template.owner() : rollout.owner())
                .gitOps(rollout.gitOps() == null ? template.gitOps() : rollout.gitOps())
                .trait(Trait.CLIENT_SIDE_APPLIED, template.is(Trait.CLIENT_SIDE_APPLIED))
                .settings(new WorkloadFacts.Settings(
                        own.mode(),
                        own.bakeTime(),
                        own.noRollback() == null ? there.noRollback() : own.noRollback(),
                        there.rolledBackFrom() == null ? own.rolledBackFrom() : there.rolledBackFrom()))
                .build();
    }

    /** With where the users of a blue-green Rollout are: its Service tells before its status does. */
    private static WorkloadFacts withUsers(
            Namespace ns,
            WorkloadFacts rollout,
            WorkloadFacts.BlueGreen blueGreen,
            Collection<RevisionFacts> revisions) {
        var current = rollout.current();
        if (current == null || current.equals(rollout.stable())) {
            return rollout;
        }
        var service = ns.services.get(blueGreen.activeService());
        boolean switched = rollout.is(Trait.SWITCHED) || (service != null && service.selectsRevision(current));
        if (!switched) {
            return rollout;
        }
        boolean isUp = current.equals(blueGreen.active())
                && rollout.availableReplicas() >= rollout.replicas()
                && revisions.stream()
                        .filter(each -> each.hash().equals(current))
                        .anyMatch(each -> each.readyReplicas() >= rollout.replicas());
        return rollout.with()
                .trait(Trait.SWITCHED, true)
                .trait(Trait.PARTLY_UP, !isUp)
                .build();
    }

    // --- writes; each tells whether anything changed by it

    public boolean put(WorkloadFacts workload) {
        return put(workload, Links.NONE);
    }

    public boolean put(WorkloadFacts workload, Links links) {
        var ref = workload.ref();
        var ns = make(ref.namespace());
        var key = key(ref.kind(), ref.name());
        var now = new Known(workload, links);
        var old = ns.workloads.put(key, now);
        var completion = Completion.of(now, key);
        ns.completions.add(completion);
        if (old != null) {
            forgetLinks(ns, old, now);
            if (!Completion.of(old, key).equals(completion)) {
                ns.completions.remove(Completion.of(old, key));
            }
        }
        ns.workloadsByUid.put(workload.uid(), key);
        if (links.templateFrom() != null) {
            ns.templateUsers.put(links.templateFrom(), ref.name());
        }
        return !now.equals(old);
    }

    public boolean remove(WorkloadRef ref) {
        var ns = namespaces.get(ref.namespace());
        var key = key(ref.kind(), ref.name());
        var gone = ns == null ? null : ns.workloads.remove(key);
        if (ns == null || gone == null) {
            return false;
        }
        ns.completions.remove(Completion.of(gone, key));
        forgetLinks(ns, gone, null);
        good.remove(gone.facts().uid());
        return true;
    }

    private static void forgetLinks(Namespace ns, Known old, @Nullable Known now) {
        if (now == null || !now.facts().uid().equals(old.facts().uid())) {
            ns.workloadsByUid.remove(old.facts().uid());
        }
        var from = old.links().templateFrom();
        if (from != null && (now == null || !from.equals(now.links().templateFrom()))) {
            ns.templateUsers.remove(from, old.facts().ref().name());
        }
    }

    public boolean put(RevisionFacts revision) {
        var ns = make(revision.namespace());
        var old = ns.revisions.put(revision.name(), revision);
        if (old != null && !old.workloadUid().equals(revision.workloadUid())) {
            unindex(ns.revisionsByWorkload, old.workloadUid(), old.name());
        }
        if (old != null
                && !(old.hash().equals(revision.hash()) && old.podLabels().equals(revision.podLabels()))) {
            unindexLabels(ns, old);
        }
        index(ns.revisionsByWorkload, revision.workloadUid(), revision.name(), revision);
        index(ns.revisionsByHash, revision.hash().value(), revision.name(), revision);
        revision.podLabels()
                .entrySet()
                .forEach(label -> index(ns.revisionsByLabel, pair(label), revision.name(), revision));
        return !revision.equals(old);
    }

    public boolean removeRevision(String namespace, String name) {
        var ns = namespaces.get(namespace);
        var old = ns == null ? null : ns.revisions.remove(name);
        if (ns == null || old == null) {
            return false;
        }
        unindex(ns.revisionsByWorkload, old.workloadUid(), name);
        unindexLabels(ns, old);
        return true;
    }

    private static void unindexLabels(Namespace ns, RevisionFacts revision) {
        unindex(ns.revisionsByHash, revision.hash().value(), revision.name());
        revision.podLabels().entrySet().forEach(label -> unindex(ns.revisionsByLabel, pair(label), revision.name()));
    }

    public boolean put(PodFacts pod) {
        var ns = make(pod.namespace());
        var old = ns.pods.put(pod.name(), pod);
        if (old != null && old.revision() != null && !old.revision().equals(pod.revision())) {
            unindex(ns.podsByRevision, old.revision(), old.name());
            unindex(ns.troubledByRevision, old.revision(), old.name());
        }
        if (pod.revision() != null) {
            index(ns.podsByRevision, pod.revision(), pod.name(), pod);
            if (pod.trouble() != null) {
                index(ns.troubledByRevision, pod.revision(), pod.name(), pod);
            } else if (old != null && old.trouble() != null) {
                unindex(ns.troubledByRevision, pod.revision(), pod.name());
            }
        }
        return !pod.equals(old);
    }

    public boolean removePod(String namespace, String name) {
        var ns = namespaces.get(namespace);
        var old = ns == null ? null : ns.pods.remove(name);
        if (ns != null && old != null && old.revision() != null) {
            unindex(ns.podsByRevision, old.revision(), name);
            unindex(ns.troubledByRevision, old.revision(), name);
        }
        return old != null;
    }

    private static <T> void index(Map<String, Map<String, T>> index, String key, String name, T entry) {
        index.compute(key, (same, entries) -> {
            var kept = entries == null ? new ConcurrentSkipListMap<String, T>() : entries;
            kept.put(name, entry);
            return kept;
        });
    }

    private static <T> void unindex(Map<String, Map<String, T>> index, String key, String name) {
        index.computeIfPresent(key, (same, entries) -> {
            entries.remove(name);
            return entries.isEmpty() ? null : entries;
        });
    }

    public boolean put(ServiceFacts service) {
        var ns = make(service.namespace());
        var old = ns.services.put(service.name(), service);
        if (old != null && !old.equals(service)) {
            unindex(ns, old);
        }
        service.mostTelling().ifPresent(label -> index(ns.servicesByLabel, pair(label), service.name(), service));
        return !service.equals(old);
    }

    public boolean removeService(String namespace, String name) {
        var ns = namespaces.get(namespace);
        var old = ns == null ? null : ns.services.remove(name);
        if (ns != null && old != null) {
            unindex(ns, old);
        }
        return old != null;
    }

    private static void unindex(Namespace ns, ServiceFacts service) {
        service.mostTelling().ifPresent(label -> unindex(ns.servicesByLabel, pair(label), service.name()));
    }

    public boolean put(NodeFacts node) {
        return !node.equals(nodes.put(node.name(), node));
    }

    public boolean removeNode(String name) {
        return nodes.remove(name) != null;
    }

    /** Remembers a good revision; what is proven is not made assumed again. */
    public boolean put(GoodRevision revision) {
        var known = good.computeIfAbsent(revision.workloadUid(), key -> new ConcurrentHashMap<>());
        var old = known.get(revision.hash());
        var now = known.merge(
                revision.hash(), revision, (before, after) -> before.assumed() || !after.assumed() ? after : before);
        return !now.equals(old);
    }

    /** Forgets a good revision, unless something else is known of that hash by now. */
    public boolean remove(GoodRevision revision) {
        var known = good.get(revision.workloadUid());
        return known != null && known.remove(revision.hash(), revision);
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
