package io.rollguard.slack;

import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.policy.Mode;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.util.Objects;

/** What people are to know of an incident at a glance. */
enum Phase {
    WEIGHING("👀", "%s is alerting: weighing the evidence", "%s is failing: weighing the evidence"),
    NO_ROLLBACK("👀", "%s is alerting: no rollback", "%s is failing: no rollback"),
    /** Guilty, but something forbids an automatic act. */
    HELD("✋", "%s needs a person: no automatic rollback"),
    WOULD_ACT("🔎", "%s would be rolled back (mode observe)"),
    /** Guilty, and a person is asked. */
    ASKING("✋", "Roll back %s? A person must approve it"),
    ACTING("🚨", "Rolling back %s"),
    ACCEPTED("🚨", "Rolling back %s: the cluster accepted it"),
    RETRYING("🚨", "Rolling back %s: trying again"),
    VERIFIED("✅", "Rolled back %s: watching the alerts", "Rolled back %s: watching its pods"),
    CURED("✅", "Rolled back %s: the alerts are quiet", "Rolled back %s: its pods are well"),
    UNCURED(
            "❌",
            "Rolled back %s, but the alerts go on: a person is needed",
            "Rolled back %s, but pods go on failing: a person is needed"),
    ESCALATED("❌", "Rollback of %s FAILED: act now"),
    RETURNED("❌", "%s runs the revision again that was rolled back: a person is needed"),
    CLOSED_CURED("✅", "Rolled back %s: done"),
    CLOSED_UNCURED("⏹", "Rolled back %s: closed without a cure"),
    CLOSED_RETURNED("⏹", "%s: closed, after the revision that was rolled back had come back"),
    CLOSED_FAILED("⏹", "%s: closed, Rollguard did not roll it back"),
    CLOSED("⏹", "%s: closed, no rollback");

    private final String sign;
    private final String headline;
    private final String withoutAlerts;

    Phase(String sign, String headline) {
        this(sign, headline, headline);
    }

    /** @param withoutAlerts where it was found in the cluster, without any alert */
    Phase(String sign, String headline, String withoutAlerts) {
        this.sign = sign;
        this.headline = headline;
        this.withoutAlerts = withoutAlerts;
    }

    String headline(String workload, boolean isWithoutAlerts) {
        return sign + " " + (isWithoutAlerts ? withoutAlerts : headline).formatted(workload);
    }

    /** Somebody has to look, now. */
    boolean needsPerson() {
        return this == HELD || this == ASKING || this == UNCURED || this == ESCALATED || this == RETURNED;
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
                    RETURNED,
                    CLOSED_CURED,
                    CLOSED_UNCURED,
                    CLOSED_RETURNED,
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
            case RETURNED -> RETURNED;
            case CLOSED -> closed(incident);
        };
    }

    private static Phase suspected(Incident incident) {
        var judged = incident.judged();
        if (incident.isOrdered()) {
            return incident.lastAttempt().isPresent() ? RETRYING : ACTING;
        }
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
        if (incident.aftermath().returned() != null) {
            return CLOSED_RETURNED;
        }
        boolean hadNothingToCure =
                incident.isRolledBack() && incident.triggers().isEmpty();
        if (incident.curedAt() != null || hadNothingToCure) {
            return CLOSED_CURED;
        }
        if (incident.isRolledBack()) {
            return CLOSED_UNCURED;
        }
        return incident.tries() > 0 ? CLOSED_FAILED : CLOSED;
    }
}
