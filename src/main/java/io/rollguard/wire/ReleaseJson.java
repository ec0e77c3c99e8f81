package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.release.Kind;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Stage;
import io.rollguard.release.Release.Target;
import io.rollguard.release.Release.Target.Basis;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A release and what names it, as events carry them. */
final class ReleaseJson {

    private ReleaseJson() {}

    /** @param uid of the workload; null where the form has none */
    static ObjectNode workload(WorkloadRef workload, @Nullable String uid) {
        var json = Json.object()
                .put("cluster", workload.cluster())
                .put("namespace", workload.namespace())
                .put("kind", workload.kind().label())
                .put("name", workload.name());
        return uid == null ? json : json.put("uid", uid);
    }

    static WorkloadRef workload(Fields json) {
        var cluster = json.text("cluster");
        var namespace = json.text("namespace");
        var kind = json.oneOf("kind", Kind.values(), Kind::label);
        return json.as("name", name -> new WorkloadRef(cluster, namespace, kind, name));
    }

    static ObjectNode release(Release release) {
        var json = Json.object();
        json.set("workload", workload(release.workload(), release.uid()));
        json.put("strategy", release.strategy().label());
        json.put("stage", release.stage().label());
        json.put("revision", release.revision().value());
        json.set("stable", Json.text(release.stable()));
        json.set("startedAt", Json.time(release.startedAt()));
        json.set("completedAt", Json.time(release.completedAt()));
        json.set("exposures", Json.array(release.exposures(), Json::time));
        var target = release.target();
        json.set("target", Json.text(target == null ? null : target.revision()));
        json.set("basis", Json.text(target == null ? null : target.basis().label()));
        json.put("cameBack", release.cameBack());
        json.put("movesToGood", release.movesToGood());
        json.put("configOnly", release.configOnly());
        if (release.number() > 0) {
            json.put("number", release.number());
        }
        return json;
    }

    static Release release(Fields json) {
        var workload = json.object("workload");
        var target = json.optional("target", RevisionHash::new);
        return new Release(
                workload(workload),
                workload.text("uid"),
                json.oneOf("strategy", Strategy.values(), Strategy::label),
                json.oneOf("stage", Stage.values(), Stage::label),
                json.as("revision", RevisionHash::new),
                json.optional("stable", RevisionHash::new),
                json.time("startedAt"),
                json.optionalTime("completedAt"),
                json.texts("exposures", ReleaseJson::instant),
                target == null ? null : new Target(target, json.oneOf("basis", Basis.values(), Basis::label)),
                json.flag("cameBack"),
                json.flag("movesToGood"),
                json.flag("configOnly"),
                json.has("number") ? json.longNumber("number", Long.MAX_VALUE) : 0);
    }

    /** {@code {manager, operation, at}}, or null. */
    static JsonNode write(@Nullable Write write) {
        return write == null
                ? Json.text(null)
                : Json.object()
                        .put("manager", write.manager())
                        .put("operation", write.operation())
                        .put("at", write.at().toString());
    }

    static Write write(Fields json) {
        return new Write(json.text("manager"), json.text("operation"), json.time("at"));
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
