package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

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
}
