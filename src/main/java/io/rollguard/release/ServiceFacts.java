package io.rollguard.release;

import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/** A Service with its selector. One without a selector selects nothing. */
public record ServiceFacts(String namespace, String name, Map<String, String> selector) {

    public ServiceFacts {
        selector = Map.copyOf(selector);
    }

    /**
     * The part of the selector by which the Service is found, and what it selects: the one whose value is longest, since
     * that tells most ({@code app=checkout} rather than {@code tier=web}). Empty where it selects nothing.
     */
    Optional<Map.Entry<String, String>> mostTelling() {
        return selector.entrySet().stream()
                .max(Comparator.comparingInt((Map.Entry<String, String> each) ->
                                each.getValue().length())
                        .thenComparing(Map.Entry::getKey));
    }

    public boolean selects(Map<String, String> podLabels) {
        return !selector.isEmpty() && podLabels.entrySet().containsAll(selector.entrySet());
    }
}
