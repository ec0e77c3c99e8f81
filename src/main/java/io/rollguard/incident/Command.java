package io.rollguard.incident;

import io.rollguard.release.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a person asks about one incident, or for a workload. Whether it is done is decided by the owner of the workload, on what the log says
 * then: see {@link Incident#against}.
 *
 * @param id tells a second press from a second delivery
 * @param uid of the workload
 * @param seen the version of the incident that the person looked at
 * @param by the person's name, as it belongs to the token
 * @param expiresAt after this time it is not done any more
 * @param order what is to be done; null unless it is a rollback
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
        Instant expiresAt,
        @Nullable Order order) {

    /** How long a command waits to be taken up (design, section 4). */
    private static final Duration LIVES = Duration.ofMinutes(10);

    public enum Kind {
        /** Do what mode {@code approve} asks for. */
        APPROVE("approve"),
        /** Leave this release alone. */
        DISMISS("dismiss"),
        /** Try once more after Rollguard has given up. */
        RETRY("retry"),
        /** Roll back what nobody judged, or whatever was judged. */
        ROLLBACK("rollback");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    public Command {
        if ((kind == Kind.ROLLBACK) != (order != null)) {
            throw new IllegalArgumentException("a rollback, and nothing else, says what is to be done");
        }
    }

    public static Command about(Incident incident, Kind kind, UUID id, long seen, String by, Instant at) {
        return new Command(
                id, kind, incident.id(), incident.workload(), incident.uid(), seen, by, at, at.plus(LIVES), null);
    }

    /** @param seen the version of the incident; 0 where there is none yet */
    public static Command of(
            Order order,
            IncidentId incident,
            WorkloadRef workload,
            String uid,
            UUID id,
            long seen,
            String by,
            Instant at) {
        return new Command(id, Kind.ROLLBACK, incident, workload, uid, seen, by, at, at.plus(LIVES), order);
    }

    public boolean isExpired(Instant now) {
        return now.isAfter(expiresAt);
    }
}
