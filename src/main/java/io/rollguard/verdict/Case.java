package io.rollguard.verdict;

import io.rollguard.alert.AlertHistory.Span;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Onset;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Trouble;
import io.rollguard.release.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The complete input of one judgement: the same case gives the same verdict, offline too, to the byte. It is recorded with
 * the verdict.
 *
 * @param at the time of the judgement
 * @param settle how long contrary evidence is waited for where the alert does not name the new revision
 * @param hits the alerts about this workload
 * @param elsewhere alerts that fire on workloads that did not change, in this namespace or by the same name: the first few of
 *     those that began before ours or with them
 * @param pods those of the workload that an alert names, or that are not ready and not about to leave
 * @param nodes of those pods
 * @param newPods how many pods the new revision has
 * @param stablePods how many ready pods the other revisions have
 * @param otherReleases active ones in the namespace, a few of them
 * @param storm more unrelated workloads alert than the limit
 * @param cut alerts and pods left out for size
 * @param findings what the cluster itself shows against the new revision, and the same of the workload's other pods
 * @param failingElsewhere other workloads whose pods came into the same trouble with ours or not long before, a few of them
 */
public record Case(
        Instant at,
        Duration settle,
        Release release,
        List<Hit> hits,
        List<Elsewhere> elsewhere,
        List<Pod> pods,
        List<NodeFacts> nodes,
        int newPods,
        int stablePods,
        List<WorkloadRef> otherReleases,
        boolean storm,
        int cut,
        List<Finding> findings,
        List<Failing> failingElsewhere) {

    /** One that only alerts are about. */
    public Case(
            Instant at,
            Duration settle,
            Release release,
            List<Hit> hits,
            List<Elsewhere> elsewhere,
            List<Pod> pods,
            List<NodeFacts> nodes,
            int newPods,
            int stablePods,
            List<WorkloadRef> otherReleases,
            boolean storm,
            int cut) {
        this(
                at,
                settle,
                release,
                hits,
                elsewhere,
                pods,
                nodes,
                newPods,
                stablePods,
                otherReleases,
                storm,
                cut,
                List.of(),
                List.of());
    }

    /**
     * An alert about the workload.
     *
     * @param severity the label; empty where absent
     * @param trigger whether it may start an incident; if not it is context
     * @param revision that its labels name; null where they name none
     * @param pod that its labels name; null where they name none
     * @param onset when the present trouble began
     * @param spans its episodes since a lookback before the release, oldest first, without those that an earlier rollback
     *     ended; the present one last
     * @param sharedWith other workloads that it is about and that have an active release
     */
    public record Hit(
            Fingerprint fingerprint,
            String name,
            String severity,
            boolean trigger,
            Relation relation,
            @Nullable RevisionHash revision,
            @Nullable String pod,
            State state,
            Onset onset,
            List<Span> spans,
            List<WorkloadRef> sharedWith) {
        public Hit {
            spans = List.copyOf(spans);
            sharedWith = List.copyOf(sharedWith);
        }

        /** The firing that goes on, or the last one. */
        public Episode episode() {
            return new Episode(fingerprint, spans.getLast().startsAt());
        }

        /** When that firing was first heard of. */
        public Instant firstHeard() {
            return spans.isEmpty() ? onset.latest() : spans.getLast().firstHeard();
        }
    }

    /** An alert about a workload that has no active release. */
    public record Elsewhere(Fingerprint fingerprint, String name, WorkloadRef workload, Onset onset) {

        /** Who was hit first comes first. */
        static final Comparator<Elsewhere> FIRST_HIT = Comparator.comparing(
                        (Elsewhere each) -> each.onset().latest())
                .thenComparing(Elsewhere::workload)
                .thenComparing(Elsewhere::fingerprint);
    }

    /** A workload, not this one, of which a pod is in trouble. */
    public record Failing(Trouble kind, WorkloadRef workload, Instant since) {

        static final Comparator<Failing> FIRST = Comparator.comparing(Failing::since)
                .thenComparing(Failing::workload)
                .thenComparing(Failing::kind);
    }

    /** A pod of the workload. */
    public record Pod(
            String name,
            RevisionHash revision,
            boolean isNew,
            boolean ready,
            @Nullable String node) {}

    public Case {
        hits = List.copyOf(hits);
        elsewhere = List.copyOf(elsewhere);
        pods = List.copyOf(pods);
        nodes = List.copyOf(nodes);
        otherReleases = List.copyOf(otherReleases);
        findings = List.copyOf(findings);
        failingElsewhere = List.copyOf(failingElsewhere);
    }

    /** The same case with what is known of the nodes' leases. */
    public Case withLeases(Map<String, Instant> renewedAt) {
        var known = nodes.stream()
                .map(node -> new NodeFacts(node.name(), node.ready(), renewedAt.get(node.name())))
                .toList();
        return new Case(
                at,
                settle,
                release,
                hits,
                elsewhere,
                pods,
                known,
                newPods,
                stablePods,
                otherReleases,
                storm,
                cut,
                findings,
                failingElsewhere);
    }

    /** Whether nothing is about the release. */
    public boolean isEmpty() {
        return hits.isEmpty() && findings.isEmpty();
    }

    /** What an act would answer: the firings that may start an incident and go on, and what stands against the new revision. */
    public List<Episode> causes() {
        var found =
                findings.stream().filter(Finding::isCause).map(Finding::kind).distinct();
        return Stream.concat(
                        firingTriggers().stream().map(Hit::episode),
                        found.map(
                                kind -> Finding.episode(kind, release.uid(), release.revision(), release.startedAt())))
                .toList();
    }

    /** The firings that may start an incident and go on. */
    public List<Hit> firingTriggers() {
        return hits.stream()
                .filter(hit -> hit.trigger() && hit.state() == State.FIRING)
                .toList();
    }
}
