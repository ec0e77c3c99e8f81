package io.rollguard.release;

/** What the cluster itself shows against a revision, without any alert. */
public enum Trouble {
    /** A container ends again and again: one crash is no loop. */
    CRASH_LOOP("crash-loop", "crash again and again"),
    /** An image can't be pulled, and the kubelet has tried more than once. */
    IMAGE_PULL("image-pull", "can't pull an image"),
    /** The kubelet can't make or start a container: a missing ConfigMap or Secret, a command that does not exist. */
    NOT_CREATED("container-not-created", "have a container that can't be created"),
    /** The controller gave up waiting for the new pods. */
    PROGRESS_DEADLINE("progress-deadline", "were not ready when the progress deadline passed"),
    /** Rollout: an analysis of the new revision failed, and the controller aborted it for that. */
    ANALYSIS_FAILED("analysis-failed", "failed their analysis"),
    /** Pods can't be created because of a quota. Never held against a revision: it explains why one gets nowhere. */
    QUOTA("quota", "can't be created because of a quota");

    private final String label;
    private final String words;

    Trouble(String label, String words) {
        this.label = label;
        this.words = words;
    }

    public String label() {
        return label;
    }

    /** What pods do that are in it. */
    public String words() {
        return words;
    }

    /** Whether only pods that start meet it, so that those that run already tell nothing about it. */
    public boolean isOfStarting() {
        return switch (this) {
            case IMAGE_PULL, NOT_CREATED -> true;
            case CRASH_LOOP, PROGRESS_DEADLINE, ANALYSIS_FAILED, QUOTA -> false;
        };
    }
}
