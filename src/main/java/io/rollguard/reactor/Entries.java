package io.rollguard.reactor;

import io.rollguard.alert.Episode;
import io.rollguard.incident.Attempt;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.Order;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Entries of the incident log as this instance writes them. */
record Entries(String by) {

    /** An entry about a release under judgement. */
    IncidentEvent about(
            Release release, long version, int attempt, Act act, @Nullable Reason reason, Step step, Instant at) {
        return new IncidentEvent(
                IncidentId.of(release),
                version,
                attempt,
                release.workload(),
                release.uid(),
                release.revision(),
                release.target() == null ? null : release.target().revision(),
                act,
                by,
                reason,
                at,
                step);
    }

    /** The next entry of an incident, about one of its attempts. */
    IncidentEvent next(Incident incident, Attempt attempt, @Nullable Reason reason, Step step, Instant at) {
        return next(incident, attempt.number(), attempt.act(), attempt.target(), reason, step, at);
    }

    /** The next entry of an incident, about its last attempt if it has one. */
    IncidentEvent next(Incident incident, @Nullable Reason reason, Step step, Instant at) {
        var last = incident.lastAttempt();
        return next(
                incident,
                last.map(Attempt::number).orElse(0),
                last.map(Attempt::act).orElse(Act.NONE),
                last.map(Attempt::target).orElseGet(() -> target(incident)),
                reason,
                step,
                at);
    }

    /** The answer to a person's command, by that person. An approval is of the act that is asked for. */
    static IncidentEvent answered(Incident incident, Command command, @Nullable Reason refusal, Instant at) {
        var judged = incident.judged();
        var last = incident.lastAttempt();
        return new Entries(command.by())
                .next(
                        incident,
                        last.map(Attempt::number).orElse(0),
                        judged == null ? Act.NONE : judged.allowed().act(),
                        target(incident),
                        refusal,
                        new Step.Answered(command.kind(), command.id(), command.seen()),
                        at);
    }

    /** The answer to an order, by the person who gave it. */
    static IncidentEvent answered(
            Release release,
            long version,
            int attempt,
            Command command,
            Order order,
            @Nullable Reason refusal,
            Instant at) {
        return new IncidentEvent(
                IncidentId.of(release),
                version,
                attempt,
                release.workload(),
                release.uid(),
                release.revision(),
                order.target(),
                order.act(),
                command.by(),
                refusal,
                at,
                new Step.Answered(command.kind(), command.id(), command.seen(), order));
    }

    /** The intent that carries out an order. */
    IncidentEvent intended(Incident incident, Order order, List<Episode> triggers, Instant at) {
        int attempt = incident.attempts().size() + 1;
        return next(incident, attempt, order.act(), order.target(), null, new Step.Intended(triggers), at);
    }

    private IncidentEvent next(
            Incident incident,
            int attempt,
            Act act,
            @Nullable RevisionHash target,
            @Nullable Reason reason,
            Step step,
            Instant at) {
        return new IncidentEvent(
                incident.id(),
                incident.version() + 1,
                attempt,
                incident.workload(),
                incident.uid(),
                incident.revision(),
                target,
                act,
                by,
                reason,
                at,
                step);
    }

    private static @Nullable RevisionHash target(Incident incident) {
        var release = incident.release();
        return release == null || release.target() == null
                ? null
                : release.target().revision();
    }
}
