package io.rollguard.reactor;

import io.rollguard.alert.Alert;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.AlertTable;
import io.rollguard.alert.Episode;
import io.rollguard.incident.Incident;
import io.rollguard.verdict.Attribution;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;

/**
 * Whether the alerts that caused a rollback are quiet, and since when. The same alertname on the same workload counts as
 * the same alert, so trouble that moved on to the stable pods is no cure; what was not heard of is not quiet either.
 */
final class Cure {

    private final AlertTable alerts;
    private final Attribution attribution;
    private final Duration alertTimeToLive;
    private final Duration dwell;

    /** @param dwell for how long they must be quiet */
    Cure(AlertTable alerts, Attribution attribution, Duration alertTimeToLive, Duration dwell) {
        this.alerts = alerts;
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
        return quietSince(incident, at)
                .map(since -> since.isAfter(notBefore) ? since : notBefore)
                .filter(since -> !since.plus(dwell).isAfter(at))
                .isPresent();
    }

    /** Whether the table gave up alerts for lack of room that may still fire, so that an absence is no quiet. */
    boolean isBlind(Instant at) {
        return alerts.lastDropped(Alert.Status.FIRING)
                .filter(heard -> !heard.plus(alertTimeToLive).isBefore(at))
                .isPresent();
    }

    /** Since when all causing alerts are quiet; empty while one is not, or nobody can tell. */
    private Optional<Instant> quietSince(Incident incident, Instant at) {
        if (isBlind(at)) {
            return Optional.empty();
        }
        var fingerprints = new HashSet<>(
                incident.triggers().stream().map(Episode::fingerprint).toList());
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
        boolean firesElsewhereOnIt = attribution.candidates(alerts, incident.workload()).stream()
                .filter(history -> names.contains(history.latest().name()))
                .filter(history -> history.state(at, alertTimeToLive) == State.FIRING)
                .anyMatch(history -> attribution.of(history.latest()).stream()
                        .anyMatch(target -> target.workload().equals(incident.workload())));
        return firesElsewhereOnIt ? Optional.empty() : Optional.of(since);
    }
}
