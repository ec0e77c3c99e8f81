package io.rollguard.wire;

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
import io.rollguard.release.Release.Stage;
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
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One event of each type, as the service writes it: a canary of shop/cart that alerts and is aborted. */
public final class SampleEvents {

    private static final Instant T = Instant.parse("2026-03-01T12:00:00Z");
    private static final String BAD = "7d9f8c6b5";
    private static final String GOOD = "5c4b3a291";
    private static final WorkloadRef CART = new WorkloadRef("prod", "shop", Kind.ROLLOUT, "cart");
    private static final WorkloadRef CHECKOUT = new WorkloadRef("prod", "shop", Kind.DEPLOYMENT, "checkout");
    private static final Fingerprint ALERT = new Fingerprint("00f1e2d3c4b5a697");

    private SampleEvents() {}

    /** @throws IllegalArgumentException where nobody wrote a sample of the type yet */
    public static EventRecord of(EventType type) {
        var step = type.name()
                .replaceFirst("^io\\.rollguard\\.(alert|release|incident|command)\\.", "")
                .replace(".v1", "");
        return switch (type.topic()) {
            case ALERT -> alert(step);
            case RELEASE -> release(step);
            case INCIDENT -> incident(step);
            case COMMAND -> command(step);
            case DEAD_LETTER ->
                Events.deadLetter(
                        "prod",
                        Events.DeadLetterReason.WRONG_SHAPE,
                        "alerts: missing",
                        "{\"hello\":\"world\"}".getBytes(StandardCharsets.UTF_8),
                        "application/json",
                        T);
        };
    }

    /** Every event of the story's incident, in order: what a consumer of the incident log meets. */
    public static List<EventRecord> incident() {
        return List.of("suspected", "judged", "intended", "accepted", "told", "verified", "cured", "closed").stream()
                .map(SampleEvents::incident)
                .toList();
    }

    private static EventRecord alert(String status) {
        var body = """
            {
              "version": "4",
              "alerts": [
                {
                  "status": "%s",
                  "labels": {"alertname": "CanaryErrorRateHigh", "namespace": "shop", "pod": "cart-7d9f8c6b5-x2x4x", "severity": "critical"},
                  "annotations": {"summary": "5 %% of requests fail", "rollguard_for": "30s"},
                  "startsAt": "2026-03-01T11:59:50.123Z",
                  "endsAt": "%s",
                  "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
                  "fingerprint": "00f1e2d3c4b5a697",
                  "silenceURL": "http://grafana:3000/silence"
                }
              ]
            }
            """.formatted(status, status.equals("firing") ? "0001-01-01T00:00:00Z" : "2026-03-01T11:59:59Z");
        var delivery = (WebhookBody.Result.Delivery) WebhookBody.read(body.getBytes(StandardCharsets.UTF_8), "prod", T);
        return Events.alert("prod", delivery.alerts().getFirst()).orElseThrow();
    }

    private static EventRecord release(String step) {
        for (var each : ReleaseEvents.Step.values()) {
            if (each.label().equals(step)) {
                return Events.release(
                        each,
                        switch (each) {
                            case STARTED, EXPOSED, SUPERSEDED -> release(Stage.IN_PROGRESS);
                            case COMPLETED, PROVEN -> release(Stage.BAKING);
                            case ABORTED -> release(Stage.ABORTED);
                        },
                        T);
            }
        }
        throw new IllegalArgumentException("no sample of release." + step);
    }

    private static Release release(Stage stage) {
        return new Release(
                CART,
                "2f1c7d0e-5f0b-4c55-9a7e-0d8a4f3b6c21",
                Strategy.CANARY,
                stage,
                new RevisionHash(BAD),
                new RevisionHash(GOOD),
                T.minusSeconds(90),
                stage == Stage.BAKING ? T.minusSeconds(20) : null,
                List.of(T.minusSeconds(90), T.minusSeconds(60)),
                new Release.Target(new RevisionHash(GOOD), Release.Target.Basis.PROVEN),
                false,
                false,
                false,
                2);
    }

    private static final String SNAPSHOT = "cart-replaced-" + BAD;

    private static EventRecord incident(String step) {
        return switch (step) {
            case "suspected" -> incident(1, 0, null, new Step.Suspected(release(Stage.IN_PROGRESS)));
            case "judged" -> {
                var judged = new Step.Judged(verdict(), new Allowed(Act.ABORT, Mode.AUTO, null), input());
                yield incident(2, 0, judged.verdict().reason(), judged);
            }
            case "intended" -> incident(3, 1, null, new Step.Intended(triggers()));
            case "accepted" ->
                incident(
                        4,
                        1,
                        null,
                        new Step.Accepted("restored", SNAPSHOT, "the next server-side apply is refused once"));
            case "told" ->
                incident(
                        5,
                        1,
                        null,
                        new Step.Told("evidence", "C0RELEASES", "1772366401.000200", "9f86d081", "1772366400.000100"));
            case "verified" -> incident(6, 1, null, new Step.Verified("8 of 8 pods on the target"));
            case "cured" -> incident(7, 1, null, new Step.Cured());
            case "answered" ->
                incident(
                        3,
                        0,
                        null,
                        new Step.Answered(
                                Command.Kind.APPROVE,
                                command(Command.Kind.APPROVE).id(),
                                2));
            case "closed" -> incident(8, 1, null, new Step.Closed());
            case "failed" ->
                incident(
                        4,
                        1,
                        Reason.FORBIDDEN,
                        new Step.Failed(
                                false,
                                "403 rollouts/status: forbidden",
                                "kubectl argo rollouts abort cart -n shop",
                                SNAPSHOT));
            case "returned" ->
                incident(
                        9,
                        1,
                        Reason.ROLLED_BACK_BEFORE,
                        new Step.Returned(
                                new Write("argocd-controller", "Apply", T.plusSeconds(8)),
                                "kubectl argo rollouts abort cart -n shop"));
            case "uncured" ->
                incident(
                        7,
                        1,
                        Reason.NOT_CURED,
                        new Step.Uncured(
                                "1 alert still fires 10 min after the rollback",
                                SNAPSHOT,
                                "kubectl argo rollouts retry rollout cart -n shop"));
            default -> throw new IllegalArgumentException("no sample of incident." + step);
        };
    }

    private static List<Episode> triggers() {
        var release = release(Stage.IN_PROGRESS);
        return List.of(
                new Episode(ALERT, T.minusSeconds(10)),
                Finding.episode(Trouble.CRASH_LOOP, release.uid(), release.revision(), release.startedAt()));
    }

    private static EventRecord command(String kind) {
        for (var each : Command.Kind.values()) {
            if (each.label().equals(kind)) {
                return CommandEvents.write(command(each));
            }
        }
        throw new IllegalArgumentException("no sample of command." + kind);
    }

    private static Command command(Command.Kind kind) {
        return new Command(
                UUID.fromString("4b1f1c52-6c1e-4f5e-8a55-0c6a2d1f9e10"),
                kind,
                IncidentId.of(release(Stage.IN_PROGRESS)),
                CART,
                release(Stage.IN_PROGRESS).uid(),
                2,
                "ann",
                T,
                T.plusSeconds(600),
                kind == Command.Kind.ROLLBACK
                        ? new Order(new RevisionHash(BAD), Act.ABORT, new RevisionHash(GOOD), "checkout fails", false)
                        : null);
    }

    private static EventRecord incident(long version, int attempt, @Nullable Reason reason, Step step) {
        var release = release(Stage.IN_PROGRESS);
        return IncidentEvents.write(new IncidentEvent(
                IncidentId.of(release),
                version,
                attempt,
                CART,
                release.uid(),
                release.revision(),
                new RevisionHash(GOOD),
                attempt == 0 ? Act.NONE : Act.ABORT,
                "rollguard-7c9d5-x8k2p",
                reason,
                T.plusSeconds(version),
                step));
    }

    /** Not asked of the judge: how it words a sentence is no contract. */
    private static Verdict verdict() {
        var names = new Evidence(
                Evidence.Kind.VOTE,
                "names-new-revision",
                Relation.NEW_REVISION,
                0.9,
                ALERT,
                "CanaryErrorRateHigh names revision 7d9f8c6b5 on its only pod");
        return new Verdict(Verdict.Outcome.GUILTY, 0.9, Reason.NAMES_NEW_REVISION, List.of(names));
    }

    private static Case input() {
        var hit = new Case.Hit(
                ALERT,
                "CanaryErrorRateHigh",
                "critical",
                true,
                Relation.NEW_REVISION,
                new RevisionHash(BAD),
                "cart-7d9f8c6b5-x2x4x",
                State.FIRING,
                new Onset(T.minusSeconds(40), T.minusSeconds(40)),
                List.of(
                        new Span(
                                T.minusSeconds(7200), T.minusSeconds(7000), T.minusSeconds(7199), T.minusSeconds(7000)),
                        new Span(T.minusSeconds(10), null, T.minusSeconds(8), T.minusSeconds(8))),
                List.of(CHECKOUT));
        return new Case(
                T,
                Duration.ofSeconds(30),
                release(Stage.IN_PROGRESS),
                List.of(hit),
                List.of(new Case.Elsewhere(
                        new Fingerprint("0123456789abcdef"),
                        "TargetDown",
                        CHECKOUT,
                        new Onset(T.minusSeconds(30), T.minusSeconds(20)))),
                List.of(
                        new Case.Pod("cart-7d9f8c6b5-x2x4x", new RevisionHash(BAD), true, false, "node-1"),
                        new Case.Pod("cart-5c4b3a291-abcde", new RevisionHash(GOOD), false, true, null)),
                List.of(new NodeFacts("node-1", true, T.minusSeconds(5)), new NodeFacts("node-2", false, null)),
                1,
                8,
                List.of(CHECKOUT),
                false,
                0,
                List.of(
                        new Finding(
                                Trouble.CRASH_LOOP,
                                new RevisionHash(BAD),
                                true,
                                "cart-7d9f8c6b5-x2x4x",
                                T.minusSeconds(12)),
                        new Finding(Trouble.PROGRESS_DEADLINE, new RevisionHash(BAD), true, null, T.minusSeconds(90))),
                List.of(new Case.Failing(Trouble.CRASH_LOOP, CHECKOUT, T.minusSeconds(11))));
    }
}
