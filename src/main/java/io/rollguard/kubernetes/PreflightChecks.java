package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.policy.Preflight;
import io.rollguard.policy.Preflight.Outcome;
import io.rollguard.policy.Preflight.Presence;
import io.rollguard.policy.Preflight.Quota;
import io.rollguard.policy.Right;
import io.rollguard.reactor.Cluster.Answer;
import io.rollguard.release.Reference;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.PodReferences;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks at what a template needs before it is put back. Of each object it asks for the metadata only, so that no content
 * of it ever arrives; for a Secret not even that, unless the API server says that this very one may be read. Where a right
 * is missing nothing is checked, and that is said; where the server does not answer nothing is done.
 */
final class PreflightChecks {

    private static final String QUOTAS = "/api/v1/namespaces/%s/resourcequotas";

    private final ApiServer api;
    private final AccessReviews reviews;

    PreflightChecks(ApiServer api, AccessReviews reviews) {
        this.api = api;
        this.reviews = reviews;
    }

    /**
     * Done, with what people should know, where the template may be put back.
     *
     * @param workload as read
     */
    Answer of(String namespace, JsonNode workload, JsonNode template) {
        try {
            var references = new HashMap<Reference, Presence>();
            for (var reference : PodReferences.of(template)) {
                references.put(reference, presence(namespace, reference));
            }
            var preflight = new Preflight(
                    references, quotas(namespace), PodNeeds.beyondThePresent(workload), PodNeeds.of(template));
            return switch (preflight.outcome()) {
                case Outcome.Clear(var note) -> new Answer.Done(note);
                case Outcome.Forbidden(var reason, var detail) -> new Answer.Refused(reason, detail);
            };
        } catch (NotAnswered silent) {
            return new Answer.NotDone("preflight: " + silent.reply);
        }
    }

    private Presence presence(String namespace, Reference reference) throws NotAnswered {
        if (!WorkloadRef.isName(reference.name())) {
            return Presence.MISSING; // nothing can have that name
        }
        var plural = reference.kind().plural();
        if (reference.kind() == Reference.Kind.SECRET
                && !reviews.mayRead(new Right("get", "", plural), namespace, reference.name())) {
            return Presence.NOT_CHECKED;
        }
        var reply =
                answered(api.metadata("/api/v1/namespaces/%s/%s/%s".formatted(namespace, plural, reference.name())));
        if (reply.isSuccess()) {
            // a claim that goes stays for the pods that use it, and no other may
            boolean goes = reference.kind() == Reference.Kind.CLAIM
                    && reply.body().path("metadata").hasNonNull("deletionTimestamp");
            return goes ? Presence.MISSING : Presence.THERE;
        }
        boolean isMissing = reply.code() == 404
                && reply.body().path("details").path("name").asText().equals(reference.name());
        return isMissing ? Presence.MISSING : Presence.NOT_CHECKED;
    }

    /** Null where they may not be read. */
    private @Nullable List<Quota> quotas(String namespace) throws NotAnswered {
        var reply = answered(api.get(QUOTAS.formatted(namespace)));
        if (!reply.isSuccess()) {
            return null;
        }
        var quotas = new ArrayList<Quota>();
        for (var quota : reply.body().path("items")) {
            boolean scoped = !quota.at("/spec/scopes").isEmpty()
                    || !quota.at("/spec/scopeSelector").isEmpty();
            quotas.add(new Quota(quota.at("/metadata/name").asText(), scoped, left(quota.path("status"))));
        }
        return quotas;
    }

    private static Map<String, BigDecimal> left(JsonNode status) {
        var left = new HashMap<String, BigDecimal>();
        status.path("hard").properties().forEach(hard -> {
            var all = PodNeeds.amount(hard.getValue());
            var used = PodNeeds.amount(status.path("used").path(hard.getKey()));
            if (all.isPresent() && used.isPresent()) {
                left.put(hard.getKey(), all.get().subtract(used.get()));
            }
        });
        return left;
    }

    /** An answer that says something of the object; trouble of the server says nothing. */
    private static Reply.Got answered(Reply reply) throws NotAnswered {
        if (reply instanceof Reply.Got got && got.code() != 429 && got.code() < 500) {
            return got;
        }
        throw new NotAnswered(reply);
    }

    private static final class NotAnswered extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Reply reply;

        NotAnswered(Reply reply) {
            super(null, null, false, false);
            this.reply = reply;
        }
    }
}
