package io.rollguard.release;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.WorkloadFacts.BlueGreen;
import io.rollguard.release.WorkloadFacts.Trait;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Users meet a blue-green release at its switch. Times are minutes after T0; revision b follows on a at minute 100. */
class BlueGreenReleaseTest {

    private static final Instant T0 = Instant.parse("2026-11-20T10:00:00Z");
    private static final Duration BAKE = Duration.ofMinutes(30);

    private final ClusterObjects objects = new ClusterObjects("default");

    @BeforeEach
    void aFollowedByB() {
        revision("a", 1, 0);
        revision("b", 2, 100);
        pod("b", 101);
    }

    @Test
    void theSwitchExposesItAndNotThePodsThatNobodyMetBefore() {
        service("b", 110);
        pod("b", 115);

        assertThat(release().exposures()).containsExactly(at(100), at(110), at(115));
    }

    @Test
    void beforeTheSwitchItIsAsOldAsItsPods() {
        service("a", 90);

        assertThat(release().exposures()).containsExactly(at(100), at(101));
    }

    @Test
    void whereTheServiceDoesNotTellWhenItsPodsDo() {
        service("b", null);

        assertThat(release().exposures()).containsExactly(at(100), at(101));
    }

    @Test
    void aServiceThatWasPointedAtItBeforeTellsNothing() {
        service("b", 50);

        assertThat(release().exposures()).containsExactly(at(100), at(101));
    }

    @Test
    void aDeploymentWhoseTemplateARolloutRunsHasNoReleases() {
        var deployment = workload(Kind.DEPLOYMENT, Strategy.ROLLING, Set.of(), null);
        var template = workload(Kind.DEPLOYMENT, Strategy.ROLLING, Set.of(Trait.TEMPLATE_ONLY), null);
        var releases = new Releases(objects, BAKE);

        assertThat(releases.of(deployment, at(120))).isPresent();
        assertThat(releases.of(template, at(120))).isEmpty();
    }

    private Release release() {
        var users = new BlueGreen("users", null);
        return new Releases(objects, BAKE)
                .of(workload(Kind.ROLLOUT, Strategy.BLUE_GREEN, Set.of(), users), at(120))
                .orElseThrow();
    }

    private static WorkloadFacts workload(
            Kind kind, Strategy strategy, Set<Trait> traits, @Nullable BlueGreen blueGreen) {
        return WorkloadFacts.of(new WorkloadRef("default", "shop", kind, "w"), "uid", strategy)
                .pods(2, 2, 2, 4)
                .revisions(new RevisionHash("b"), new RevisionHash("a"))
                .traits(traits)
                .blueGreen(blueGreen)
                .build();
    }

    private void revision(String hash, int number, int made) {
        objects.put(new RevisionFacts(
                "shop",
                "w-" + hash,
                "uid",
                new RevisionHash(hash),
                number,
                false,
                at(made),
                2,
                2,
                Map.of("app", "w"),
                hash,
                hash));
    }

    private void pod(String hash, int made) {
        objects.put(new PodFacts("shop", "w-" + hash + "-" + made, "w-" + hash, "node", true, false, at(made)));
    }

    private void service(String hash, @Nullable Integer setAt) {
        objects.put(new ServiceFacts(
                "shop",
                "users",
                Map.of("app", "w", "rollouts-pod-template-hash", hash),
                setAt == null ? null : at(setAt)));
    }

    private static Instant at(int minutes) {
        return T0.plus(Duration.ofMinutes(minutes));
    }
}
