package io.rollguard.release;

/** How a workload moves from one revision to another. */
public enum Strategy {
    CANARY("canary"),
    BLUE_GREEN("blue-green"),
    ROLLING("rolling"),
    RECREATE("recreate"),
    ON_DELETE("on-delete");

    private final String label;

    Strategy(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
