package io.rollguard.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.GitOps;
import io.rollguard.release.Kind;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The decision table of acting, row by row; the text of each is the situation. */
class WayBackTest {

    private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");
    private static final RevisionHash GOOD = new RevisionHash("good");
    private static final RevisionHash BAD = new RevisionHash("bad");

    /** Which act takes it back, what speaks against that, and whether it changes the spec. */
    static Stream<Arguments> rows() {
        return Stream.of(
                // canary, in progress
                row("canary", canary(), Act.ABORT, null, false),
                row("canary that a router shifts", canary(Trait.TRAFFIC_ROUTING), Act.ABORT, null, false),
                row("canary being promoted in full", canary(Trait.PROMOTE_FULL), Act.ABORT, null, false),
                row("canary of GitOps", gitOps(canary()), Act.ABORT, null, false),
                row("paused canary: unpaused after the abort", canary(Trait.PAUSED), Act.ABORT, null, true),
                row("paused canary of GitOps", gitOps(canary(Trait.PAUSED)), Act.ABORT, Reason.WORKLOAD_PAUSED, true),
                row("paused, with a router", canary(Trait.PAUSED, Trait.TRAFFIC_ROUTING), Act.ABORT, null, false),
                row(
                        "paused, with a router, of GitOps: its traffic moves",
                        gitOps(canary(Trait.PAUSED, Trait.TRAFFIC_ROUTING)),
                        Act.ABORT,
                        null,
                        false),
                row("dynamic stable scale", dynamic(), Act.RESTORE, null, true),
                row("dynamic, paused", dynamic(Trait.PAUSED), Act.RESTORE, null, true),
                row("dynamic, abort delay", dynamic(Trait.ABORT_DELAY_SET), Act.RESTORE, null, true),
                row("dynamic, of GitOps: slow, but it comes", gitOps(dynamic()), Act.ABORT, null, false),
                row(
                        "dynamic, of GitOps, abort delay: it would lock",
                        gitOps(dynamic(Trait.ABORT_DELAY_SET)),
                        Act.RESTORE,
                        Reason.GITOPS_OWNED,
                        true),
                row("abort delay without dynamic scale", canary(Trait.ABORT_DELAY_SET), Act.ABORT, null, false),
                row("a window, going forward", canary(Trait.ROLLBACK_WINDOW), Act.ABORT, null, false),
                row("a window, on a way back", cameBack(canary(Trait.ROLLBACK_WINDOW)), Act.RESTORE, null, true),
                row("on a way back without a window", cameBack(canary()), Act.ABORT, null, false),
                row("invalid spec", canary(Trait.INVALID), Act.ABORT, Reason.STATE_UNSUPPORTED, false),
                row("template in a Deployment", canary(Trait.WORKLOAD_REF), Act.ABORT, null, false),
                row(
                        "template in what is not looked at",
                        canary(Trait.FOREIGN_TEMPLATE),
                        Act.ABORT,
                        Reason.STATE_UNSUPPORTED,
                        false),
                // canary, fully promoted
                row("promoted", promoted(), Act.RESTORE, null, true),
                row("promoted, paused", promoted(Trait.PAUSED), Act.RESTORE, null, true),
                row("promoted, with a router", promoted(Trait.TRAFFIC_ROUTING), Act.RESTORE, null, true),
                row("promoted, in a window", promoted(Trait.ROLLBACK_WINDOW), Act.RESTORE, null, true),
                row("promoted, of GitOps", gitOps(promoted()), Act.RESTORE, Reason.GITOPS_OWNED, true),
                row("promoted, invalid", promoted(Trait.INVALID), Act.RESTORE, Reason.STATE_UNSUPPORTED, true),
                row("promoted, template in a Deployment", promoted(Trait.WORKLOAD_REF), Act.RESTORE, null, true),
                row(
                        "promoted, template in a Deployment, paused: no one patch does both",
                        promoted(Trait.WORKLOAD_REF, Trait.PAUSED),
                        Act.RESTORE,
                        Reason.WORKLOAD_PAUSED,
                        true),
                row(
                        "promoted, template in a Deployment of GitOps",
                        gitOps(promoted(Trait.WORKLOAD_REF)),
                        Act.RESTORE,
                        Reason.GITOPS_OWNED,
                        true),
                row(
                        "promoted, template in what is not looked at",
                        promoted(Trait.FOREIGN_TEMPLATE),
                        Act.RESTORE,
                        Reason.STATE_UNSUPPORTED,
                        true),
                // blue-green before the switch: nobody is on it but testers
                row("preview", blueGreen(), Act.ABORT, null, false),
                row("preview of GitOps", gitOps(blueGreen()), Act.ABORT, null, false),
                row("preview, paused", blueGreen(Trait.PAUSED), Act.ABORT, null, false),
                row("preview, paused, of GitOps", gitOps(blueGreen(Trait.PAUSED)), Act.ABORT, null, false),
                row("preview being promoted in full", blueGreen(Trait.PROMOTE_FULL), Act.ABORT, null, false),
                row(
                        "preview in a window, on a way back",
                        cameBack(blueGreen(Trait.ROLLBACK_WINDOW)),
                        Act.RESTORE,
                        null,
                        true),
                row("preview of an invalid spec", blueGreen(Trait.INVALID), Act.ABORT, Reason.STATE_UNSUPPORTED, false),
                // blue-green after the switch: an abort may end the pods that all users are on
                row("switched", blueGreen(Trait.SWITCHED), Act.RESTORE, null, true),
                row("switched, a pod down", blueGreen(Trait.SWITCHED, Trait.PARTLY_UP), Act.RESTORE, null, true),
                row("switched, paused", blueGreen(Trait.SWITCHED, Trait.PAUSED), Act.RESTORE, null, true),
                row("switched, of GitOps", gitOps(blueGreen(Trait.SWITCHED)), Act.ABORT, null, false),
                row(
                        "switched, of GitOps, a pod down",
                        gitOps(blueGreen(Trait.SWITCHED, Trait.PARTLY_UP)),
                        Act.RESTORE,
                        Reason.GITOPS_OWNED,
                        true),
                row(
                        "switched, of GitOps, paused",
                        gitOps(blueGreen(Trait.SWITCHED, Trait.PAUSED)),
                        Act.RESTORE,
                        Reason.GITOPS_OWNED,
                        true),
                row(
                        "switched, template in a Deployment",
                        blueGreen(Trait.SWITCHED, Trait.WORKLOAD_REF),
                        Act.RESTORE,
                        null,
                        true),
                row(
                        "switched, template in a Deployment, paused",
                        blueGreen(Trait.SWITCHED, Trait.WORKLOAD_REF, Trait.PAUSED),
                        Act.RESTORE,
                        Reason.WORKLOAD_PAUSED,
                        true),
                row(
                        "switched, aborted, and nobody taken back",
                        aborted(blueGreen(Trait.SWITCHED, Trait.PARTLY_UP)),
                        Act.RESTORE,
                        null,
                        true),
                // blue-green, promoted
                row("blue-green, promoted", of(blueGreen(), Stage.BAKING), Act.RESTORE, null, true),
                row("promoted blue-green, paused", of(blueGreen(Trait.PAUSED), Stage.BAKING), Act.RESTORE, null, true),
                row(
                        "promoted blue-green of GitOps",
                        gitOps(of(blueGreen(), Stage.BAKING)),
                        Act.RESTORE,
                        Reason.GITOPS_OWNED,
                        true),
                // the kinds of Kubernetes
                row("deployment", of(Kind.DEPLOYMENT), Act.RESTORE, null, true),
                row("deployment of GitOps", gitOps(of(Kind.DEPLOYMENT)), Act.RESTORE, Reason.GITOPS_OWNED, true),
                row("deployment, paused", of(Kind.DEPLOYMENT, Trait.PAUSED), Act.RESTORE, Reason.WORKLOAD_PAUSED, true),
                row("statefulset", of(Kind.STATEFULSET, Trait.ORDERED), Act.RESTORE, null, true),
                row("statefulset, complete", complete(of(Kind.STATEFULSET)), Act.RESTORE, null, true),
                row("statefulset of GitOps", gitOps(of(Kind.STATEFULSET)), Act.RESTORE, Reason.GITOPS_OWNED, true),
                row("held by a partition", of(Kind.STATEFULSET, Trait.PARTITIONED), Act.RESTORE, null, true),
                row(
                        "complete, then a partition was raised",
                        complete(of(Kind.STATEFULSET, Trait.PARTITIONED)),
                        Act.RESTORE,
                        Reason.PARTITION_RAISED,
                        true),
                row("on delete", onDelete(Kind.STATEFULSET), Act.RESTORE, Reason.ON_DELETE, true),
                row("daemonset", of(Kind.DAEMONSET), Act.RESTORE, null, true),
                row("daemonset, on delete", onDelete(Kind.DAEMONSET), Act.RESTORE, Reason.ON_DELETE, true));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void decides(String name, Situation situation, Act act, @Nullable Reason against, boolean changesSpec) {
        var workload = situation.workload();

        var chosen = WayBack.act(situation.release(), workload);

        assertThat(chosen).isEqualTo(act);
        assertThat(WayBack.against(chosen, workload).orElse(null)).isEqualTo(against);
        assertThat(WayBack.changesSpec(chosen, workload)).isEqualTo(changesSpec);
    }

    private static Arguments row(
            String name, Situation situation, Act act, @Nullable Reason against, boolean changesSpec) {
        return Arguments.of(name, situation, act, against, changesSpec);
    }

    private static Situation canary(Trait... traits) {
        return new Situation(Kind.ROLLOUT, Strategy.CANARY, Stage.IN_PROGRESS, traits(traits), null, false);
    }

    private static Situation dynamic(Trait... more) {
        var traits = traits(more);
        traits.add(Trait.DYNAMIC_STABLE_SCALE);
        traits.add(Trait.TRAFFIC_ROUTING);
        return new Situation(Kind.ROLLOUT, Strategy.CANARY, Stage.IN_PROGRESS, traits, null, false);
    }

    private static Situation promoted(Trait... traits) {
        return new Situation(Kind.ROLLOUT, Strategy.CANARY, Stage.BAKING, traits(traits), null, false);
    }

    private static Situation blueGreen(Trait... traits) {
        return new Situation(Kind.ROLLOUT, Strategy.BLUE_GREEN, Stage.IN_PROGRESS, traits(traits), null, false);
    }

    private static Situation aborted(Situation of) {
        return of(of, Stage.ABORTED);
    }

    private static Situation of(Situation of, Stage stage) {
        return new Situation(of.kind, of.strategy, stage, of.traits, of.gitOps, of.cameBack);
    }

    private static Situation of(Kind kind, Trait... traits) {
        return new Situation(kind, Strategy.ROLLING, Stage.IN_PROGRESS, traits(traits), null, false);
    }

    private static Situation complete(Situation of) {
        return new Situation(of.kind, of.strategy, Stage.BAKING, of.traits, of.gitOps, of.cameBack);
    }

    private static Situation onDelete(Kind kind) {
        return new Situation(kind, Strategy.ON_DELETE, Stage.IN_PROGRESS, traits(), null, false);
    }

    private static Situation gitOps(Situation of) {
        return new Situation(
                of.kind, of.strategy, of.stage, of.traits, new GitOps(GitOps.Tool.ARGO_CD, "shop", ""), of.cameBack);
    }

    private static Situation cameBack(Situation of) {
        return new Situation(of.kind, of.strategy, of.stage, of.traits, of.gitOps, true);
    }

    private static Set<Trait> traits(Trait... traits) {
        var set = EnumSet.noneOf(Trait.class);
        set.addAll(Arrays.asList(traits));
        return set;
    }

    private record Situation(
            Kind kind,
            Strategy strategy,
            Stage stage,
            Set<Trait> traits,
            @Nullable GitOps gitOps,
            boolean cameBack) {

        WorkloadRef ref() {
            return new WorkloadRef("default", "shop", kind, "cart");
        }

        Release release() {
            return new Release(
                    ref(),
                    "uid",
                    strategy,
                    stage,
                    BAD,
                    GOOD,
                    START,
                    null,
                    List.of(START),
                    new Release.Target(GOOD, Release.Target.Basis.PROVEN),
                    cameBack,
                    false,
                    false,
                    2);
        }

        WorkloadFacts workload() {
            boolean complete = stage == Stage.BAKING;
            return WorkloadFacts.of(ref(), "uid", strategy)
                    .pods(2, 2, 2, 2)
                    .revisions(BAD, complete ? BAD : GOOD)
                    .complete(complete, null)
                    .gitOps(gitOps)
                    .traits(traits)
                    .build();
        }
    }
}
