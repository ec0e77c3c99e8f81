package io.rollguard.config;

/** What the process finds around it, whatever was configured. */
public final class Surroundings {

    private Surroundings() {}

    /** Whether this process runs in a pod. */
    public static boolean inCluster() {
        return System.getenv("KUBERNETES_SERVICE_HOST") != null;
    }

    /** In a cluster the pod's name, else the host's where the shell tells it. */
    public static String host() {
        return System.getenv().getOrDefault("HOSTNAME", "rollguard");
    }
}
