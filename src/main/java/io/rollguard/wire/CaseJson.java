package io.rollguard.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.alert.AlertHistory.Span;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Onset;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Trouble;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Finding;
import io.rollguard.verdict.Relation;

/** The complete input of a judgement, so that it can be repeated from its record alone. */
final class CaseJson {

    private CaseJson() {}

    static ObjectNode write(Case input) {
        var json = Json.object();
        json.set("at", Json.time(input.at()));
        json.set("settle", Json.text(input.settle()));
        json.set("release", ReleaseJson.release(input.release()));
        json.set("hits", Json.array(input.hits(), CaseJson::hit));
        json.set("elsewhere", Json.array(input.elsewhere(), CaseJson::elsewhere));
        json.set("pods", Json.array(input.pods(), CaseJson::pod));
        json.set("nodes", Json.array(input.nodes(), CaseJson::node));
        json.put("newPods", input.newPods());
        json.put("stablePods", input.stablePods());
        json.set("otherReleases", Json.array(input.otherReleases(), Json::text));
        json.put("storm", input.storm());
        json.put("cut", input.cut());
        if (!input.findings().isEmpty()) { // an input that was recorded before there were any has none
            json.set("findings", Json.array(input.findings(), CaseJson::finding));
            json.set("failingElsewhere", Json.array(input.failingElsewhere(), CaseJson::failing));
        }
        return json;
    }

    static Case read(Fields json) {
        return new Case(
                json.time("at"),
                json.duration("settle"),
                ReleaseJson.release(json.object("release")),
                json.objects("hits", CaseJson::hit),
                json.objects("elsewhere", CaseJson::elsewhere),
                json.objects("pods", CaseJson::pod),
                json.objects("nodes", CaseJson::node),
                json.whole("newPods"),
                json.whole("stablePods"),
                json.texts("otherReleases", WorkloadRef::parse),
                json.flag("storm"),
                json.whole("cut"),
                json.objects("findings", CaseJson::finding),
                json.objects("failingElsewhere", CaseJson::failing));
    }

    private static ObjectNode finding(Finding finding) {
        var json = Json.object();
        json.put("kind", finding.kind().label());
        json.put("revision", finding.revision().value());
        json.put("new", finding.isNew());
        json.set("pod", Json.text(finding.pod()));
        json.set("since", Json.time(finding.since()));
        return json;
    }

    private static Finding finding(Fields json) {
        return new Finding(
                json.oneOf("kind", Trouble.values(), Trouble::label),
                json.as("revision", RevisionHash::new),
                json.flag("new"),
                json.optionalText("pod"),
                json.time("since"));
    }

    private static ObjectNode failing(Case.Failing failing) {
        var json = Json.object();
        json.put("kind", failing.kind().label());
        json.set("workload", Json.text(failing.workload()));
        json.set("since", Json.time(failing.since()));
        return json;
    }

    private static Case.Failing failing(Fields json) {
        return new Case.Failing(
                json.oneOf("kind", Trouble.values(), Trouble::label),
                json.as("workload", WorkloadRef::parse),
                json.time("since"));
    }

    private static ObjectNode hit(Case.Hit hit) {
        var json = Json.object();
        json.put("alert", hit.fingerprint().value());
        json.put("name", hit.name());
        json.put("severity", hit.severity());
        json.put("trigger", hit.trigger());
        json.put("relation", hit.relation().label());
        json.set("revision", Json.text(hit.revision()));
        json.set("pod", Json.text(hit.pod()));
        json.put("state", hit.state().label());
        json.set("onset", onset(hit.onset()));
        json.set("spans", Json.array(hit.spans(), CaseJson::span));
        json.set("sharedWith", Json.array(hit.sharedWith(), Json::text));
        return json;
    }

    private static Case.Hit hit(Fields json) {
        return new Case.Hit(
                json.as("alert", Fingerprint::new),
                json.text("name"),
                json.text("severity"),
                json.flag("trigger"),
                json.oneOf("relation", Relation.values(), Relation::label),
                json.optional("revision", RevisionHash::new),
                json.optionalText("pod"),
                json.oneOf("state", State.values(), State::label),
                onset(json.object("onset")),
                json.objects("spans", CaseJson::span),
                json.texts("sharedWith", WorkloadRef::parse));
    }

    private static ObjectNode onset(Onset onset) {
        var json = Json.object();
        json.set("earliest", Json.time(onset.earliest()));
        json.set("latest", Json.time(onset.latest()));
        return json;
    }

    private static Onset onset(Fields json) {
        var earliest = json.time("earliest");
        var latest = json.time("latest");
        if (latest.isBefore(earliest)) {
            throw new Unreadable(json.path(), "ends before it begins");
        }
        return new Onset(earliest, latest);
    }

    private static ObjectNode span(Span span) {
        var json = Json.object();
        json.set("startsAt", Json.time(span.startsAt()));
        json.set("resolvedAt", Json.time(span.resolvedAt()));
        json.set("firstHeard", Json.time(span.firstHeard()));
        json.set("lastHeard", Json.time(span.lastHeard()));
        return json;
    }

    private static Span span(Fields json) {
        return new Span(
                json.time("startsAt"),
                json.optionalTime("resolvedAt"),
                json.time("firstHeard"),
                json.time("lastHeard"));
    }

    private static ObjectNode elsewhere(Case.Elsewhere elsewhere) {
        var json = Json.object();
        json.put("alert", elsewhere.fingerprint().value());
        json.put("name", elsewhere.name());
        json.set("workload", Json.text(elsewhere.workload()));
        json.set("onset", onset(elsewhere.onset()));
        return json;
    }

    private static Case.Elsewhere elsewhere(Fields json) {
        return new Case.Elsewhere(
                json.as("alert", Fingerprint::new),
                json.text("name"),
                json.as("workload", WorkloadRef::parse),
                onset(json.object("onset")));
    }

    private static ObjectNode pod(Case.Pod pod) {
        var json = Json.object();
        json.put("name", pod.name());
        json.put("revision", pod.revision().value());
        json.put("new", pod.isNew());
        json.put("ready", pod.ready());
        json.set("node", Json.text(pod.node()));
        return json;
    }

    private static Case.Pod pod(Fields json) {
        return new Case.Pod(
                json.text("name"),
                json.as("revision", RevisionHash::new),
                json.flag("new"),
                json.flag("ready"),
                json.optionalText("node"));
    }

    private static ObjectNode node(NodeFacts node) {
        var json = Json.object();
        json.put("name", node.name());
        json.put("ready", node.ready());
        json.set("leaseRenewedAt", Json.time(node.leaseRenewedAt()));
        return json;
    }

    private static NodeFacts node(Fields json) {
        return new NodeFacts(json.text("name"), json.flag("ready"), json.optionalTime("leaseRenewedAt"));
    }
}
