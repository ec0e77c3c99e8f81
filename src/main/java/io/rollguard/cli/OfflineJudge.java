package io.rollguard.cli;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory;
import io.rollguard.kubernetes.ManualCommands;
import io.rollguard.policy.Handover;
import io.rollguard.policy.RollbackPolicy;
import io.rollguard.policy.StormWatch;
import io.rollguard.policy.Triggers;
import io.rollguard.release.Release;
import io.rollguard.release.Releases;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.verdict.Attribution;
import io.rollguard.verdict.Cases;
import io.rollguard.verdict.Judge;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** The service's decision on a picture: settling counts as elapsed, nothing is paused, and no incident came before. */
final class OfflineJudge {

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
        var allowed = policy.decide(verdict, release, workload, RollbackPolicy.Now.CLEAR);
        var commands = new ManualCommands(picture.objects());
        var byHand = Handover.refused(
                workload, release, allowed.reason(), (act, target) -> commands.of(release.workload(), act, target));
        return new Judged(release, verdict, allowed, byHand);
    }

    /** Whether the service would at some time have seen a storm, had it heard of each alert as it began. */
    private boolean isStorm() {
        var attribution = new Attribution(picture.objects());
        var storm = new StormWatch(settings.stormMaxWorkloads());
        var began = picture.alerts().all().stream()
                .map(AlertHistory::latest)
                .filter(alert -> alert.endsAt() == null && Triggers.isTrigger(alert))
                .sorted(Comparator.comparing(Alert::startsAt))
                .toList();
        for (var alert : began) {
            attribution.of(alert).forEach(target -> storm.note(target.workload(), alert.startsAt()));
            if (storm.isOn(alert.startsAt())) {
                return true;
            }
        }
        return false;
    }
}
