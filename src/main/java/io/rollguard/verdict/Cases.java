package io.rollguard.verdict;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Onset;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.PodFacts;
import io.rollguard.release.Release;
import io.rollguard.release.Releases;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.Trouble;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Gathers the case of one release from what is known of alerts and cluster. */
public final class Cases {

    /** More alerts about one workload than this are cut, the newest kept; a verdict must fit into one record. */
    static final int MAX_HITS = 300;

    static final int MAX_ELSEWHERE = 20;

    /** One is enough to hold an act; more only tell people. */
    private static final int MAX_OTHERS = 5;

    private static final int MAX_PODS = 300;

    private final ClusterObjects objects;
    private final AlertTable alerts;
    private final Releases releases;
    private final Attribution attribution;
    private final Terms terms;

    /**
     * The figures of judging.
     *
     * @param settle as in {@link Case}
     * @param lookback how far back an earlier firing counts
     * @param alertTimeToLive after how long without a word an alert is unknown
     * @param trigger which alerts may start an incident
     * @param activeAt when the expression behind an alert began to hold, where somebody who evaluates it says so
     */
    public record Terms(
            Duration settle,
            Duration lookback,
            Duration alertTimeToLive,
            Predicate<Alert> trigger,
            Function<Alert, Optional<Instant>> activeAt) {

        /** Where nobody knows more of an alert than it says itself. */
        public Terms(Duration settle, Duration lookback, Duration alertTimeToLive, Predicate<Alert> trigger) {
            this(settle, lookback, alertTimeToLive, trigger, alert -> Optional.empty());
        }
    }

    public Cases(ClusterObjects objects, AlertTable alerts, Releases releases, Terms terms) {
        this.objects = objects;
        this.alerts = alerts;
        this.releases = releases;
        this.attribution = new Attribution(objects);
        this.terms = terms;
    }

    /**
     * The case of a release.
     *
     * @param spent episodes that led to an earlier rollback of this workload: explained by it, so not held for this one
     * @param storm whether many unrelated workloads alert at once
     */
    public Case of(WorkloadFacts workload, Release release, Set<Episode> spent, boolean storm, Instant at) {
        var hits = hits(release, spent, at);
        var findings = findings(workload, release, at);
        if (hits.isEmpty() && findings.isEmpty()) { // most releases most of the time: nothing else would be weighed
            return new Case(
                    at,
                    terms.settle(),
                    release,
                    hits,
                    List.of(),
                    List.of(),
                    List.of(),
                    0,
                    0,
                    List.of(),
                    storm,
                    unknown(release));
        }
        var kept = hits.size() <= MAX_HITS ? hits : hits.subList(0, MAX_HITS);
        var revisions = objects.revisionsOf(workload);
        var isNew = newRevisions(release, revisions);
        var pods = pods(revisions, isNew, pod -> !pod.terminating());
        var named = new HashSet<String>();
        kept.stream().map(Case.Hit::pod).filter(Objects::nonNull).forEach(named::add);
        findings.stream().map(Finding::pod).filter(Objects::nonNull).forEach(named::add);
        var telling = pods(revisions, isNew, pod -> named.contains(pod.name()) || isUnwell(pod)).stream()
                .limit(MAX_PODS)
                .toList();
        var nodes = telling.stream()
                .map(Case.Pod::node)
                .filter(Objects::nonNull)
                .distinct()
                .sorted()
                .flatMap(node -> objects.node(node).stream())
                .toList();
        return new Case(
                at,
                terms.settle(),
                release,
                kept,
                elsewhere(release, kept, at),
                telling,
                nodes,
                (int) pods.stream().filter(Case.Pod::isNew).count(),
                (int) pods.stream().filter(pod -> !pod.isNew() && pod.ready()).count(),
                releases.active(release.workload().namespace(), at)
                        .filter(other -> other.stage() != Release.Stage.ABORTED)
                        .map(Release::workload)
                        .filter(other -> !other.equals(release.workload()))
                        .limit(MAX_OTHERS)
                        .sorted()
                        .toList(),
                storm,
                hits.size() - kept.size() + Math.max(0, findings.size() - MAX_PODS) + unknown(release),
                findings.stream().limit(MAX_PODS).toList(),
                failingElsewhere(release, findings, at));
    }

    /** What the cluster shows against the new revision, and the same of the other pods; nothing where it shows nothing of that. */
    private List<Finding> findings(WorkloadFacts workload, Release release, Instant at) {
        var kinds = new ArrayList<Trouble>(); // of the revision as a whole
        if (release.stage() == Release.Stage.ABORTED && workload.is(Trait.ANALYSIS_FAILED)) {
            kinds.add(Trouble.ANALYSIS_FAILED); // it aborts by itself for it, so until it has there is nothing to do
        }
        if (release.stage() == Release.Stage.IN_PROGRESS
                && workload.stuck()
                && !workload.is(Trait.ABORTS_AT_DEADLINE)) {
            kinds.add(Trouble.PROGRESS_DEADLINE);
            if (workload.is(Trait.QUOTA_EXCEEDED)) {
                kinds.add(Trouble.QUOTA);
            }
        }
        if (kinds.isEmpty() && !objects.hasTroubledPods(release.workload().namespace())) {
            return List.of(); // most releases most of the time
        }
        var revisions = objects.revisionsOf(workload);
        var isNew = newRevisions(release, revisions);
        var found = new ArrayList<Finding>();
        kinds.forEach(kind -> found.add(new Finding(kind, release.revision(), true, null, release.startedAt())));
        for (var revision : revisions) {
            for (var pod : objects.troubledPodsOf(revision, at)) {
                var trouble = Objects.requireNonNull(pod.trouble());
                found.add(new Finding(
                        trouble.kind(), revision.hash(), isNew.contains(revision.name()), pod.name(), trouble.since()));
            }
        }
        var ofNew = found.stream().filter(Finding::isNew).map(Finding::kind).collect(Collectors.toSet());
        return found.stream()
                .filter(finding -> ofNew.contains(finding.kind()))
                .sorted(Comparator.comparing(Finding::kind)
                        .thenComparing(finding -> !finding.isNew())
                        .thenComparing(finding -> String.valueOf(finding.pod())))
                .toList();
    }

    private List<Case.Failing> failingElsewhere(Release release, List<Finding> findings, Instant at) {
        return findings.stream()
                .filter(finding -> finding.isNew() && finding.pod() != null)
                .collect(Collectors.toMap(
                        Finding::kind, Finding::since, (one, other) -> one.isBefore(other) ? one : other))
                .entrySet()
                .stream()
                .flatMap(ours -> failingElsewhere(release, ours.getKey(), ours.getValue(), at))
                .sorted(Case.Failing.FIRST)
                .toList();
    }

    /** What began long before is no part of the same trouble: something somewhere never pulls its image. */
    private Stream<Case.Failing> failingElsewhere(Release release, Trouble kind, Instant since, Instant at) {
        return objects.troubled(kind, at)
                .filter(other -> !other.workload().ref().equals(release.workload()))
                .filter(other -> kind == Trouble.IMAGE_PULL
                        || !isChanging(other.workload().ref(), at))
                .map(other -> new Case.Failing(
                        kind,
                        other.workload().ref(),
                        Objects.requireNonNull(other.pod().trouble()).since()))
                .filter(other -> Judge.isSameTrouble(other.since(), since))
                .sorted(Case.Failing.FIRST)
                .limit(MAX_OTHERS);
    }

    /**
     * 1 where the table gave up alerts that might count here, for lack of room: whether they fired before, or fire elsewhere,
     * nobody can tell.
     */
    private int unknown(Release release) {
        var since = release.startedAt().minus(terms.lookback());
        return Stream.of(Alert.Status.values())
                        .flatMap(status -> alerts.lastDropped(status).stream())
                        .anyMatch(heard -> !heard.isBefore(since))
                ? 1
                : 0;
    }

    /** The new revision, and restarts of it. */
    private static Set<String> newRevisions(Release release, List<RevisionFacts> revisions) {
        var digest = revisions.stream()
                .filter(each -> each.hash().equals(release.revision()))
                .map(RevisionFacts::templateDigest)
                .findFirst();
        var names = new HashSet<String>();
        revisions.stream()
                .filter(each -> digest.isPresent() && each.templateDigest().equals(digest.get()))
                .forEach(each -> names.add(each.name()));
        return names;
    }

    private List<Case.Pod> pods(List<RevisionFacts> revisions, Set<String> isNew, Predicate<PodFacts> wanted) {
        return revisions.stream()
                .flatMap(revision -> objects.podsOf(revision).stream()
                        .filter(wanted)
                        .map(pod -> pod(pod, revision, isNew.contains(revision.name()))))
                .sorted(Comparator.comparing(Case.Pod::name))
                .toList();
    }

    private static Case.Pod pod(PodFacts pod, RevisionFacts revision, boolean isNew) {
        return new Case.Pod(pod.name(), revision.hash(), isNew, pod.ready(), pod.node());
    }

    /** A pod that leaves is not ready either, which tells nothing; one that can't leave its dead node does. */
    private boolean isUnwell(PodFacts pod) {
        boolean leaves = pod.terminating()
                && Optional.ofNullable(pod.node())
                        .flatMap(objects::node)
                        .map(NodeFacts::ready)
                        .orElse(true);
        return !pod.ready() && !leaves;
    }

    private List<Case.Hit> hits(Release release, Set<Episode> spent, Instant at) {
        var found = new ArrayList<Case.Hit>();
        for (var history : attribution.candidates(alerts, release.workload())) {
            var targets = attribution.of(history.latest());
            targets.stream()
                    .filter(target -> target.workload().equals(release.workload()))
                    .findFirst()
                    .map(target -> hit(release, history, target, sharedWith(release, targets, at), spent, at))
                    .filter(hit -> !hit.spans().isEmpty())
                    .ifPresent(found::add);
        }
        found.sort(Comparator.comparing((Case.Hit hit) -> hit.state() != State.FIRING)
                .thenComparing(hit -> hit.onset().latest(), Comparator.reverseOrder())
                .thenComparing(Case.Hit::fingerprint));
        return found;
    }

    private List<WorkloadRef> sharedWith(Release release, List<Attribution.Target> targets, Instant at) {
        return targets.stream()
                .map(Attribution.Target::workload)
                .filter(other -> !other.equals(release.workload()))
                .filter(other -> isChanging(other, at))
                .toList();
    }

    private boolean isChanging(WorkloadRef workload, Instant at) {
        return objects.workload(workload)
                .flatMap(facts -> releases.of(facts, at))
                .isPresent();
    }

    private Case.Hit hit(
            Release release,
            AlertHistory history,
            Attribution.Target target,
            List<WorkloadRef> sharedWith,
            Set<Episode> spent,
            Instant at) {
        var latest = history.latest();
        var since = release.startedAt().minus(terms.lookback());
        var spans = history.spans().stream()
                .filter(span -> span == history.current() && span.resolvedAt() == null
                        || !spent.contains(new Episode(history.fingerprint(), span.startsAt()))
                                && (span == history.current()
                                        || span.resolvedAt() == null
                                        || !span.resolvedAt().isBefore(since)))
                .toList();
        return new Case.Hit(
                history.fingerprint(),
                latest.name(),
                latest.labels().get("severity").orElse(""),
                terms.trigger().test(latest),
                target.relation(),
                target.revision(),
                target.pod(),
                history.state(at, terms.alertTimeToLive()),
                onset(history, at),
                spans,
                sharedWith);
    }

    /**
     * Where the alert leaves open when it began, its evaluation may know. Never later than the alert says: an evaluation that
     * began anew has lost what was before.
     */
    private Onset onset(AlertHistory history, Instant at) {
        var said = history.onset(terms.alertTimeToLive());
        if (said.isKnown() || history.state(at, terms.alertTimeToLive()) != State.FIRING) {
            return said;
        }
        return terms.activeAt()
                .apply(history.latest())
                .filter(known -> !known.isAfter(said.latest()))
                .map(Onset::at)
                .orElse(said);
    }

    /**
     * For each alert that fires on the workload, who else was hit before or with it: the first few. What began at another time is
     * no part of the same trouble, and must not crowd out what is.
     */
    private List<Case.Elsewhere> elsewhere(Release release, List<Case.Hit> hits, Instant at) {
        var firing = hits.stream()
                .filter(hit -> hit.state() == State.FIRING)
                .collect(Collectors.groupingBy(Case.Hit::name, TreeMap::new, Collectors.toList()));
        firing.values().removeIf(same -> same.stream().noneMatch(Case.Hit::trigger));
        if (firing.isEmpty()) {
            return List.of();
        }
        var onsets = firing.values().stream().map(Judge::onset).distinct().toList();
        return onsets.stream()
                .flatMap(ours -> hitWith(ours, release, firing.keySet(), at))
                .distinct()
                .sorted(Case.Elsewhere.FIRST_HIT)
                .toList();
    }

    /** Each alert is looked at in the order in which they began, until there are enough. */
    private Stream<Case.Elsewhere> hitWith(Onset ours, Release release, Set<String> names, Instant at) {
        var from = Judge.sameTroubleSince(ours);
        var to = ours.latest().plus(Onset.UNKNOWN_FOR); // so much may lie between the ends of an onset
        var timeToLive = terms.alertTimeToLive();
        return Stream.concat(
                        Stream.of(alerts.begunIn(release.workload().namespace(), from, to, timeToLive)),
                        names.stream().map(name -> alerts.begunAs(name, from, to, timeToLive)))
                .flatMap(begun -> begun.filter(history -> history.state(at, timeToLive) == State.FIRING)
                        .filter(history -> terms.trigger().test(history.latest()))
                        .filter(history -> Judge.isSameTrouble(history.onset(timeToLive), ours))
                        .flatMap(history -> elsewhere(release, history, at))
                        .limit(MAX_ELSEWHERE))
                .distinct()
                .sorted(Comparator.comparing(
                                (Case.Elsewhere each) -> each.onset().latest())
                        .thenComparing(Case.Elsewhere::fingerprint))
                .limit(MAX_ELSEWHERE);
    }

    private Stream<Case.Elsewhere> elsewhere(Release release, AlertHistory history, Instant at) {
        var targets = attribution.of(history.latest());
        if (targets.stream().anyMatch(target -> target.workload().equals(release.workload()))) {
            return Stream.empty();
        }
        return targets.stream()
                .map(Attribution.Target::workload)
                .filter(workload -> !isChanging(workload, at))
                .map(workload -> new Case.Elsewhere(
                        history.fingerprint(),
                        history.latest().name(),
                        workload,
                        history.onset(terms.alertTimeToLive())));
    }
}
