package io.rollguard.policy;

import io.rollguard.release.GitOps;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a person types where Rollguard does not act, or has to know after it did. What a GitOps tool owns is first taken out of its
 * hands, and is put right in Git: only that lasts. Pure.
 */
public final class Handover {

    /** What a person may do all the same, with the command in hand. */
    private static final Set<Reason> LEFT_TO_PEOPLE = EnumSet.of(
            Reason.RIGHTS_MISSING,
            Reason.KIND_UNSUPPORTED,
            Reason.STATE_UNSUPPORTED,
            Reason.WORKLOAD_PAUSED,
            Reason.GITOPS_OWNED,
            Reason.ON_DELETE,
            Reason.PARTITION_RAISED);

    private Handover() {}

    /**
     * The commands, one a line, in the order in which they are typed.
     *
     * @param byHand what would do it if nobody else had a say
     */
    public static String command(WorkloadFacts workload, Act act, String byHand) {
        var owner = workload.gitOps();
        if (act != Act.RESTORE || owner == null || !owner.tool().revertsDrift()) {
            return byHand; // an abort touches only the status, which nobody else holds
        }
        var lines = new ArrayList<String>();
        switch (owner.tool()) {
            case ARGO_CD -> {
                var application = owner.namespace().isEmpty() ? owner.name() : owner.namespace() + "/" + owner.name();
                lines.add("argocd app set " + application + " --sync-policy none");
                lines.add(byHand);
                lines.add("git revert COMMIT && git push");
                lines.add("argocd app sync " + application);
            }
            case FLUX_KUSTOMIZATION -> lines.addAll(flux("kustomization", owner, byHand));
            case FLUX_HELM_RELEASE -> lines.addAll(flux("helmrelease", owner, byHand));
            case HELM -> lines.add(byHand);
        }
        return String.join("\n", lines);
    }

    private static List<String> flux(String kind, GitOps owner, String byHand) {
        var what = kind + " " + owner.name() + " -n " + owner.namespace();
        return List.of("flux suspend " + what, byHand, "git revert COMMIT && git push", "flux resume " + what);
    }

    /**
     * The commands for a person, where what keeps Rollguard from the act need not keep them; else null.
     *
     * @param byHand what would do an act, to a revision, if nobody else had a say
     */
    public static @Nullable String refused(
            WorkloadFacts workload,
            Release release,
            @Nullable Reason refusal,
            BiFunction<Act, RevisionHash, String> byHand) {
        var target = release.target();
        if (target == null || refusal == null || !LEFT_TO_PEOPLE.contains(refusal)) {
            return null;
        }
        var act = WayBack.act(release, workload);
        return command(workload, act, byHand.apply(act, target.revision()));
    }

    /** What whoever deploys next has to know of a restore. */
    public static String afterRestore(WorkloadFacts workload) {
        var told = new ArrayList<String>();
        var helm = helm(workload);
        if (helm != null) {
            told.add(helm);
        }
        if (workload.is(Trait.CLIENT_SIDE_APPLIED)) {
            told.add(
                    "The next client-side kubectl apply leaves what only the template that came back has (env, sidecars,"
                            + " annotations): compare the template afterwards.");
        }
        told.add("The field manager rollguard now holds the fields that went back, so a server-side apply without force"
                + " is refused once: kubectl apply --server-side --force-conflicts");
        return String.join(" ", told);
    }

    private static @Nullable String helm(WorkloadFacts workload) {
        var owner = workload.gitOps();
        if (owner == null || owner.tool() != GitOps.Tool.HELM) {
            return null;
        }
        return "The next upgrade of the Helm release %1$s brings the bad version back; before it: helm history %1$s -n %2$s, then helm rollback %1$s REVISION -n %2$s."
                .formatted(owner.name(), owner.namespace());
    }
}
