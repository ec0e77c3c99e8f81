package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.Episode;
import io.rollguard.incident.Answers;
import io.rollguard.incident.Attempt;
import io.rollguard.incident.Incident;
import io.rollguard.incident.Order;
import io.rollguard.reactor.ByHand;
import io.rollguard.release.Release;
import io.rollguard.verdict.Act;
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
        json.set("ordered", ordered(incident.answers().ordered()));
        json.set("attempts", Json.array(incident.attempts(), ApiJson::attempt));
        json.set("answers", Json.array(incident.answers().given(), ApiJson::answer));
        json.set("curedAt", Json.time(incident.curedAt()));
        json.set("uncuredAt", Json.time(incident.uncuredAt()));
        json.set("closedFor", VerdictJson.reason(incident.closedFor()));
        json.set("returned", returned(incident.aftermath().returned()));
        json.set("forward", Json.text(incident.aftermath().forward()));
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

    private static JsonNode returned(Incident.@Nullable Return returned) {
        if (returned == null) {
            return Json.text(null);
        }
        var json = Json.object();
        json.set("at", Json.time(returned.at()));
        json.set("who", ReleaseJson.write(returned.who()));
        json.put("command", returned.command());
        return json;
    }

    private static ObjectNode attempt(Attempt attempt) {
        var json = Json.object();
        json.put("number", attempt.number());
        json.put("act", attempt.act().label());
        json.set("target", Json.text(attempt.target()));
        json.set("intendedAt", Json.time(attempt.intendedAt()));
        json.set("triggers", Json.array(attempt.triggers(), ApiJson::episode));
        var asked = attempt.asked();
        json.set("asked", asked == null ? Json.text(null) : asked(asked));
        json.set("void", VerdictJson.reason(attempt.voided()));
        json.set("acceptedAt", Json.time(attempt.acceptedAt()));
        json.set("verifiedAt", Json.time(attempt.verifiedAt()));
        json.set("failure", failure(attempt.failure()));
        json.set("snapshot", Json.text(attempt.left().snapshot()));
        json.set("next", Json.text(attempt.left().next()));
        return json;
    }

    /** The rollback that a person ordered last. */
    private static JsonNode ordered(Order.@Nullable Given given) {
        if (given == null) {
            return Json.text(null);
        }
        var json = asked(given);
        json.put("act", given.order().act().label());
        json.put("target", given.order().target().value());
        json.put("command", given.command().toString());
        json.put("from", given.from());
        json.set("at", Json.time(given.at()));
        return json;
    }

    private static ObjectNode asked(Order.Given given) {
        return Json.object()
                .put("by", given.by())
                .put("why", given.order().why())
                .put("force", given.order().force());
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

    /** What a rollback by hand would be. */
    public static ObjectNode plan(ByHand.Plan.Made plan) {
        var release = plan.release();
        var target = release.target();
        var json = Json.object();
        json.set("workload", ReleaseJson.workload(release.workload(), release.uid()));
        json.put("incident", plan.incident().toString());
        json.put("act", plan.act().label());
        json.put("revision", release.revision().value());
        json.set("target", Json.text(target == null ? null : target.revision()));
        json.set("basis", Json.text(target == null ? null : target.basis().label()));
        json.put("stage", release.stage().label());
        json.set("startedAt", Json.time(release.startedAt()));
        json.set("refused", VerdictJson.reason(plan.refusal()));
        json.put("yieldsToForce", plan.yieldsToForce());
        json.put("command", plan.command());
        json.set(
                "snapshot",
                Json.text(
                        plan.act() == Act.RESTORE
                                ? StoredTemplate.nameOfSnapshot(release.workload(), release.revision())
                                : null));
        json.put("undo", undo(plan));
        json.set("revisions", Json.array(plan.known(), known -> known(known, plan)));
        return json;
    }

    private static ObjectNode known(ByHand.Known known, ByHand.Plan.Made plan) {
        var json = Json.object();
        json.put("revision", known.hash().value());
        json.put("number", known.number());
        json.set("since", Json.time(known.since()));
        json.set("good", Json.text(known.basis() == null ? null : known.basis().label()));
        json.put("current", known.hash().equals(plan.release().revision()));
        return json;
    }

    /** What a person types to go forward again. */
    private static String undo(ByHand.Plan.Made plan) {
        var workload = plan.release().workload();
        return plan.act() == Act.ABORT
                ? "kubectl argo rollouts retry rollout %s -n %s".formatted(workload.name(), workload.namespace())
                : "./rollguard rollback %s/%s -n %s --to %s --force --reason '...'"
                        .formatted(
                                workload.kind().alertLabel(),
                                workload.name(),
                                workload.namespace(),
                                plan.release().revision());
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
