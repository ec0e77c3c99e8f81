package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Picks objects by their labels: the query form ({@code app=cart,tier in (a,b),!old}) and the form in objects. */
record LabelSelector(List<Requirement> requirements) {

    static final LabelSelector ALL = new LabelSelector(List.of());

    private static final Pattern NAME = Pattern.compile("[-A-Za-z0-9_./]*");

    enum Operator {
        IN,
        NOT_IN,
        EXISTS,
        MISSING
    }

    record Requirement(String key, Operator operator, Set<String> values) {
        boolean matches(JsonNode labels) {
            boolean present = labels.has(key);
            return switch (operator) {
                case IN -> present && values.contains(labels.get(key).asText());
                case NOT_IN -> !present || !values.contains(labels.get(key).asText());
                case EXISTS -> present;
                case MISSING -> !present;
            };
        }
    }

    LabelSelector {
        requirements = List.copyOf(requirements);
    }

    boolean matches(JsonNode labels) {
        for (Requirement requirement : requirements) {
            if (!requirement.matches(labels)) {
                return false;
            }
        }
        return true;
    }

    boolean matchesObject(JsonNode object) {
        return requirements.isEmpty() || matches(Json.at(object, "metadata", "labels"));
    }

    /** Reads {@code matchLabels} and {@code matchExpressions}. */
    static LabelSelector of(JsonNode selector) {
        List<Requirement> requirements = new ArrayList<>();
        for (Map.Entry<String, JsonNode> label : selector.path("matchLabels").properties()) {
            requirements.add(new Requirement(
                    label.getKey(), Operator.IN, Set.of(label.getValue().asText())));
        }
        for (JsonNode expression : selector.path("matchExpressions")) {
            Set<String> values = new TreeSet<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            requirements.add(new Requirement(
                    Json.text(expression, "key"),
                    switch (Json.text(expression, "operator")) {
                        case "In" -> Operator.IN;
                        case "NotIn" -> Operator.NOT_IN;
                        case "Exists" -> Operator.EXISTS;
                        default -> Operator.MISSING;
                    },
                    values));
        }
        return new LabelSelector(requirements);
    }

    static LabelSelector parse(String query) {
        List<Requirement> requirements = new ArrayList<>();
        for (String part : query.split(",(?![^(]*\\))")) {
            if (!part.isBlank()) {
                requirements.add(requirement(part.strip()));
            }
        }
        return new LabelSelector(requirements);
    }

    private static Requirement requirement(String part) {
        Requirement requirement = read(part);
        boolean readable = NAME.matcher(requirement.key()).matches()
                && requirement.values().stream()
                        .allMatch(value -> NAME.matcher(value).matches());
        if (!readable || requirement.key().isEmpty()) {
            throw ApiFailure.badRequest("unable to parse requirement: " + part);
        }
        return requirement;
    }

    private static Requirement read(String part) {
        int set = part.indexOf('(');
        if (set > 0 && part.endsWith(")")) {
            String[] words = part.substring(0, set).strip().split("\\s+");
            Set<String> values = new TreeSet<>();
            for (String value : part.substring(set + 1, part.length() - 1).split(",")) {
                values.add(value.strip());
            }
            if (words.length == 2 && (words[1].equals("in") || words[1].equals("notin"))) {
                return new Requirement(words[0], words[1].equals("in") ? Operator.IN : Operator.NOT_IN, values);
            }
            throw ApiFailure.badRequest("unable to parse requirement: " + part);
        }
        int differs = part.indexOf("!=");
        if (differs > 0) {
            return new Requirement(
                    part.substring(0, differs).strip(),
                    Operator.NOT_IN,
                    Set.of(part.substring(differs + 2).strip()));
        }
        int equals = part.indexOf('=');
        if (equals > 0) {
            String value = part.substring(equals + 1);
            return new Requirement(
                    part.substring(0, equals).strip(),
                    Operator.IN,
                    Set.of((value.startsWith("=") ? value.substring(1) : value).strip()));
        }
        return part.startsWith("!")
                ? new Requirement(part.substring(1).strip(), Operator.MISSING, Set.of())
                : new Requirement(part, Operator.EXISTS, Set.of());
    }

    /** The form a controller writes into {@code status.selector}. */
    static String format(JsonNode selector) {
        return of(selector).requirements().stream()
                .map(requirement -> switch (requirement.operator()) {
                    case IN ->
                        requirement.values().size() == 1
                                ? requirement.key() + "="
                                        + requirement.values().iterator().next()
                                : requirement.key() + " in (" + String.join(",", requirement.values()) + ")";
                    case NOT_IN -> requirement.key() + " notin (" + String.join(",", requirement.values()) + ")";
                    case EXISTS -> requirement.key();
                    case MISSING -> "!" + requirement.key();
                })
                .sorted()
                .collect(Collectors.joining(","));
    }
}
