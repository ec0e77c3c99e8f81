package io.rollguard.policy;

import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import org.jspecify.annotations.Nullable;

/**
 * What may be done about a verdict here and now.
 *
 * @param act what would be done; {@code NONE} where the verdict is not guilty or something forbids it
 * @param mode whether it is done, asked for, or only said
 * @param reason what forbids it; null where nothing does or the verdict is not guilty
 */
public record Allowed(Act act, Mode mode, @Nullable Reason reason) {

    public Allowed {
        if (act != Act.NONE && reason != null) {
            throw new IllegalArgumentException("an act that is allowed has no reason against it");
        }
    }

    static Allowed yes(Act act, Mode mode) {
        return new Allowed(act, mode, null);
    }

    static Allowed no(Mode mode, @Nullable Reason reason) {
        return new Allowed(Act.NONE, mode, reason);
    }

    /** Whether something would be done to the cluster, by itself or once a person approves. */
    public boolean mayAct() {
        return act != Act.NONE && mode != Mode.OBSERVE;
    }

    /** Whether a person is asked. */
    public boolean isAsked() {
        return act != Act.NONE && mode == Mode.APPROVE;
    }

    /** Whether it is done now. */
    public boolean acts(boolean approved) {
        return mayAct() && (approved || mode == Mode.AUTO);
    }
}
