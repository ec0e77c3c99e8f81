package io.rollguard.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.verdict.Act;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TracesTest {

    private static final Fingerprint ALERT = new Fingerprint("0123456789abcdef");
    private static final List<Episode> CAUSES = List.of(new Episode(ALERT, Instant.EPOCH));

    @Test
    void anActBelongsToTheTraceThatBroughtItsCause() {
        try (var provider = SdkTracerProvider.builder().build()) {
            var tracer = provider.get("test");
            var traces = new Traces(() -> tracer);
            var webhook = tracer.spanBuilder("webhook").startSpan();
            try (var scope = webhook.makeCurrent()) {
                traces.heard(ALERT);
            }

            var trace = traces.acting(
                    Act.ABORT, CAUSES, () -> Span.current().getSpanContext().getTraceId());

            assertThat(trace).isEqualTo(webhook.getSpanContext().getTraceId());
        }
    }

    @Test
    void anActWithoutAKnownTraceBeginsOne() {
        try (var provider = SdkTracerProvider.builder().build()) {
            var traces = new Traces(() -> provider.get("test"));

            var inTrace = traces.acting(
                    Act.ABORT, CAUSES, () -> Span.current().getSpanContext().isValid());

            assertThat(inTrace).isTrue();
        }
    }
}
