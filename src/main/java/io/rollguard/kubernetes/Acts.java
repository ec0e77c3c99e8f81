package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.reactor.FollowUp;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.verdict.Reason;
import io.rollguard.wire.KubernetesObjects;
import io.rollguard.wire.PodTemplate;
import io.rollguard.wire.Reduced;
import io.rollguard.wire.StoredTemplate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.StreamSupport;
import org.jboss.logging.Logger;

/** The writes: abort, restore, and what is kept beside a workload for them. Each is sent once. */
final class Acts {

    private static final Logger LOG = Logger.getLogger(Acts.class);

    /** How many good revisions, and how many snapshots, are kept of a workload. */
    private static final int KEPT = 5;

    private static final String DRY_RUN = "dryRun=All";

    private final ApiServer api;
    private final PreflightChecks preflight;

    Acts(ApiServer api, PreflightChecks preflight) {
        this.api = api;
        this.preflight = preflight;
    }

    // --- abort

    Answer abort(Reading.Found as, RevisionHash bad, RevisionHash stable) {
        var facts = as.facts();
        if (facts.ref().kind() != Kind.ROLLOUT) {
            return new Answer.Refused(Reason.KIND_UNSUPPORTED, facts.ref().kind() + " has no abort");
        }
        if (!facts.observed() || bad.equals(stable) || !bad.equals(facts.current()) || !stable.equals(facts.stable())) {
            return new Answer.Moved("the revisions are not those that were judged");
        }
        var reply = api.patch(Resource.path(facts.ref()) + "/status", "", Patches.abort(as, bad, stable));
        if (reply instanceof Reply.Got got && got.code() == 404) {
            return goneOrTooOld(facts);
        }
        return Answers.of(reply, now -> aborted(now, bad, stable));
    }

    private static Answer aborted(JsonNode now, RevisionHash bad, RevisionHash stable) {
        var status = now.path("status");
        boolean asAsked = status.path("abort").asBoolean(false)
                && status.path("currentPodHash").asText().equals(bad.value())
                && status.path("stableRS").asText().equals(stable.value());
        return asAsked
                ? new Answer.Done("abort asked for at generation "
                        + now.path("metadata").path("generation").asText())
                : new Answer.Refused(Reason.NOT_EFFECTIVE, "accepted, but the status does not show it");
    }

    /** A Rollout of Argo Rollouts before 0.10 has no status subresource, and says 404 as one that is gone. */
    private Answer goneOrTooOld(WorkloadFacts facts) {
        return switch (api.get(Resource.path(facts.ref()))) {
            case Reply.Got got when got.code() == 404 -> new Answer.Refused(Reason.GONE, got.toString());
            case Reply.Got got
            when got.isSuccess() ->
                new Answer.Refused(Reason.STATE_UNSUPPORTED, "no status subresource: Argo Rollouts before 0.10");
            case Reply other -> new Answer.NotDone("HTTP 404, then " + other);
        };
    }

    /** The same request as a dry run. */
    Answer rehearseAbort(Reading.Found as, RevisionHash bad, RevisionHash stable) {
        var path = Resource.path(as.facts().ref()) + "/status";
        return Answers.of(api.patch(path, DRY_RUN, Patches.abort(as, bad, stable)), now -> new Answer.Done("dry run"));
    }

    // --- restore

    Answer restore(Reading.Found as, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
        return restore(as, bad, target, stillOurs, false);
    }

    /** All that comes before the write, and no write. */
    Answer rehearseRestore(Reading.Found as, RevisionHash bad, RevisionHash target) {
        return restore(as, bad, target, () -> false, true);
    }

    private Answer restore(
            Reading.Found as, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs, boolean rehearsal) {
        var facts = as.facts();
        if (!facts.observed() || bad.equals(target) || !bad.equals(facts.current())) {
            return new Answer.Moved("the revision is not the one that was judged");
        }
        if (facts.ref().kind() != Kind.ROLLOUT && facts.is(Trait.PAUSED)) {
            return new Answer.Refused(Reason.WORKLOAD_PAUSED, "spec.paused");
        }
        Optional<JsonNode> good;
        try {
            good = goodTemplate(as, target);
        } catch (NotRead failed) {
            return failed.answer;
        }
        if (good.isEmpty()) {
            return new Answer.Refused(Reason.NO_GOOD_REVISION, "no template of revision " + target + " is left");
        }
        var ready = preflight.of(facts.ref().namespace(), Raw.of(as).object(), good.get());
        if (!(ready instanceof Answer.Done(var note))) {
            return ready;
        }
        var patch = Patches.restore(as, bad, good.get());
        var path = templatePath(as);
        var checked = Answers.of(api.patch(path, DRY_RUN, patch), now -> new Answer.Done("dry run"));
        if (checked instanceof Answer.Unsure(var detail)) {
            return new Answer.NotDone("dry run: " + detail);
        }
        if (rehearsal || !(checked instanceof Answer.Done)) {
            return checked;
        }
        var snapshot = StoredTemplate.snapshot(facts, bad, target, Raw.of(as).template());
        var taken = keep(as, snapshot);
        if (!(taken instanceof Answer.Done)) {
            return taken instanceof Answer.Unsure(var detail) ? new Answer.NotDone("snapshot: " + detail) : taken;
        }
        if (!stillOurs.getAsBoolean()) {
            return new Answer.Moved("the workload went to another instance");
        }
        var digest = PodTemplate.digest(good.get());
        var answer = Answers.of(api.patch(path, "", patch), now -> restored(now, digest));
        prune(facts, StoredTemplate.SNAPSHOT_OF);
        var name = snapshot.path("metadata").path("name").asText();
        return Answers.adding(answer, "; snapshot " + name + (note.isEmpty() ? "" : "; " + note));
    }

    /** Of the object that the template is in. */
    private static String templatePath(Reading.Found as) {
        var ref = as.facts().ref();
        var referenced = Raw.of(as).referenced();
        return referenced == null
                ? Resource.path(ref)
                : Resource.DEPLOYMENTS.path(ref.namespace()) + "/"
                        + referenced.path("metadata").path("name").asText();
    }

    private static Answer restored(JsonNode now, String digest) {
        return PodTemplate.digest(now.path("spec").path("template")).equals(digest)
                ? new Answer.Done("template restored at generation "
                        + now.path("metadata").path("generation").asText())
                : new Answer.Refused(Reason.NOT_EFFECTIVE, "accepted, but something changed the template on its way");
    }

    /**
     * The template of a revision: as it was kept when it became good, else from its ReplicaSet or ControllerRevision. What was
     * kept counts only if its digest is the one that was written down with it, and it is of that object's template, where there
     * still is one.
     */
    private Optional<JsonNode> goodTemplate(Reading.Found as, RevisionHash target) throws NotRead {
        var facts = as.facts();
        boolean ofReplicaSet = facts.ref().kind() == Kind.ROLLOUT || facts.ref().kind() == Kind.DEPLOYMENT;
        var live = ofReplicaSet ? replicaSet(facts, target) : controllerRevision(as, target);
        Optional<JsonNode> controllers = ofReplicaSet
                ? live.flatMap(PodTemplate::restorable)
                : live.map(each -> PodTemplate.pristine(each.at("/data/spec/template")));
        if (live.isPresent() && controllers.isEmpty()) {
            return Optional.empty(); // nothing tells what of it is the template's own
        }
        var kept = kept(facts, StoredTemplate.GOOD_OF).stream()
                .filter(each -> StoredTemplate.isOf(each, target))
                .filter(each -> controllers.isEmpty()
                        || StoredTemplate.templateDigest(each).equals(controllers.map(PodTemplate::digest)))
                .flatMap(each -> StoredTemplate.template(each).stream())
                .findFirst();
        if (kept.isPresent() || controllers.isPresent()) {
            return kept.isPresent() ? kept : controllers;
        }
        return kept(facts, StoredTemplate.SNAPSHOT_OF).stream() // what people go forward to again
                .filter(each -> StoredTemplate.isNamed(each, target))
                .flatMap(each -> StoredTemplate.template(each).stream())
                .findFirst();
    }

    private Optional<JsonNode> controllerRevision(Reading.Found as, RevisionHash hash) throws NotRead {
        var facts = as.facts();
        var selector = Selectors.text(Raw.of(as).object().at("/spec/selector"));
        return list(Resource.CONTROLLER_REVISIONS.path(facts.ref().namespace()) + "?labelSelector=" + selector).stream()
                .filter(each -> isControlledBy(each, facts.uid()))
                .filter(each -> KubernetesObjects.reduce(
                                        facts.ref().cluster(),
                                        Resource.CONTROLLER_REVISIONS.apiVersion(),
                                        Resource.CONTROLLER_REVISIONS.kind(),
                                        each)
                                instanceof Reduced.Revision(var revision)
                        && revision.hash().equals(hash))
                .findFirst();
    }

    private Optional<JsonNode> replicaSet(WorkloadFacts facts, RevisionHash hash) throws NotRead {
        var selector = "?labelSelector=" + facts.ref().kind().hashLabel() + "%3D" + hash;
        return list(Resource.REPLICA_SETS.path(facts.ref().namespace()) + selector).stream()
                .filter(each -> isControlledBy(each, facts.uid()))
                .findFirst();
    }

    private static boolean isControlledBy(JsonNode object, String uid) {
        return StreamSupport.stream(
                        object.path("metadata").path("ownerReferences").spliterator(), false)
                .anyMatch(owner -> owner.path("controller").asBoolean(false)
                        && owner.path("uid").asText().equals(uid));
    }

    // --- what is left of an act

    Answer finish(Reading.Found as, FollowUp what, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
        var path = Resource.path(as.facts().ref());
        return switch (what) {
            case FollowUp.Unpause() ->
                Answers.of(api.patch(path, "", Patches.unpause(as, bad)), now -> new Answer.Done("unpaused"));
            case FollowUp.GoBack() -> restore(as, bad, target, stillOurs);
            case FollowUp.Promote() -> promote(as, bad, target);
            case FollowUp.DeletePod(var pod) -> deleteStuck(as, pod, bad, target);
            case FollowUp.Nudge() ->
                Answers.of(api.patch(path + "/status", "", Patches.nudge(as)), now -> new Answer.Done("nudged"));
        };
    }

    /** A Rollout whose template was restored elsewhere gets the mark of it first: what is promoted must bear it. */
    private Answer promote(Reading.Found as, RevisionHash bad, RevisionHash target) {
        var path = Resource.path(as.facts().ref());
        var marked = as;
        if (Raw.of(as).referenced() != null) {
            var reply = api.patch(path, "", Patches.mark(as, bad));
            if (!(reply instanceof Reply.Got got && got.isSuccess() && got.body() instanceof ObjectNode now)) {
                return Answers.of(reply, never -> new Answer.NotDone("the mark was not stored"));
            }
            marked = new Reading.Found(
                    as.facts(), Patches.version(as.facts(), now), Raw.of(as).with(now));
        }
        return Answers.of(
                api.patch(path + "/status", "", Patches.promote(marked, bad, target)),
                now -> new Answer.Done("full promotion asked for"));
    }

    /**
     * Deletes the pod if it is, as read now, the first that is not ready, and of the bad revision. The request carries uid and
     * resourceVersion of that read, so that a pod that has become ready since is not deleted.
     */
    private Answer deleteStuck(Reading.Found as, String name, RevisionHash bad, RevisionHash target) {
        var facts = as.facts();
        if (!facts.observed() || !target.equals(facts.current())) {
            return new Answer.Moved("the restored template is not observed");
        }
        var spec = Raw.of(as).object().path("spec");
        List<JsonNode> pods;
        try {
            pods = list(Resource.PODS.path(facts.ref().namespace()) + "?labelSelector="
                    + Selectors.text(spec.path("selector")));
        } catch (NotRead failed) {
            return failed.answer;
        }
        var inOrder = new TreeMap<Integer, JsonNode>();
        pods.stream()
                .filter(each -> isControlledBy(each, facts.uid()))
                .forEach(each -> inOrder.put(pod(facts, each).ordinal(), each));
        int next = spec.at("/ordinals/start").asInt(0);
        for (var each : inOrder.entrySet()) {
            var pod = pod(facts, each.getValue());
            if (each.getKey() != next) {
                break; // one before it is yet to come back
            }
            if (pod.ready() && !pod.terminating()) {
                next++;
                continue;
            }
            boolean isBad = String.valueOf(pod.revision()).endsWith("-" + bad);
            return pod.name().equals(name) && isBad && !pod.terminating()
                    ? delete(each.getValue())
                    : new Answer.Moved(pod.name() + " comes first");
        }
        return new Answer.Moved("no pod is stuck any more, or one is yet to come back");
    }

    private static PodFacts pod(WorkloadFacts facts, JsonNode object) {
        var pods = Resource.PODS;
        if (KubernetesObjects.reduce(facts.ref().cluster(), pods.apiVersion(), pods.kind(), object)
                instanceof Reduced.Pod(var pod)) {
            return pod;
        }
        throw new IllegalStateException("not a pod");
    }

    private Answer delete(JsonNode pod) {
        var meta = pod.path("metadata");
        var name = meta.path("name").asText();
        var path = Resource.PODS.path(meta.path("namespace").asText()) + "/" + name;
        var reply = api.delete(
                path, meta.path("uid").asText(), meta.path("resourceVersion").asText());
        return reply instanceof Reply.Got got && got.code() == 404
                ? new Answer.Moved(name + " is gone already")
                : Answers.of(reply, deleted -> new Answer.Done("deleted " + name));
    }

    // --- what is kept

    /**
     * Keeps the template of a workload as a good revision.
     *
     * @param as the workload, just read
     */
    Answer keepGood(Reading.Found as, GoodRevision revision) {
        var facts = as.facts();
        if (!facts.observed()
                || !facts.uid().equals(revision.workloadUid())
                || !revision.hash().equals(facts.current())) {
            return new Answer.Moved("another revision is current");
        }
        if (!Raw.of(as).template().isObject()) {
            return new Answer.Refused(Reason.STATE_UNSUPPORTED, "the template is in another object");
        }
        var answer = keep(as, StoredTemplate.good(facts, revision, Raw.of(as).template()));
        if (answer instanceof Answer.Done) {
            prune(facts, StoredTemplate.GOOD_OF);
        }
        return answer;
    }

    /** Creates the object; one of that name that is there already says the same. */
    private Answer keep(Reading.Found as, ObjectNode object) {
        var kind = as.facts().ref().kind();
        boolean hasRevisionsLikeIt = kind == Kind.STATEFULSET || kind == Kind.DAEMONSET;
        if (hasRevisionsLikeIt
                && Selectors.selects(Raw.of(as).object().at("/spec/selector"), object.at("/metadata/labels"))) {
            // its controller would take it for a revision of its own
            return new Answer.Refused(Reason.STATE_UNSUPPORTED, "its selector takes in what is kept beside it");
        }
        var path = Resource.CONTROLLER_REVISIONS.path(as.facts().ref().namespace());
        var name = object.path("metadata").path("name").asText();
        var reply = api.create(path, object);
        if (reply instanceof Reply.Got got && got.code() == 409) {
            return api.get(path + "/" + name) instanceof Reply.Got there
                            && there.isSuccess()
                            && there.body()
                                    .path("metadata")
                                    .path("labels")
                                    .equals(object.path("metadata").path("labels"))
                    ? new Answer.Done("kept already as " + name)
                    : new Answer.NotDone("another object is named " + name);
        }
        return Answers.of(reply, created -> new Answer.Done("kept as " + name));
    }

    /** Deletes all but the newest; a failure only leaves more of them than are wanted. */
    private void prune(WorkloadFacts facts, String label) {
        try {
            var oldestFirst = new ArrayList<>(kept(facts, label));
            oldestFirst.sort(Comparator.comparing(Acts::since));
            var path = Resource.CONTROLLER_REVISIONS.path(facts.ref().namespace()) + "/";
            for (var each : oldestFirst.subList(0, Math.max(0, oldestFirst.size() - KEPT))) {
                var meta = each.path("metadata");
                api.delete(path + meta.path("name").asText(), meta.path("uid").asText());
            }
        } catch (NotRead failed) {
            LOG.debugf("%s: old templates are left: %s", facts.ref(), failed.answer);
        }
    }

    private static Instant since(JsonNode object) {
        return StoredTemplate.since(object);
    }

    private List<JsonNode> kept(WorkloadFacts facts, String label) throws NotRead {
        return list(Resource.CONTROLLER_REVISIONS.path(facts.ref().namespace()) + "?labelSelector="
                + label.replace("/", "%2F") + "%3D" + facts.uid());
    }

    /** What must be read before a write could not be. */
    private static final class NotRead extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Answer answer;

        NotRead(Answer answer) {
            super(null, null, false, false);
            this.answer = answer;
        }
    }

    private List<JsonNode> list(String path) throws NotRead {
        var reply = api.get(path);
        if (reply instanceof Reply.Got got && got.isSuccess()) {
            var items = new ArrayList<JsonNode>();
            got.body().path("items").forEach(items::add);
            return items;
        }
        var answer = Answers.of(reply, never -> new Answer.NotDone(""));
        throw new NotRead(answer instanceof Answer.Unsure(var detail) ? new Answer.NotDone(detail) : answer);
    }
}
