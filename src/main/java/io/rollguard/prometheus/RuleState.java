package io.rollguard.prometheus;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.alert.Labels;
import io.rollguard.reactor.Rules.Active;
import io.rollguard.reactor.Rules.Evaluation;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code /api/v1/rules} for the alerting rules of one name. Total: what is missing, unhealthy, stale or of another shape
 * tells nothing.
 */
final class RuleState {

    /** A rule that missed so many of its evaluations is not looked after any more. */
    private static final int MISSED = 3;

    private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(10);

    private RuleState() {}

    static Optional<Evaluation> of(String alertname, JsonNode answer, Instant now) {
        var active = new ArrayList<Active>();
        Instant earliest = null;
        if (!answer.path("status").asText().equals("success")) {
            return Optional.empty();
        }
        for (var group : answer.path("data").path("groups")) {
            for (var rule : group.path("rules")) {
                if (!rule.path("type").asText().equals("alerting")
                        || !rule.path("name").asText().equals(alertname)) {
                    continue;
                }
                var at = time(rule.path("lastEvaluation").asText());
                if (at == null
                        || !rule.path("health").asText().equals("ok")
                        || !rule.path("alerts").isArray()
                        || at.plus(interval(group).multipliedBy(MISSED)).isBefore(now)) {
                    return Optional.empty();
                }
                earliest = earliest == null || at.isBefore(earliest) ? at : earliest;
                for (var alert : rule.path("alerts")) {
                    active.add(new Active(
                            labels(alert.path("labels")),
                            time(alert.path("activeAt").asText())));
                }
            }
        }
        return earliest == null ? Optional.empty() : Optional.of(new Evaluation(earliest, active));
    }

    private static Duration interval(JsonNode group) {
        var interval = Duration.ofMillis((long) (group.path("interval").asDouble(0) * 1000));
        return interval.compareTo(SHORTEST_INTERVAL) < 0 ? SHORTEST_INTERVAL : interval;
    }

    private static Labels labels(JsonNode labels) {
        var values = new HashMap<String, String>();
        labels.properties()
                .forEach(each -> values.put(each.getKey(), each.getValue().asText()));
        return Labels.of(values);
    }

    private static @Nullable Instant time(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException notOne) {
            return null;
        }
    }
}
