package io.rollguard.verdict;

import io.rollguard.alert.AlertHistory.Span;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Onset;
import io.rollguard.release.Kind;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.Release.Target.Basis;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Trouble;
import io.rollguard.verdict.Case.Hit;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Votes and vetoes (after Gandalf, NSDI'20; design, section 5). Alerts of one name are one: those that differ only in
 * severity, window or pod add up to no more. Each such alert is weighed by itself, and the release is as suspect as the
 * worst of them makes it, so that old noise does not hide new trouble.
 */
public final class Judge {

    /** Trouble that begins long after more users met the new revision is less likely its doing; half as much each ten minutes. */
    private static final Duration HALF_LIFE = Duration.ofMinutes(10);

    /** An alert that began this many times within {@link #FLAP_WINDOW} tells nothing. */
    private static final int FLAPS = 3;

    private static final Duration FLAP_WINDOW = Duration.ofMinutes(30);

    /** How much earlier than ours trouble elsewhere may have begun and still be the same trouble. */
    private static final Duration SAME_TROUBLE = Duration.ofMinutes(10);

    /** After so long a kubelet that lives has renewed its lease (10 s), with something for a busy API server. */
    private static final Duration LEASE_RENEWAL = Duration.ofSeconds(12);

    private static final double NAMES_REVISION = 0.9;
    private static final double NAMES_NEW_POD = 0.6;
    private static final double NAMES_WORKLOAD = 0.5;
    private static final double ANOTHER_ALERT = 0.2;
    private static final double CRITICAL = 0.1;
    private static final double CONTEXT = 0.05;

    private Judge() {}

    /** Total: every case gets a verdict. */
    public static Verdict judge(Case input) {
        if (input.cut() > 0) {
            return Verdict.inconclusive(Reason.TOO_MUCH_EVIDENCE);
        }
        if (input.isEmpty()) {
            return new Verdict(Outcome.INNOCENT, 0, Reason.NO_ALERT, List.of());
        }
        var ofAlerts = byName(input.hits().stream().sorted(STRONGEST).toList()).values().stream()
                .map(hits -> new Weighing(input, hits, null).weigh());
        var opinions = Stream.concat(
                        ofAlerts, FindingHits.of(input).entrySet().stream().map(entry -> of(input, entry)))
                .sorted()
                .toList();
        if (opinions.isEmpty()) {
            return new Verdict(Outcome.INNOCENT, 0, Reason.NO_ALERT, List.of());
        }
        var worst = opinions.getFirst();
        var evidence = new ArrayList<Evidence>();
        opinions.forEach(opinion -> evidence.addAll(opinion.evidence()));
        var score = worst.score();
        var others = opinions.stream()
                .filter(opinion -> opinion.speaksAgainstRelease() && opinion != worst)
                .toList();
        if (worst.speaksAgainstRelease()) {
            for (var other : others) {
                score = either(score, ANOTHER_ALERT);
                evidence.add(Evidence.vote(
                        "another-alert",
                        other.relation(),
                        ANOTHER_ALERT,
                        other.alert(),
                        other.name() + " speaks against the release as well"));
            }
        }
        if (worst.speaksAgainstRelease()) {
            assumedTarget(input.release()).ifPresent(evidence::add);
        }
        evidence.sort(ORDER);
        return new Verdict(worst.outcome(), Math.round(score * 100) / 100.0, worst.reason(), evidence);
    }

    /**
     * That what would be restored is only assumed to be good: it decides nothing, and who reads the verdict should know. An
     * abort goes back to what serves already.
     */
    private static Optional<Evidence> assumedTarget(Release release) {
        return Optional.ofNullable(release.target())
                .filter(target -> target.basis() == Basis.ASSUMED && !release.isBesideStable())
                .map(target -> new Evidence(
                        Evidence.Kind.VOTE,
                        "target-assumed",
                        null,
                        0,
                        null,
                        "revision %s, which would be restored, is only assumed to be good: nobody watched it bake"
                                .formatted(target.revision())));
    }

    private static final Comparator<Evidence> ORDER = Comparator.comparing(Evidence::kind)
            .thenComparing(Evidence::weight, Comparator.reverseOrder())
            .thenComparing(Evidence::name)
            .thenComparing(Evidence::text)
            .thenComparing(Evidence::alert, Comparator.nullsFirst(Comparator.naturalOrder()));

    /** An order of their own, so that the order in which alerts came decides nothing. */
    private static final Comparator<Hit> STRONGEST = Comparator.comparing(Hit::relation)
            .thenComparing(Hit::fingerprint)
            .thenComparing(hit -> String.valueOf(hit.pod()))
            .thenComparing(Hit::toString);

    private static Map<String, List<Hit>> byName(List<Hit> hits) {
        return hits.stream().collect(Collectors.groupingBy(Hit::name, LinkedHashMap::new, Collectors.toList()));
    }

    private static double either(double one, double other) {
        return 1 - (1 - one) * (1 - other);
    }

    /** When the trouble began: the earliest of what fires. */
    static Onset onset(List<Hit> firing) {
        return firing.stream()
                .map(Hit::onset)
                .min(Comparator.comparing(Onset::latest).thenComparing(Onset::earliest))
                .orElseThrow();
    }

    /** Whether trouble elsewhere began before ours or with it, and not long before. */
    static boolean isSameTrouble(Onset elsewhere, Onset ours) {
        return !elsewhere.earliest().isAfter(ours.latest())
                && !elsewhere.latest().isBefore(sameTroubleSince(ours));
    }

    static Instant sameTroubleSince(Onset ours) {
        return ours.earliest().minus(SAME_TROUBLE);
    }

    /** What one kind of finding says of the release. */
    private static Opinion of(Case input, Map.Entry<Trouble, List<Hit>> found) {
        var kind = found.getKey();
        if (kind != Trouble.PROGRESS_DEADLINE) {
            return new Weighing(input, found.getValue(), kind).weigh();
        }
        boolean isQuota = input.findings().stream().anyMatch(finding -> finding.kind() == Trouble.QUOTA);
        if (isQuota) {
            return unplaced(
                    Reason.QUOTA_EXCEEDED, "the progress deadline passed while a quota kept pods from being created");
        }
        return found.getValue().stream().noneMatch(hit -> hit.revision() != null && isNew(input, hit.revision()))
                ? unplaced(
                        Reason.NOT_PLACED,
                        "the progress deadline passed, and none of its %d new pods is on a node and not ready"
                                .formatted(input.newPods()))
                : new Weighing(input, found.getValue(), kind).weigh();
    }

    private static Opinion unplaced(Reason reason, String text) {
        return new Opinion(
                Outcome.INCONCLUSIVE,
                0,
                reason,
                Trouble.PROGRESS_DEADLINE.label(),
                Relation.NEW_REVISION,
                null,
                List.of(Evidence.veto(reason, Relation.NEW_REVISION, null, text)));
    }

    private static boolean isNew(Case input, RevisionHash revision) {
        return revision.equals(input.release().revision())
                || input.pods().stream()
                        .anyMatch(pod -> pod.isNew() && pod.revision().equals(revision));
    }

    /** Whether a pod elsewhere came into trouble with ours, or not long before or after. */
    static boolean isSameTrouble(Instant elsewhere, Instant ours) {
        return Duration.between(elsewhere, ours).abs().compareTo(SAME_TROUBLE) <= 0;
    }

    /** What one alert, or one kind of finding, says of the release. */
    private record Opinion(
            Outcome outcome,
            double score,
            Reason reason,
            String name,
            Relation relation,
            @Nullable Fingerprint alert,
            List<Evidence> evidence)
            implements Comparable<Opinion> {

        boolean speaksAgainstRelease() {
            return outcome == Outcome.GUILTY || (outcome == Outcome.SUSPECT && reason == Reason.SETTLING);
        }

        /** The most suspect first. */
        @Override
        public int compareTo(Opinion other) {
            return Comparator.comparing(Opinion::outcome)
                    .thenComparing(Opinion::score, Comparator.reverseOrder())
                    .thenComparing(Opinion::name)
                    .compare(this, other);
        }
    }

    /** How closely an alert names the new revision. */
    private enum Naming {
        /** Its hash, at least two of its pods, or its only pod. */
        REVISION,
        ONE_OF_ITS_PODS,
        WORKLOAD
    }

    /** The weighing of one alert, all hits of one name; or of one kind of finding, of which each pod counts as a hit. */
    private static final class Weighing {

        private final Case input;
        private final List<Hit> all;
        private final List<Hit> firing;
        private final @Nullable Trouble found;
        private final List<Evidence> evidence = new ArrayList<>();

        /** @param found null for an alert */
        Weighing(Case input, List<Hit> all, @Nullable Trouble found) {
            this.input = input;
            this.found = found;
            this.all = all;
            this.firing =
                    all.stream().filter(hit -> hit.state() == State.FIRING).toList();
        }

        Opinion weigh() {
            if (firing.isEmpty()) {
                return quiet();
            }
            if (firing.stream().noneMatch(Hit::trigger)) {
                vote("context", CONTEXT, "%s fires, as context only".formatted(name()));
                return opinion(Outcome.INCONCLUSIVE, CONTEXT, Reason.NO_TRIGGER);
            }
            var naming = naming();
            double score = votes(naming);
            if (firedBefore(naming)) {
                return opinion(Outcome.INNOCENT, 0, Reason.FIRED_BEFORE);
            }
            double onStable = shareOfStable();
            double onNew = shareOfNew(naming);
            boolean comparable =
                    input.stablePods() > 0 || isOfStarting() || firing.stream().allMatch(this::isOnStable);
            if (onStable > 0 && comparable && onStable >= onNew) {
                var asMuch = found == null ? Reason.FIRES_ON_STABLE : Reason.STABLE_FAIL_TOO;
                vetoByComparison(asMuch, onStable, onNew);
                return opinion(Outcome.INNOCENT, 0, asMuch);
            }
            if (onDeadNodesOnly()) {
                veto(
                        Reason.NODES_NOT_READY,
                        "every failing pod is on a node that is not ready or not heard of: "
                                + String.join(", ", deadNodes()));
                return opinion(Outcome.INCONCLUSIVE, score / 2, Reason.NODES_NOT_READY);
            }
            if (isFlapping()) {
                veto(
                        Reason.FLAPPING,
                        "%s began %d times or more within %s".formatted(name(), FLAPS, minutes(FLAP_WINDOW)));
                return opinion(Outcome.INCONCLUSIVE, score / 2, Reason.FLAPPING);
            }
            if (input.storm()) {
                veto(Reason.STORM, "many unrelated workloads began to alert within a minute");
                return opinion(Outcome.INCONCLUSIVE, score / 2, Reason.STORM);
            }
            if (onStable > 0) {
                var less = found == null ? Reason.STABLE_FIRES_TOO : Reason.STABLE_FAIL_TOO;
                vetoByComparison(less, onStable, onNew);
                return opinion(Outcome.SUSPECT, score / 2, less);
            }
            if (found == Trouble.IMAGE_PULL && !failingElsewhere().isEmpty()) {
                veto(Reason.REGISTRY_TROUBLE, "%s can't pull an image either".formatted(othersFailing()));
                return opinion(Outcome.INCONCLUSIVE, score / 2, Reason.REGISTRY_TROUBLE);
            }
            boolean inProgress = input.release().stage() != Stage.BAKING;
            if (naming == Naming.REVISION && inProgress && !namesOutliveRevisions()) {
                return opinion(Outcome.GUILTY, score, guilt(Reason.NAMES_NEW_REVISION));
            }
            return onWeakerEvidence(naming, score);
        }

        /** The second row of the act table: the workload or one of several new pods is named, or all traffic is on the new revision. */
        private Opinion onWeakerEvidence(Naming naming, double score) {
            boolean measured = naming != Naming.WORKLOAD && input.stablePods() > 0 && !isOfStarting();
            if ((naming == Naming.WORKLOAD || namesOutliveRevisions()) && onsetMayBeOlder()) {
                veto(
                        Reason.ONSET_UNCLEAR,
                        "%s began between %s and %s, the release at %s, its first pod at %s"
                                .formatted(
                                        name(),
                                        onset().earliest(),
                                        onset().latest(),
                                        input.release().startedAt(),
                                        firstPod()));
                return opinion(Outcome.SUSPECT, score / 2, Reason.ONSET_UNCLEAR);
            }
            var overlap = overlap(measured);
            if (overlap != null) {
                veto(Reason.OVERLAP, overlap);
                return opinion(Outcome.INCONCLUSIVE, score / 2, Reason.OVERLAP);
            }
            if (!measured && othersHit()) {
                return opinion(Outcome.SUSPECT, score / 2, Reason.OTHERS_HIT);
            }
            var settled = firing.stream()
                    .map(Hit::firstHeard)
                    .min(Comparator.naturalOrder())
                    .orElseThrow()
                    .plus(input.settle());
            if (input.at().isBefore(settled)) {
                return opinion(Outcome.SUSPECT, score, Reason.SETTLING);
            }
            var reason = naming == Naming.REVISION ? Reason.NAMES_NEW_REVISION : Reason.BEGAN_WITH_RELEASE;
            return opinion(Outcome.GUILTY, score, guilt(reason));
        }

        private Reason guilt(Reason ofAlert) {
            return switch (found) {
                case null -> ofAlert;
                case CRASH_LOOP, IMAGE_PULL, NOT_CREATED -> Reason.NEW_PODS_FAIL;
                case PROGRESS_DEADLINE -> Reason.DEADLINE_PASSED;
                case ANALYSIS_FAILED -> Reason.ANALYSIS_FAILED;
                case QUOTA -> throw new IllegalStateException("a quota is held against nobody");
            };
        }

        private boolean isOfStarting() {
            return found != null && found.isOfStarting();
        }

        private Opinion quiet() {
            boolean unknown = all.stream().anyMatch(hit -> hit.state() == State.UNKNOWN && hit.trigger());
            return unknown
                    ? opinion(Outcome.INCONCLUSIVE, 0, Reason.ALERT_UNKNOWN)
                    : opinion(Outcome.INNOCENT, 0, Reason.RESOLVED);
        }

        // --- votes

        private double votes(Naming naming) {
            var release = input.release();
            double score = 0;
            switch (naming) {
                case REVISION ->
                    score = vote(
                            found == null ? "names-new-revision" : found.label(),
                            NAMES_REVISION,
                            against(release.revision()));
                case ONE_OF_ITS_PODS ->
                    score = vote(
                            found == null ? "names-new-pod" : found.label(),
                            NAMES_NEW_POD,
                            against(release.revision()));
                case WORKLOAD -> {
                    var lag = Duration.between(release.exposedBefore(onset().latest()), onset().latest());
                    double late = Math.max(0, lag.toMillis()) / (double) HALF_LIFE.toMillis();
                    score = vote(
                            "onset-after-release",
                            NAMES_WORKLOAD * Math.pow(0.5, late),
                            "%s about %s began %s"
                                    .formatted(name(), release.workload().shortName(), after(lag)));
                }
            }
            if (firing.stream()
                    .anyMatch(hit ->
                            hit.severity().equals("critical") || hit.severity().equals("page"))) {
                score = either(score, vote("severity", CRITICAL, "%s is critical".formatted(name())));
            }
            return score;
        }

        private String against(RevisionHash revision) {
            if (found == null) {
                return "%s names revision %s%s".formatted(name(), revision, onPods());
            }
            long pods = firingNewPods().size();
            return pods == 0
                    ? "the pods of revision %s %s".formatted(revision, found.words())
                    : "%d of the %d pods of revision %s %s"
                            .formatted(pods, Math.max(input.newPods(), pods), revision, found.words());
        }

        private static String after(Duration lag) {
            return lag.isNegative()
                    ? seconds(lag.negated()) + " before the release"
                    : seconds(lag) + " after the new revision was last exposed further";
        }

        private String onPods() {
            var pods = firingNewPods();
            return pods.isEmpty()
                    ? ""
                    : " on %d of its %d pods".formatted(pods.size(), Math.max(input.newPods(), pods.size()));
        }

        // --- what the labels name

        private Naming naming() {
            if (firing.stream().anyMatch(hit -> isNew(hit) && hit.pod() == null)) {
                return Naming.REVISION;
            }
            var pods = firingNewPods();
            long live = pods.stream().filter(pod -> !onDeadNode(pod)).count();
            if (live >= 2 || (live == 1 && input.newPods() <= 1)) {
                return Naming.REVISION;
            }
            return pods.isEmpty() ? Naming.WORKLOAD : Naming.ONE_OF_ITS_PODS;
        }

        private boolean isNew(Hit hit) {
            return hit.revision() != null && Judge.isNew(input, hit.revision());
        }

        private List<String> firingNewPods() {
            return firing.stream()
                    .filter(this::isNew)
                    .map(Hit::pod)
                    .filter(Objects::nonNull)
                    .distinct()
                    .toList();
        }

        private double shareOfNew(Naming naming) {
            long pods = firingNewPods().size();
            if (naming == Naming.REVISION && pods == 0) {
                return 1;
            }
            return Math.min(1, pods / (double) Math.max(1, input.newPods()));
        }

        /** Of the pods that do not run the new revision, how many the alert names; 1 where it names their revision. */
        private double shareOfStable() {
            var stable = firing.stream().filter(this::isOnStable).toList();
            if (stable.isEmpty()) {
                return 0;
            }
            if (stable.stream().anyMatch(hit -> hit.pod() == null)) {
                return 1;
            }
            var named = stable.stream().map(Hit::pod).collect(Collectors.toSet());
            long ready = input.pods().stream()
                    .filter(pod -> pod.ready() && named.contains(pod.name()))
                    .count();
            // those that are named but not ready, or gone, are not among stablePods
            long pods = isOfStarting()
                    ? Math.max(named.size(), unreadyStable())
                    : Math.max(input.stablePods(), ready) + named.size() - ready;
            return named.size() / (double) pods;
        }

        private long unreadyStable() {
            return input.pods().stream()
                    .filter(pod -> !pod.isNew() && !pod.ready())
                    .count();
        }

        private boolean isOnStable(Hit hit) {
            return hit.revision() != null && !isNew(hit);
        }

        // --- vetoes

        private boolean firedBefore(Naming naming) {
            var start = input.release().startedAt();
            var began = onset();
            if (began.isBefore(start)) {
                veto(Reason.FIRED_BEFORE, "%s began at %s, the release at %s".formatted(name(), began.latest(), start));
                return true;
            }
            if (found != null) { // it has one onset, and no history
                return false;
            }
            boolean measured =
                    naming == Naming.REVISION && input.release().stage() != Stage.BAKING && !namesOutliveRevisions();
            var earlier = all.stream()
                    .flatMap(hit -> hit.spans().stream())
                    .filter(span -> span.startsAt().isBefore(start))
                    .filter(span -> !measured || firedAt(span, start))
                    .max(Comparator.comparing(Span::startsAt)
                            .thenComparing(Span::resolvedAt, Comparator.nullsFirst(Comparator.naturalOrder())));
            earlier.ifPresent(span -> veto(
                    Reason.FIRED_BEFORE,
                    "%s fired from %s until %s, the release began at %s"
                            .formatted(
                                    name(),
                                    span.startsAt(),
                                    span.resolvedAt() == null ? "an unknown time" : span.resolvedAt(),
                                    start)));
            return earlier.isPresent();
        }

        private static boolean firedAt(Span span, Instant time) {
            return span.resolvedAt() != null && !span.resolvedAt().isBefore(time);
        }

        /** The pods of a StatefulSet keep their names, so a name does not tell that the trouble is no older than the revision. */
        private boolean namesOutliveRevisions() {
            return found == null && input.release().workload().kind() == Kind.STATEFULSET;
        }

        /**
         * Of findings, of those on new pods: that others fail is compared, not dated, or one pod that has crashed for days would
         * hide every release that crashes.
         */
        private Onset onset() {
            var ours =
                    found == null ? firing : firing.stream().filter(this::isNew).toList();
            return Judge.onset(ours.isEmpty() ? firing : ours);
        }

        /**
         * What began before there was a new pod is not its doing, and an interval that holds that time cannot tell which came
         * first. Going back to what serves beside it is cheap enough where the alert has been quiet for the whole lookback
         * before (an earlier firing was a veto already).
         */
        private boolean onsetMayBeOlder() {
            boolean straddles = firing.stream().anyMatch(hit -> hit.onset().straddles(firstPod()));
            return onset().isBefore(firstPod())
                    || (straddles && !input.release().isBesideStable());
        }

        /** When the first pod of the new revision appeared; the release's start where none is known. */
        private Instant firstPod() {
            var exposures = input.release().exposures();
            return exposures.size() > 1 ? exposures.get(1) : input.release().startedAt();
        }

        private boolean onDeadNodesOnly() {
            var pods = failingPods();
            return !pods.isEmpty() && pods.stream().allMatch(this::onDeadNode);
        }

        /** The pods that are named; where none is, those that are not ready. Some named and some not tells nothing. */
        private List<String> failingPods() {
            var named = firing.stream().map(Hit::pod).filter(Objects::nonNull).toList();
            if (named.size() == firing.size()) {
                return named;
            }
            return named.isEmpty()
                    ? input.pods().stream()
                            .filter(pod -> !pod.ready())
                            .map(Case.Pod::name)
                            .toList()
                    : List.of();
        }

        private boolean onDeadNode(String pod) {
            return input.pods().stream()
                    .filter(each -> each.name().equals(pod) && each.node() != null)
                    .anyMatch(each -> isDead(each.node()));
        }

        private boolean isDead(@Nullable String node) {
            return input.nodes().stream()
                    .filter(each -> each.name().equals(node))
                    .anyMatch(this::isDead);
        }

        /**
         * Not ready, or not heard of since the alert began. A kubelet renews its lease every 10 s, so one that is younger
         * than that tells nothing against a node, however new the alert is (docs/adr/007).
         */
        private boolean isDead(NodeFacts node) {
            var heard = node.leaseRenewedAt();
            return !node.ready()
                    || (heard != null
                            && heard.isBefore(onset().latest())
                            && heard.plus(LEASE_RENEWAL).isBefore(input.at()));
        }

        private List<String> deadNodes() {
            return input.nodes().stream()
                    .filter(this::isDead)
                    .map(NodeFacts::name)
                    .sorted()
                    .toList();
        }

        private boolean isFlapping() {
            var since = input.at().minus(FLAP_WINDOW);
            return firing.stream()
                    .anyMatch(hit -> hit.spans().stream()
                                    .filter(span -> !span.startsAt().isBefore(since))
                                    .count()
                            >= FLAPS);
        }

        private @Nullable String overlap(boolean measured) {
            var shared = firing.stream()
                    .flatMap(hit -> hit.sharedWith().stream())
                    .distinct()
                    .sorted()
                    .toList();
            if (!measured && !shared.isEmpty()) {
                return "%s is about %s as well, which has an active release too"
                        .formatted(name(), shared.getFirst().shortName());
            }
            if (!input.release().isBesideStable() && !input.otherReleases().isEmpty()) {
                var first = input.otherReleases().stream()
                        .min(Comparator.naturalOrder())
                        .orElseThrow();
                return "%s has an active release too".formatted(first.shortName());
            }
            return null;
        }

        private List<Case.Failing> failingElsewhere() {
            return input.failingElsewhere().stream()
                    .filter(each -> each.kind() == found)
                    .sorted(Case.Failing.FIRST)
                    .toList();
        }

        private String othersFailing() {
            return failingElsewhere().stream()
                    .map(each -> each.workload().shortName())
                    .distinct()
                    .collect(Collectors.joining(", "));
        }

        private boolean othersHit() {
            if (found != null) {
                boolean others = !failingElsewhere().isEmpty();
                if (others) {
                    veto(Reason.OTHERS_HIT, "pods of %s fail in the same way".formatted(othersFailing()));
                }
                return others;
            }
            var ours = onset();
            var same = input.elsewhere().stream()
                    .filter(each -> isSameTrouble(each.onset(), ours))
                    .toList();
            same.stream()
                    .min(Case.Elsewhere.FIRST_HIT)
                    .ifPresent(each -> evidence.add(Evidence.veto(
                            Reason.OTHERS_HIT,
                            null,
                            each.fingerprint(),
                            "%s fires on %s, which did not change, since %s"
                                    .formatted(
                                            each.name(),
                                            each.workload().shortName(),
                                            each.onset().latest()))));
            return !same.isEmpty();
        }

        // --- words

        private String name() {
            return all.getFirst().name();
        }

        private Hit first() {
            return firing.isEmpty() ? all.getFirst() : firing.getFirst();
        }

        /** A finding comes from the cluster. */
        private @Nullable Fingerprint alert() {
            return found == null ? first().fingerprint() : null;
        }

        private double vote(String name, double weight, String text) {
            double rounded = Math.round(weight * 1000) / 1000.0;
            evidence.add(Evidence.vote(name, first().relation(), rounded, alert(), text));
            return weight;
        }

        private void veto(Reason reason, String text) {
            evidence.add(Evidence.veto(reason, first().relation(), alert(), text));
        }

        private void vetoByComparison(Reason reason, double onStable, double onNew) {
            veto(
                    reason,
                    found == null
                            ? "%s fires on %s of the stable pods and %s of the new ones"
                                    .formatted(name(), percent(onStable), percent(onNew))
                            : "%s of the stable pods%s and %s of the new ones %s"
                                    .formatted(
                                            percent(onStable),
                                            isOfStarting() ? " that are not ready" : "",
                                            percent(onNew),
                                            found.words()));
        }

        private Opinion opinion(Outcome outcome, double score, Reason reason) {
            return new Opinion(outcome, score, reason, name(), first().relation(), alert(), evidence);
        }
    }

    private static String percent(double share) {
        return Math.round(share * 100) + " %";
    }

    private static String minutes(Duration duration) {
        return duration.toMinutes() + " min";
    }

    private static String seconds(Duration duration) {
        long seconds = duration.toSeconds();
        return seconds < 120 ? seconds + " s" : seconds / 60 + " min";
    }
}
