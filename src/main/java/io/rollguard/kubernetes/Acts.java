package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.reactor.Cluster.Reading;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.verdict.Reason;
import io.rollguard.wire.PodTemplate;
import io.rollguard.wire.StoredTemplate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.StreamSupport;
import org.jboss.logging.Logger;

/** The writes: abort, restore, and what is kept beside a workload for them. Each is sent once. */
final class Acts {

    private static final Logger LOG = Logger.getLogger(Acts.class);

    /** How many good revisions, and how many snapshots, are kept of a workload. */
    private static final int KEPT = 5;

    private static final String EPHEMERAL_METADATA = "rollout.argoproj.io/ephemeral-metadata";

    private final ApiServer api;

    Acts(ApiServer api) {
        this.api = api;
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

    // --- restore

    Answer restore(Reading.Found as, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
        var facts = as.facts();
        if (facts.ref().kind() != Kind.DEPLOYMENT) {
            return new Answer.Refused(Reason.KIND_UNSUPPORTED, facts.ref().kind() + " is not restored yet");
        }
        if (!facts.observed() || bad.equals(target) || !bad.equals(facts.current())) {
            return new Answer.Moved("the revision is not the one that was judged");
        }
        if (facts.is(Trait.PAUSED)) {
            return new Answer.Refused(Reason.WORKLOAD_PAUSED, "spec.paused");
        }
        Optional<JsonNode> good;
        try {
            good = goodTemplate(facts, target);
        } catch (NotRead failed) {
            return failed.answer;
        }
        if (good.isEmpty()) {
            return new Answer.Refused(Reason.NO_GOOD_REVISION, "no template of revision " + target + " is left");
        }
        var patch = Patches.restore(as, bad, good.get());
        var path = Resource.path(facts.ref());
        var checked = Answers.of(api.patch(path, "dryRun=All", patch), now -> new Answer.Done("dry run"));
        if (checked instanceof Answer.Unsure(var detail)) {
            return new Answer.NotDone("dry run: " + detail);
        }
        if (!(checked instanceof Answer.Done)) {
            return checked;
        }
        var snapshot =
                keep(facts, StoredTemplate.snapshot(facts, bad, Raw.of(as).template()));
        if (!(snapshot instanceof Answer.Done)) {
            return snapshot instanceof Answer.Unsure(var detail) ? new Answer.NotDone("snapshot: " + detail) : snapshot;
        }
        if (!stillOurs.getAsBoolean()) {
            return new Answer.Moved("the workload went to another instance");
        }
        var digest = PodTemplate.digest(good.get());
        var done = Answers.of(api.patch(path, "", patch), now -> restored(now, digest));
        prune(facts, StoredTemplate.SNAPSHOT_OF);
        return done;
    }

    private static Answer restored(JsonNode now, String digest) {
        return PodTemplate.digest(now.path("spec").path("template")).equals(digest)
                ? new Answer.Done("template restored at generation "
                        + now.path("metadata").path("generation").asText())
                : new Answer.Refused(Reason.NOT_EFFECTIVE, "accepted, but something changed the template on its way");
    }

    /**
     * The template of a revision: as it was kept when it became good, else from its ReplicaSet. What was kept counts only
     * if its digest is the one that was written down with it, and the ReplicaSet's, where there still is one.
     */
    private Optional<JsonNode> goodTemplate(WorkloadFacts facts, RevisionHash target) throws NotRead {
        var live = replicaSet(facts, target);
        if (live.isPresent() && live.get().path("metadata").path("annotations").has(EPHEMERAL_METADATA)) {
            return Optional.empty(); // belongs to a Rollout, whatever its owner says
        }
        Optional<JsonNode> ofReplicaSet =
                live.map(each -> PodTemplate.pristine(each.path("spec").path("template")));
        var kept = kept(facts, StoredTemplate.GOOD_OF).stream()
                .filter(each -> StoredTemplate.isOf(each, target))
                .flatMap(each -> StoredTemplate.template(each).stream())
                .filter(each -> ofReplicaSet.isEmpty()
                        || PodTemplate.digest(each).equals(PodTemplate.digest(ofReplicaSet.get())))
                .findFirst();
        return kept.isPresent() ? kept : ofReplicaSet;
    }

    private Optional<JsonNode> replicaSet(WorkloadFacts facts, RevisionHash hash) throws NotRead {
        var selector = "?labelSelector=pod-template-hash%3D" + hash;
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
        var answer = keep(facts, StoredTemplate.good(facts, revision, Raw.of(as).template()));
        if (answer instanceof Answer.Done) {
            prune(facts, StoredTemplate.GOOD_OF);
        }
        return answer;
    }

    /** Creates the object; one of that name that is there already says the same. */
    private Answer keep(WorkloadFacts facts, ObjectNode object) {
        var path = Resource.CONTROLLER_REVISIONS.path(facts.ref().namespace());
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
