package io.rollguard.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.alert.Onset;
import io.rollguard.policy.Triggers;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.Kind;
import io.rollguard.release.Releases;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.ServiceFacts;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Who else is hit. In shop the Rollouts cart and twin are under way, web and api have not changed for a day; nor has web in
 * pay. The Service edge is that of web and api.
 */
class CasesTest {

    private static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");
    private static final Duration LOOKBACK = Duration.ofHours(24);
    private static final WorkloadRef CART = new WorkloadRef("eu", "shop", Kind.ROLLOUT, "cart");

    private final ClusterObjects objects = new ClusterObjects("eu");
    private final Releases releases = new Releases(objects, Duration.ofMinutes(30));
    private final AlertTable table = new AlertTable(1000);
    private Function<Alert, Optional<Instant>> activeAt = alert -> Optional.empty();

    CasesTest() {
        workload("shop", Kind.ROLLOUT, "cart");
        workload("shop", Kind.ROLLOUT, "twin");
        workload("shop", Kind.DEPLOYMENT, "web");
        workload("shop", Kind.DEPLOYMENT, "api");
        workload("pay", Kind.DEPLOYMENT, "web");
        objects.put(new ServiceFacts("shop", "edge", Map.of("kind", "deployment")));
    }

    /** Whatever fires, has fired, was heard of or not: the indexes leave out nothing that a look at all alerts would find. */
    @Property(tries = 200)
    void findsWhoALookAtAllAlertsFinds(@ForAll long seed) {
        var random = new Random(seed);
        int alerts = random.nextInt(150);
        for (int number = 0; number < alerts; number++) {
            table.apply(anyAlert(random, number));
        }
        var timeToLive = random.nextBoolean() ? Duration.ofHours(12) : Duration.ofMinutes(20);
        var at = T0.plus(Duration.ofMinutes(70));

        var input = theCase(at, timeToLive);

        assertThat(input.elsewhere()).isEqualTo(byALookAtAll(input, at, timeToLive));
    }

    @Test
    void oldNoiseDoesNotCrowdOutWhatBeganWithOurs() {
        for (int number = 0; number < 2 * Cases.MAX_ELSEWHERE; number++) {
            table.apply(alert("Old", Map.of("deployment", "web", "number", "" + number), T0.minusSeconds(3600)));
        }
        table.apply(alert("Slow", Map.of("deployment", "api"), T0.plusSeconds(590)));
        table.apply(alert("Errors", Map.of("rollout", "cart"), T0.plusSeconds(600)));

        var input = theCase(T0.plusSeconds(700), Duration.ofHours(12));

        assertThat(input.elsewhere()).extracting(Case.Elsewhere::name).containsExactly("Slow");
        assertThat(Judge.judge(input).reason()).isEqualTo(Reason.OTHERS_HIT);
    }

    /** Its rule's {@code for} is not told, so it may be five minutes older than it says. */
    @ParameterizedTest
    @CsvSource({"490, 490", "540, 540", "541, ", ", "})
    void whoEvaluatesAnAlertKnowsWhenItBegan(@Nullable Long since, @Nullable Long began) {
        table.apply(alert("Errors", Map.of("rollout", "cart"), "", T0.plusSeconds(540), null, T0.plusSeconds(540)));
        activeAt = alert -> Optional.ofNullable(since).map(T0::plusSeconds);

        var onset = theCase(T0.plusSeconds(700), Duration.ofHours(12))
                .hits()
                .getFirst()
                .onset();

        assertThat(onset)
                .isEqualTo(
                        began == null
                                ? Onset.of(T0.plusSeconds(540), Map.of())
                                : new Onset(T0.plusSeconds(began), T0.plusSeconds(began)));
    }

    @Test
    void anAlertThatTellsItselfWhenItBeganIsBelieved() {
        table.apply(alert("Errors", Map.of("rollout", "cart"), T0.plusSeconds(540)));
        activeAt = alert -> {
            throw new AssertionError("nobody is asked");
        };

        assertThat(theCase(T0.plusSeconds(700), Duration.ofHours(12))
                        .hits()
                        .getFirst()
                        .onset()
                        .isKnown())
                .isTrue();
    }

    private Case theCase(Instant at, Duration timeToLive) {
        var terms = new Cases.Terms(Duration.ofSeconds(30), LOOKBACK, timeToLive, Triggers::isTrigger, activeAt);
        var workload = objects.workload(CART).orElseThrow();
        var release = releases.of(workload, at).orElseThrow();
        return new Cases(objects, table, releases, terms).of(workload, release, Set.of(), false, at);
    }

    // --- the look at all

    private List<Case.Elsewhere> byALookAtAll(Case input, Instant at, Duration timeToLive) {
        var firing = input.hits().stream()
                .filter(hit -> hit.state() == State.FIRING)
                .collect(Collectors.groupingBy(Case.Hit::name, TreeMap::new, Collectors.toList()));
        firing.values().removeIf(same -> same.stream().noneMatch(Case.Hit::trigger));
        return firing.values().stream()
                .map(Judge::onset)
                .distinct()
                .flatMap(ours -> table.all().stream()
                        .filter(each -> each.latest().labels().namespace().equals(Optional.of("shop"))
                                || firing.containsKey(each.latest().name()))
                        .filter(each -> each.state(at, timeToLive) == State.FIRING)
                        .filter(each -> Triggers.isTrigger(each.latest()))
                        .filter(each -> Judge.isSameTrouble(each.onset(timeToLive), ours))
                        .sorted(Comparator.comparing((AlertHistory each) ->
                                        each.onset(timeToLive).latest())
                                .thenComparing(AlertHistory::fingerprint))
                        .flatMap(each -> unchanged(each.latest(), at).stream()
                                .map(workload -> new Case.Elsewhere(
                                        each.fingerprint(), each.latest().name(), workload, each.onset(timeToLive))))
                        .limit(Cases.MAX_ELSEWHERE))
                .distinct()
                .sorted(Case.Elsewhere.FIRST_HIT)
                .toList();
    }

    private List<WorkloadRef> unchanged(Alert alert, Instant at) {
        var about = new Attribution(objects)
                .of(alert).stream().map(Attribution.Target::workload).toList();
        return about.contains(CART)
                ? List.of()
                : about.stream()
                        .filter(ref -> objects.workload(ref)
                                .flatMap(workload -> releases.of(workload, at))
                                .isEmpty())
                        .toList();
    }

    // --- alerts

    /** Of few names and workloads, within an hour; a later one may be about the same as an earlier one. */
    private static Alert anyAlert(Random random, int number) {
        var subject = SUBJECTS.get(random.nextInt(SUBJECTS.size()));
        var labels = new TreeMap<>(subject);
        labels.put("number", String.valueOf(random.nextInt(number + 1)));
        labels.put("severity", random.nextInt(8) == 0 ? "info" : "critical");
        var startsAt = T0.plusSeconds(random.nextInt(60) * 60L);
        var endsAt = random.nextInt(6) == 0 ? startsAt.plusSeconds(30) : null;
        var lasted = List.of("", "0s", "4m").get(random.nextInt(3));
        return alert(
                "A" + random.nextInt(3), labels, lasted, startsAt, endsAt, startsAt.plusSeconds(random.nextInt(1800)));
    }

    private static final List<Map<String, String>> SUBJECTS = List.of(
            Map.of("rollout", "cart"),
            Map.of("rollout", "twin"),
            Map.of("deployment", "web"),
            Map.of("deployment", "api"),
            Map.of("deployment", "gone"),
            Map.of("service", "edge"),
            Map.of("service", "edge"),
            Map.of("namespace", "pay", "deployment", "web"),
            Map.of("node", "one"));

    private static Alert alert(String name, Map<String, String> labels, Instant startsAt) {
        return alert(name, labels, "0s", startsAt, null, startsAt);
    }

    private static Alert alert(
            String name,
            Map<String, String> given,
            String lasted,
            Instant startsAt,
            @Nullable Instant endsAt,
            Instant heard) {
        var values = new TreeMap<>(given);
        values.put("alertname", name);
        values.putIfAbsent("namespace", "shop");
        var labels = Labels.of(values);
        return new Alert(
                Fingerprint.of(labels),
                endsAt == null ? Alert.Status.FIRING : Alert.Status.RESOLVED,
                "eu",
                labels,
                Map.of(Onset.FOR_ANNOTATION, lasted),
                startsAt,
                endsAt,
                "",
                heard);
    }

    // --- the cluster

    private void workload(String namespace, Kind kind, String name) {
        boolean rolls = kind == Kind.ROLLOUT;
        var uid = namespace + "-" + name;
        objects.put(WorkloadFacts.of(
                        new WorkloadRef("eu", namespace, kind, name), uid, rolls ? Strategy.CANARY : Strategy.ROLLING)
                .pods(2, 1, 2, 2)
                .revisions(new RevisionHash("new"), rolls ? new RevisionHash("old") : null)
                .complete(!rolls, rolls ? null : T0.minus(LOOKBACK))
                .build());
        for (var hash : List.of("old", "new")) {
            boolean isNew = hash.equals("new");
            objects.put(new RevisionFacts(
                    namespace,
                    name + "-" + hash,
                    uid,
                    new RevisionHash(hash),
                    isNew ? 2 : 1,
                    false,
                    isNew && rolls ? T0 : T0.minus(LOOKBACK.multipliedBy(isNew ? 1 : 2)),
                    1,
                    1,
                    Map.of("app", name, "kind", rolls ? "rollout" : "deployment"),
                    hash,
                    hash));
        }
    }
}
