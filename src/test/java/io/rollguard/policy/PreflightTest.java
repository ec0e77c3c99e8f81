package io.rollguard.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.policy.Preflight.Outcome;
import io.rollguard.policy.Preflight.Presence;
import io.rollguard.policy.Preflight.Quota;
import io.rollguard.release.Reference;
import io.rollguard.release.Reference.Kind;
import io.rollguard.verdict.Reason;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreflightTest {

    private static final Reference CONFIG = new Reference(Kind.CONFIG_MAP, "search-config", true);
    private static final Reference KEY = new Reference(Kind.SECRET, "search-tls", true);
    private static final Reference PULL = new Reference(Kind.SECRET, "registry", false);
    private static final Map<String, BigDecimal> PER_POD =
            Map.of("pods", BigDecimal.ONE, "requests.cpu", new BigDecimal("0.5"));

    @Test
    void whereEverythingIsThereNothingIsSaid() {
        var outcome = of(Map.of(CONFIG, Presence.THERE, KEY, Presence.THERE, PULL, Presence.THERE));

        assertThat(outcome).isEqualTo(new Outcome.Clear(""));
    }

    @Test
    void whatIsMissingForbidsAndIsNamed() {
        var outcome = of(Map.of(CONFIG, Presence.MISSING, KEY, Presence.MISSING, PULL, Presence.MISSING));

        assertThat(outcome)
                .isEqualTo(
                        new Outcome.Forbidden(Reason.REFERENCE_MISSING, "ConfigMap search-config, Secret search-tls"));
    }

    @Test
    void whatWasNotCheckedForbidsNothingAndIsSaid() {
        var outcome = of(Map.of(CONFIG, Presence.THERE, KEY, Presence.NOT_CHECKED));

        assertThat(outcome).isEqualTo(new Outcome.Clear("not checked: Secret search-tls"));
    }

    @Test
    void whatPodsMayStartWithoutIsOnlySaid() {
        var outcome = of(Map.of(KEY, Presence.NOT_CHECKED, PULL, Presence.MISSING));

        assertThat(outcome)
                .isEqualTo(new Outcome.Clear(
                        "not checked: Secret search-tls; missing, and pods may start without: Secret registry"));
    }

    @Test
    void quotasThatMayNotBeReadAreSaid() {
        assertThat(new Preflight(Map.of(), null, 1, PER_POD).outcome())
                .isEqualTo(new Outcome.Clear("not checked: quotas"));
    }

    @ParameterizedTest
    @CsvSource({
        // what is left, how many pods must fit, whether they do
        "pods, 0, 1, false",
        "pods, 1, 1, true",
        "pods, 0, 0, true",
        "requests.cpu, 0.499, 1, false",
        "requests.cpu, 0.5, 1, true",
        "requests.cpu, 0.9, 2, false",
        "limits.cpu, 0, 1, true",
    })
    void aQuotaForbidsOnlyWhatSurelyDoesNotFit(String resource, String left, int pods, boolean fits) {
        var quota = new Quota("small", false, Map.of(resource, new BigDecimal(left)));

        var outcome = new Preflight(Map.of(), List.of(quota), pods, PER_POD).outcome();

        assertThat(outcome instanceof Outcome.Clear).isEqualTo(fits);
    }

    @Test
    void aQuotaIsNamedWithWhatItLeaves() {
        var quota = new Quota("small", false, Map.of("pods", new BigDecimal("0")));

        assertThat(new Preflight(Map.of(), List.of(quota), 1, PER_POD).outcome())
                .isEqualTo(new Outcome.Forbidden(
                        Reason.NO_QUOTA_LEFT, "ResourceQuota small leaves 0 pods, and 1 is needed"));
    }

    @Test
    void aQuotaThatCountsSomePodsOnlyIsNotWeighed() {
        var quota = new Quota("batch", true, Map.of("pods", new BigDecimal("0")));

        assertThat(new Preflight(Map.of(), List.of(quota), 1, PER_POD).outcome())
                .isEqualTo(new Outcome.Clear("not checked: ResourceQuota batch"));
        assertThat(new Preflight(Map.of(), List.of(quota), 0, PER_POD).outcome())
                .isEqualTo(new Outcome.Clear(""));
    }

    private static Outcome of(Map<Reference, Presence> references) {
        return new Preflight(references, List.of(), 1, PER_POD).outcome();
    }
}
