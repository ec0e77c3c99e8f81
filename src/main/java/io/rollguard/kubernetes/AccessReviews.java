package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.policy.Right;
import io.rollguard.policy.Rights;
import io.rollguard.policy.Tier;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Asks the API server what Rollguard may do, by SelfSubjectAccessReviews, which everybody may ask. Nothing tells of a change,
 * so it is asked again and again. A review that is not answered changes nothing of what was answered before.
 */
final class AccessReviews {

    private static final Logger LOG = Logger.getLogger(AccessReviews.class);

    private static final String REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

    /** After how long an answer is asked for again. */
    private static final Duration AGAIN = Duration.ofMinutes(1);

    /** The same where there was none. */
    private static final Duration SOON = Duration.ofSeconds(5);

    /** What may be looked at, the watches tell. */
    private static final List<Right> ASKED = Stream.of(Tier.ABORT_ONLY.needs(), Tier.FULL.needs(), Tier.ofStuckPods())
            .flatMap(Set::stream)
            .toList();

    private static final String ALL = "";

    private final ApiServer api;
    private final Clock clock;
    private final List<String> watched;
    private final Map<String, Answered> answered = new ConcurrentHashMap<>(); // by namespace, or ALL
    private final Map<String, String> told = new ConcurrentHashMap<>();

    private record Answered(Rights rights, Instant at) {}

    /** @param namespaces those watched; none: all */
    AccessReviews(ApiServer api, List<String> namespaces, Clock clock) {
        this.api = api;
        this.watched = namespaces.isEmpty() ? List.of(ALL) : List.copyOf(namespaces);
        this.clock = clock;
    }

    void askForEver() {
        try {
            while (true) {
                Thread.sleep(ask() ? AGAIN : SOON);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks for every namespace watched; false where one of them got no answer. */
    boolean ask() {
        boolean all = true;
        for (var namespace : watched) {
            all &= ask(namespace).isPresent();
        }
        return all;
    }

    /** What was answered for the namespaces watched; the empty name stands for all. */
    Map<String, Rights> rights() {
        var rights = new LinkedHashMap<String, Rights>();
        for (var namespace : watched) {
            var known = answered.get(namespace);
            if (known != null) {
                rights.put(namespace, known.rights());
            }
        }
        return rights;
    }

    /**
     * What may be done in a namespace. Where that is not everything by what holds for all namespaces, it is asked for this
     * one, since rights may be given namespace by namespace.
     */
    Optional<Rights> in(String namespace) {
        var known = Optional.ofNullable(answered.get(watched.contains(ALL) ? ALL : namespace))
                .map(Answered::rights);
        if (known.isEmpty() || known.get().tier() == Tier.FULL || !watched.contains(ALL)) {
            return known;
        }
        var own = answered.get(namespace);
        return own != null && own.at().plus(AGAIN).isAfter(clock.instant())
                ? Optional.of(own.rights())
                : ask(namespace).or(() -> own == null ? known : Optional.of(own.rights()));
    }

    /** For people. */
    String summary() {
        return watched.stream()
                .map(namespace -> {
                    var known = answered.get(namespace);
                    return known == null
                            ? "unknown in " + where(namespace)
                            : known.rights().in(where(namespace));
                })
                .collect(Collectors.joining(" | "));
    }

    private Optional<Rights> ask(String namespace) {
        var allowed = new HashSet<Right>();
        for (var right : ASKED) {
            var reply = api.create(REVIEWS, review(right, namespace));
            if (!(reply instanceof Reply.Got got)
                    || !got.isSuccess()
                    || !got.body().at("/status/allowed").isBoolean()) {
                if (!answered.containsKey(namespace)) {
                    tell(namespace, "unknown in %s, so acts are tried: %s".formatted(where(namespace), reply));
                }
                return Optional.empty();
            }
            if (got.body().at("/status/allowed").booleanValue()) {
                allowed.add(right);
            }
        }
        var rights = Rights.of(allowed);
        answered.put(namespace, new Answered(rights, clock.instant()));
        if (watched.contains(namespace) || !rights.equals(rights().get(ALL))) {
            tell(namespace, rights.in(where(namespace)));
        }
        return Optional.of(rights);
    }

    /** Asks about one object, which rights may name; an answer that does not come is a no. */
    boolean mayRead(Right right, String namespace, String name) {
        var review = review(right, namespace);
        review.withObject("/spec/resourceAttributes").put("name", name);
        return api.create(REVIEWS, review) instanceof Reply.Got got
                && got.isSuccess()
                && got.body().at("/status/allowed").asBoolean(false);
    }

    private static ObjectNode review(Right right, String namespace) {
        var review = ApiServer.JSON
                .createObjectNode()
                .put("apiVersion", "authorization.k8s.io/v1")
                .put("kind", "SelfSubjectAccessReview");
        var resource = right.resource().split("/", 2);
        var asked = review.putObject("spec").putObject("resourceAttributes");
        asked.put("verb", right.verb()).put("group", right.group()).put("resource", resource[0]);
        if (resource.length > 1) {
            asked.put("subresource", resource[1]);
        }
        if (!namespace.equals(ALL)) {
            asked.put("namespace", namespace);
        }
        return review;
    }

    private static String where(String namespace) {
        return namespace.equals(ALL) ? "all namespaces" : namespace;
    }

    /** Once for each change. */
    private void tell(String namespace, String text) {
        if (!text.equals(told.put(namespace, text))) {
            LOG.infof("rights: %s", text);
        }
    }
}
