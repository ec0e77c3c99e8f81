package io.rollguard.verdict;

/** How an alert's labels say which workload it is about, strongest first (design, section 5). */
public enum Relation {
    NEW_REVISION("new-revision"),
    KIND_LABEL("kind-label"),
    WORKLOAD_LABEL("workload-label"),
    POD_OWNER("pod-owner"),
    SERVICE("service");

    private final String label;

    Relation(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
