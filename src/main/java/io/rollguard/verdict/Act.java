package io.rollguard.verdict;

/** What rolls a release back. */
public enum Act {
    /** Stops a canary in progress; touches only the status. Cheap. */
    ABORT("abort"),
    /** Puts the good pod template back; changes the spec. */
    RESTORE("restore"),
    NONE("none");

    private final String label;

    Act(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
