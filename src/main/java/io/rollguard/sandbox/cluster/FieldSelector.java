package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Picks objects by one of the fields kube-apiserver lets one select by. */
record FieldSelector(List<Term> terms) {

    static final FieldSelector ALL = new FieldSelector(List.of());

    private static final Set<String> ANY_KIND = Set.of("metadata.name", "metadata.namespace");
    private static final Set<String> PODS =
            Set.of("spec.nodeName", "spec.serviceAccountName", "status.phase", "status.podIP");
    private static final Set<String> EVENTS = Set.of(
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "reason",
            "type");

    record Term(String[] path, String value, boolean equal) {
        boolean matches(JsonNode object) {
            return Json.text(object, path).equals(value) == equal;
        }
    }

    FieldSelector {
        terms = List.copyOf(terms);
    }

    boolean matches(JsonNode object) {
        for (Term term : terms) {
            if (!term.matches(object)) {
                return false;
            }
        }
        return true;
    }

    static FieldSelector parse(ResourceType type, String query) {
        List<Term> terms = new ArrayList<>();
        for (String part : query.split(",")) {
            if (part.isBlank()) {
                continue;
            }
            boolean equal = !part.contains("!=");
            String[] sides = part.split(equal ? "==?" : "!=", 2);
            String field = sides[0].strip();
            boolean known = ANY_KIND.contains(field)
                    || (type.isPod() && PODS.contains(field))
                    || (type.is("", "events") && EVENTS.contains(field));
            if (sides.length != 2 || !known) {
                throw ApiFailure.badRequest("\"" + field
                        + "\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
            }
            terms.add(new Term(field.split("\\."), sides[1].strip(), equal));
        }
        return new FieldSelector(terms);
    }
}
