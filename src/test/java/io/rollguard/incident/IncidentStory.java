package io.rollguard.incident;

import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Onset;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.release.Kind;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.Release.Target;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.Trouble;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Evidence;
import io.rollguard.verdict.Finding;
import io.rollguard.verdict.Judge;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Relation;
import io.rollguard.verdict.Verdict;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The story of one incident, told step by step and folded as in the service. Each step comes a second after the one before,
 * unless time is passed in between.
 */
public final class IncidentStory {

    public static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    public static final Fingerprint ALERT = new Fingerprint("00f1e2d3c4b5a697");
    public static final RevisionHash BAD = new RevisionHash("7d9f8c6b5");
    public static final RevisionHash GOOD = new RevisionHash("5c4b3a291");

    private final IncidentLog log;
    private boolean isWithoutAlerts;
    private String alertname = "CanaryErrorRateHigh";
    private String severity = "critical";
    private Fingerprint cause = ALERT;
    private Release release;
    private IncidentId id;
    private Instant now = START;
    private long offset;
    private int attempt;
    private Act act = Act.NONE;

    public IncidentStory() {
        this(new IncidentLog(new IncidentLog.Limits(5, Duration.ofMinutes(15), Duration.ofMinutes(15))));
    }

    public IncidentStory(IncidentLog log) {
        this.log = log;
        this.release = canary(new WorkloadRef("default", "shop", Kind.ROLLOUT, "cart"), BAD);
        this.id = IncidentId.of(release);
        this.offset = log.nextOffset();
    }

    private static Release canary(WorkloadRef workload, RevisionHash revision) {
        return new Release(
                workload,
                "uid-of-" + workload.name(),
                Strategy.CANARY,
                Stage.IN_PROGRESS,
                revision,
                GOOD,
                START.minusSeconds(90),
                null,
                List.of(START.minusSeconds(90), START.minusSeconds(60)),
                new Target(GOOD, Target.Basis.PROVEN),
                false,
                false,
                false,
                0);
    }

    // --- who and what; before the first step

    public IncidentStory about(String namespace, String name) {
        return about(new WorkloadRef("default", namespace, Kind.ROLLOUT, name), BAD);
    }

    public IncidentStory about(WorkloadRef workload, RevisionHash revision) {
        release = canary(workload, revision);
        id = IncidentId.of(release);
        return this;
    }

    public IncidentStory aboutAPromotedDeployment() {
        var before = release;
        release = new Release(
                new WorkloadRef("default", "shop", Kind.DEPLOYMENT, "cart"),
                before.uid(),
                Strategy.ROLLING,
                Stage.BAKING,
                before.revision(),
                before.stable(),
                before.startedAt(),
                START.minusSeconds(30),
                before.exposures(),
                new Target(GOOD, Target.Basis.ASSUMED),
                false,
                false,
                false,
                0);
        id = IncidentId.of(release);
        return this;
    }

    public IncidentStory alerted(String name, String withSeverity) {
        alertname = name;
        severity = withSeverity;
        return this;
    }

    /** The alert that the act answers: one that no other incident was acted on for. */
    public IncidentStory causedBy(Fingerprint alert) {
        cause = alert;
        return this;
    }

    /** No alert speaks: its two pods crash again and again. */
    public IncidentStory withoutAlerts() {
        isWithoutAlerts = true;
        return this;
    }

    public IncidentStory at(Instant time) {
        now = time;
        return this;
    }

    // --- steps

    public IncidentStory suspected() {
        return step(null, new Step.Suspected(release));
    }

    public IncidentStory settling() {
        return judged(Outcome.SUSPECT, 0.55, Reason.SETTLING, Mode.AUTO, Act.NONE, null);
    }

    /** Guilty, and Rollguard acts. */
    public IncidentStory guilty() {
        return judged(Outcome.GUILTY, 0.91, Reason.NAMES_NEW_REVISION, Mode.AUTO, act(release), null);
    }

    public IncidentStory guiltyInObserve() {
        return judged(Outcome.GUILTY, 0.91, Reason.NAMES_NEW_REVISION, Mode.OBSERVE, act(release), null);
    }

    public IncidentStory guiltyInApprove() {
        return judged(Outcome.GUILTY, 0.91, Reason.NAMES_NEW_REVISION, Mode.APPROVE, act(release), null);
    }

    public IncidentStory guiltyBut(Reason refusal) {
        return judged(Outcome.GUILTY, 0.91, Reason.NAMES_NEW_REVISION, Mode.AUTO, Act.NONE, refusal);
    }

    /** Guilty, and Rollguard lacks the rights. */
    public IncidentStory guiltyBeyondRights(String command) {
        return judged(
                Outcome.GUILTY, 0.91, Reason.NAMES_NEW_REVISION, Mode.AUTO, Act.NONE, Reason.RIGHTS_MISSING, command);
    }

    public IncidentStory notGuilty(Outcome outcome, Reason reason) {
        return judged(outcome, 0.25, reason, Mode.AUTO, Act.NONE, null);
    }

    private IncidentStory judged(
            Outcome outcome, double score, Reason reason, Mode mode, Act allowed, @Nullable Reason refusal) {
        return judged(outcome, score, reason, mode, allowed, refusal, null);
    }

    private IncidentStory judged(
            Outcome outcome,
            double score,
            Reason reason,
            Mode mode,
            Act allowed,
            @Nullable Reason refusal,
            @Nullable String command) {
        if (isWithoutAlerts) {
            var found = new Step.Judged(Judge.judge(found()), new Allowed(allowed, mode, refusal), found(), command);
            return step(refusal == null ? found.verdict().reason() : refusal, found);
        }
        boolean vetoed = outcome != Outcome.GUILTY && reason != Reason.SETTLING;
        var vote = new Evidence(
                Evidence.Kind.VOTE,
                "names-new-revision",
                Relation.NEW_REVISION,
                0.9,
                ALERT,
                alertname + " names revision " + release.revision() + " on 2 of its 2 pods");
        var veto = new Evidence(
                Evidence.Kind.VETO,
                reason.code(),
                Relation.NEW_REVISION,
                1,
                ALERT,
                alertname + " began at 2026-03-01T11:40:00Z, the release at 2026-03-01T11:58:30Z");
        var verdict = new Verdict(outcome, score, reason, vetoed ? List.of(vote, veto) : List.of(vote));
        var step = new Step.Judged(verdict, new Allowed(allowed, mode, refusal), input(), command);
        return step(refusal == null ? reason : refusal, step);
    }

    private Case found() {
        var findings = Stream.of("cart-7d9f8c6b5-x2x4x", "cart-7d9f8c6b5-z9z9z")
                .map(pod -> new Finding(Trouble.CRASH_LOOP, release.revision(), true, pod, START.minusSeconds(10)))
                .toList();
        return new Case(
                now,
                Duration.ofSeconds(30),
                release,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                2,
                8,
                List.of(),
                false,
                0,
                findings,
                List.of());
    }

    private Case input() {
        var hit = new Case.Hit(
                ALERT,
                alertname,
                severity,
                true,
                Relation.NEW_REVISION,
                release.revision(),
                "cart-7d9f8c6b5-x2x4x",
                AlertHistory.State.FIRING,
                new Onset(START.minusSeconds(40), START.minusSeconds(40)),
                List.of(new AlertHistory.Span(
                        START.minusSeconds(10), null, START.minusSeconds(8), START.minusSeconds(8))),
                List.of());
        return new Case(
                now,
                Duration.ofSeconds(30),
                release,
                List.of(hit),
                List.of(),
                List.of(),
                List.of(),
                2,
                8,
                List.of(),
                false,
                0);
    }

    private static Act act(Release release) {
        return release.isBesideStable() ? Act.ABORT : Act.RESTORE;
    }

    public IncidentStory intended() {
        attempt++;
        act = act(release);
        var trigger = isWithoutAlerts
                ? Finding.episode(Trouble.CRASH_LOOP, release.uid(), release.revision(), release.startedAt())
                : new Episode(cause, START.minusSeconds(10));
        return step(null, new Step.Intended(List.of(trigger)));
    }

    public IncidentStory accepted() {
        return step(null, new Step.Accepted("aborted"));
    }

    public IncidentStory verified() {
        return step(null, new Step.Verified("8 of 8 pods on the target"));
    }

    public IncidentStory cured() {
        return step(null, new Step.Cured());
    }

    public IncidentStory uncured() {
        return isWithoutAlerts
                ? step(Reason.STILL_FAILING, new Step.Uncured("pods still fail 10 min after the rollback"))
                : step(
                        Reason.NOT_CURED,
                        new Step.Uncured(
                                "the alerts still fire 10 min after the rollback",
                                null,
                                "kubectl argo rollouts retry rollout cart -n shop"));
    }

    public IncidentStory failed(Reason reason, boolean again, String detail) {
        return step(
                reason,
                new Step.Failed(
                        again,
                        detail,
                        "kubectl argo rollouts abort %s -n %s"
                                .formatted(
                                        release.workload().name(),
                                        release.workload().namespace())));
    }

    public IncidentStory returned(@Nullable Write who) {
        return step(Reason.ROLLED_BACK_BEFORE, new Step.Returned(who, "kubectl argo rollouts abort cart -n shop"));
    }

    /** By a person. */
    public IncidentStory answered(Command command, @Nullable Reason refusal) {
        return step(command.by(), refusal, new Step.Answered(command.kind(), command.id(), command.seen()));
    }

    public IncidentStory told(String kind, String channel, String messageId, String digest) {
        return step(null, new Step.Told(kind, channel, messageId, digest, null));
    }

    public IncidentStory closed(@Nullable Reason reason) {
        return step(reason, new Step.Closed());
    }

    public IncidentStory after(Duration time) {
        now = now.plus(time);
        return this;
    }

    private IncidentStory step(@Nullable Reason reason, Step step) {
        return step("test", reason, step);
    }

    private IncidentStory step(String by, @Nullable Reason reason, Step step) {
        now = now.plusSeconds(1);
        var version = log.find(id).map(Incident::version).orElse(0L) + 1;
        var event = new IncidentEvent(
                id,
                version,
                attempt,
                release.workload(),
                release.uid(),
                release.revision(),
                release.target() == null ? null : release.target().revision(),
                act,
                by,
                reason,
                now,
                step);
        offset = Math.max(offset, log.nextOffset());
        log.apply(offset++, now, event);
        return this;
    }

    // --- what came of it

    public IncidentLog log() {
        return log;
    }

    public IncidentId id() {
        return id;
    }

    public Instant now() {
        return now;
    }

    public Incident incident() {
        return Objects.requireNonNull(log.find(id).orElse(null));
    }
}
