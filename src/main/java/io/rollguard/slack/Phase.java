package io.rollguard.slack;

import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.policy.Mode;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.util.Objects;

/** What people are to know of an incident at a glance. */
enum Phase {
    WEIGHING("👀", "%s is alerting: weighing the evidence"),
    NO_ROLLBACK("👀", "%s is alerting: no rollback"),
    /** Guilty, but something forbids an automatic act. */
    HELD("✋", "%s needs a person: no automatic rollback"),
    WOULD_ACT("🔎", "%s would be rolled back (mode observe)"),
    /** Guilty, and a person is asked. */
    ASKING("✋", "Roll back %s? A person must approve it"),
    ACTING("🚨", "Rolling back %s"),
    ACCEPTED("🚨", "Rolling back %s: the cluster accepted it"),
    RETRYING("🚨", "Rolling back %s: trying again"),
    VERIFIED("✅", "Rolled back %s: watching the alerts"),
    CURED("✅", "Rolled back %s: the alerts are quiet"),
    UNCURED("❌", "Rolled back %s, but the alerts go on: a person is needed"),
    ESCALATED("❌", "Rollback of %s FAILED: act now"),
    CLOSED_CURED("✅", "Rolled back %s: done"),
    CLOSED_UNCURED("⏹", "Rolled back %s: closed without a cure"),
    CLOSED_FAILED("⏹", "%s: closed, Rollguard did not roll it back"),
    CLOSED("⏹", "%s: closed, no rollback");

    private final String sign;
    private final String headline;

    Phase(String sign, String headline) {
        this.sign = sign;
        this.headline = headline;
    }

    String headline(String workload) {
        return sign + " " + headline.formatted(workload);
    }

    /** Somebody has to look, now. */
    boolean needsPerson() {
        return this == HELD || this == ASKING || this == UNCURED || this == ESCALATED;
    }

    /** Not overtaken within seconds, so that it is shown at once. */
    boolean isSettled() {
        return switch (this) {
            case WEIGHING, NO_ROLLBACK, WOULD_ACT, ACTING, ACCEPTED, RETRYING -> false;
            case HELD,
                    ASKING,
                    VERIFIED,
                    CURED,
                    UNCURED,
                    ESCALATED,
                    CLOSED_CURED,
                    CLOSED_UNCURED,
                    CLOSED_FAILED,
                    CLOSED -> true;
        };
    }

    static Phase of(Incident incident) {
        return switch (incident.state()) {
            case SUSPECTED -> suspected(incident);
            case ACTING ->
                incident.openAttempt()
                                .map(Attempt::acceptedAt)
                                .filter(Objects::nonNull)
                                .isPresent()
                        ? ACCEPTED
                        : ACTING;
            case VERIFIED -> VERIFIED;
            case CURED -> CURED;
            case UNCURED -> UNCURED;
            case ESCALATED -> ESCALATED;
            case CLOSED -> closed(incident);
        };
    }

    private static Phase suspected(Incident incident) {
        var judged = incident.judged();
        if (judged == null || judged.verdict().reason() == Reason.SETTLING) {
            return WEIGHING;
        }
        if (!judged.verdict().isGuilty() || judged.allowed().reason() == Reason.ALREADY_ABORTED) {
            return NO_ROLLBACK;
        }
        boolean isVoid =
                incident.lastAttempt().filter(last -> !last.isEffective()).isPresent();
        if (isVoid || judged.allowed().reason() != null || judged.allowed().act() == Act.NONE) {
            return HELD;
        }
        if (incident.awaitsApproval()) {
            return ASKING;
        }
        if (judged.allowed().mode() == Mode.OBSERVE) {
            return WOULD_ACT;
        }
        return incident.lastAttempt().isPresent() ? RETRYING : ACTING;
    }

    private static Phase closed(Incident incident) {
        if (incident.curedAt() != null) {
            return CLOSED_CURED;
        }
        if (incident.isRolledBack()) {
            return CLOSED_UNCURED;
        }
        return incident.tries() > 0 ? CLOSED_FAILED : CLOSED;
    }
}
