package io.rollguard.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.alert.Alert.Status;
import io.rollguard.alert.AlertHistory.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AlertTableTest {

    private static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");
    private static final Duration TTL = Duration.ofHours(12);

    // --- any order, any doubles

    @Property(tries = 300)
    void isTheSameInAnyOrderAndWithAnyDoubles(
            @ForAll("deliveries") List<Alert> deliveries, @ForAll long seed, @ForAll("copies") int copies) {
        var shuffled = new ArrayList<Alert>();
        for (int i = 0; i <= copies; i++) {
            shuffled.addAll(deliveries);
        }
        Collections.shuffle(shuffled, new Random(seed));

        var inOrder = table(deliveries);
        var other = table(shuffled);

        assertThat(other.all()).isEqualTo(inOrder.all());
        assertThat(other.about("shop", List.of("cart"))).isEqualTo(inOrder.about("shop", List.of("cart")));
        assertThat(begunIn(other, "shop")).isEqualTo(begunIn(inOrder, "shop"));
    }

    /** Beside a scan of all: what resolved, was given up or forgotten, or began at another time is not found; the rest in order. */
    @Property(tries = 500)
    void findsWhatBeganInATimeInTheOrderOfBeginnings(
            @ForAll("deliveries") List<Alert> deliveries,
            @ForAll("limits") int limit,
            @ForAll("windows") Duration from,
            @ForAll("windows") Duration length,
            @ForAll("timesToLive") Duration timeToLive) {
        for (var table : List.of(new AlertTable(1000), new AlertTable(limit))) {
            deliveries.forEach(table::apply);
            var since = T0.plus(from);
            var until = since.plus(length);
            var open = table.all().stream()
                    .filter(each -> each.current().resolvedAt() == null)
                    .filter(each -> !each.onset(timeToLive).latest().isBefore(since)
                            && !each.onset(timeToLive).latest().isAfter(until))
                    .sorted(Comparator.comparing((AlertHistory each) ->
                                    each.onset(timeToLive).latest())
                            .thenComparing(AlertHistory::fingerprint))
                    .toList();

            assertThat(table.begunIn("shop", since, until, timeToLive)).containsExactlyElementsOf(open);
            assertThat(table.begunIn("pay", since, until, timeToLive)).isEmpty();
            for (int name = 0; name <= 3; name++) {
                var alertname = "A" + name;
                assertThat(table.begunAs(alertname, since, until, timeToLive))
                        .containsExactlyElementsOf(open.stream()
                                .filter(each -> each.latest().name().equals(alertname))
                                .toList());
            }
            table.forget(T0.plus(Duration.ofDays(9)), TTL);
            assertThat(begunIn(table, "shop")).isEmpty();
        }
    }

    @Provide
    Arbitrary<Duration> windows() {
        return Arbitraries.integers().between(0, 45).map(Duration::ofMinutes);
    }

    /** The first of them so short that a repeated start is often new trouble. */
    @Provide
    Arbitrary<Duration> timesToLive() {
        return Arbitraries.of(Duration.ofMinutes(2), Duration.ofMinutes(15), TTL);
    }

    private static List<AlertHistory> begunIn(AlertTable table, String namespace) {
        return table.begunIn(namespace, T0.minus(TTL), T0.plus(TTL), TTL).toList();
    }

    @Property(tries = 200)
    void theFirstOfAnOrderAreThoseOfAllSorted(
            @ForAll("deliveries") List<Alert> deliveries, @ForAll @IntRange(min = 1, max = 6) int count) {
        var table = table(deliveries);

        assertThat(table.first(count, NEWEST_FIRST))
                .isEqualTo(
                        table.all().stream().sorted(NEWEST_FIRST).limit(count).toList());
    }

    @Test
    void findsTheFirstWithLittleMoreThanALookAtEach() {
        int many = 10_000;
        var table = new AlertTable(many);
        for (int number = 0; number < many; number++) {
            table.apply(alert("A" + number, T0.plusSeconds(number * 7919L % many), null, T0, ""));
        }
        var compared = new AtomicInteger();
        Comparator<AlertHistory> counting = (one, other) -> {
            compared.incrementAndGet();
            return NEWEST_FIRST.compare(one, other);
        };

        var found = table.first(10, counting);

        assertThat(found).extracting(each -> each.current().startsAt()).startsWith(T0.plusSeconds(many - 1));
        assertThat(compared).hasValueLessThan(2 * many);
    }

    private static final Comparator<AlertHistory> NEWEST_FIRST = Comparator.comparing(
                    (AlertHistory each) -> each.current().startsAt())
            .reversed()
            .thenComparing(AlertHistory::fingerprint);

    @Property(tries = 300)
    void anEpisodeOnceResolvedNeverFiresAgain(@ForAll("deliveries") List<Alert> deliveries, @ForAll long seed) {
        var shuffled = new ArrayList<>(deliveries);
        Collections.shuffle(shuffled, new Random(seed));

        for (var history : table(shuffled).all()) {
            var newest = history.current();
            boolean resolved = deliveries.stream()
                    .anyMatch(each -> each.fingerprint().equals(history.fingerprint())
                            && each.startsAt().equals(newest.startsAt())
                            && each.status() == Status.RESOLVED);
            assertThat(history.state(T0.plusSeconds(7200), TTL)).isEqualTo(resolved ? State.RESOLVED : State.FIRING);
        }
    }

    @Property(tries = 100)
    void neverGrowsOverItsLimits(@ForAll("deliveries") List<Alert> deliveries) {
        var table = new AlertTable(2);
        deliveries.forEach(table::apply);

        assertThat(table.size()).isLessThanOrEqualTo(2);
        assertThat(table.all()).allMatch(each -> each.spans().size() <= AlertHistory.MAX_SPANS);
    }

    /** Beside the simplest table there is: sort all, give up the first. Every delivery is heard of in a second of its own. */
    @Property(tries = 300)
    void givesUpWhatASortedListWouldGiveUp(@ForAll("deliveries") List<Alert> deliveries, @ForAll("limits") int limit) {
        var table = new AlertTable(limit);
        var simple = new HashMap<Fingerprint, AlertHistory>();
        var givenUp = new ArrayList<AlertHistory>();
        int second = 0;
        for (var delivery : deliveries) {
            var alert = heardAt(delivery, T0.plusSeconds(10_000 + 37L * second++ % 83)); // not in order
            table.apply(alert);
            simple.merge(alert.fingerprint(), AlertHistory.of(alert), (known, one) -> known.with(alert));
            if (simple.size() > limit) {
                var first = simple.values().stream()
                        .min(Comparator.comparing(
                                        (AlertHistory each) -> each.current().resolvedAt() == null)
                                .thenComparing(AlertHistory::lastHeard))
                        .orElseThrow();
                simple.remove(first.fingerprint());
                givenUp.add(first);
            }
        }

        assertThat(table.all()).containsExactlyInAnyOrderElementsOf(simple.values());
        assertThat(table.about("shop", List.of("cart"))).isEqualTo(table.all());
        for (var status : Status.values()) {
            var ofStatus = givenUp.stream()
                    .filter(each -> (each.current().resolvedAt() == null) == (status == Status.FIRING))
                    .map(AlertHistory::lastHeard)
                    .toList();
            assertThat(table.dropped(status)).isEqualTo(ofStatus.size());
            assertThat(table.lastDropped(status)).isEqualTo(ofStatus.stream().max(Comparator.naturalOrder()));
        }
    }

    /** Beside a table that is told of every delivery as if it were news. */
    @Property(tries = 500)
    void whatSaysTheSameAtAnotherTimeIsAsIfItWereNews(
            @ForAll("deliveries") List<Alert> deliveries,
            @ForAll("copies") int copies,
            @ForAll("limits") int limit,
            @ForAll boolean room,
            @ForAll long seed) {
        var random = new Random(seed);
        var heard = new ArrayList<>(deliveries);
        for (int i = 0; i <= copies; i++) {
            deliveries.forEach(each -> heard.add(heardAt(
                    each,
                    each.receivedAt().plusSeconds(random.nextInt(-90, 180)).plusNanos(random.nextInt(3)))));
        }
        Collections.shuffle(heard, random);
        var table = new AlertTable(room ? 1000 : limit);
        var told = new AlertTable(room ? 1000 : limit);
        int again = 0;

        for (var alert : heard) {
            long likeness = heardAt(alert, Instant.EPOCH).hashCode() | 1L << 40;
            var known = table.again(alert.fingerprint(), likeness, alert.receivedAt());
            again += known.isPresent() ? 1 : 0;
            assertThat(known.orElseGet(() -> table.apply(alert, likeness))).isEqualTo(told.apply(alert));
        }

        assertThat(table.all()).isEqualTo(told.all());
        assertThat(table.about("shop", List.of("cart"))).isEqualTo(told.about("shop", List.of("cart")));
        assertThat(table.first(2, Comparator.comparing(AlertHistory::lastHeard)))
                .isEqualTo(told.first(2, Comparator.comparing(AlertHistory::lastHeard)));
        assertThat(begunIn(table, "shop")).isEqualTo(begunIn(told, "shop"));
        for (var status : Status.values()) {
            assertThat(table.lastDropped(status)).isEqualTo(told.lastDropped(status));
        }
        var at = T0.plusSeconds(60L * random.nextInt(50));
        for (var state : State.values()) {
            assertThat(table.count(state, at, Duration.ofMinutes(5)))
                    .isEqualTo(told.count(state, at, Duration.ofMinutes(5)));
        }
        table.forget(at, Duration.ofMinutes(5));
        told.forget(at, Duration.ofMinutes(5));
        assertThat(table.all()).isEqualTo(told.all());
        Statistics.label("said the same").collect(again > 0);
    }

    private static Set<String> texts(AlertTable table) {
        var texts = new HashSet<String>();
        table.all().forEach(each -> each.latest().forEachText(texts::add));
        return texts;
    }

    @Property(tries = 200)
    void countsAndWeighsWhatItHolds(@ForAll("deliveries") List<Alert> deliveries, @ForAll("limits") int limit) {
        var table = new AlertTable(limit);
        deliveries.forEach(table::apply);
        var at = T0.plus(TTL).plusSeconds(1200);

        for (var state : State.values()) {
            assertThat(table.count(state, at, TTL)).as(state.label()).isEqualTo((int) table.all().stream()
                    .filter(each -> each.state(at, TTL) == state)
                    .count());
        }
        assertThat(table.bytes())
                .isEqualTo(table.all().stream().mapToLong(AlertHistory::bytes).sum()
                        + texts(table).stream().mapToLong(Texts::bytes).sum());
        table.forget(T0.plus(Duration.ofDays(9)), TTL);
        assertThat(table.all()).isEmpty();
        assertThat(table.bytes()).isZero();
    }

    @Provide
    Arbitrary<Integer> limits() {
        return Arbitraries.integers().between(1, 3);
    }

    private static Alert heardAt(Alert alert, Instant heard) {
        return new Alert(
                alert.fingerprint(),
                alert.status(),
                alert.cluster(),
                alert.labels(),
                alert.annotations(),
                alert.startsAt(),
                alert.endsAt(),
                alert.generatorUrl(),
                heard);
    }

    @Provide
    Arbitrary<Integer> copies() {
        return Arbitraries.integers().between(0, 2);
    }

    @Provide
    Arbitrary<List<Alert>> deliveries() {
        var names = Arbitraries.integers().between(0, 3);
        var starts = Arbitraries.integers().between(0, 45);
        var heard = Arbitraries.integers().between(0, 4);
        var ends = Arbitraries.integers().between(0, 4);
        var notes = Arbitraries.of("", "1m", "5m");
        return Combinators.combine(names, starts, heard, ends, notes)
                .as((name, start, late, end, note) -> {
                    var startsAt = T0.plusSeconds(60L * start);
                    var endsAt = end < 2 ? null : startsAt.plusSeconds(end);
                    return alert("A" + name, startsAt, endsAt, startsAt.plusSeconds(late), note);
                })
                .list()
                .ofMaxSize(80);
    }

    // --- by example

    @Test
    void aStaleFiringWakesNothingUp() {
        var table = table(List.of(
                alert("A", T0, null, T0, ""),
                alert("A", T0, T0.plusSeconds(2), T0.plusSeconds(5), ""),
                alert("A", T0, null, T0.plusSeconds(15), "")));

        assertThat(table.all().getFirst().state(T0.plusSeconds(16), TTL)).isEqualTo(State.RESOLVED);
    }

    @Test
    void aNewerStartWithoutAResolvedBetweenKeepsTheOnset() {
        var history = table(List.of(
                        alert("A", T0, null, T0.plusSeconds(600), "0s"),
                        alert("A", T0.plusSeconds(900), null, T0.plusSeconds(900), "0s")))
                .all()
                .getFirst();

        assertThat(history.onset(TTL).latest()).isEqualTo(T0);
        assertThat(history.current().startsAt()).isEqualTo(T0.plusSeconds(900));
    }

    @Test
    void aNewerStartAfterAResolvedIsNewTrouble() {
        var history = table(List.of(
                        alert("A", T0.plusSeconds(900), null, T0.plusSeconds(900), "0s"),
                        alert("A", T0, T0.plusSeconds(300), T0.plusSeconds(300), "0s")))
                .all()
                .getFirst();

        assertThat(history.onset(TTL).latest()).isEqualTo(T0.plusSeconds(900));
    }

    @Test
    void whatIsNotHeardOfIsUnknownAfterItsTimeToLiveAndNotBefore() {
        var history = table(List.of(alert("A", T0, null, T0, ""))).all().getFirst();

        assertThat(history.state(T0.plus(TTL), TTL)).isEqualTo(State.FIRING);
        assertThat(history.state(T0.plus(TTL).plusMillis(1), TTL)).isEqualTo(State.UNKNOWN);
    }

    @Test
    void whatEndedGoesFirstWhereThereIsNoRoom() {
        var table = new AlertTable(2);
        table.apply(alert("old-but-firing", T0, null, T0, ""));
        table.apply(alert("ended", T0.plusSeconds(60), T0.plusSeconds(61), T0.plusSeconds(61), ""));

        table.apply(alert("new", T0.plusSeconds(120), null, T0.plusSeconds(120), ""));

        assertThat(table.all())
                .extracting(each -> each.latest().name())
                .containsExactlyInAnyOrder("old-but-firing", "new");
        assertThat(table.dropped(Status.RESOLVED)).isEqualTo(1);
        assertThat(table.dropped(Status.FIRING)).isZero();
    }

    @Test
    void ofWhatIsHeardInTheSameSecondTheFirstGoesFirst() {
        var table = new AlertTable(2);
        for (var name : List.of("first", "second", "third")) {
            table.apply(alert(name, T0, null, T0, ""));
        }

        assertThat(table.all()).extracting(each -> each.latest().name()).containsExactlyInAnyOrder("second", "third");
    }

    @Test
    void longTextsTakeTheRoomOfManyAlerts() {
        var table = new AlertTable(1000, 20_000);
        for (int i = 0; i < 10; i++) {
            table.apply(alert("small" + i, T0.plusSeconds(i), null, T0.plusSeconds(i), ""));
        }
        assertThat(table.size()).isEqualTo(10);

        table.apply(alert("long", T0.plusSeconds(60), null, T0.plusSeconds(60), "x".repeat(15_000)));

        assertThat(table.size()).isLessThan(10);
        assertThat(table.all())
                .extracting(each -> each.latest().name())
                .contains("long")
                .as("not heard of for longest")
                .doesNotContain("small0");
        assertThat(table.bytes()).isLessThanOrEqualTo(20_000);
        assertThat(table.dropped(Status.FIRING)).isEqualTo(11 - table.size());
        assertThat(table.lastDropped(Status.RESOLVED)).isEmpty();
    }

    @Test
    void findsAlertsByTheObjectsThatTheyName() {
        var table = new AlertTable(10);
        var named = Labels.of(Map.of("alertname", "A", "namespace", "shop", "pod", "cart-7c9f-x2x4z"));
        table.apply(new Alert(Fingerprint.of(named), Status.FIRING, "default", named, Map.of(), T0, null, "", T0));

        assertThat(table.about("shop", List.of("cart-7c9f-x2x4z"))).hasSize(1);
        assertThat(table.about("shop", List.of("cart-7c9f", "cart-7c9f-x2x4z"))).hasSize(1);
        assertThat(table.about("shop", List.of("cart"))).isEmpty();
        assertThat(table.about("pay", List.of("cart-7c9f"))).isEmpty();
    }

    @Test
    void forgetsWhatWasLastHeardOfBeforeTheLookback() {
        var table = table(List.of(alert("A", T0, null, T0, ""), alert("B", T0, null, T0.plusSeconds(1), "")));

        table.forget(T0.plus(TTL).plusMillis(500), TTL);

        assertThat(table.all()).extracting(each -> each.latest().name()).containsExactly("B");
        assertThat(begunIn(table, "shop")).isEqualTo(table.all());
    }

    private static AlertTable table(List<Alert> deliveries) {
        var table = new AlertTable(1000);
        deliveries.forEach(table::apply);
        return table;
    }

    private static Alert alert(String name, Instant startsAt, @Nullable Instant endsAt, Instant heard, String lasted) {
        var labels = Labels.of(Map.of("alertname", name, "namespace", "shop", "service", "cart"));
        return new Alert(
                Fingerprint.of(labels),
                endsAt == null ? Status.FIRING : Status.RESOLVED,
                "default",
                labels,
                Map.of("rollguard_for", lasted),
                startsAt,
                endsAt,
                "",
                heard);
    }
}
