package io.rollguard.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.GitOps;
import io.rollguard.release.GitOps.Tool;
import io.rollguard.release.Kind;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HandoverTest {

    private static final String UNDO = "kubectl rollout undo deployment/search -n shop --to-revision=1";

    static Stream<Arguments> owners() {
        return Stream.of(
                Arguments.of(null, Act.RESTORE, UNDO),
                Arguments.of(new GitOps(Tool.HELM, "search", "shop"), Act.RESTORE, UNDO),
                Arguments.of(new GitOps(Tool.ARGO_CD, "shop", ""), Act.ABORT, UNDO),
                Arguments.of(new GitOps(Tool.ARGO_CD, "shop", ""), Act.RESTORE, """
                    argocd app set shop --sync-policy none
                    %s
                    git revert COMMIT && git push
                    argocd app sync shop\
                    """.formatted(UNDO)),
                Arguments.of(new GitOps(Tool.ARGO_CD, "shop", "team"), Act.RESTORE, """
                    argocd app set team/shop --sync-policy none
                    %s
                    git revert COMMIT && git push
                    argocd app sync team/shop\
                    """.formatted(UNDO)),
                Arguments.of(
                        new GitOps(Tool.FLUX_KUSTOMIZATION, "apps", "flux-system"), Act.RESTORE, """
                            flux suspend kustomization apps -n flux-system
                            %s
                            git revert COMMIT && git push
                            flux resume kustomization apps -n flux-system\
                            """.formatted(UNDO)),
                Arguments.of(new GitOps(Tool.FLUX_HELM_RELEASE, "search", "shop"), Act.RESTORE, """
                    flux suspend helmrelease search -n shop
                    %s
                    git revert COMMIT && git push
                    flux resume helmrelease search -n shop\
                    """.formatted(UNDO)));
    }

    @ParameterizedTest
    @MethodSource("owners")
    void whoHoldsTheSpecDecidesWhatIsTyped(@Nullable GitOps owner, Act act, String commands) {
        assertThat(Handover.command(workload(owner), act, UNDO)).isEqualTo(commands);
    }

    @ParameterizedTest
    @MethodSource("owners")
    void whoeverDeploysNextIsTold(@Nullable GitOps owner, Act act, String commands) {
        var told = Handover.afterRestore(workload(owner));

        assertThat(told).contains("kubectl apply --server-side --force-conflicts");
        assertThat(told.contains("helm rollback search REVISION -n shop"))
                .isEqualTo(owner != null && owner.tool() == Tool.HELM);
    }

    @Test
    void whoAppliesAtTheClientIsToldOfWhatStays() {
        assertThat(Handover.afterRestore(workload(null, Trait.CLIENT_SIDE_APPLIED)))
                .contains("client-side kubectl apply leaves");
        assertThat(Handover.afterRestore(workload(null))).doesNotContain("client-side");
    }

    private static WorkloadFacts workload(@Nullable GitOps owner, Trait... traits) {
        var ref = new WorkloadRef("test", "shop", Kind.DEPLOYMENT, "search");
        return WorkloadFacts.of(ref, "uid", Strategy.ROLLING)
                .pods(2, 2, 2, 2)
                .complete(true, null)
                .gitOps(owner)
                .traits(Set.of(traits))
                .build();
    }
}
