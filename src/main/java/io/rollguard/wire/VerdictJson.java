package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.release.Release;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Evidence;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Relation;
import io.rollguard.verdict.Verdict;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A verdict and what the policy allows, in the one form that {@code judge} prints, events carry and the API shows (design,
 * section 4).
 */
public final class VerdictJson {

    private VerdictJson() {}

    /**
     * One element of what {@code judge} prints.
     *
     * @param command what a person would type; null where nothing
     */
    public static ObjectNode of(Release release, Verdict verdict, Allowed allowed, @Nullable String command) {
        var target = release.target();
        var json = Json.object();
        json.set("workload", ReleaseJson.workload(release.workload(), null));
        json.put("revision", release.revision().value());
        json.set("target", Json.text(target == null ? null : target.revision()));
        put(json, verdict, allowed);
        if (command != null) {
            json.put("command", command);
        }
        return json;
    }

    /** Adds verdict, score, reason, evidence and allowed. */
    static void put(ObjectNode json, Verdict verdict, Allowed allowed) {
        json.put("verdict", verdict.outcome().name());
        json.put("score", verdict.score());
        json.set("reason", reason(verdict.reason()));
        json.set("evidence", Json.array(verdict.evidence(), VerdictJson::evidence));
        var may = json.putObject("allowed");
        may.put("act", allowed.act().label());
        may.put("mode", allowed.mode().label());
        may.set("reason", reason(allowed.reason()));
    }

    static Verdict verdict(Fields json) {
        return new Verdict(
                json.oneOf("verdict", Verdict.Outcome.values(), Verdict.Outcome::name),
                score(json),
                reason(json, "reason").orElseThrow(() -> new Unreadable("reason", "missing")),
                json.objects("evidence", VerdictJson::evidence));
    }

    private static double score(Fields json) {
        double score = json.number("score");
        if (!(score >= 0 && score <= 1)) {
            throw new Unreadable("score", "not between 0 and 1");
        }
        return score;
    }

    static Allowed allowed(Fields json) {
        var may = json.object("allowed");
        var act = may.oneOf("act", Act.values(), Act::label);
        var reason = reason(may, "reason").orElse(null);
        if (act != Act.NONE && reason != null) {
            throw new Unreadable("allowed.reason", "stands beside an act");
        }
        return new Allowed(act, may.oneOf("mode", Mode.values(), Mode::label), reason);
    }

    private static ObjectNode evidence(Evidence evidence) {
        var relation = evidence.relation();
        var json = Json.object();
        json.put("kind", evidence.kind().label());
        json.put("name", evidence.name());
        json.set("relation", Json.text(relation == null ? null : relation.label()));
        json.put("weight", evidence.weight());
        json.set("alert", Json.text(evidence.alert()));
        json.put("text", evidence.text());
        return json;
    }

    private static Evidence evidence(Fields json) {
        return new Evidence(
                json.oneOf("kind", Evidence.Kind.values(), Evidence.Kind::label),
                json.text("name"),
                json.has("relation") ? json.oneOf("relation", Relation.values(), Relation::label) : null,
                json.number("weight"),
                json.optional("alert", Fingerprint::new),
                json.text("text"));
    }

    /** {@code {code, text}}, or null. */
    public static JsonNode reason(@Nullable Reason reason) {
        return reason == null
                ? Json.text(null)
                : Json.object().put("code", reason.code()).put("text", reason.text());
    }

    static Optional<Reason> reason(Fields json, String name) {
        if (!json.has(name)) {
            return Optional.empty();
        }
        return Optional.of(json.object(name)
                .as(
                        "code",
                        code -> Arrays.stream(Reason.values())
                                .filter(each -> each.code().equals(code))
                                .findFirst()
                                .orElseThrow(() -> new IllegalArgumentException(code))));
    }
}
