package io.rollguard.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.policy.RollbackPolicy.Now;
import io.rollguard.release.GitOps;
import io.rollguard.release.Kind;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Settings;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RollbackPolicyTest {

    private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");
    private static final RollbackPolicy POLICY = new RollbackPolicy(Mode.AUTO, Set.of("rollguard"));

    static Stream<Arguments> decisions() {
        return Stream.of(
                row("canary", canary(), Act.ABORT, null),
                row("promoted", canary().stage(Stage.BAKING), Act.RESTORE, null),
                row("deployment", deployment(), Act.RESTORE, null),
                row("own", canary().in("rollguard"), Act.NONE, Reason.OWN_WORKLOAD),
                row("opted out", canary().settings(null, "a migration ran", null), Act.NONE, Reason.OPTED_OUT),
                row("flagger", deployment().flagger(), Act.NONE, Reason.FLAGGER),
                row("controlled", deployment().owner(), Act.NONE, Reason.CONTROLLED),
                row("aborted", canary().stage(Stage.ABORTED), Act.NONE, Reason.ALREADY_ABORTED),
                row(
                        "aborted, and users are left on what ends",
                        blueGreen().stage(Stage.ABORTED).trait(Trait.SWITCHED, Trait.PARTLY_UP),
                        Act.RESTORE,
                        null),
                row(
                        "aborted, and users go back this moment",
                        blueGreen().stage(Stage.ABORTED).trait(Trait.SWITCHED),
                        Act.NONE,
                        Reason.ALREADY_ABORTED),
                row("to good", canary().movesToGood(), Act.NONE, Reason.MOVES_TO_GOOD),
                row("marked", deployment().settings(null, null, "bad"), Act.NONE, Reason.ROLLED_BACK_BEFORE),
                row("configuration", deployment().configOnly(), Act.NONE, Reason.CONFIG_ONLY),
                row("what its state forbids", canary().trait(Trait.INVALID), Act.NONE, Reason.STATE_UNSUPPORTED),
                row("gitops", deployment().gitOps(), Act.NONE, Reason.GITOPS_OWNED),
                row("no target", deployment().withoutTarget(), Act.NONE, Reason.NO_GOOD_REVISION),
                row("nonsense", canary().settings("yolo", null, null), Act.NONE, Reason.UNREADABLE_MODE));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("decisions")
    void decides(String name, Building building, Act act, @Nullable Reason reason) {
        var allowed = building.decide(Outcome.GUILTY, Now.CLEAR);

        assertThat(allowed.act()).isEqualTo(act);
        assertThat(allowed.reason()).isEqualTo(reason);
        assertThat(allowed.acts(false)).isEqualTo(act != Act.NONE);
    }

    @ParameterizedTest
    @CsvSource({
        "OBSERVE, false, false",
        "OBSERVE, true,  false",
        "APPROVE, false, false",
        "APPROVE, true,  true",
        "AUTO,    false, true",
        "AUTO,    true,  true"
    })
    void whetherItIsDoneNow(Mode mode, boolean approved, boolean acts) {
        assertThat(new Allowed(Act.ABORT, mode, null).acts(approved)).isEqualTo(acts);
        assertThat(new Allowed(Act.NONE, mode, Reason.PAUSED).acts(approved)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(value = Outcome.class, names = "GUILTY", mode = EnumSource.Mode.EXCLUDE)
    void nothingIsDoneAboutWhatIsNotGuilty(Outcome outcome) {
        var allowed = canary().decide(outcome, Now.CLEAR);

        assertThat(allowed).isEqualTo(new Allowed(Act.NONE, Mode.AUTO, null));
    }

    @Test
    void pauseAndTheLogHoldActsBack() {
        assertThat(canary().decide(Outcome.GUILTY, new Now(null, true, null)).reason())
                .isEqualTo(Reason.PAUSED);
        assertThat(canary().decide(Outcome.GUILTY, new Now(null, false, Reason.BREAKER_OPEN))
                        .reason())
                .isEqualTo(Reason.BREAKER_OPEN);
    }

    @ParameterizedTest
    @CsvSource({
        "        , ABORT, RESTORE", // not known: the cluster will say so itself
        "OBSERVE   , NONE,  NONE",
        "ABORT_ONLY, ABORT, NONE",
        "FULL      , ABORT, RESTORE"
    })
    void nothingIsAllowedBeyondTheRights(@Nullable Tier rights, Act ofCanary, Act ofDeployment) {
        var now = new Now(rights, false, null);

        var canary = canary().decide(Outcome.GUILTY, now);
        var deployment = deployment().decide(Outcome.GUILTY, now);

        assertThat(canary.act()).isEqualTo(ofCanary);
        assertThat(canary.reason()).isEqualTo(ofCanary == Act.NONE ? Reason.RIGHTS_MISSING : null);
        assertThat(deployment.act()).isEqualTo(ofDeployment);
        assertThat(deployment.reason()).isEqualTo(ofDeployment == Act.NONE ? Reason.RIGHTS_MISSING : null);
    }

    @Test
    void anAbortThatCantEndWithoutAChangeOfTheSpecNeedsTheRightToIt() {
        var paused = canary().trait(Trait.PAUSED);

        var beyond = paused.decide(Outcome.GUILTY, new Now(Tier.ABORT_ONLY, false, null));
        var within = paused.decide(Outcome.GUILTY, new Now(Tier.FULL, false, null));

        assertThat(beyond.reason()).isEqualTo(Reason.RIGHTS_MISSING);
        assertThat(within.act()).isEqualTo(Act.ABORT);
    }

    @Test
    void aWorkloadsOwnModeWinsAndWhatIsUnreadableOnlyWatches() {
        assertThat(canary().settings("observe", null, null).decide(Outcome.GUILTY, Now.CLEAR))
                .isEqualTo(new Allowed(Act.ABORT, Mode.OBSERVE, null));
        assertThat(canary().settings("approve", null, null).decide(Outcome.GUILTY, Now.CLEAR))
                .isEqualTo(new Allowed(Act.ABORT, Mode.APPROVE, null));
        assertThat(canary().settings("yolo", null, null)
                        .decide(Outcome.SUSPECT, Now.CLEAR)
                        .mode())
                .isEqualTo(Mode.OBSERVE);
    }

    private static Arguments row(String name, Building building, Act act, @Nullable Reason reason) {
        return Arguments.of(name, building, act, reason);
    }

    private static Building canary() {
        return new Building(Kind.ROLLOUT, Strategy.CANARY, Stage.IN_PROGRESS);
    }

    private static Building blueGreen() {
        return new Building(Kind.ROLLOUT, Strategy.BLUE_GREEN, Stage.IN_PROGRESS);
    }

    private static Building deployment() {
        return new Building(Kind.DEPLOYMENT, Strategy.ROLLING, Stage.BAKING);
    }

    private static final class Building {
        private final Kind kind;
        private final Strategy strategy;
        private Stage stage;
        private String namespace = "shop";
        private Set<Trait> traits = Set.of();
        private Settings settings = Settings.NONE;
        private @Nullable GitOps gitOps;
        private @Nullable String owner;
        private boolean flagger;
        private boolean movesToGood;
        private boolean configOnly;
        private boolean target = true;

        Building(Kind kind, Strategy strategy, Stage stage) {
            this.kind = kind;
            this.strategy = strategy;
            this.stage = stage;
        }

        Building stage(Stage other) {
            stage = other;
            return this;
        }

        Building in(String other) {
            namespace = other;
            return this;
        }

        Building trait(Trait... all) {
            traits = Set.of(all);
            return this;
        }

        Building settings(@Nullable String mode, @Nullable String noRollback, @Nullable String rolledBackFrom) {
            settings = new Settings(mode, null, noRollback, rolledBackFrom);
            return this;
        }

        Building gitOps() {
            gitOps = new GitOps(GitOps.Tool.ARGO_CD, "shop", "");
            return this;
        }

        Building owner() {
            owner = "Database/db";
            return this;
        }

        Building flagger() {
            flagger = true;
            return this;
        }

        Building movesToGood() {
            movesToGood = true;
            return this;
        }

        Building configOnly() {
            configOnly = true;
            return this;
        }

        Building withoutTarget() {
            target = false;
            return this;
        }

        Allowed decide(Outcome outcome, Now now) {
            var ref = new WorkloadRef("default", namespace, kind, "w");
            var good = new RevisionHash("good");
            var bad = new RevisionHash("bad");
            var release = new Release(
                    ref,
                    "uid",
                    strategy,
                    stage,
                    bad,
                    good,
                    START,
                    null,
                    List.of(START),
                    target ? new Release.Target(good, Release.Target.Basis.PROVEN) : null,
                    false,
                    movesToGood,
                    configOnly,
                    0);
            var workload = WorkloadFacts.of(ref, "uid", strategy)
                    .pods(2, 2, 2, 2)
                    .revisions(bad, good)
                    .aborted(stage == Stage.ABORTED, stage == Stage.ABORTED ? START : null)
                    .owner(owner)
                    .gitOps(gitOps)
                    .flagger(flagger)
                    .traits(traits)
                    .settings(settings)
                    .build();
            return POLICY.decide(
                    new Verdict(outcome, 0.5, Reason.BEGAN_WITH_RELEASE, List.of()), release, workload, now);
        }
    }
}
