package io.rollguard.policy;

/**
 * A right of Kubernetes' RBAC.
 *
 * @param group of the API; empty for the core group
 * @param resource with its subresource, as in {@code rollouts/status}
 */
public record Right(String verb, String group, String resource) {

    /** As in {@code patch rollouts.argoproj.io/status}. */
    @Override
    public String toString() {
        int slash = resource.indexOf('/');
        var plural = slash < 0 ? resource : resource.substring(0, slash);
        var subresource = slash < 0 ? "" : resource.substring(slash);
        return verb + " " + plural + (group.isEmpty() ? "" : "." + group) + subresource;
    }
}
