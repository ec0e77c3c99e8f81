package io.rollguard.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.incident.Command;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.Order;
import io.rollguard.incident.Uuid5;
import io.rollguard.policy.Allowed;
import io.rollguard.release.RevisionHash;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Finding;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.io.IOException;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The entries of the incident log as records, and back without loss. A {@code judged} holds, beside what every entry has, what
 * {@code judge} prints for the release and the input of the judgement; its reason there is its verdict's, and what the policy
 * holds against acting stands in {@code allowed.reason}.
 */
public final class IncidentEvents {

    /** A larger input is not recorded, and what can't be recorded is not acted on (design, section 4). */
    static final int MAX_INPUT_BYTES = 512 * 1024;

    private static final Pattern TYPE = Pattern.compile("io\\.rollguard\\.incident\\.([a-z-]+)\\.v1");
    private static final String PREFIX = "io.rollguard.incident.";

    private IncidentEvents() {}

    /** What an entry of the log turned out to be. */
    public sealed interface Read {

        record Event(IncidentEvent event) implements Read {}

        /** An event of this log that this build does not understand: acting stops. */
        record Foreign(String type, String problem) implements Read {}

        /** Nothing of this log. */
        record Nothing(String problem) implements Read {}
    }

    /** Whether the input of a judgement is small enough to be recorded. */
    public static boolean fits(Case input) {
        return Json.write(CaseJson.write(input)).length <= MAX_INPUT_BYTES;
    }

    public static EventRecord write(IncidentEvent event) {
        var value = Json.write(json(event));
        var cluster = event.workload().cluster();
        var id = Uuid5.of("incident-event", cluster, Digest.sha256(value));
        var type = event.step() instanceof Step.Unknown unknown
                ? unknown.type()
                : PREFIX + event.step().label() + ".v1";
        var headers = CloudEvent.headers(
                id,
                type,
                CloudEvent.source(cluster, "reactor"),
                event.workload().toString(),
                event.at(),
                event.incident().toString(),
                CloudEvent.JSON);
        return new EventRecord(Topic.INCIDENT, event.incident().toString(), headers, value);
    }

    /** @param type the header {@code ce_type}; null where there is none */
    public static Read read(@Nullable String type, byte @Nullable [] value) {
        if (type == null || value == null || !type.startsWith(PREFIX)) {
            return new Read.Nothing("no event of the incident log");
        }
        try {
            var json = new Fields(Json.read(value), "");
            var matcher = TYPE.matcher(type);
            return new Read.Event(matcher.matches() ? event(json, type, matcher.group(1)) : unknown(json, type));
        } catch (Unreadable e) {
            return new Read.Foreign(type, String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) {
            return new Read.Foreign(type, e.getClass().getSimpleName());
        }
    }

    /** Reads the value of a {@code judged} alone, as {@code judge --from} is given it. */
    public static Read readJudged(byte[] value) {
        return read(PREFIX + "judged.v1", value);
    }

    private static ObjectNode json(IncidentEvent event) {
        var json = Json.object();
        json.put("incident", event.incident().toString());
        json.put("version", event.version());
        json.put("attempt", event.attempt());
        json.set("workload", ReleaseJson.workload(event.workload(), event.uid()));
        json.put("revision", event.revision().value());
        json.set("target", Json.text(event.target()));
        json.put("act", event.act().label());
        json.put("by", event.by());
        json.set("reason", VerdictJson.reason(event.reason()));
        json.put("at", event.at().toString());
        switch (event.step()) {
            case Step.Suspected suspected -> json.set("release", ReleaseJson.release(suspected.release()));
            case Step.Judged judged -> put(json, judged);
            case Step.Intended intended ->
                json.set("triggers", Json.array(intended.triggers(), episode -> episode(event, episode)));
            case Step.Accepted accepted -> {
                json.put("detail", accepted.detail());
                putIfAny(json, "snapshot", accepted.snapshot());
                putIfAny(json, "next", accepted.next());
            }
            case Step.Verified verified -> json.put("detail", verified.detail());
            case Step.Uncured uncured -> {
                json.put("detail", uncured.detail());
                putIfAny(json, "snapshot", uncured.snapshot());
                putIfAny(json, "forward", uncured.forward());
            }
            case Step.Returned returned -> {
                json.set("who", ReleaseJson.write(returned.who()));
                json.put("command", returned.command());
            }
            case Step.Failed failed -> {
                json.put("again", failed.again());
                json.put("detail", failed.detail());
                json.put("command", failed.command());
                putIfAny(json, "snapshot", failed.snapshot());
            }
            case Step.Told told -> {
                json.put("kind", told.kind());
                json.put("channel", told.channel());
                json.put("message", told.messageId());
                json.put("digest", told.digest());
                json.set("under", Json.text(told.under()));
            }
            case Step.Answered answered -> {
                json.put("command", answered.command().label());
                json.put("id", answered.id().toString());
                json.put("seen", answered.seen());
                var order = answered.order();
                if (order != null) {
                    json.put("why", order.why());
                    json.put("force", order.force());
                }
            }
            case Step.Cured cured -> {}
            case Step.Closed closed -> {}
            case Step.Unknown unknown -> {}
        }
        return json;
    }

    private static void putIfAny(ObjectNode json, String name, @Nullable String text) {
        if (text != null) {
            json.put(name, text);
        }
    }

    private static @Nullable String any(Fields json, String name) {
        return json.has(name) ? json.text(name) : null;
    }

    private static void put(ObjectNode json, Step.Judged judged) {
        var input = judged.input() == null ? null : CaseJson.write(judged.input());
        if (input != null && Json.write(input).length > MAX_INPUT_BYTES) {
            var verdict = Verdict.inconclusive(Reason.TOO_MUCH_EVIDENCE);
            put(json, verdict, new Allowed(Act.NONE, judged.allowed().mode(), null));
            json.putNull("input");
            return;
        }
        put(json, judged.verdict(), judged.allowed());
        json.set("input", input == null ? Json.text(null) : input);
        if (judged.command() != null) {
            json.put("command", judged.command());
        }
    }

    private static void put(ObjectNode json, Verdict verdict, Allowed allowed) {
        VerdictJson.put(json, verdict, allowed);
    }

    private static IncidentEvent event(Fields json, String type, String step) {
        Step read = switch (step) {
            case "suspected" -> new Step.Suspected(ReleaseJson.release(json.object("release")));
            case "judged" ->
                new Step.Judged(
                        VerdictJson.verdict(json),
                        VerdictJson.allowed(json),
                        json.has("input") ? CaseJson.read(json.object("input")) : null,
                        json.has("command") ? json.text("command") : null);
            case "intended" -> new Step.Intended(json.objects("triggers", IncidentEvents::episode));
            case "accepted" -> new Step.Accepted(json.text("detail"), any(json, "snapshot"), any(json, "next"));
            case "verified" -> new Step.Verified(json.text("detail"));
            case "cured" -> new Step.Cured();
            case "uncured" -> new Step.Uncured(json.text("detail"), any(json, "snapshot"), any(json, "forward"));
            case "failed" ->
                new Step.Failed(json.flag("again"), json.text("detail"), json.text("command"), any(json, "snapshot"));
            case "returned" ->
                new Step.Returned(json.has("who") ? ReleaseJson.write(json.object("who")) : null, json.text("command"));
            case "told" ->
                new Step.Told(
                        json.text("kind"),
                        json.text("channel"),
                        json.text("message"),
                        json.text("digest"),
                        json.optional("under", under -> under));
            case "answered" -> answered(json);
            case "closed" -> new Step.Closed();
            default -> new Step.Unknown(type);
        };
        return read instanceof Step.Unknown
                ? unknown(json, type)
                : event(
                        json,
                        json.oneOf("act", Act.values(), Act::label),
                        read instanceof Step.Judged judged
                                ? reason(judged)
                                : VerdictJson.reason(json, "reason").orElse(null),
                        read);
    }

    private static Step.Answered answered(Fields json) {
        var kind = json.oneOf("command", Command.Kind.values(), Command.Kind::label);
        return new Step.Answered(
                kind,
                json.as("id", UUID::fromString),
                json.longNumber("seen", Long.MAX_VALUE),
                kind == Command.Kind.ROLLBACK ? order(json) : null);
    }

    /** A person's rollback, as commands and their answers carry it. */
    static Order order(Fields json) {
        return new Order(
                json.as("revision", RevisionHash::new),
                json.oneOf("act", Act.values(), Act::label),
                json.as("target", RevisionHash::new),
                json.text("why"),
                json.flag("force"));
    }

    /** What a refusal is told by: what forbade the act, else what decided the verdict. */
    private static Reason reason(Step.Judged judged) {
        var refusal = judged.allowed().reason();
        return refusal == null ? judged.verdict().reason() : refusal;
    }

    /** What every entry has can be read of a kind that is not known, too. */
    private static IncidentEvent unknown(Fields json, String type) {
        return event(json, Act.NONE, null, new Step.Unknown(type));
    }

    private static IncidentEvent event(Fields json, Act act, @Nullable Reason reason, Step step) {
        var workload = json.object("workload");
        return new IncidentEvent(
                json.as("incident", IncidentId::parse),
                json.longNumber("version", Long.MAX_VALUE),
                json.whole("attempt"),
                ReleaseJson.workload(workload),
                workload.text("uid"),
                json.as("revision", RevisionHash::new),
                json.optional("target", RevisionHash::new),
                act,
                json.text("by"),
                reason,
                json.time("at"),
                step);
    }

    /** Where a finding stands for a firing, its kind is named for those who look for the alert; it follows from the rest. */
    private static ObjectNode episode(IncidentEvent event, Episode episode) {
        var json = Json.object()
                .put("alert", episode.fingerprint().value())
                .put("startsAt", episode.startsAt().toString());
        Finding.in(episode, event.uid(), event.revision()).ifPresent(kind -> json.put("finding", kind.label()));
        return json;
    }

    private static Episode episode(Fields json) {
        return new Episode(json.as("alert", Fingerprint::new), json.time("startsAt"));
    }
}
