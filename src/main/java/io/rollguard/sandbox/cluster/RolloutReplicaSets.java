package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Controllers.Part;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Makes, numbers, scales and ends the ReplicaSets of a Rollout. */
final class RolloutReplicaSets {

    private static final RevisionKeys KEYS = RolloutRun.KEYS;
    private static final String DEADLINE = RolloutRun.DEADLINE;
    private static final Comparator<ReplicaSetState> NEWEST_FIRST =
            Comparator.<ReplicaSetState>comparingLong(KEYS::revision).reversed();

    private final RolloutRun run;
    private final RolloutTraffic traffic;
    private final RolloutStatusWriter writer;

    RolloutReplicaSets(RolloutRun run, RolloutTraffic traffic, RolloutStatusWriter writer) {
        this.run = run;
        this.traffic = traffic;
        this.writer = writer;
    }

    private long nextRevision() {
        return run.all.stream()
                        .filter(set -> !run.isSame(set, run.fresh))
                        .mapToLong(KEYS::revision)
                        .max()
                        .orElse(0)
                + 1;
    }

    void createReplicaSet() {
        String hash = run.hash();
        long revision = nextRevision();
        ObjectNode set = Json.object();
        String name = run.rollout.name() + "-" + hash;
        Metadata.of(set).put("name", name);
        ObjectNode labelled = PodTemplates.withLabel(run.rollout.template(), KEYS.hashLabel(), hash);
        Metadata.of(set).set("labels", Json.at(labelled, "metadata", "labels").deepCopy());
        Metadata.addControllerReference(set, run.key.type(), run.rollout.tree());
        KEYS.mark(set, run.rollout.tree(), revision);
        Metadata.annotate(set, KEYS.desiredReplicas(), Integer.toString(run.rollout.replicas()));
        ObjectNode spec = Json.ensure(set, "spec");
        spec.put("replicas", 0);
        copyMinReadySeconds(set);
        ObjectNode selector = run.rollout.spec().path("selector").deepCopy();
        Json.ensure(selector, "matchLabels").put(KEYS.hashLabel(), hash);
        spec.set("selector", selector);
        spec.set("template", labelled);
        try {
            run.registry.create(Catalog.REPLICA_SETS, run.key.namespace(), set, Writer.ROLLOUTS, false);
        } catch (ApiFailure failure) {
            if (failure.code() == 409) {
                long collisions = Json.number(run.rollout.status(), 0, "collisionCount");
                writer.writeStatus(status -> status.set("collisionCount", Json.number(collisions + 1)));
            }
            throw failure;
        }
        setRevision(revision);
        run.normal("NewReplicaSetCreated", "Created ReplicaSet " + name + " (revision " + revision + ")");
        writer.writeStatus(status -> Conditions.set(
                status,
                "Progressing",
                "True",
                "NewReplicaSetCreated",
                "Created new replica set \"" + name + "\"",
                run.registry.now()));
    }

    private void copyMinReadySeconds(ObjectNode set) {
        ReplicaSetController.putUnlessZero(
                Json.ensure(set, "spec"), "minReadySeconds", Json.number(run.rollout.spec(), 0, "minReadySeconds"));
    }

    void syncRevision() {
        ReplicaSetState current = RolloutRun.required(run.fresh);
        long revision = nextRevision();
        ObjectNode marked = run.registry.modify(current.key(), "", Writer.ROLLOUTS, set -> {
            KEYS.mark(set, run.rollout.tree(), revision);
            copyMinReadySeconds(set);
        });
        if (marked != current.tree()) {
            run.reload();
            return;
        }
        setRevision(KEYS.revision(current));
        if (Conditions.find(run.rollout.status(), "Progressing").isMissingNode()) {
            writer.writeStatus(status -> Conditions.set(
                    status,
                    "Progressing",
                    "True",
                    "FoundNewReplicaSet",
                    "Found new replica set \"" + current.name() + "\"",
                    run.registry.now()));
        }
    }

    private void setRevision(long revision) {
        String text = Long.toString(revision);
        if (!Metadata.annotation(run.rollout.tree(), KEYS.revision()).equals(text)) {
            run.written(run.registry.modify(run.key, "", Writer.ROLLOUTS, tree -> {
                Metadata.annotate(tree, KEYS.revision(), text);
                writeBack(tree);
            }));
            run.normal("RolloutUpdated", "Rollout updated to revision " + text);
        }
    }

    void rewrite(Consumer<ObjectNode> change) {
        run.registry.modify(run.key, "", Writer.ROLLOUTS, tree -> {
            change.accept(Json.ensure(tree, "spec"));
            writeBack(tree);
        });
    }

    /** A typed client writes the whole object back, over the version it read: it fills in what it knows and drops what says nothing. */
    private void writeBack(ObjectNode tree) {
        run.onlyOverWhatWasRead(tree);
        ObjectNode spec = Json.ensure(tree, "spec");
        if (spec.get("template") instanceof ObjectNode template) {
            PodTemplates.normalize(template);
        }
        if (spec.has("paused") && !spec.path("paused").asBoolean()) {
            spec.remove("paused");
        }
    }

    boolean isScaled() {
        for (ReplicaSetState set : new ReplicaSetState[] {run.fresh, run.stable}) {
            if (set != null
                    && set.replicas() > 0
                    && !set.annotation(KEYS.desiredReplicas()).isEmpty()
                    && !set.annotation(KEYS.desiredReplicas()).equals(Integer.toString(run.rollout.replicas()))) {
                return true;
            }
        }
        return false;
    }

    boolean scale(ReplicaSetState set, int count) {
        boolean noted = set.annotation(KEYS.desiredReplicas()).equals(Integer.toString(run.rollout.replicas()));
        if (set.replicas() == count && noted) {
            return false;
        }
        boolean keepsDeadline = count > 0 || shouldDelayScaleDownOnAbort();
        run.registry.modify(set.key(), "", Writer.ROLLOUTS, tree -> {
            Json.ensure(tree, "spec").put("replicas", count);
            Metadata.annotate(tree, KEYS.desiredReplicas(), Integer.toString(run.rollout.replicas()));
            if (!keepsDeadline) {
                Json.ensure(tree, "metadata", "annotations").remove(DEADLINE);
            }
        });
        boolean scaled = set.replicas() != count;
        if (scaled) {
            run.normal(
                    "ScalingReplicaSet",
                    "Scaled %s ReplicaSet %s (revision %d) from %d to %d"
                            .formatted(
                                    count > set.replicas() ? "up" : "down",
                                    set.name(),
                                    KEYS.revision(set),
                                    set.replicas(),
                                    count));
        }
        run.reload();
        return scaled;
    }

    private CanaryReplicas wanted(JsonNode weightsNow) {
        if (!run.rollout.hasTrafficRouting()) {
            return CanaryReplicas.byPods(
                    run.rollout.replicas(),
                    run.rollout.desiredWeight(run.fresh, run.stable),
                    run.rollout.bounds(),
                    run.fresh,
                    run.isSame(run.fresh, run.stable) ? null : run.stable,
                    run.others());
        }
        int weight = run.rollout.desiredWeight(run.fresh, run.stable);
        int canary = CanaryReplicas.ofWeight(run.rollout.replicas(), weight);
        if (!run.rollout.scalesStableDynamically()) {
            return new CanaryReplicas(canary, run.rollout.replicas());
        }
        int stay = CanaryReplicas.ofWeight(run.rollout.replicas(), 100 - weight);
        if (weightsNow.isObject()) {
            int stableWeight = (int) Json.number(weightsNow, 0, "stable", "weight");
            stay = Math.max(stay, CanaryReplicas.ofWeight(run.rollout.replicas(), stableWeight));
            if (run.rollout.abortRequested()) {
                int canaryWeight = (int) Json.number(weightsNow, 0, "canary", "weight");
                canary = Math.max(canary, CanaryReplicas.ofWeight(run.rollout.replicas(), canaryWeight));
            }
        }
        return new CanaryReplicas(canary, stay);
    }

    /** True when something was scaled and the rest has to wait for it. */
    boolean reconcileCanaryReplicaSets() {
        if (run.rollout.isHalted()) {
            return false;
        }
        removeScaleDownDeadlines();
        JsonNode seen = Json.at(run.rollout.status(), "canary", "weights");
        if (run.stable != null
                && !run.isSame(run.fresh, run.stable)
                && scale(run.stable, wanted(seen).stable())) {
            return true;
        }
        if (reconcileFresh(wanted(run.weights).canary())) {
            return true;
        }
        return reconcileOthers();
    }

    boolean reconcileFresh(int count) {
        ReplicaSetState set = run.fresh;
        if (set == null) {
            return false;
        }
        int wantedCount = count;
        if (shouldDelayScaleDownOnAbort()) {
            if (Metadata.annotated(set.tree(), DEADLINE)) {
                Optional<Duration> left = run.timeLeft(set);
                if (left.isPresent()) {
                    run.controllers.enqueueAfter(Part.ROLLOUTS, run.key, left.get());
                    scale(set, set.replicas());
                    return false;
                }
                wantedCount = 0;
            } else {
                scale(set, set.replicas());
                if (RolloutRun.required(run.stable).available() >= run.rollout.replicas()) {
                    addScaleDownDeadline(
                            RolloutRun.required(run.fresh),
                            run.rollout.abortDelay().orElse(Duration.ZERO));
                }
                return false;
            }
        }
        return scale(set, wantedCount);
    }

    private boolean shouldDelayScaleDownOnAbort() {
        if (!run.isAborted() || run.stable == null || (run.rollout.isCanary() && !run.rollout.hasTrafficRouting())) {
            return false;
        }
        boolean dynamic = run.rollout.isCanary() && run.rollout.scalesStableDynamically();
        return run.rollout.abortDelay().isPresent() && !(dynamic && !run.rollout.abortDelayIsSet());
    }

    boolean reconcileOthers() {
        List<ReplicaSetState> active =
                run.others().stream().filter(set -> set.replicas() > 0).toList();
        if (active.isEmpty()) {
            return false;
        }
        return run.rollout.isBlueGreen() ? scaleDownOldBlueGreen(active) : scaleDownOldCanary(active);
    }

    private boolean scaleDownOldCanary(List<ReplicaSetState> active) {
        boolean scaled = false;
        for (ReplicaSetState set : active) {
            if (set.replicas() != set.available()) {
                scaled |= scale(set, Math.min(set.available(), set.replicas()));
            }
        }
        int spare = run.sum(ReplicaSetState::available)
                - (run.rollout.replicas() - run.rollout.bounds().maxUnavailable());
        List<ReplicaSetState> newestFirst =
                run.others().stream().sorted(NEWEST_FIRST).toList();
        for (ReplicaSetState set : newestFirst) {
            if (spare <= 0 || set.replicas() == 0 || (run.rollout.hasTrafficRouting() && isReferenced(set))) {
                continue;
            }
            int keep = 0;
            if (!run.rollout.hasTrafficRouting()) {
                keep = Math.max(0, set.replicas() - spare);
            } else if (run.rollout.isFullyPromoted() || Metadata.annotated(set.tree(), DEADLINE)) {
                keep = run.rollout.scalesStableDynamically() ? 0 : delayed(set, set.replicas());
            }
            if (keep != set.replicas()) {
                spare -= set.replicas() - keep;
                scaled |= scale(set, keep);
            }
        }
        return scaled;
    }

    private boolean scaleDownOldBlueGreen(List<ReplicaSetState> active) {
        boolean scaled = false;
        for (ReplicaSetState set : active.stream().sorted(NEWEST_FIRST).toList()) {
            if (!isReferenced(set)) {
                int keep = delayed(set, run.rollout.replicas());
                if (keep != set.replicas()) {
                    scaled |= scale(set, keep);
                }
            }
        }
        return scaled;
    }

    /** How many pods a set that is no longer wanted keeps until its deadline. */
    private int delayed(ReplicaSetState set, int whole) {
        if (!Metadata.annotated(set.tree(), DEADLINE)) {
            Duration delay = run.rollout.scaleDownDelay();
            if (delay.isZero()) {
                return 0;
            }
            addScaleDownDeadline(set, delay);
            run.controllers.enqueueAfter(Part.ROLLOUTS, run.key, delay);
            return set.replicas();
        }
        Optional<Duration> left = run.timeLeft(set);
        left.ifPresent(duration -> run.controllers.enqueueAfter(Part.ROLLOUTS, run.key, duration));
        return left.isPresent() ? whole : 0;
    }

    private void addScaleDownDeadline(ReplicaSetState set, Duration delay) {
        String deadline = Metadata.time(run.clock.instant().plus(delay));
        run.registry.modify(set.key(), "", Writer.ROLLOUTS, tree -> Metadata.annotate(tree, DEADLINE, deadline));
        run.reload();
    }

    void removeScaleDownDeadlines() {
        if (run.fresh != null && !shouldDelayScaleDownOnAbort()) {
            removeScaleDownDeadline(run.fresh);
        }
        if (run.stable != null && !(run.isSame(run.fresh, run.stable) && shouldDelayScaleDownOnAbort())) {
            removeScaleDownDeadline(run.stable);
        }
    }

    private void removeScaleDownDeadline(ReplicaSetState set) {
        if (Metadata.annotated(set.tree(), DEADLINE)) {
            run.registry.modify(
                    set.key(),
                    "",
                    Writer.ROLLOUTS,
                    tree -> Json.ensure(tree, "metadata", "annotations").remove(DEADLINE));
            run.reload();
        }
    }

    private boolean isReferenced(ReplicaSetState set) {
        String hash = KEYS.hash(set);
        JsonNode status = run.rollout.status();
        List<String> references = List.of(
                run.rollout.stableHash(),
                run.rollout.currentHash(),
                Json.text(status, "blueGreen", "activeSelector"),
                Json.text(status, "blueGreen", "previewSelector"),
                Json.text(status, "canary", "weights", "canary", "podTemplateHash"),
                Json.text(status, "canary", "weights", "stable", "podTemplateHash"));
        return !hash.isEmpty() && (references.contains(hash) || traffic.anyServiceSelects(run.rollout, hash));
    }

    void trimHistory() {
        List<ReplicaSetState> old = run.others();
        long surplus = old.size() - Json.number(run.rollout.spec(), 10, "revisionHistoryLimit");
        for (int i = 0; i < surplus; i++) {
            if (old.get(i).isIdle()) {
                run.registry.delete(old.get(i).key(), DeleteOptions.BACKGROUND);
            }
        }
    }

    boolean isAtWantedCounts(JsonNode weightsNow) {
        CanaryReplicas counts = wanted(weightsNow);
        if (run.fresh == null || run.fresh.replicas() != counts.canary() || run.fresh.available() != counts.canary()) {
            return false;
        }
        boolean stableCounts = !(run.rollout.hasTrafficRouting() && run.rollout.scalesStableDynamically());
        if (stableCounts
                && (run.stable == null
                        || run.stable.replicas() != counts.stable()
                        || run.stable.actual() != counts.stable())) {
            return false;
        }
        return run.rollout.hasTrafficRouting() || ReplicaSetState.sum(run.others(), ReplicaSetState::available) == 0;
    }
}
