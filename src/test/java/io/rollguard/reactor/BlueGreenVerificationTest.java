package io.rollguard.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.reactor.Verification.Lost;
import io.rollguard.reactor.Verification.NotYet;
import io.rollguard.reactor.Verification.Reached;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.ServiceFacts;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.BlueGreen;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A blue-green Rollout is back where its users are: status, Service and pods must all say so. Two pods are wanted. */
class BlueGreenVerificationTest {

    private static final Instant AT = Instant.parse("2026-11-23T10:00:00Z");
    private static final RevisionHash GOOD = new RevisionHash("good");
    private static final RevisionHash BAD = new RevisionHash("bad");

    static Stream<Arguments> rows() {
        return Stream.of(
                row("abort: back", Act.ABORT, new State(), Reached.class),
                row("abort: the status is behind", Act.ABORT, new State().status(BAD), NotYet.class),
                row("abort: the Service is behind", Act.ABORT, new State().service(BAD), NotYet.class),
                row("abort: the Service is not seen", Act.ABORT, new State().service(null), NotYet.class),
                row("abort: a stable pod is missing", Act.ABORT, new State().serving(1), NotYet.class),
                row("abort: the Service selects other labels", Act.ABORT, new State().label("else"), NotYet.class),
                row("abort: a new pod is down", Act.ABORT, switched().with(Trait.PARTLY_UP), Lost.class),
                row("abort: paused", Act.ABORT, switched().with(Trait.PAUSED), Lost.class),
                row("abort: any moment now", Act.ABORT, switched(), NotYet.class),
                row("restore: back", Act.RESTORE, restored(), Reached.class),
                row("restore: the status is behind", Act.RESTORE, restored().status(BAD), NotYet.class),
                row("restore: the Service is behind", Act.RESTORE, restored().service(BAD), NotYet.class),
                row("restore: a pod is missing", Act.RESTORE, restored().serving(1), NotYet.class),
                row("restore: not promoted", Act.RESTORE, restored().stable(BAD), NotYet.class),
                row("abort, then restored: back", Act.ABORT, restored(), Reached.class));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void says(String name, Act act, State state, Class<? extends Verification> expected) {
        assertThat(Verification.of(act, state.workload(), BAD, GOOD, state.objects()))
                .isInstanceOf(expected);
    }

    /** They are kept for the abort's delay, and nobody is on them. */
    @Test
    void newPodsThatStillRunAreNoObstacle() {
        var state = new State();
        state.objects().put(pod(BAD, 0));

        assertThat(Verification.of(Act.ABORT, state.workload(), BAD, GOOD, state.objects()))
                .isInstanceOf(Reached.class);
    }

    private static Arguments row(String name, Act act, State state, Class<? extends Verification> expected) {
        return Arguments.of(name, act, state, expected);
    }

    private static State switched() {
        return new State().status(BAD).service(BAD).with(Trait.SWITCHED);
    }

    private static State restored() {
        var state = new State().stable(GOOD);
        state.current = GOOD;
        state.aborted = false;
        return state;
    }

    private static PodFacts pod(RevisionHash hash, int number) {
        return new PodFacts("shop", "cart-" + hash + "-" + number, "cart-" + hash, "node", true, false, AT);
    }

    /** Aborted, and users are back. */
    private static final class State {
        private final EnumSet<Trait> traits = EnumSet.noneOf(Trait.class);
        private RevisionHash current = BAD;
        private RevisionHash stable = GOOD;
        private RevisionHash active = GOOD;
        private @Nullable RevisionHash selected = GOOD;
        private boolean aborted = true;
        private int serving = 2;
        private String label = "cart";
        private @Nullable ClusterObjects objects;

        State status(RevisionHash hash) {
            active = hash;
            return this;
        }

        State service(@Nullable RevisionHash hash) {
            selected = hash;
            return this;
        }

        State stable(RevisionHash hash) {
            stable = hash;
            return this;
        }

        State serving(int pods) {
            serving = pods;
            return this;
        }

        State label(String app) {
            label = app;
            return this;
        }

        State with(Trait trait) {
            traits.add(trait);
            return this;
        }

        WorkloadFacts workload() {
            return WorkloadFacts.of(
                            new WorkloadRef("default", "shop", Kind.ROLLOUT, "cart"), "uid", Strategy.BLUE_GREEN)
                    .pods(2, 2, 2, 4)
                    .revisions(current, stable)
                    .aborted(aborted, aborted ? AT : null)
                    .complete(current.equals(stable), null)
                    .traits(traits)
                    .blueGreen(new BlueGreen("users", active))
                    .build();
        }

        ClusterObjects objects() {
            if (objects == null) {
                objects = new ClusterObjects("default");
                for (var hash : new RevisionHash[] {GOOD, BAD}) {
                    var labels = Map.of("app", "cart", "rollouts-pod-template-hash", hash.value());
                    objects.put(
                            new RevisionFacts("shop", "cart-" + hash, "uid", hash, 1, false, AT, 2, 2, labels, "", ""));
                }
                for (int number = 0; number < serving; number++) {
                    objects.put(pod(GOOD, number));
                }
                if (selected != null) {
                    var selector = Map.of("app", label, "rollouts-pod-template-hash", selected.value());
                    objects.put(new ServiceFacts("shop", "users", selector));
                }
            }
            return objects;
        }
    }
}
