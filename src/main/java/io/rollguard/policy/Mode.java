package io.rollguard.policy;

import java.util.Arrays;
import java.util.Optional;

/** What Rollguard may do by itself. */
public enum Mode {
    /** Say what would be done. */
    OBSERVE("observe"),
    /** Ask a person. */
    APPROVE("approve"),
    AUTO("auto");

    private final String label;

    Mode(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    public static Optional<Mode> named(String label) {
        return Arrays.stream(values()).filter(mode -> mode.label.equals(label)).findFirst();
    }
}
