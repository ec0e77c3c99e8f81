package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.Episode;
import io.rollguard.incident.Answers;
import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.release.Release;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the API shows. Names, hashes and times; no pod template ever comes this far. */
public final class ApiJson {

    private ApiJson() {}

    /** One line of the list of incidents. */
    public static ObjectNode summary(Incident incident) {
        var json = head(incident);
        var judged = incident.judged();
        json.set("verdict", Json.text(judged == null ? null : judged.verdict().outcome()));
        json.set(
                "reason",
                VerdictJson.reason(judged == null ? null : judged.verdict().reason()));
        json.set(
                "refusal",
                VerdictJson.reason(judged == null ? null : judged.allowed().reason()));
        json.put("attempts", incident.attempts().size());
        json.put("awaitsApproval", incident.awaitsApproval());
        json.set("closedFor", VerdictJson.reason(incident.closedFor()));
        return json;
    }

    /** The evidence sheet: all that a person needs to follow, or to doubt, what was decided and done. */
    public static ObjectNode sheet(Incident incident) {
        var json = head(incident);
        var release = incident.release();
        json.set("release", release == null ? Json.text(null) : ReleaseJson.release(release));
        json.set("judged", judged(incident.judged()));
        json.set("attempts", Json.array(incident.attempts(), ApiJson::attempt));
        json.set("answers", Json.array(incident.answers().given(), ApiJson::answer));
        json.set("curedAt", Json.time(incident.curedAt()));
        json.set("uncuredAt", Json.time(incident.uncuredAt()));
        json.set("closedFor", VerdictJson.reason(incident.closedFor()));
        json.set("timeline", Json.array(incident.timeline(), ApiJson::entry));
        json.set(
                "messages",
                Json.array(
                        incident.told().standing(),
                        told -> Json.object()
                                .put("kind", told.kind())
                                .put("channel", told.channel())
                                .put("id", told.messageId())));
        return json;
    }

    private static ObjectNode head(Incident incident) {
        var json = Json.object();
        json.put("id", incident.id().toString());
        json.put("version", incident.version());
        json.put("state", incident.state().label());
        json.set("workload", ReleaseJson.workload(incident.workload(), incident.uid()));
        json.put("revision", incident.revision().value());
        json.set("target", Json.text(target(incident)));
        json.set("openedAt", Json.time(incident.openedAt()));
        json.set("changedAt", Json.time(incident.changedAt()));
        return json;
    }

    private static @Nullable Object target(Incident incident) {
        var attempted = incident.lastAttempt().map(Attempt::target);
        if (attempted.isPresent()) {
            return attempted.get();
        }
        var release = incident.release();
        return release == null || release.target() == null
                ? null
                : release.target().revision();
    }

    private static JsonNode judged(Incident.@Nullable Judgement judged) {
        if (judged == null) {
            return Json.text(null);
        }
        var json = Json.object();
        json.set("at", Json.time(judged.at()));
        VerdictJson.put(json, judged.verdict(), judged.allowed());
        var input = judged.input();
        json.set("input", input == null ? Json.text(null) : CaseJson.write(input));
        json.set("noInput", Json.text(judged.whyNoInput().orElse(null)));
        json.putObject("recorded")
                .put("topic", Topic.INCIDENT.topicName())
                .put("partition", 0)
                .put("offset", judged.offset());
        if (judged.command() != null) {
            json.put("command", judged.command());
        }
        return json;
    }

    private static ObjectNode attempt(Attempt attempt) {
        var json = Json.object();
        json.put("number", attempt.number());
        json.put("act", attempt.act().label());
        json.set("target", Json.text(attempt.target()));
        json.set("intendedAt", Json.time(attempt.intendedAt()));
        json.set("triggers", Json.array(attempt.triggers(), ApiJson::episode));
        json.set("void", VerdictJson.reason(attempt.voided()));
        json.set("acceptedAt", Json.time(attempt.acceptedAt()));
        json.set("verifiedAt", Json.time(attempt.verifiedAt()));
        json.set("failure", failure(attempt.failure()));
        return json;
    }

    private static JsonNode failure(Attempt.@Nullable Failure failure) {
        if (failure == null) {
            return Json.text(null);
        }
        var json = Json.object();
        json.set("at", Json.time(failure.at()));
        json.set("reason", VerdictJson.reason(failure.reason()));
        json.put("again", failure.again());
        json.put("detail", failure.detail());
        json.put("command", failure.command());
        return json;
    }

    private static ObjectNode answer(Answers.Answer answer) {
        var json = Json.object();
        json.put("command", answer.kind().label());
        json.put("id", answer.command().toString());
        json.put("by", answer.by());
        json.set("refusal", VerdictJson.reason(answer.refusal()));
        return json;
    }

    private static ObjectNode episode(Episode episode) {
        var json = Json.object();
        json.put("fingerprint", episode.fingerprint().value());
        json.set("startsAt", Json.time(episode.startsAt()));
        return json;
    }

    private static ObjectNode entry(Incident.Entry entry) {
        var json = Json.object();
        json.put("version", entry.version());
        json.put("step", entry.step());
        json.put("attempt", entry.attempt());
        json.set("reason", VerdictJson.reason(entry.reason()));
        json.put("by", entry.by());
        json.set("at", Json.time(entry.at()));
        return json;
    }

    /** An active release. */
    public static ObjectNode release(Release release) {
        return ReleaseJson.release(release);
    }

    /** An alert as it stands. */
    public static ObjectNode alert(AlertHistory history, AlertHistory.State state) {
        var latest = history.latest();
        var current = history.current();
        var json = Json.object();
        json.put("fingerprint", history.fingerprint().value());
        json.put("name", latest.name());
        json.put("state", state.label());
        json.put("cluster", latest.cluster());
        var labels = json.putObject("labels");
        latest.labels().values().forEach(labels::put);
        var annotations = json.putObject("annotations");
        new TreeMap<>(latest.annotations()).forEach(annotations::put);
        json.set("startsAt", Json.time(current.startsAt()));
        json.set("resolvedAt", Json.time(current.resolvedAt()));
        json.set("firstHeard", Json.time(current.firstHeard()));
        json.set("lastHeard", Json.time(current.lastHeard()));
        json.put("episodes", history.spans().size());
        return json;
    }
}
