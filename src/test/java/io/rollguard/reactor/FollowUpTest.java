package io.rollguard.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.incident.Attempt;
import io.rollguard.reactor.FollowUp.GoBack;
import io.rollguard.reactor.FollowUp.Nudge;
import io.rollguard.reactor.FollowUp.Promote;
import io.rollguard.reactor.FollowUp.Unpause;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.BlueGreen;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FollowUpTest {

    private static final Instant ACCEPTED = Instant.parse("2026-11-23T10:00:00Z");
    private static final Duration AT_ONCE = Duration.ofMillis(100);
    private static final Duration LATE = Duration.ofMillis(2001);
    private static final RevisionHash GOOD = new RevisionHash("good");
    private static final RevisionHash BAD = new RevisionHash("bad");
    private static final RevisionHash OTHER = new RevisionHash("other");

    static Stream<Arguments> rows() {
        return Stream.of(
                // abort
                row("done", Act.ABORT, abort().acknowledged(), LATE, null),
                row("not acknowledged yet", Act.ABORT, abort(), AT_ONCE, null),
                row("not acknowledged: lost", Act.ABORT, abort(), LATE, new Nudge()),
                row("lost while paused", Act.ABORT, abort().with(Trait.PAUSED), LATE, new Nudge()),
                row("paused: not before it is acknowledged", Act.ABORT, abort().with(Trait.PAUSED), AT_ONCE, null),
                row("paused", Act.ABORT, abort().acknowledged().with(Trait.PAUSED), AT_ONCE, new Unpause()),
                row(
                        "paused, nothing but its status is ours",
                        Act.ABORT,
                        abort().acknowledged().with(Trait.PAUSED).statusOnly(),
                        LATE,
                        null),
                row("taken back by a person", Act.ABORT, new State(BAD, GOOD), LATE, null),
                row("promoted in between", Act.ABORT, new State(BAD, BAD), LATE, null),
                row(
                        "another revision",
                        Act.ABORT,
                        new State(OTHER, GOOD).aborted().with(Trait.PAUSED),
                        LATE,
                        null),
                row(
                        "status of an older spec",
                        Act.ABORT,
                        abort().acknowledged().with(Trait.PAUSED).unobserved(),
                        AT_ONCE,
                        null),
                row(
                        "unpaused, and not seen: lost",
                        Act.ABORT,
                        abort().acknowledged().unobserved(),
                        LATE,
                        new Nudge()),
                // abort of a blue-green: users are taken back in a tenth of a second, or never
                row("before the switch", Act.ABORT, blueGreen(), LATE, null),
                row("before the switch, paused", Act.ABORT, blueGreen().with(Trait.PAUSED), LATE, null),
                row("switched", Act.ABORT, blueGreen().with(Trait.SWITCHED), AT_ONCE, null),
                row("switched, and it stays so", Act.ABORT, blueGreen().with(Trait.SWITCHED), LATE, new GoBack()),
                row(
                        "switched, a pod down",
                        Act.ABORT,
                        blueGreen().with(Trait.SWITCHED).with(Trait.PARTLY_UP),
                        AT_ONCE,
                        new GoBack()),
                row(
                        "switched, paused",
                        Act.ABORT,
                        blueGreen().with(Trait.SWITCHED).with(Trait.PAUSED),
                        AT_ONCE,
                        new GoBack()),
                row(
                        "switched, nothing but its status is ours",
                        Act.ABORT,
                        blueGreen().with(Trait.SWITCHED).with(Trait.PARTLY_UP).statusOnly(),
                        LATE,
                        null),
                // restore of what was promoted
                row("not observed", Act.RESTORE, new State(GOOD, BAD).unobserved(), AT_ONCE, null),
                row("not observed: lost", Act.RESTORE, new State(BAD, BAD).unobserved(), LATE, new Nudge()),
                row("still the bad one", Act.RESTORE, new State(BAD, BAD), LATE, null),
                row("observed", Act.RESTORE, new State(GOOD, BAD), AT_ONCE, new Promote()),
                row(
                        "its analysis aborts it",
                        Act.RESTORE,
                        new State(GOOD, BAD).abortedByController(),
                        AT_ONCE,
                        new Promote()),
                row("a person aborts it", Act.RESTORE, new State(GOOD, BAD).aborted(), LATE, null),
                row("under way", Act.RESTORE, new State(GOOD, BAD).with(Trait.PROMOTE_FULL), LATE, null),
                row(
                        "aborted, promotion just asked for",
                        Act.RESTORE,
                        new State(GOOD, BAD).abortedByController().with(Trait.PROMOTE_FULL),
                        AT_ONCE,
                        null),
                row(
                        "aborted, promotion lost",
                        Act.RESTORE,
                        new State(GOOD, BAD).abortedByController().with(Trait.PROMOTE_FULL),
                        LATE,
                        new Nudge()),
                row(
                        "at a pause, promotion just asked for",
                        Act.RESTORE,
                        new State(GOOD, BAD).with(Trait.WAITING).with(Trait.PROMOTE_FULL),
                        AT_ONCE,
                        null),
                row(
                        "at a pause, promotion lost",
                        Act.RESTORE,
                        new State(GOOD, BAD).with(Trait.WAITING).with(Trait.PROMOTE_FULL),
                        LATE,
                        new Nudge()),
                row("promoted", Act.RESTORE, new State(GOOD, GOOD), LATE, null),
                row("a new revision was made of it", Act.RESTORE, new State(OTHER, BAD), LATE, null),
                // the kinds of Kubernetes move by themselves
                row("deployment", Act.RESTORE, new State(GOOD, null).of(Kind.DEPLOYMENT), LATE, null),
                row(
                        "deployment, not observed",
                        Act.RESTORE,
                        new State(BAD, null).of(Kind.DEPLOYMENT).unobserved(),
                        LATE,
                        null),
                row("statefulset", Act.RESTORE, new State(GOOD, BAD).of(Kind.STATEFULSET), LATE, null),
                row(
                        "statefulset, held by a pod that may be deleted",
                        Act.RESTORE,
                        new State(GOOD, BAD).of(Kind.STATEFULSET).held("cart-0"),
                        AT_ONCE,
                        new FollowUp.DeletePod("cart-0")),
                row(
                        "statefulset, not observed",
                        Act.RESTORE,
                        new State(GOOD, BAD).of(Kind.STATEFULSET).held("cart-0").unobserved(),
                        LATE,
                        null));
    }

    @ParameterizedTest(name = "{1}: {0}")
    @MethodSource("rows")
    void isWhatIsLeft(String name, Act act, State state, Duration after, @Nullable FollowUp left) {
        var next = FollowUp.next(attempt(act, ACCEPTED), BAD, state.seen(), ACCEPTED.plus(after));

        assertThat(next.orElse(null)).isEqualTo(left);
    }

    @Test
    void nothingIsLeftOfWhatTheClusterHasNotTaken() {
        var next = FollowUp.next(attempt(Act.RESTORE, null), BAD, new State(GOOD, BAD).seen(), ACCEPTED.plus(LATE));

        assertThat(next).isEmpty();
    }

    private static Attempt attempt(Act act, @Nullable Instant acceptedAt) {
        return new Attempt(
                1,
                act,
                GOOD,
                ACCEPTED,
                List.of(),
                "a",
                null,
                false,
                null,
                acceptedAt,
                null,
                null,
                Attempt.Left.NOTHING);
    }

    private static Arguments row(String name, Act act, State state, Duration after, @Nullable FollowUp left) {
        return Arguments.of(name, act, state, after, left);
    }

    private static State abort() {
        return new State(BAD, GOOD).aborted();
    }

    private static State blueGreen() {
        return abort().acknowledged().withUsers();
    }

    private static final class State {
        private final RevisionHash current;
        private final @Nullable RevisionHash stable;
        private final Set<Trait> traits = EnumSet.noneOf(Trait.class);
        private Kind kind = Kind.ROLLOUT;
        private boolean observed = true;
        private boolean aborted;
        private @Nullable Instant abortedAt;
        private boolean mayChangeSpec = true;
        private Optional<String> stuckPod = Optional.empty();
        private @Nullable BlueGreen blueGreen;

        State(RevisionHash current, @Nullable RevisionHash stable) {
            this.current = current;
            this.stable = stable;
        }

        State of(Kind other) {
            kind = other;
            return this;
        }

        State with(Trait trait) {
            traits.add(trait);
            return this;
        }

        State withUsers() {
            blueGreen = new BlueGreen("users", null);
            return this;
        }

        State unobserved() {
            observed = false;
            return this;
        }

        State aborted() {
            aborted = true;
            return this;
        }

        State acknowledged() {
            abortedAt = ACCEPTED;
            return aborted();
        }

        State abortedByController() {
            return acknowledged().with(Trait.ABORTED_BY_CONTROLLER);
        }

        State held(String by) {
            stuckPod = Optional.of(by);
            return this;
        }

        State statusOnly() {
            mayChangeSpec = false;
            return this;
        }

        FollowUp.Seen seen() {
            var workload = WorkloadFacts.of(new WorkloadRef("default", "shop", kind, "cart"), "uid", Strategy.CANARY)
                    .observed(observed)
                    .pods(2, 2, 2, 2)
                    .revisions(current, stable)
                    .aborted(aborted, abortedAt)
                    .complete(current.equals(stable), null)
                    .traits(traits)
                    .blueGreen(blueGreen)
                    .build();
            return new FollowUp.Seen(workload, mayChangeSpec, stuckPod);
        }
    }
}
