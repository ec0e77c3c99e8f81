package io.rollguard.release;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Who last wrote what decides which revision a workload runs, as managedFields tell.
 *
 * @param manager the field manager: the tool, or the first part of its user agent
 * @param operation {@code Apply} or {@code Update}
 * @param at by the API server's clock, to the second
 */
public record Write(String manager, String operation, Instant at) {

    /** What people know the writer as; null where its name says nothing. */
    public @Nullable String tool() {
        if (manager.startsWith("argocd")) {
            return "Argo CD";
        }
        if (manager.equals("kustomize-controller") || manager.equals("helm-controller")) {
            return "Flux";
        }
        if (manager.equals("helm")) {
            return "Helm";
        }
        return manager.startsWith("kubectl") ? "somebody with kubectl" : null;
    }

    /** {@code Argo CD (argocd-controller, Apply, at 2026-01-01T12:00:00Z)}. */
    @Override
    public String toString() {
        var tool = tool();
        var rest = operation + ", at " + at;
        return tool == null ? manager + " (" + rest + ")" : tool + " (" + manager + ", " + rest + ")";
    }
}
