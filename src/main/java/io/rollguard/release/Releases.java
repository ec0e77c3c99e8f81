package io.rollguard.release;

import io.rollguard.release.Release.Stage;
import io.rollguard.release.Release.Target;
import io.rollguard.release.Release.Target.Basis;
import io.rollguard.release.WorkloadFacts.Trait;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which releases are active, from the facts of a cluster. Pure: the same facts and time give the same releases. */
public final class Releases {

    private final ClusterObjects objects;
    private final Duration defaultBakeTime;

    /** @param defaultBakeTime for workloads that do not name their own */
    public Releases(ClusterObjects objects, Duration defaultBakeTime) {
        this.objects = objects;
        this.defaultBakeTime = defaultBakeTime;
    }

    /** Every active release of the cluster. */
    public Stream<Release> active(Instant at) {
        return objects.unsettled(at.minus(defaultBakeTime)).flatMap(workload -> of(workload, at).stream());
    }

    /** Those of a namespace, what is in progress first. */
    public Stream<Release> active(String namespace, Instant at) {
        return objects.unsettled(namespace, at.minus(defaultBakeTime)).flatMap(workload -> of(workload, at).stream());
    }

    public Duration bakeTime(WorkloadFacts workload) {
        var own = workload.settings().bakeTime();
        return own == null ? defaultBakeTime : own;
    }

    /**
     * The workload's active release, if it has one. None is a first deployment (there is nothing to go back to), a change
     * of replicas, a restart, or a release that has baked; nor has a Deployment one whose template a Rollout runs.
     */
    public Optional<Release> of(WorkloadFacts workload, Instant at) {
        if (!workload.tellsItsRevision() || workload.is(Trait.TEMPLATE_ONLY)) {
            return Optional.empty();
        }
        var completed = workload.complete() ? workload.completedAt() : null;
        if (completed != null && completed.plus(bakeTime(workload)).isBefore(at)) {
            return Optional.empty(); // most workloads most of the time
        }
        var revisions = objects.revisionsOf(workload);
        var lineage = Lineage.of(workload, revisions);
        return lineage == null || lineage.isTheFirst(objects.goodRevisions(workload.uid()))
                ? Optional.empty()
                : Optional.of(release(workload, lineage)).filter(release -> isActive(workload, lineage, release, at));
    }

    /**
     * The move that made the present revision current, whether or not it is still active: what a person who asks for a
     * rollback wants taken back. Empty where the present revision is not known yet.
     */
    public Optional<Release> latest(WorkloadFacts workload) {
        if (!workload.tellsItsRevision()) {
            return Optional.empty();
        }
        return Optional.ofNullable(Lineage.of(workload, objects.revisionsOf(workload)))
                .map(lineage -> release(workload, lineage));
    }

    private boolean isActive(WorkloadFacts workload, Lineage lineage, Release release, Instant at) {
        var bakeTime = bakeTime(workload);
        var completedAt = release.completedAt();
        boolean baked = completedAt != null && completedAt.plus(bakeTime).isBefore(at);
        boolean restartOfGood =
                release.movesToGood() && (lineage.isRestarted() || lineage.older.isEmpty()) && !lineage.cameBack();
        boolean noPodMoves = workload.waitsForPeople() // none has, and none will by itself
                && workload.updatedReplicas() == 0
                && release.exposures().size() == 1;
        return !baked
                && !noPodMoves
                && !restartOfGood
                && !lineage.isRestartOfWhatHadBaked(release.startedAt(), bakeTime);
    }

    private Release release(WorkloadFacts workload, Lineage lineage) {
        var bakeTime = bakeTime(workload);
        var startedAt = lineage.startedAt(workload);
        var exposures = exposures(workload, lineage, startedAt);
        var good = objects.goodRevisions(workload.uid());
        var stage = stage(workload);
        var digest = lineage.current.templateDigest();
        var target = target(workload, lineage, good, startedAt, bakeTime);
        return new Release(
                workload.ref(),
                workload.uid(),
                workload.strategy(),
                stage,
                lineage.current.hash(),
                lineage.stable(workload),
                startedAt,
                stage == Stage.BAKING ? completedAt(workload, exposures, bakeTime) : null,
                exposures,
                target,
                lineage.cameBack(),
                good.stream().anyMatch(each -> each.templateDigest().equals(digest)),
                lineage.isConfigOnly(target, good),
                lineage.current.number());
    }

    private static Stage stage(WorkloadFacts workload) {
        if (workload.complete()) {
            return Stage.BAKING;
        }
        return workload.aborted() ? Stage.ABORTED : Stage.IN_PROGRESS;
    }

    /**
     * Where the kind does not tell when it completed, its last new pod does; but not a pod that came after a pause as long as
     * the bake time, which only replaces another or adds to them. Where people move the pods, the first may come as late.
     */
    private static Instant completedAt(WorkloadFacts workload, List<Instant> exposures, Duration bakeTime) {
        if (workload.completedAt() != null) {
            return workload.completedAt();
        }
        boolean waited = workload.waitsForPeople() && exposures.size() > 1;
        var came = exposures.subList(waited ? 1 : 0, exposures.size());
        var last = came.getFirst();
        for (var exposure : came) {
            if (exposure.isAfter(last.plus(bakeTime))) {
                break;
            }
            last = exposure;
        }
        return last;
    }

    /**
     * The pods of a blue-green's new revision meet nobody but testers before the switch, so there it is the switch and the
     * pods after it that count, where the Service tells when that was.
     */
    private List<Instant> exposures(WorkloadFacts workload, Lineage lineage, Instant startedAt) {
        var times = new ArrayList<Instant>();
        times.add(startedAt);
        var switchedAt = switchedAt(workload, lineage);
        var met = switchedAt == null || switchedAt.isBefore(startedAt) ? startedAt : switchedAt;
        var pods = lineage.group.stream()
                .flatMap(revision -> objects.podsOf(revision).stream())
                .map(PodFacts::createdAt);
        var switched = Stream.of(met).filter(time -> time.isAfter(startedAt));
        Stream.concat(switched, pods)
                .filter(time -> !time.isBefore(met))
                .sorted()
                .distinct()
                .forEach(times::add); // the first pod mostly comes within the second in which the release begins
        return times;
    }

    /** When users came to the current revision of a blue-green Rollout; null where they have not, or nobody can tell. */
    private @Nullable Instant switchedAt(WorkloadFacts workload, Lineage lineage) {
        return Optional.ofNullable(workload.blueGreen())
                .flatMap(blueGreen -> objects.service(workload.ref().namespace(), blueGreen.activeService()))
                .filter(service -> service.selectsRevision(lineage.current.hash()))
                .map(ServiceFacts::selectorSetAt)
                .orElse(null);
    }

    private static @Nullable Target target(
            WorkloadFacts workload, Lineage lineage, List<GoodRevision> good, Instant startedAt, Duration bakeTime) {
        if (workload.ref().kind() == Kind.ROLLOUT && !workload.complete() && workload.stable() != null) {
            var stable = workload.stable();
            boolean proven = good.stream().anyMatch(each -> each.hash().equals(stable) && !each.assumed());
            return new Target(stable, proven ? Basis.PROVEN : Basis.ASSUMED);
        }
        var digest = lineage.current.templateDigest();
        var left = lineage.leftBehind(workload.settings().rolledBackFrom());
        if (!good.isEmpty()) {
            return good.stream()
                    .filter(each -> !each.templateDigest().equals(digest))
                    .filter(each -> !left.contains(each.hash()))
                    .findFirst()
                    .map(each -> new Target(each.hash(), each.assumed() ? Basis.ASSUMED : Basis.PROVEN))
                    .orElse(null);
        }
        if (lineage.cameBack()) {
            return null; // which of the others people trust, nobody can tell
        }
        var candidates = lineage.older.stream()
                .filter(each -> !each.templateDigest().equals(digest))
                .filter(each -> !left.contains(each.hash()))
                .filter(each -> !each.createdAt().plus(bakeTime).isAfter(startedAt))
                .toList();
        return candidates.stream()
                .filter(each -> each.readyReplicas() > 0) // what serves beside the release, and not what never did
                .findFirst()
                .or(() -> candidates.stream().findFirst())
                .map(each -> new Target(each.hash(), Basis.ASSUMED))
                .orElse(null);
    }

    /**
     * The revisions of a workload seen from its current one.
     *
     * @param group the current revision and those right before it with the same template: restarts of it, newest first
     * @param older all others that were current before, newest first; none where their objects are gone
     * @param changedAt when the workload last left completeness; null where its kind does not tell
     */
    private record Lineage(
            RevisionFacts current,
            List<RevisionFacts> group,
            List<RevisionFacts> older,
            @Nullable Instant changedAt) {

        /** A controller notes that it is no longer complete within the second in which it makes a new revision's object. */
        private static final Duration SAME_MOMENT = Duration.ofSeconds(2);

        /**
         * Null where the current revision's object is not there yet, or not the newest yet: every controller numbers what
         * comes back anew before it says so, and until that is seen nothing tells since when it is current.
         */
        static @Nullable Lineage of(WorkloadFacts workload, List<RevisionFacts> revisions) {
            int at = 0;
            while (at < revisions.size() && !revisions.get(at).hash().equals(workload.current())) {
                at++;
            }
            if (at == revisions.size()
                    || revisions.get(at).number() < revisions.getFirst().number()) {
                return null;
            }
            var current = revisions.get(at);
            int end = at + 1;
            while (end < revisions.size() && revisions.get(end).templateDigest().equals(current.templateDigest())) {
                end++;
            }
            return new Lineage(
                    current,
                    revisions.subList(at, end),
                    revisions.subList(end, revisions.size()),
                    workload.changedAt());
        }

        /**
         * Whether there was nothing before it. A controller that keeps no history (revisionHistoryLimit) leaves no older object
         * behind; then a good revision tells that there was one.
         */
        boolean isTheFirst(List<GoodRevision> good) {
            return older.isEmpty()
                    && good.stream().allMatch(each -> each.templateDigest().equals(current.templateDigest()));
        }

        boolean isRestarted() {
            return group.size() > 1;
        }

        /**
         * A restart long after the revision took over from the one before, of which no pod is left: the release was over by
         * then, and the restart is none.
         */
        boolean isRestartOfWhatHadBaked(Instant startedAt, Duration bakeTime) {
            return isRestarted()
                    && startedAt.plus(bakeTime).isBefore(current.createdAt())
                    && older.stream().allMatch(each -> each.replicas() == 0);
        }

        /** Whether the current template is older than one that was current before it. */
        boolean cameBack() {
            return isReused()
                    || older.stream().anyMatch(each -> each.templateDigest().equals(current.templateDigest()));
        }

        /** Whether the object itself was there before, so that it does not tell when it became current. */
        private boolean isReused() {
            boolean changedLater =
                    changedAt != null && changedAt.isAfter(current.createdAt().plus(SAME_MOMENT));
            return current.reused()
                    || changedLater
                    || older.stream().anyMatch(each -> each.createdAt().isAfter(current.createdAt()));
        }

        /** What was rolled back from, by Rollguard or by people (an older template followed on it): never gone back to. */
        Set<RevisionHash> leftBehind(@Nullable String rolledBackFrom) {
            var left = new HashSet<RevisionHash>();
            if (rolledBackFrom != null && !rolledBackFrom.isEmpty()) {
                left.add(new RevisionHash(rolledBackFrom));
            }
            var all = Stream.concat(group.stream(), older.stream()).toList();
            for (int at = 0; at < all.size(); at++) {
                var revision = all.get(at);
                boolean olderTemplateFollowed = all.subList(0, at).stream()
                        .filter(each -> !each.templateDigest().equals(revision.templateDigest()))
                        .anyMatch(each -> firstMade(each, all).isBefore(revision.createdAt()));
                if (olderTemplateFollowed) {
                    left.add(revision.hash());
                }
            }
            return left;
        }

        private static Instant firstMade(RevisionFacts revision, List<RevisionFacts> all) {
            return all.stream()
                    .filter(each -> each.templateDigest().equals(revision.templateDigest()))
                    .map(RevisionFacts::createdAt)
                    .min(Instant::compareTo)
                    .orElseThrow();
        }

        Instant startedAt(WorkloadFacts workload) {
            if (!isReused()) {
                return group.getLast().createdAt();
            }
            var setAt = workload.templateSetAt();
            var changedAt = workload.changedAt();
            boolean isOfAnother =
                    setAt != null && changedAt != null && setAt.isAfter(changedAt) && !cameAfterStable(workload);
            if (changedAt != null && changedAt.isAfter(current.createdAt()) && !isOfAnother) {
                return changedAt;
            }
            var completedAt = workload.completedAt();
            if (setAt != null
                    && setAt.isAfter(current.createdAt())
                    && (completedAt == null || !setAt.isAfter(completedAt))) {
                return setAt;
            }
            return completedAt != null ? completedAt : current.createdAt();
        }

        /** Else the workload left completeness for a revision in between, which this one replaced. */
        private boolean cameAfterStable(WorkloadFacts workload) {
            return older.isEmpty()
                    || workload.stable() == null
                    || older.getFirst().hash().equals(workload.stable());
        }

        @Nullable
        RevisionHash stable(WorkloadFacts workload) {
            if (workload.stable() != null && !workload.stable().equals(current.hash())) {
                return workload.stable();
            }
            return older.isEmpty() ? null : older.getFirst().hash();
        }

        /** Compared with what would be gone back to; with the one before where that is not known. */
        boolean isConfigOnly(@Nullable Target target, List<GoodRevision> good) {
            var kept = good.stream()
                    .filter(each -> target != null && each.hash().equals(target.revision()))
                    .filter(each -> each.configDigest() != null)
                    .findFirst();
            var before = older.stream()
                    .filter(each -> target != null && each.hash().equals(target.revision()))
                    .findFirst()
                    .or(() ->
                            kept.isPresent() ? Optional.empty() : older.stream().findFirst());
            var config = before.map(RevisionFacts::configDigest).or(() -> kept.map(GoodRevision::configDigest));
            var template = before.map(RevisionFacts::templateDigest).or(() -> kept.map(GoodRevision::templateDigest));
            return config.filter(current.configDigest()::equals).isPresent()
                    && template.filter(current.templateDigest()::equals).isEmpty();
        }
    }
}
