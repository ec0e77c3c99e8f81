package io.rollguard.incident;

import io.rollguard.release.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * What a person asks about one incident. Whether it is done is decided by the owner of the workload, on what the log says
 * then: see {@link Incident#against}.
 *
 * @param id tells a second press from a second delivery
 * @param uid of the workload
 * @param seen the version of the incident that the person looked at
 * @param by the person's name, as it belongs to the token
 * @param expiresAt after this time it is not done any more
 */
public record Command(
        UUID id,
        Kind kind,
        IncidentId incident,
        WorkloadRef workload,
        String uid,
        long seen,
        String by,
        Instant at,
        Instant expiresAt) {

    /** How long a command waits to be taken up (design, section 4). */
    private static final Duration LIVES = Duration.ofMinutes(10);

    public enum Kind {
        /** Do what mode {@code approve} asks for. */
        APPROVE("approve"),
        /** Leave this release alone. */
        DISMISS("dismiss"),
        /** Try once more after Rollguard has given up. */
        RETRY("retry");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    public static Command about(Incident incident, Kind kind, UUID id, long seen, String by, Instant at) {
        return new Command(id, kind, incident.id(), incident.workload(), incident.uid(), seen, by, at, at.plus(LIVES));
    }

    public boolean isExpired(Instant now) {
        return now.isAfter(expiresAt);
    }
}
