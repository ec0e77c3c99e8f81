package io.rollguard.release;

import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Service with its selector. One without a selector selects nothing.
 *
 * @param selectorSetAt when the selector was last written, as far as managedFields tell
 */
public record ServiceFacts(
        String namespace,
        String name,
        Map<String, String> selector,
        @Nullable Instant selectorSetAt) {

    public ServiceFacts {
        selector = Map.copyOf(selector);
    }

    public ServiceFacts(String namespace, String name, Map<String, String> selector) {
        this(namespace, name, selector, null);
    }

    /** Whether Argo Rollouts has pointed it at this revision of a Rollout. */
    public boolean selectsRevision(RevisionHash hash) {
        return hash.value().equals(selector.get(Kind.ROLLOUT.hashLabel()));
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
