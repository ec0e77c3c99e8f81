package io.rollguard.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RightsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            nothing                                         | observe    | patch rollouts.argoproj.io/status
            patch rollouts.argoproj.io/status               | abort-only | patch deployments.apps, patch statefulsets.apps, patch daemonsets.apps, patch rollouts.argoproj.io, get controllerrevisions.apps, create controllerrevisions.apps, delete controllerrevisions.apps
            all                                             | full       |
            all but patch rollouts.argoproj.io/status       | observe    | patch rollouts.argoproj.io/status
            all but patch deployments.apps                  | abort-only | patch deployments.apps
            all but patch statefulsets.apps                 | abort-only | patch statefulsets.apps
            all but patch daemonsets.apps                   | abort-only | patch daemonsets.apps
            all but get controllerrevisions.apps            | abort-only | get controllerrevisions.apps
            all but create controllerrevisions.apps         | abort-only | create controllerrevisions.apps
            all but delete controllerrevisions.apps         | abort-only | delete controllerrevisions.apps
            all but list pods                               | full       |
            """)
    void aTierIsReachedWithAllItsRights(String allowed, String tier, String missing) {
        var all = Arrays.stream(Tier.values())
                .flatMap(each -> each.needs().stream())
                .collect(Collectors.toMap(Right::toString, each -> each));
        boolean most = allowed.startsWith("all");
        var named = allowed.replace("all but ", "");

        var rights = Rights.of(all.values().stream()
                .filter(right -> right.toString().equals(named) != most)
                .collect(Collectors.toSet()));

        assertThat(rights.tier().label()).isEqualTo(tier);
        assertThat(rights.missing().stream().map(Right::toString).collect(Collectors.joining(", ")))
                .isEqualTo(missing == null ? "" : missing);
    }

    @Test
    void deletingPodsIsBesideTheTiers() {
        assertThat(Rights.of(Tier.FULL.needs()).deletesPods()).isFalse();
        assertThat(Rights.of(Tier.ofStuckPods()).deletesPods()).isTrue();
        assertThat(Rights.of(Tier.ofStuckPods()).tier()).isEqualTo(Tier.OBSERVE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            patch rollouts.argoproj.io/status | abort-only in shop; for full: patch deployments.apps, patch statefulsets.apps, patch daemonsets.apps, patch rollouts.argoproj.io, get controllerrevisions.apps, create controllerrevisions.apps, delete controllerrevisions.apps
            none                              | observe in shop; for abort-only: patch rollouts.argoproj.io/status
            """)
    void saysInWordsWhatIsMissing(String allowed, String text) {
        var granted = Tier.ABORT_ONLY.needs().stream()
                .filter(right -> right.toString().equals(allowed))
                .collect(Collectors.toSet());

        assertThat(Rights.of(granted).in("shop")).isEqualTo(text);
    }
}
