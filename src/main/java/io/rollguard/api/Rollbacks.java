package io.rollguard.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.api.Routes.Answer;
import io.rollguard.http.Problem;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.reactor.ByHand;
import io.rollguard.reactor.ByHand.Plan;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.Journal;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.wire.ApiJson;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Rollbacks that people ask for. What would be refused is refused here already; what is not goes to the owner of the
 * workload, who looks once more.
 */
final class Rollbacks {

    private static final Pattern HASH = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?");

    private final Supplier<ByHand> byHand;
    private final Supplier<Cluster> cluster;
    private final Supplier<Journal> journal;
    private final Operations operations;
    private final Clock clock;

    Rollbacks(
            Supplier<ByHand> byHand,
            Supplier<Cluster> cluster,
            Supplier<Journal> journal,
            Operations operations,
            Clock clock) {
        this.byHand = byHand;
        this.cluster = cluster;
        this.journal = journal;
        this.operations = operations;
        this.clock = clock;
    }

    void addTo(Routes routes) {
        routes.post("/workloads/:namespace/:kind/:name/rollback", this::rollBack);
    }

    /**
     * What a person asks for.
     *
     * @param to null for the last revision known to be good
     */
    private record Wish(String why, @Nullable RevisionHash to, boolean force, boolean dryRun) {}

    private Answer rollBack(RoutingContext context) {
        var workload = workload(context);
        if (workload.isEmpty()) {
            return Answer.failed(notFound());
        }
        return switch (Operations.body(context)) {
            case Operations.Body.Wrong(var problem) -> Answer.failed(problem);
            case Operations.Body.Json(var json) -> {
                var problem = problem(json);
                yield problem.isPresent()
                        ? Answer.failed(problem.get())
                        : rollBack(workload.get(), wish(json), Routes.operator(context));
            }
        };
    }

    private Optional<WorkloadRef> workload(RoutingContext context) {
        var namespace = String.valueOf(context.pathParam("namespace"));
        var name = String.valueOf(context.pathParam("name"));
        return Kind.named(String.valueOf(context.pathParam("kind")))
                .filter(kind -> WorkloadRef.isName(namespace) && WorkloadRef.isName(name))
                .map(kind -> new WorkloadRef(cluster.get().objects().cluster(), namespace, kind, name));
    }

    private static Optional<Problem> problem(JsonNode json) {
        boolean dryRun = json.path("dryRun").asBoolean(false);
        var why = json.path("reason").asText("").strip();
        if (why.length() > Operations.MAX_REASON || (why.isEmpty() && !dryRun)) {
            return Optional.of(Problem.badRequest(
                    "say why, in 1 to %d characters: {\"reason\": \"...\"}".formatted(Operations.MAX_REASON),
                    "reason"));
        }
        var to = json.path("to");
        if (json.hasNonNull("to")
                && !(to.isTextual() && HASH.matcher(to.textValue()).matches())) {
            return Optional.of(Problem.badRequest("to is the hash of a revision", "to"));
        }
        for (var flag : new String[] {"force", "dryRun"}) {
            if (json.hasNonNull(flag) && !json.path(flag).isBoolean()) {
                return Optional.of(Problem.badRequest(flag + " is true or false", flag));
            }
        }
        return Optional.empty();
    }

    private static Wish wish(JsonNode json) {
        return new Wish(
                json.path("reason").asText("").strip(),
                json.hasNonNull("to") ? new RevisionHash(json.path("to").textValue()) : null,
                json.path("force").asBoolean(false),
                json.path("dryRun").asBoolean(false));
    }

    private Answer rollBack(WorkloadRef workload, Wish wish, String by) {
        var now = clock.instant();
        if (wish.dryRun()) {
            var rehearsal = byHand.get().rehearse(workload, wish.to(), wish.force(), now);
            return answer(rehearsal.plan(), made -> shown(made, rehearsal.said()));
        }
        var plan = byHand.get().plan(workload, wish.to(), wish.force(), now);
        return answer(plan, made -> order(made, journal.get().log().find(made.incident()), wish, by));
    }

    private static Answer answer(Plan plan, Function<Plan.Made, Answer> then) {
        return switch (plan) {
            case Plan.Gone gone -> Answer.failed(notFound());
            case Plan.Unread(var detail) -> Answer.failed(Problem.unavailable(detail));
            case Plan.Made made -> then.apply(made);
        };
    }

    private static Answer shown(Plan.Made made, Cluster.@Nullable Answer said) {
        var json = ApiJson.plan(made);
        if (said != null) {
            json.put("passes", said instanceof Cluster.Answer.Done);
            json.put("said", said(said));
        }
        return Answer.found(json);
    }

    private static String said(Cluster.Answer answer) {
        return switch (answer) {
            case Cluster.Answer.Done(var detail) -> detail;
            case Cluster.Answer.Moved(var detail) -> detail;
            case Cluster.Answer.Refused(var reason, var detail) -> reason.text() + ": " + detail;
            case Cluster.Answer.NotDone(var detail) -> detail;
            case Cluster.Answer.Unsure(var detail) -> detail;
        };
    }

    private Answer order(Plan.Made made, Optional<Incident> known, Wish wish, String by) {
        var refusal = made.refusal();
        if (refusal != null) {
            return Operations.conflict(refusal);
        }
        var now = clock.instant();
        var order = made.order(wish.why(), wish.force());
        var against = known.flatMap(incident -> incident.against(order, now));
        if (against.isPresent()) {
            return Operations.conflict(against.get());
        }
        var release = made.release();
        long seen = known.map(Incident::version).orElse(0L);
        var command =
                Command.of(order, made.incident(), release.workload(), release.uid(), UUID.randomUUID(), seen, by, now);
        return operations.ask(command, ApiJson.plan(made));
    }

    private static Problem notFound() {
        return Problem.notFound(
                "there is no such workload: /workloads/<namespace>/<kind>/<name>/rollback, the kind being"
                        + " rollout, deployment, statefulset or daemonset");
    }
}
