package io.rollguard.verdict;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Labels;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which workloads an alert is about, and which label says so. Labels lie: those that name the exporter which was scraped
 * are passed over, an explicit kind label beats {@code pod} and {@code service}, {@code job} and {@code instance} are
 * never trusted, and a pod, revision or workload that is not there means nobody.
 */
public final class Attribution {

    /**
     * One workload that an alert is about.
     *
     * @param revision the revision that the labels name; null where they name none
     * @param pod the pod that the labels name; null where they name none
     */
    public record Target(
            WorkloadRef workload,
            Relation relation,
            @Nullable RevisionHash revision,
            @Nullable String pod) {}

    /** Names of exporters and of what they run beside: values that tell who was asked, not whom the alert is about. */
    private static final List<String> EXPORTERS = List.of(
            "kube-state-metrics",
            "kube-rbac-proxy",
            "node-exporter",
            "cadvisor",
            "blackbox",
            "pushgateway",
            "-exporter-");

    private static final List<String> HASH_LABELS = List.of("rollouts_pod_template_hash", "pod_template_hash");
    private static final Pattern POD_SUFFIX = Pattern.compile("(.+)-[a-z0-9]{5}");

    private final ClusterObjects objects;

    public Attribution(ClusterObjects objects) {
        this.objects = objects;
    }

    /** The workloads the alert is about; none where the labels do not say, or contradict what is there. */
    public List<Target> of(Alert alert) {
        var labels = alert.labels();
        var namespace = labels.namespace();
        if (!alert.cluster().equals(objects.cluster()) || namespace.isEmpty()) {
            return List.of();
        }
        return new Reading(labels, namespace.get()).targets();
    }

    /**
     * The alerts of the table that may be about this workload: all that are, and few others. None where it is not known.
     * Costs what the workload has in revisions, pods, Services and alerts, whatever else the cluster has.
     */
    public List<AlertHistory> candidates(AlertTable alerts, WorkloadRef ref) {
        return objects.workload(ref)
                .map(workload -> alerts.about(ref.namespace(), names(workload)))
                .orElse(List.of());
    }

    /** Every name and hash by which an alert may speak of a workload. */
    private Set<String> names(WorkloadFacts workload) {
        var names = new HashSet<String>();
        names.add(workload.ref().name());
        for (var revision : objects.revisionsOf(workload)) {
            names.add(revision.name());
            names.add(revision.hash().value());
            objects.podsOf(revision).forEach(pod -> names.add(pod.name()));
            objects.servicesOf(revision).forEach(service -> names.add(service.name()));
        }
        return names;
    }

    /** One reading of one label set in one namespace. */
    private final class Reading {

        private final Labels labels;
        private final String namespace;

        Reading(Labels labels, String namespace) {
            this.labels = labels;
            this.namespace = namespace;
        }

        List<Target> targets() {
            var revision = byHash().or(this::byReplicaSet);
            var pod = label("pod").flatMap(this::byPod);
            if (namesKind()) {
                return byKind().map(target -> refined(target, revision, pod)).stream()
                        .toList();
            }
            if (labels.has("workload") && labels.has("workload_type")) {
                return byWorkload().map(target -> refined(target, revision, pod)).stream()
                        .toList();
            }
            if (label("pod").isPresent()) {
                return byPodAndRevision(label("pod").get(), pod, revision).stream()
                        .toList();
            }
            return namesRevision() ? revision.stream().toList() : byService();
        }

        /** The pod, where the revision that other labels name is its own. */
        private Optional<Target> byPodAndRevision(String name, Optional<Target> pod, Optional<Target> revision) {
            if (!namesRevision()) {
                return pod;
            }
            if (pod.isEmpty() && objects.pod(namespace, name).isEmpty()) { // gone, but its revision is told
                return revision.map(each -> new Target(each.workload(), each.relation(), each.revision(), name));
            }
            var named = namedHash().or(() -> revision.map(Target::revision));
            return pod.filter(each -> Optional.ofNullable(each.revision()).equals(named));
        }

        /** Adds the revision and pod that other labels name, where they agree with the kind label and each other. */
        private Target refined(Target target, Optional<Target> revision, Optional<Target> pod) {
            var ofTarget = Stream.of(pod, revision)
                    .flatMap(Optional::stream)
                    .filter(other -> sameWorkload(target, other))
                    .toList();
            boolean agree = ofTarget.stream().map(Target::revision).distinct().count() == 1;
            return agree ? ofTarget.getFirst() : target;
        }

        private static boolean sameWorkload(Target one, Target other) {
            return one.workload().equals(other.workload());
        }

        // --- the revision itself

        private boolean namesRevision() {
            return !hashes().isEmpty() || label("replicaset").isPresent();
        }

        private List<String> hashes() {
            return HASH_LABELS.stream()
                    .flatMap(name -> label(name).stream())
                    .distinct()
                    .toList();
        }

        private Optional<RevisionHash> namedHash() {
            var hashes = hashes();
            return hashes.size() == 1 ? Optional.of(new RevisionHash(hashes.getFirst())) : Optional.empty();
        }

        private Optional<Target> byHash() {
            var hash = namedHash();
            if (hash.isEmpty()) {
                return Optional.empty();
            }
            var named = objects.revisions(namespace, hash.get()).stream()
                    .flatMap(each -> target(each, null).stream())
                    .toList();
            if (named.size() > 1) { // equal templates: the Service tells which of them
                var selected = byService();
                named = named.stream()
                        .filter(each -> selected.stream().anyMatch(other -> sameWorkload(each, other)))
                        .toList();
            }
            return named.size() == 1 ? Optional.of(named.getFirst()) : Optional.empty();
        }

        private Optional<Target> byReplicaSet() {
            return label("replicaset")
                    .flatMap(name -> objects.revision(namespace, name))
                    .flatMap(each -> target(each, null));
        }

        /** A Deployment that is only a Rollout's template has revisions too, which may bear the hashes of the Rollout's. */
        private Optional<Target> target(RevisionFacts revision, @Nullable String pod) {
            var runs = objects.workload(namespace, revision.workloadUid())
                    .filter(workload -> !workload.is(Trait.TEMPLATE_ONLY));
            return runs.map(workload -> {
                boolean isNew = revision.hash().equals(workload.current());
                return new Target(
                        workload.ref(), isNew ? Relation.NEW_REVISION : Relation.POD_OWNER, revision.hash(), pod);
            });
        }

        // --- the workload by name

        private boolean namesKind() {
            return Arrays.stream(Kind.values())
                    .anyMatch(kind -> label(kind.alertLabel()).isPresent());
        }

        private Optional<Target> byKind() {
            var named = Arrays.stream(Kind.values())
                    .flatMap(kind ->
                            label(kind.alertLabel()).flatMap(name -> objects.workload(namespace, kind, name)).stream())
                    .toList();
            long labelled = Arrays.stream(Kind.values())
                    .filter(kind -> label(kind.alertLabel()).isPresent())
                    .count();
            return labelled == 1 && named.size() == 1
                    ? Optional.of(new Target(named.getFirst().ref(), Relation.KIND_LABEL, null, null))
                    : Optional.empty();
        }

        private Optional<Target> byWorkload() {
            var name = labels.get("workload").orElseThrow();
            var type = labels.get("workload_type").orElseThrow().toLowerCase(Locale.ROOT);
            if (type.equals("replicaset")) {
                return objects.revision(namespace, name)
                        .flatMap(each -> objects.workload(namespace, each.workloadUid()))
                        .map(each -> new Target(each.ref(), Relation.WORKLOAD_LABEL, null, null));
            }
            return Kind.named(type)
                    .flatMap(kind -> objects.workload(namespace, kind, name))
                    .map(each -> new Target(each.ref(), Relation.WORKLOAD_LABEL, null, null));
        }

        // --- the pod

        private Optional<Target> byPod(String name) {
            return objects.pod(namespace, name).map(this::byLivePod).orElseGet(() -> byGonePod(name));
        }

        private Optional<Target> byLivePod(PodFacts pod) {
            return Optional.ofNullable(pod.revision())
                    .flatMap(revision -> objects.revision(namespace, revision))
                    .flatMap(revision -> target(revision, pod.name()));
        }

        /** A pod that is gone is known by the name of the ReplicaSet in its own. */
        private Optional<Target> byGonePod(String name) {
            var matcher = POD_SUFFIX.matcher(name);
            return matcher.matches()
                    ? objects.revision(namespace, matcher.group(1)).flatMap(revision -> target(revision, name))
                    : Optional.empty();
        }

        // --- the Service

        private List<Target> byService() {
            return label("service")
                    .flatMap(name -> objects.service(namespace, name))
                    .map(service -> {
                        var found = new LinkedHashMap<WorkloadRef, Target>();
                        var behind =
                                objects.workloadsBehind(service).filter(workload -> !workload.is(Trait.TEMPLATE_ONLY));
                        behind.forEach(workload -> {
                            var selected = objects.revisionsOf(workload).stream()
                                    .filter(each -> isLive(workload, each) && service.selects(each.podLabels()))
                                    .toList();
                            if (!selected.isEmpty()) {
                                found.put(
                                        workload.ref(),
                                        byService(
                                                workload,
                                                selected,
                                                service.selector().keySet()));
                            }
                        });
                        return (List<Target>) new ArrayList<>(found.values());
                    })
                    .orElse(List.of());
        }

        /** A Service whose selector holds a hash names that revision. */
        private static Target byService(
                WorkloadFacts workload, List<RevisionFacts> selected, Set<String> selectorKeys) {
            boolean byHash = selectorKeys.stream().anyMatch(key -> key.endsWith("pod-template-hash"));
            if (byHash && selected.size() == 1) {
                var hash = selected.getFirst().hash();
                boolean isNew = hash.equals(workload.current());
                return new Target(workload.ref(), isNew ? Relation.NEW_REVISION : Relation.SERVICE, hash, null);
            }
            return new Target(workload.ref(), Relation.SERVICE, null, null);
        }

        /** History that runs no pods takes no traffic. */
        private static boolean isLive(WorkloadFacts workload, RevisionFacts revision) {
            return revision.replicas() > 0
                    || revision.hash().equals(workload.current())
                    || revision.hash().equals(workload.stable());
        }

        /**
         * A label's value, if it names the alert's subject. {@code exported_x} wins over {@code x}; where the namespace was
         * exported, plain labels that service discovery sets belong to the scrape target; and an exporter is nobody's subject.
         */
        private Optional<String> label(String name) {
            var exported = labels.get("exported_" + name);
            if (exported.isPresent()) {
                return exported;
            }
            boolean namesObject = name.equals("pod") || name.equals("service");
            if ((namesObject || HASH_LABELS.contains(name)) && labels.has("exported_namespace")) {
                return Optional.empty();
            }
            return labels.get(name).filter(value -> !namesObject || !isExporter(value));
        }

        private static boolean isExporter(String value) {
            return value.equals("kubelet")
                    || value.endsWith("-exporter")
                    || EXPORTERS.stream().anyMatch(value::contains);
        }
    }
}
