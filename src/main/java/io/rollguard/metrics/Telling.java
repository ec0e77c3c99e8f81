package io.rollguard.metrics;

/** What became of a message to people. */
public enum Telling {
    POSTED("posted"),
    UPDATED("updated"),
    /** It stood there twice. */
    DELETED("deleted"),
    /** Slack asked to wait. */
    RATE_LIMITED("rate-limited"),
    /** Not delivered for a cause that may pass; it is tried again. */
    DELAYED("delayed"),
    /** Not delivered for a cause that only a person can remove; it is tried again, slowly. */
    REFUSED("refused");

    private final String label;

    Telling(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
