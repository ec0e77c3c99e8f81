package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/** Label selectors of workloads, as a list takes them. */
final class Selectors {

    private Selectors() {}

    /** The selector as text, encoded for a URL. */
    static String text(JsonNode selector) {
        var terms = new ArrayList<String>();
        selector.path("matchLabels")
                .properties()
                .forEach(label ->
                        terms.add(label.getKey() + "=" + label.getValue().asText()));
        for (var expression : selector.path("matchExpressions")) {
            var key = expression.path("key").asText();
            List<String> values = new ArrayList<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            switch (expression.path("operator").asText()) {
                case "In" -> terms.add(key + " in (" + String.join(",", values) + ")");
                case "NotIn" -> terms.add(key + " notin (" + String.join(",", values) + ")");
                case "Exists" -> terms.add(key);
                case "DoesNotExist" -> terms.add("!" + key);
                default -> {} // a wider list is filtered by owner anyway
            }
        }
        return URLEncoder.encode(String.join(",", terms), StandardCharsets.UTF_8);
    }

    /** Whether an object with these labels is selected. What can't be understood counts as if it were. */
    static boolean selects(JsonNode selector, JsonNode labels) {
        for (var label : selector.path("matchLabels").properties()) {
            if (!label.getValue().equals(labels.path(label.getKey()))) {
                return false;
            }
        }
        for (var expression : selector.path("matchExpressions")) {
            var label = labels.path(expression.path("key").asText());
            boolean listed = StreamSupport.stream(expression.path("values").spliterator(), false)
                    .anyMatch(label::equals);
            boolean holds = switch (expression.path("operator").asText()) {
                case "In" -> listed;
                case "NotIn" -> !listed;
                case "Exists" -> !label.isMissingNode();
                case "DoesNotExist" -> label.isMissingNode();
                default -> true;
            };
            if (!holds) {
                return false;
            }
        }
        return true;
    }
}
