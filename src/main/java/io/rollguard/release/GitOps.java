package io.rollguard.release;

/**
 * The tool that holds a workload's spec, from the signs that it leaves on the object.
 *
 * @param name of what there stands for the workload: an Application, a Kustomization, a HelmRelease, a Helm release
 * @param namespace of the same; empty where it has none of its own
 */
public record GitOps(Tool tool, String name, String namespace) {

    /** What such a tool does about a template that is not what it holds. */
    public enum Tool {
        /** With self-heal it reverts at once, without it at the next sync of anything in the application. */
        ARGO_CD("Argo CD", true),
        /** Reverts at its interval. */
        FLUX_KUSTOMIZATION("Flux", true),
        /** Reverts at its interval where drift detection is enabled, which the object does not tell. */
        FLUX_HELM_RELEASE("Flux", true),
        /** Knows of no drift: nothing happens until somebody upgrades the release. */
        HELM("Helm", false);

        private final String label;
        private final boolean revertsDrift;

        Tool(String label, boolean revertsDrift) {
            this.label = label;
            this.revertsDrift = revertsDrift;
        }

        public String label() {
            return label;
        }

        /** Whether it may undo a restore by itself, so that none is tried. */
        public boolean revertsDrift() {
            return revertsDrift;
        }
    }
}
