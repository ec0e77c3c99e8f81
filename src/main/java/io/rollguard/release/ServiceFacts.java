package io.rollguard.release;

import java.util.Map;

/** A Service with its selector. One without a selector selects nothing. */
public record ServiceFacts(String namespace, String name, Map<String, String> selector) {

    public ServiceFacts {
        selector = Map.copyOf(selector);
    }

    public boolean selects(Map<String, String> podLabels) {
        return !selector.isEmpty() && podLabels.entrySet().containsAll(selector.entrySet());
    }
}
