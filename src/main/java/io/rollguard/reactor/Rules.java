package io.rollguard.reactor;

import io.rollguard.alert.Alert;
import io.rollguard.alert.Labels;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What Prometheus itself says of an alert, where one is configured. Alertmanager tells late, and an alert that is not heard of any
 * more may have ended or not.
 */
public interface Rules {

    /** Where no Prometheus is configured. */
    Rules NONE = name -> Optional.empty();

    /**
     * How all rules of this name were evaluated last; empty where nobody can tell: not asked yet, not reached, not evaluated,
     * not known there. Asks in the background and never waits.
     */
    Optional<Evaluation> of(String alertname);

    /**
     * One evaluation.
     *
     * @param at when; of several rules the earliest
     * @param active every alert that is pending or fires
     */
    record Evaluation(Instant at, List<Active> active) {
        public Evaluation {
            active = List.copyOf(active);
        }

        /** When the expression behind this alert began to hold, however long its rule waited then; empty where it is not told. */
        public Optional<Instant> since(Alert alert) {
            return active.stream()
                    .filter(each -> each.is(alert))
                    .flatMap(each -> Optional.ofNullable(each.since()).stream())
                    .min(Comparator.naturalOrder());
        }
    }

    /**
     * One alert as Prometheus knows it.
     *
     * @param since {@code activeAt}; null where it is not told
     */
    record Active(Labels labels, @Nullable Instant since) {

        /** Alertmanager has all labels that Prometheus has, and some more. */
        boolean is(Alert alert) {
            return labels.values().entrySet().stream()
                    .allMatch(label -> alert.labels().get(label.getKey()).equals(Optional.of(label.getValue())));
        }
    }
}
