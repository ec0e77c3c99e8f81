package io.rollguard.sandbox.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * What goes wrong on purpose between a client and the cluster. A fault holds for the next requests that match, then it
 * is spent: {@code faults().on("patch", ".*" + "/status").times(2).answer(409)}.
 */
public final class Faults {

    sealed interface Effect {
        record Answer(int code, Duration retryAfter) implements Effect {}

        /** Not applied and never answered. */
        record Hang() implements Effect {}

        /** Applied, but never answered: the client runs into its time limit. */
        record HangAfterApply() implements Effect {}

        record Drop() implements Effect {}

        /** Applied, and the connection closed instead of an answer. */
        record DropAfterApply() implements Effect {}

        record Delay(Duration by) implements Effect {}
    }

    private record Rule(String verb, Pattern path, AtomicInteger left, Effect effect) {
        boolean takes(ApiRequest request) {
            return (verb.equals("*") || verb.equals(request.verb()))
                    && path.matcher(request.path()).matches()
                    && left.getAndUpdate(n -> n > 0 ? n - 1 : 0) > 0;
        }
    }

    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final Access access;
    private final Runnable dropConnections;
    private final Runnable dropWatches;
    private final Runnable forgetHistory;

    Faults(Access access, Runnable dropConnections, Runnable dropWatches, Runnable forgetHistory) {
        this.access = access;
        this.dropConnections = dropConnections;
        this.dropWatches = dropWatches;
        this.forgetHistory = forgetHistory;
    }

    /**
     * @param verb as RBAC names it, or "*"
     * @param pathExpression a regular expression that the whole path, without the query, must match
     */
    public Next on(String verb, String pathExpression) {
        return new Next(verb, Pattern.compile(pathExpression), 1);
    }

    /** The fault being described; nothing goes wrong before its effect is named. */
    public final class Next {
        private final String verb;
        private final Pattern path;
        private final int times;

        private Next(String verb, Pattern path, int times) {
            this.verb = verb;
            this.path = path;
            this.times = times;
        }

        public Next times(int times) {
            return new Next(verb, path, times);
        }

        public void answer(int code) {
            answer(code, Duration.ZERO);
        }

        /**
         * @param retryAfter sent as Retry-After, in whole seconds, unless zero
         */
        public void answer(int code, Duration retryAfter) {
            with(new Effect.Answer(code, retryAfter));
        }

        public void hang() {
            with(new Effect.Hang());
        }

        public void hangAfterApplying() {
            with(new Effect.HangAfterApply());
        }

        public void dropConnection() {
            with(new Effect.Drop());
        }

        public void dropConnectionAfterApplying() {
            with(new Effect.DropAfterApply());
        }

        public void delay(Duration by) {
            with(new Effect.Delay(by));
        }

        private void with(Effect effect) {
            rules.add(new Rule(verb, path, new AtomicInteger(times), effect));
        }
    }

    /** Answers 403 from now on, and says no in access reviews. Resource with subresource: {@code rollouts/status}. */
    public void forbid(String verb, String group, String resource) {
        access.forbid("", verb, group, resource);
    }

    /** The same in every namespace but one, as where rights are bound in that one only. */
    public void forbidOutside(String namespace, String verb, String group, String resource) {
        access.forbid(namespace, verb, group, resource);
    }

    /** Closes all connections, watches included, as a restart of the API server does. */
    public void dropConnections() {
        dropConnections.run();
    }

    /** Closes the connections of watches only. */
    public void dropWatches() {
        dropWatches.run();
    }

    /** Makes resuming watches end in 410 Gone. */
    public void forgetHistory() {
        forgetHistory.run();
    }

    public void clear() {
        rules.clear();
        access.allowAll();
    }

    Optional<Effect> take(ApiRequest request) {
        for (Rule rule : rules) {
            if (rule.takes(request)) {
                return Optional.of(rule.effect());
            }
        }
        return Optional.empty();
    }
}
