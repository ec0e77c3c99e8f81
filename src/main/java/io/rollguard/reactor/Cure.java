package io.rollguard.reactor;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Fingerprint;
import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentId;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.verdict.Attribution;
import io.rollguard.verdict.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether the alerts that caused a rollback are quiet, and since when. The same alertname on the same workload counts as
 * the same alert, so trouble that moved on to the stable pods is no cure; what was not heard of is not quiet either. Two may
 * tell: Alertmanager, by a {@code resolved} of each; and the Prometheus that evaluates the rules, where one is configured and
 * answers. Either can tell of a cure, and either can deny it; silence of either is neither. Where findings
 * caused it, the pods that serve now must be free of any trouble, as a picture shows that is current.
 */
final class Cure {

    private static final int MAX_DWELLING = 1000;

    private final AlertTable alerts;
    private final Rules rules;
    private final Attribution attribution;
    private final Duration alertTimeToLive;
    private final Duration dwell;
    private final Cluster cluster;

    /** Since when Prometheus has said so without a break, by its own evaluations. */
    private final Map<IncidentId, Instant> quietByRules = new ConcurrentHashMap<>();

    /** @param dwell for how long they must be quiet */
    Cure(
            Cluster cluster,
            AlertTable alerts,
            Rules rules,
            Attribution attribution,
            Duration alertTimeToLive,
            Duration dwell) {
        this.cluster = cluster;
        this.alerts = alerts;
        this.rules = rules;
        this.attribution = attribution;
        this.alertTimeToLive = alertTimeToLive;
        this.dwell = dwell;
    }

    /**
     * Whether all causing alerts have been quiet for the dwell time.
     *
     * @param notBefore quiet that was before this time does not count
     */
    boolean isQuiet(Incident incident, Instant notBefore, Instant at) {
        var byRules = askRules(incident, notBefore);
        if (byRules == Word.ACTIVE) {
            return false;
        }
        if (byRules == Word.QUIET && hasDwelt(quietByRules.get(incident.id()), notBefore, at)) {
            return true;
        }
        return hasDwelt(quietSince(incident, at).orElse(null), notBefore, at);
    }

    private boolean hasDwelt(@Nullable Instant since, Instant notBefore, Instant at) {
        return since != null
                && !(since.isAfter(notBefore) ? since : notBefore).plus(dwell).isAfter(at);
    }

    /** Nothing more is asked about it. */
    void forget(IncidentId incident) {
        quietByRules.remove(incident);
    }

    private enum Word {
        ACTIVE,
        QUIET,
        NONE
    }

    private Word askRules(Incident incident, Instant notBefore) {
        var word = Word.QUIET;
        var earliest = Instant.MAX;
        for (var episode : incident.triggers()) {
            var cause = alerts.find(episode.fingerprint()).map(AlertHistory::latest);
            var evaluation = cause.flatMap(alert -> rules.of(alert.name()));
            if (evaluation.isEmpty() || !evaluation.get().at().isAfter(notBefore)) {
                word = Word.NONE;
                continue;
            }
            if (evaluation.get().active().stream().anyMatch(active -> isAbout(active, cause.get(), incident))) {
                quietByRules.remove(incident.id());
                return Word.ACTIVE;
            }
            var evaluatedAt = evaluation.get().at();
            earliest = evaluatedAt.isBefore(earliest) ? evaluatedAt : earliest;
        }
        if (word == Word.NONE || incident.triggers().isEmpty()) {
            quietByRules.remove(incident.id());
            return Word.NONE;
        }
        if (quietByRules.size() > MAX_DWELLING) {
            quietByRules.clear(); // each dwells anew
        }
        quietByRules.putIfAbsent(incident.id(), earliest);
        return Word.QUIET;
    }

    /** The cause itself, or the same alert on this workload. */
    private boolean isAbout(Rules.Active active, Alert cause, Incident incident) {
        return active.is(cause)
                || attribution.of(cause.labelled(active.labels())).stream()
                        .anyMatch(target -> target.workload().equals(incident.workload()));
    }

    /** Whether the table gave up alerts for lack of room that may still fire, so that an absence is no quiet. */
    boolean isBlind(Instant at) {
        return alerts.lastDropped(Alert.Status.FIRING)
                .filter(heard -> !heard.plus(alertTimeToLive).isBefore(at))
                .isPresent();
    }

    /** Since when all causing alerts are quiet; empty while one is not, or nobody can tell. */
    private Optional<Instant> quietSince(Incident incident, Instant at) {
        var fingerprints = new HashSet<Fingerprint>();
        boolean found = false;
        for (var trigger : incident.triggers()) {
            if (Finding.in(trigger, incident.uid(), incident.revision()).isPresent()) {
                found = true;
            } else {
                fingerprints.add(trigger.fingerprint());
            }
        }
        if ((found && !isWell(incident, at)) || (!fingerprints.isEmpty() && isBlind(at))) {
            return Optional.empty();
        }
        var names = new HashSet<String>();
        var since = Instant.EPOCH;
        for (var fingerprint : fingerprints) {
            var history = alerts.find(fingerprint);
            if (history.isEmpty()) {
                return Optional.empty();
            }
            names.add(history.get().latest().name());
            if (history.get().state(at, alertTimeToLive) != State.RESOLVED) {
                return Optional.empty();
            }
            var heard = history.get().current().lastHeard();
            since = heard.isAfter(since) ? heard : since;
        }
        if (names.isEmpty()) {
            return Optional.of(since);
        }
        boolean firesElsewhereOnIt = attribution.candidates(alerts, incident.workload()).stream()
                .filter(history -> names.contains(history.latest().name()))
                .filter(history -> history.state(at, alertTimeToLive) == State.FIRING)
                .anyMatch(history -> attribution.of(history.latest()).stream()
                        .anyMatch(target -> target.workload().equals(incident.workload())));
        return firesElsewhereOnIt ? Optional.empty() : Optional.of(since);
    }

    /**
     * Whether no pod of the revision that was gone back to is in trouble; where nothing was gone back to, no pod of the workload.
     * Pods that crash count as in trouble for a while after they run again, so what is free of it now has been for that while.
     */
    private boolean isWell(Incident incident, Instant at) {
        var objects = cluster.objects();
        var workload = objects.workload(incident.workload())
                .filter(facts -> facts.uid().equals(incident.uid()) && facts.observed());
        if (!cluster.isWhole() || workload.isEmpty()) {
            return false;
        }
        var facts = workload.get();
        var target = incident.attempts().stream()
                .filter(attempt -> attempt.verifiedAt() != null)
                .map(Attempt::target)
                .filter(Objects::nonNull)
                .findFirst();
        boolean isStillBad = target.isEmpty() && incident.revision().equals(facts.current());
        boolean stuck = facts.stuck() && !facts.aborted();
        boolean failed = isStillBad && facts.is(Trait.ANALYSIS_FAILED);
        return !stuck
                && !failed
                && objects.revisionsOf(facts).stream()
                        .filter(revision -> target.isEmpty() || target.get().equals(revision.hash()))
                        .allMatch(
                                revision -> objects.troubledPodsOf(revision, at).isEmpty());
    }
}
