package io.rollguard.cli;

import io.rollguard.alert.AlertHistory;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.policy.Triggers;
import io.rollguard.release.Release;
import io.rollguard.release.Releases;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Attribution;
import io.rollguard.verdict.Cases;
import io.rollguard.verdict.Judge;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The service's decision on a picture: settling counts as elapsed, nothing is paused, and no incident came before. */
final class OfflineJudge {

    private static final Duration STORM_WINDOW = Duration.ofMinutes(1);

    /** A file does not say when its alerts were last heard of, so none is ever unknown. */
    private static final Duration NEVER_UNKNOWN = Duration.ofDays(36_500);

    private final Picture picture;
    private final Settings settings;

    OfflineJudge(Picture picture, Settings settings) {
        this.picture = picture;
        this.settings = settings;
    }

    /** Every active release, the most suspect first. */
    List<Judged> judge() {
        var objects = picture.objects();
        var releases = new Releases(objects, settings.bakeTime());
        var cases = new Cases(
                objects,
                picture.alerts(),
                releases,
                new Cases.Terms(Duration.ZERO, settings.lookback(), NEVER_UNKNOWN, Triggers::isTrigger));
        boolean storm = isStorm();
        return objects.workloads()
                .flatMap(workload -> releases.of(workload, picture.at()).stream()
                        .map(release -> judge(cases, workload, release, storm)))
                .sorted(Judged.MOST_SUSPECT_FIRST)
                .toList();
    }

    private Judged judge(Cases cases, WorkloadFacts workload, Release release, boolean storm) {
        var verdict = Judge.judge(cases.of(workload, release, Set.of(), storm, picture.at()));
        var policy = new RollbackPolicy(settings.mode(), settings.ownNamespaces());
        return new Judged(release, verdict, policy.decide(verdict, release, workload, RollbackPolicy.Now.CLEAR));
    }

    /** Whether, within some minute, more workloads began to alert than the limit. */
    private boolean isStorm() {
        var attribution = new Attribution(picture.objects());
        Map<Instant, Set<WorkloadRef>> began = picture.alerts().all().stream()
                .map(AlertHistory::latest)
                .filter(alert -> alert.endsAt() == null && Triggers.isTrigger(alert))
                .collect(Collectors.groupingBy(
                        alert -> alert.startsAt(),
                        Collectors.flatMapping(
                                alert -> attribution.of(alert).stream().map(Attribution.Target::workload),
                                Collectors.toSet())));
        return began.keySet().stream()
                .map(from -> began.entrySet().stream()
                        .filter(each ->
                                !each.getKey().isBefore(from) && each.getKey().isBefore(from.plus(STORM_WINDOW)))
                        .flatMap(each -> each.getValue().stream()))
                .map(Stream::distinct)
                .anyMatch(workloads -> workloads.count() > settings.stormMaxWorkloads());
    }
}
