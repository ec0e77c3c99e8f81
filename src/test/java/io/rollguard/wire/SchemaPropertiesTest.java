package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.alert.AlertHistory.Span;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Onset;
import io.rollguard.incident.Command;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.Order;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.reactor.ReleaseEvents;
import io.rollguard.release.Kind;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.Trouble;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Evidence;
import io.rollguard.verdict.Finding;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Relation;
import io.rollguard.verdict.Verdict;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** Whatever the writers write keeps to its schema. */
class SchemaPropertiesTest {

    private static final Map<String, EventSchema> SCHEMAS =
            EventType.all().stream().collect(Collectors.toMap(EventType::name, EventSchema::of));

    @Provide
    Arbitrary<Chance> chances() {
        return Arbitraries.longs().map(Chance::new);
    }

    @Property(tries = 150)
    void everyEntryOfTheIncidentLogKeepsToItsSchema(@ForAll("chances") Chance chance) {
        for (var kind : Step.class.getPermittedSubclasses()) {
            if (kind != Step.Unknown.class) {
                assertKeeps(IncidentEvents.write(chance.event(chance.step(kind))));
            }
        }
    }

    @Property(tries = 150)
    void everyEventOfAReleaseKeepsToItsSchema(@ForAll("chances") Chance chance) {
        for (var step : ReleaseEvents.Step.values()) {
            assertKeeps(Events.release(step, chance.release(), chance.time()));
        }
    }

    @Property(tries = 150)
    void everyCommandKeepsToItsSchema(@ForAll("chances") Chance chance) {
        for (var kind : Command.Kind.values()) {
            assertKeeps(CommandEvents.write(chance.command(kind)));
        }
    }

    @Property(tries = 400)
    void everyAlertThatIsTakenKeepsToItsSchemaAndTheRestIsADeadLetterThatDoes(@ForAll("chances") Chance chance) {
        var alert = chance.alert();
        var body = "{\"alerts\":[" + alert + "]}";

        var read = (WebhookBody.Result.Delivery)
                WebhookBody.read(body.getBytes(StandardCharsets.UTF_8), "prod", chance.time());

        assertThat(read.alerts().size() + read.unreadable().size()).isEqualTo(1);
        read.alerts().forEach(each -> assertKeeps(Events.alert("prod", each).orElseThrow()));
        for (var reason : Events.DeadLetterReason.values()) {
            var raw = chance.text().getBytes(StandardCharsets.UTF_8);
            var letter = Events.deadLetter("prod", reason, chance.text(), raw, chance.text(), chance.time());
            var headers = EventSchema.JSON.valueToTree(letter.headers());
            assertThat(schema(letter).problems(headers)).isEmpty();
        }
    }

    private static void assertKeeps(EventRecord event) {
        assertThat(schema(event).problems(event.value()))
                .as(() -> new String(event.value(), StandardCharsets.UTF_8))
                .isEmpty();
    }

    private static EventSchema schema(EventRecord event) {
        return SCHEMAS.get(event.headers().get("ce_type"));
    }

    /** Random values, hostile where the types allow it. */
    static final class Chance {

        private static final List<String> TEXTS =
                List.of("", " ", "a", "\"quoted\" \\ ", "ä😀\u2028", "\u0000\u001f", "null", "2026", "x".repeat(300));

        private final long seed;
        private final Random random;

        Chance(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        private boolean flag() {
            return random.nextBoolean();
        }

        private int number() {
            return flag() ? random.nextInt(3) : random.nextInt(Integer.MAX_VALUE);
        }

        private <T> T one(List<T> of) {
            return of.get(random.nextInt(of.size()));
        }

        private <T> T one(T[] of) {
            return of[random.nextInt(of.length)];
        }

        private <T> @Nullable T perhaps(Supplier<T> value) {
            return flag() ? value.get() : null;
        }

        private <T> List<T> some(Supplier<T> value) {
            return Stream.generate(value).limit(random.nextInt(4)).toList();
        }

        String text() {
            return one(TEXTS);
        }

        private String name() {
            return one(List.of("a", "cart", "ä", "name with space", "x".repeat(253)));
        }

        /** Any time that an event can carry: the last digits of a second, and years far off. */
        Instant time() {
            return switch (random.nextInt(4)) {
                case 0 -> Instant.EPOCH;
                case 1 -> Instant.parse("9999-12-31T23:59:59.999999999Z");
                case 2 -> Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000_000));
                default -> Instant.ofEpochSecond(random.nextInt());
            };
        }

        private Fingerprint fingerprint() {
            return new Fingerprint("%016x".formatted(random.nextLong()));
        }

        private RevisionHash revision() {
            return new RevisionHash(name());
        }

        private WorkloadRef workload() {
            return new WorkloadRef(name(), name(), one(Kind.values()), name());
        }

        Release release() {
            return new Release(
                    workload(),
                    text(),
                    one(Strategy.values()),
                    one(Release.Stage.values()),
                    revision(),
                    perhaps(this::revision),
                    time(),
                    perhaps(this::time),
                    some(this::time),
                    perhaps(() -> new Release.Target(revision(), one(Release.Target.Basis.values()))),
                    flag(),
                    flag(),
                    flag(),
                    random.nextInt(9));
        }

        private Onset onset() {
            var latest = time();
            return new Onset(latest.minusSeconds(random.nextInt(300)), latest);
        }

        private Case input() {
            var findings =
                    some(() -> new Finding(one(Trouble.values()), revision(), flag(), perhaps(this::text), time()));
            return new Case(
                    time(),
                    Duration.ofMillis(random.nextInt(100_000)),
                    release(),
                    some(() -> new Case.Hit(
                            fingerprint(),
                            text(),
                            text(),
                            flag(),
                            one(Relation.values()),
                            perhaps(this::revision),
                            perhaps(this::text),
                            one(State.values()),
                            onset(),
                            some(() -> new Span(time(), perhaps(this::time), time(), time())),
                            some(this::workload))),
                    some(() -> new Case.Elsewhere(fingerprint(), text(), workload(), onset())),
                    some(() -> new Case.Pod(text(), revision(), flag(), flag(), perhaps(this::text))),
                    some(() -> new NodeFacts(text(), flag(), perhaps(this::time))),
                    number(),
                    number(),
                    some(this::workload),
                    flag(),
                    number(),
                    findings,
                    findings.isEmpty()
                            ? List.of()
                            : some(() -> new Case.Failing(one(Trouble.values()), workload(), time())));
        }

        private Step.Judged judged() {
            var verdict = new Verdict(
                    one(Verdict.Outcome.values()),
                    random.nextInt(101) / 100.0,
                    one(Reason.values()),
                    some(() -> new Evidence(
                            one(Evidence.Kind.values()),
                            text(),
                            perhaps(() -> one(Relation.values())),
                            random.nextInt(101) / 100.0,
                            perhaps(this::fingerprint),
                            text())));
            var act = one(Act.values());
            var allowed =
                    new Allowed(act, one(Mode.values()), act == Act.NONE ? perhaps(() -> one(Reason.values())) : null);
            return new Step.Judged(verdict, allowed, perhaps(this::input), perhaps(this::text));
        }

        Step step(Class<?> kind) {
            Map<Class<?>, Supplier<Step>> steps = Map.ofEntries(
                    Map.entry(Step.Suspected.class, () -> new Step.Suspected(release())),
                    Map.entry(Step.Judged.class, this::judged),
                    Map.entry(
                            Step.Intended.class,
                            () -> new Step.Intended(some(() -> flag()
                                    ? Finding.episode(one(Trouble.values()), "uid", revision(), time())
                                    : new Episode(fingerprint(), time())))),
                    Map.entry(
                            Step.Accepted.class,
                            () -> new Step.Accepted(text(), perhaps(this::text), perhaps(this::text))),
                    Map.entry(Step.Verified.class, () -> new Step.Verified(text())),
                    Map.entry(Step.Cured.class, Step.Cured::new),
                    Map.entry(
                            Step.Uncured.class,
                            () -> new Step.Uncured(text(), perhaps(this::text), perhaps(this::text))),
                    Map.entry(Step.Failed.class, () -> new Step.Failed(flag(), text(), text(), perhaps(this::text))),
                    Map.entry(
                            Step.Returned.class,
                            () -> new Step.Returned(perhaps(() -> new Write(text(), text(), time())), text())),
                    Map.entry(
                            Step.Told.class, () -> new Step.Told(text(), text(), text(), text(), perhaps(this::text))),
                    Map.entry(Step.Answered.class, () -> answered(one(Command.Kind.values()))),
                    Map.entry(Step.Closed.class, Step.Closed::new));
            return steps.get(kind).get();
        }

        private Step answered(Command.Kind kind) {
            return new Step.Answered(kind, new UUID(random.nextLong(), random.nextLong()), number(), order(kind));
        }

        private @Nullable Order order(Command.Kind kind) {
            return kind == Command.Kind.ROLLBACK
                    ? new Order(
                            new RevisionHash("bad"),
                            flag() ? Act.ABORT : Act.RESTORE,
                            new RevisionHash("good"),
                            "x" + text(),
                            flag())
                    : null;
        }

        Command command(Command.Kind kind) {
            return new Command(
                    new UUID(random.nextLong(), random.nextLong()),
                    kind,
                    new IncidentId(new UUID(random.nextLong(), random.nextLong())),
                    workload(),
                    text(),
                    number(),
                    text(),
                    time(),
                    time(),
                    order(kind));
        }

        IncidentEvent event(Step step) {
            return new IncidentEvent(
                    new IncidentId(new UUID(random.nextLong(), random.nextLong())),
                    1 + number() / 2L,
                    number(),
                    workload(),
                    text(),
                    revision(),
                    perhaps(this::revision),
                    one(Act.values()),
                    text(),
                    perhaps(() -> one(Reason.values())),
                    time(),
                    step);
        }

        /** As a sender might write it: mostly readable, with whatever is tolerated. */
        ObjectNode alert() {
            var json = EventSchema.JSON.createObjectNode();
            put(json, "status", () -> one(List.of("firing", "resolved")));
            var labels = json.putObject("labels");
            for (int i = random.nextInt(4); i > 0; i--) {
                labels.set(text(), EventSchema.JSON.valueToTree(value()));
            }
            if (flag()) {
                json.putObject("annotations").set(text(), EventSchema.JSON.valueToTree(value()));
            }
            Function<List<String>, String> some = this::one;
            var times = List.of(
                    "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.123456789+05:30", "0001-01-01T00:00:00Z", "no");
            put(json, "startsAt", () -> flag() ? time().toString() : some.apply(times));
            put(json, "endsAt", () -> flag() ? time().toString() : some.apply(times));
            put(json, "fingerprint", () -> flag() ? fingerprint().value() : text());
            put(json, "generatorURL", this::text);
            put(json, "cluster", this::text);
            json.set("x-" + name(), EventSchema.JSON.valueToTree(List.of(value())));
            return json;
        }

        private void put(ObjectNode json, String name, Supplier<String> value) {
            switch (random.nextInt(12)) {
                case 0 -> {}
                case 1 -> json.putNull(name);
                default -> json.put(name, value.get());
            }
        }

        private Object value() {
            return switch (random.nextInt(8)) {
                case 0 -> 1.5;
                case 1 -> true;
                case 2 -> 10_000_000_000L;
                default -> text();
            };
        }

        @Override
        public String toString() {
            return "seed " + seed;
        }
    }
}
