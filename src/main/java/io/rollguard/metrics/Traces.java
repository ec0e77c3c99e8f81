package io.rollguard.metrics;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.verdict.Act;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Ties an act to the request that brought its cause: from webhook over Kafka to the patch it is one trace. Without tracing it
 * keeps nothing. Safe for many threads.
 */
final class Traces {

    /** Alerts whose trace is remembered; the oldest go first. */
    private static final int REMEMBERED = 1_000;

    private final Supplier<Tracer> tracer;
    private final Map<Fingerprint, Context> heard = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Fingerprint, Context> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** @param tracer asked for when it is needed: at the start there is none yet */
    Traces(Supplier<Tracer> tracer) {
        this.tracer = tracer;
    }

    /** Remembers the present trace as the one that an alert came by. */
    void heard(Fingerprint alert) {
        if (Span.current().getSpanContext().isValid()) {
            synchronized (heard) {
                heard.put(alert, Context.current());
            }
        }
    }

    /** Does what an act needs within the trace of its first cause that has one. */
    <T> T acting(Act act, Collection<Episode> causes, Supplier<T> work) {
        var span = tracer.get()
                .spanBuilder("rollback " + act.label())
                .setParent(of(causes))
                .startSpan();
        try (var scope = span.makeCurrent()) {
            return work.get();
        } catch (RuntimeException e) {
            span.recordException(e);
            throw e;
        } finally {
            span.end();
        }
    }

    private Context of(Collection<Episode> causes) {
        synchronized (heard) {
            return causes.stream()
                    .map(Episode::fingerprint)
                    .filter(heard::containsKey)
                    .findFirst()
                    .map(heard::get)
                    .orElse(Context.root());
        }
    }
}
