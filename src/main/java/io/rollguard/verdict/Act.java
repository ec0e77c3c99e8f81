package io.rollguard.verdict;

import io.rollguard.release.Kind;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;

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

    /** The act that would take this release back. */
    public static Act of(Release release) {
        boolean inProgress = release.stage() != Stage.BAKING;
        return release.workload().kind() == Kind.ROLLOUT && inProgress ? ABORT : RESTORE;
    }
}
