package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Controllers.Part;
import io.rollguard.sandbox.cluster.Registry.DeleteOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One look at one Rollout, in the order in which Argo Rollouts goes about it: the order decides what clients see. As
 * there, a run that changed the Rollout early ends and leaves the rest to the next.
 */
final class RolloutSync {

    private static final RevisionKeys KEYS = RevisionKeys.ROLLOUT;
    private static final Comparator<ReplicaSetState> NEWEST_FIRST =
            Comparator.<ReplicaSetState>comparingLong(KEYS::revision).reversed();
    private static final String DEADLINE = "scale-down-deadline";
    private static final String STEP_PAUSE = "CanaryPauseStep";
    private static final String BLUE_GREEN_PAUSE = "BlueGreenPause";

    private final Registry registry;
    private final Controllers controllers;
    private final EventRecorder events;
    private final InstantSource clock;
    private final ObjectKey key;
    private final RolloutTraffic traffic;

    private RolloutView rollout;
    private List<ReplicaSetState> all;
    private @Nullable ReplicaSetState fresh;
    private @Nullable ReplicaSetState stable;
    private boolean freshWithinDelay;
    private JsonNode weights;

    private final Set<String> addedPauses = new HashSet<>();
    private final Set<String> removedPauses = new HashSet<>();
    private boolean pausesCleared;
    private boolean abortAdded;
    private boolean abortRemoved;
    private String abortCause = "";

    RolloutSync(
            Registry registry,
            Controllers controllers,
            EventRecorder events,
            InstantSource clock,
            ObjectKey key,
            ObjectNode tree) {
        this.registry = registry;
        this.controllers = controllers;
        this.events = events;
        this.clock = clock;
        this.key = key;
        this.traffic = new RolloutTraffic(registry, events, key);
        this.rollout = new RolloutView(tree);
        this.all = owned();
        this.weights = Json.at(rollout.status(), "canary", "weights");
        find();
    }

    void run() {
        if (fresh == null) {
            createReplicaSet();
            return;
        }
        if (!rollout.spec().has("replicas")) {
            rewrite(spec -> spec.put("replicas", 1));
            return;
        }
        if (rollout.isFullyPromoted() && isAborted()) {
            abortRemoved = true;
        }
        if (notePause()) {
            return;
        }
        syncRevision();
        boolean scaled = isScaled();
        // once more: the first time may have changed no more than the ReplicaSet
        syncRevision();
        if (scaled) {
            syncReplicasOnly();
        } else if (rollout.isBlueGreen()) {
            runBlueGreen();
        } else {
            runCanary();
        }
    }

    // --- ReplicaSets ------------------------------------------------------------------------------------------------

    private List<ReplicaSetState> owned() {
        return registry.store().controlledBy(rollout.tree(), Catalog.REPLICA_SETS).stream()
                .map(ReplicaSetState::new)
                .sorted(ReplicaSetState.OLDEST_FIRST)
                .toList();
    }

    private void find() {
        String hash = hash();
        fresh = all.stream()
                .filter(set -> KEYS.hash(set).equals(hash))
                .findFirst()
                .orElse(null);
        if (fresh == null) {
            fresh = all.stream()
                    .filter(set ->
                            PodTemplates.equalIgnoringHash(Json.at(set.tree(), "spec", "template"), rollout.template()))
                    .findFirst()
                    .orElse(null);
        }
        stable = byHash(rollout.stableHash());
        freshWithinDelay = fresh != null && timeLeft(fresh).isPresent();
    }

    private String hash() {
        ObjectNode template = rollout.template().deepCopy();
        PodTemplates.normalize(template);
        return PodTemplates.hash(template, Json.number(rollout.status(), 0, "collisionCount"));
    }

    private @Nullable ReplicaSetState byHash(String hash) {
        return hash.isEmpty()
                ? null
                : all.stream()
                        .filter(set -> KEYS.hash(set).equals(hash))
                        .findFirst()
                        .orElse(null);
    }

    private boolean isSame(@Nullable ReplicaSetState one, @Nullable ReplicaSetState other) {
        return one != null && other != null && one.name().equals(other.name());
    }

    private List<ReplicaSetState> others() {
        return all.stream()
                .filter(set -> !isSame(set, fresh) && !isSame(set, stable))
                .toList();
    }

    private void reload() {
        all = owned();
        fresh = fresh == null ? null : again(fresh);
        stable = stable == null ? null : again(stable);
    }

    private @Nullable ReplicaSetState again(ReplicaSetState set) {
        return all.stream().filter(other -> isSame(set, other)).findFirst().orElse(null);
    }

    private long nextRevision() {
        return all.stream()
                        .filter(set -> !isSame(set, fresh))
                        .mapToLong(KEYS::revision)
                        .max()
                        .orElse(0)
                + 1;
    }

    private void createReplicaSet() {
        String hash = hash();
        long revision = nextRevision();
        ObjectNode set = Json.object();
        String name = rollout.name() + "-" + hash;
        Metadata.of(set).put("name", name);
        ObjectNode labelled = PodTemplates.withLabel(rollout.template(), KEYS.hashLabel(), hash);
        Metadata.of(set).set("labels", Json.at(labelled, "metadata", "labels").deepCopy());
        Metadata.addControllerReference(set, key.type(), rollout.tree());
        KEYS.mark(set, rollout.tree(), revision);
        Metadata.annotate(set, KEYS.desiredReplicas(), Integer.toString(rollout.replicas()));
        ObjectNode spec = Json.ensure(set, "spec");
        spec.put("replicas", 0);
        copyMinReadySeconds(set);
        ObjectNode selector = rollout.spec().path("selector").deepCopy();
        Json.ensure(selector, "matchLabels").put(KEYS.hashLabel(), hash);
        spec.set("selector", selector);
        spec.set("template", labelled);
        try {
            registry.create(Catalog.REPLICA_SETS, key.namespace(), set, Writer.ROLLOUTS, false);
        } catch (ApiFailure failure) {
            if (failure.code() == 409) {
                long collisions = Json.number(rollout.status(), 0, "collisionCount");
                writeStatus(status -> status.set("collisionCount", Json.number(collisions + 1)));
            }
            throw failure;
        }
        setRevision(revision);
        normal("NewReplicaSetCreated", "Created ReplicaSet " + name + " (revision " + revision + ")");
        writeStatus(status -> Conditions.set(
                status,
                "Progressing",
                "True",
                "NewReplicaSetCreated",
                "Created new replica set \"" + name + "\"",
                registry.now()));
    }

    private void copyMinReadySeconds(ObjectNode set) {
        ReplicaSetController.putUnlessZero(
                Json.ensure(set, "spec"), "minReadySeconds", Json.number(rollout.spec(), 0, "minReadySeconds"));
    }

    private void syncRevision() {
        ReplicaSetState current = required(fresh);
        long revision = nextRevision();
        ObjectNode marked = registry.modify(current.key(), "", Writer.ROLLOUTS, set -> {
            KEYS.mark(set, rollout.tree(), revision);
            copyMinReadySeconds(set);
        });
        if (marked != current.tree()) {
            reload();
            return;
        }
        setRevision(KEYS.revision(current));
        if (Conditions.find(rollout.status(), "Progressing").isMissingNode()) {
            writeStatus(status -> Conditions.set(
                    status,
                    "Progressing",
                    "True",
                    "FoundNewReplicaSet",
                    "Found new replica set \"" + current.name() + "\"",
                    registry.now()));
        }
    }

    private void setRevision(long revision) {
        String text = Long.toString(revision);
        if (!Metadata.annotation(rollout.tree(), KEYS.revision()).equals(text)) {
            rollout = new RolloutView(registry.modify(key, "", Writer.ROLLOUTS, tree -> {
                Metadata.annotate(tree, KEYS.revision(), text);
                writeBack(tree);
            }));
            normal("RolloutUpdated", "Rollout updated to revision " + text);
        }
    }

    private void rewrite(java.util.function.Consumer<ObjectNode> change) {
        registry.modify(key, "", Writer.ROLLOUTS, tree -> {
            change.accept(Json.ensure(tree, "spec"));
            writeBack(tree);
        });
    }

    /** A typed client writes the whole object back: it fills in what it knows and drops what says nothing. */
    private static void writeBack(ObjectNode tree) {
        ObjectNode spec = Json.ensure(tree, "spec");
        if (spec.get("template") instanceof ObjectNode template) {
            PodTemplates.normalize(template);
        }
        if (spec.has("paused") && !spec.path("paused").asBoolean()) {
            spec.remove("paused");
        }
    }

    private long revisionOfRollout() {
        String text = Metadata.annotation(rollout.tree(), KEYS.revision());
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
    }

    // --- scaling ----------------------------------------------------------------------------------------------------

    private boolean isScaled() {
        for (ReplicaSetState set : new ReplicaSetState[] {fresh, stable}) {
            if (set != null
                    && set.replicas() > 0
                    && !set.annotation(KEYS.desiredReplicas()).isEmpty()
                    && !set.annotation(KEYS.desiredReplicas()).equals(Integer.toString(rollout.replicas()))) {
                return true;
            }
        }
        return false;
    }

    private void syncReplicasOnly() {
        ObjectNode status = statusCopy();
        if (rollout.isBlueGreen()) {
            reconcileBlueGreenReplicaSets();
            ReplicaSetState active = byHash(Json.text(status, "blueGreen", "activeSelector"));
            putUnlessZero(status, "HPAReplicas", active == null ? sum(ReplicaSetState::actual) : active.actual());
            putUnlessZero(
                    status, "availableReplicas", active == null ? sum(ReplicaSetState::available) : active.available());
        } else {
            reconcileCanaryReplicaSets();
            putUnlessZero(status, "availableReplicas", sum(ReplicaSetState::available));
            putUnlessZero(status, "HPAReplicas", sum(ReplicaSetState::actual));
        }
        persist(status);
    }

    private boolean scale(ReplicaSetState set, int count) {
        boolean noted = set.annotation(KEYS.desiredReplicas()).equals(Integer.toString(rollout.replicas()));
        if (set.replicas() == count && noted) {
            return false;
        }
        boolean keepsDeadline = count > 0 || shouldDelayScaleDownOnAbort();
        registry.modify(set.key(), "", Writer.ROLLOUTS, tree -> {
            Json.ensure(tree, "spec").put("replicas", count);
            Metadata.annotate(tree, KEYS.desiredReplicas(), Integer.toString(rollout.replicas()));
            if (!keepsDeadline) {
                Json.ensure(tree, "metadata", "annotations").remove(DEADLINE);
            }
        });
        boolean scaled = set.replicas() != count;
        if (scaled) {
            normal(
                    "ScalingReplicaSet",
                    "Scaled %s ReplicaSet %s (revision %d) from %d to %d"
                            .formatted(
                                    count > set.replicas() ? "up" : "down",
                                    set.name(),
                                    KEYS.revision(set),
                                    set.replicas(),
                                    count));
        }
        reload();
        return scaled;
    }

    private CanaryReplicas wanted(JsonNode weightsNow) {
        if (!rollout.hasTrafficRouting()) {
            return CanaryReplicas.byPods(
                    rollout.replicas(),
                    rollout.desiredWeight(fresh, stable),
                    rollout.bounds(),
                    fresh,
                    isSame(fresh, stable) ? null : stable,
                    others());
        }
        int weight = rollout.desiredWeight(fresh, stable);
        int canary = CanaryReplicas.ofWeight(rollout.replicas(), weight);
        if (!rollout.scalesStableDynamically()) {
            return new CanaryReplicas(canary, rollout.replicas());
        }
        int stay = CanaryReplicas.ofWeight(rollout.replicas(), 100 - weight);
        if (weightsNow.isObject()) {
            int stableWeight = (int) Json.number(weightsNow, 0, "stable", "weight");
            stay = Math.max(stay, CanaryReplicas.ofWeight(rollout.replicas(), stableWeight));
            if (rollout.abortRequested()) {
                int canaryWeight = (int) Json.number(weightsNow, 0, "canary", "weight");
                canary = Math.max(canary, CanaryReplicas.ofWeight(rollout.replicas(), canaryWeight));
            }
        }
        return new CanaryReplicas(canary, stay);
    }

    /** True when something was scaled and the rest has to wait for it. */
    private boolean reconcileCanaryReplicaSets() {
        if (rollout.isHalted()) {
            return false;
        }
        removeScaleDownDeadlines();
        JsonNode seen = Json.at(rollout.status(), "canary", "weights");
        if (stable != null
                && !isSame(fresh, stable)
                && scale(stable, wanted(seen).stable())) {
            return true;
        }
        if (reconcileFresh(wanted(weights).canary())) {
            return true;
        }
        return reconcileOthers();
    }

    private boolean reconcileFresh(int count) {
        ReplicaSetState set = fresh;
        if (set == null) {
            return false;
        }
        int wantedCount = count;
        if (shouldDelayScaleDownOnAbort()) {
            if (Metadata.annotated(set.tree(), DEADLINE)) {
                Optional<Duration> left = timeLeft(set);
                if (left.isPresent()) {
                    controllers.enqueueAfter(Part.ROLLOUTS, key, left.get());
                    scale(set, set.replicas());
                    return false;
                }
                wantedCount = 0;
            } else {
                scale(set, set.replicas());
                if (required(stable).available() >= rollout.replicas()) {
                    addScaleDownDeadline(required(fresh), rollout.abortDelay().orElse(Duration.ZERO));
                }
                return false;
            }
        }
        return scale(set, wantedCount);
    }

    private boolean shouldDelayScaleDownOnAbort() {
        if (!isAborted() || stable == null || (rollout.isCanary() && !rollout.hasTrafficRouting())) {
            return false;
        }
        boolean dynamic = rollout.isCanary() && rollout.scalesStableDynamically();
        return rollout.abortDelay().isPresent() && !(dynamic && !rollout.abortDelayIsSet());
    }

    private boolean reconcileOthers() {
        List<ReplicaSetState> active =
                others().stream().filter(set -> set.replicas() > 0).toList();
        if (active.isEmpty()) {
            return false;
        }
        return rollout.isBlueGreen() ? scaleDownOldBlueGreen(active) : scaleDownOldCanary(active);
    }

    private boolean scaleDownOldCanary(List<ReplicaSetState> active) {
        boolean scaled = false;
        for (ReplicaSetState set : active) {
            if (set.replicas() != set.available()) {
                scaled |= scale(set, Math.min(set.available(), set.replicas()));
            }
        }
        int spare = sum(ReplicaSetState::available)
                - (rollout.replicas() - rollout.bounds().maxUnavailable());
        List<ReplicaSetState> newestFirst =
                others().stream().sorted(NEWEST_FIRST).toList();
        for (ReplicaSetState set : newestFirst) {
            if (spare <= 0 || set.replicas() == 0 || (rollout.hasTrafficRouting() && isReferenced(set))) {
                continue;
            }
            int keep = 0;
            if (!rollout.hasTrafficRouting()) {
                keep = Math.max(0, set.replicas() - spare);
            } else if (rollout.isFullyPromoted() || Metadata.annotated(set.tree(), DEADLINE)) {
                keep = rollout.scalesStableDynamically() ? 0 : delayed(set, set.replicas());
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
                int keep = delayed(set, rollout.replicas());
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
            Duration delay = rollout.scaleDownDelay();
            if (delay.isZero()) {
                return 0;
            }
            addScaleDownDeadline(set, delay);
            controllers.enqueueAfter(Part.ROLLOUTS, key, delay);
            return set.replicas();
        }
        Optional<Duration> left = timeLeft(set);
        left.ifPresent(duration -> controllers.enqueueAfter(Part.ROLLOUTS, key, duration));
        return left.isPresent() ? whole : 0;
    }

    private Optional<Duration> timeLeft(ReplicaSetState set) {
        String deadline = set.annotation(DEADLINE);
        Instant at = Metadata.instant(deadline, Instant.EPOCH);
        return at.isAfter(clock.instant()) ? Optional.of(Duration.between(clock.instant(), at)) : Optional.empty();
    }

    private void addScaleDownDeadline(ReplicaSetState set, Duration delay) {
        String deadline = Metadata.time(clock.instant().plus(delay));
        registry.modify(set.key(), "", Writer.ROLLOUTS, tree -> Metadata.annotate(tree, DEADLINE, deadline));
        reload();
    }

    private void removeScaleDownDeadlines() {
        if (fresh != null && !shouldDelayScaleDownOnAbort()) {
            removeScaleDownDeadline(fresh);
        }
        if (stable != null && !(isSame(fresh, stable) && shouldDelayScaleDownOnAbort())) {
            removeScaleDownDeadline(stable);
        }
    }

    private void removeScaleDownDeadline(ReplicaSetState set) {
        if (Metadata.annotated(set.tree(), DEADLINE)) {
            registry.modify(
                    set.key(),
                    "",
                    Writer.ROLLOUTS,
                    tree -> Json.ensure(tree, "metadata", "annotations").remove(DEADLINE));
            reload();
        }
    }

    private boolean isReferenced(ReplicaSetState set) {
        String hash = KEYS.hash(set);
        JsonNode status = rollout.status();
        List<String> references = List.of(
                rollout.stableHash(),
                rollout.currentHash(),
                Json.text(status, "blueGreen", "activeSelector"),
                Json.text(status, "blueGreen", "previewSelector"),
                Json.text(status, "canary", "weights", "canary", "podTemplateHash"),
                Json.text(status, "canary", "weights", "stable", "podTemplateHash"));
        return !hash.isEmpty() && (references.contains(hash) || traffic.anyServiceSelects(rollout, hash));
    }

    private void trimHistory() {
        List<ReplicaSetState> old = others();
        long surplus = old.size() - Json.number(rollout.spec(), 10, "revisionHistoryLimit");
        for (int i = 0; i < surplus; i++) {
            if (old.get(i).isIdle()) {
                registry.delete(old.get(i).key(), DeleteOptions.BACKGROUND);
            }
        }
    }

    private int sum(java.util.function.ToIntFunction<ReplicaSetState> count) {
        return ReplicaSetState.sum(all, count);
    }

    // --- canary -----------------------------------------------------------------------------------------------------

    private void runCanary() {
        if (templateOrStepsChanged()) {
            syncCanaryStatus();
            return;
        }
        trimHistory();
        traffic.pointServices(rollout, fresh, stable, isAborted());
        weights = traffic.route(rollout, fresh, stable, isAborted(), isAtWantedCounts(Json.object()), weights);
        if (!reconcileCanaryReplicaSets()) {
            reconcileStepPause();
        }
        syncCanaryStatus();
    }

    private boolean templateOrStepsChanged() {
        String hash = Json.text(rollout.status(), "currentStepHash");
        return (rollout.isCanary() && !hash.equals(rollout.stepHash())) || templateChanged();
    }

    private boolean templateChanged() {
        String before = rollout.currentHash();
        return !before.isEmpty() && fresh != null && !before.equals(KEYS.hash(fresh));
    }

    private boolean isAtWantedCounts(JsonNode weightsNow) {
        CanaryReplicas counts = wanted(weightsNow);
        if (fresh == null || fresh.replicas() != counts.canary() || fresh.available() != counts.canary()) {
            return false;
        }
        boolean stableCounts = !(rollout.hasTrafficRouting() && rollout.scalesStableDynamically());
        if (stableCounts
                && (stable == null || stable.replicas() != counts.stable() || stable.actual() != counts.stable())) {
            return false;
        }
        return rollout.hasTrafficRouting() || ReplicaSetState.sum(others(), ReplicaSetState::available) == 0;
    }

    private void reconcileStepPause() {
        JsonNode step = rollout.step();
        if (rollout.isPausedByUser() || rollout.promoteFull() || step == null || !step.has("pause")) {
            return;
        }
        JsonNode pause = rollout.pauseCondition(STEP_PAUSE);
        if (pause == null) {
            if (!rollout.controllerPause()) {
                addedPauses.add(STEP_PAUSE);
            }
            return;
        }
        RolloutView.pauseDuration(step)
                .ifPresent(duration -> wakeAt(startOf(pause).plus(duration)));
    }

    private void wakeAt(Instant at) {
        if (at.isAfter(clock.instant())) {
            controllers.enqueueAfter(Part.ROLLOUTS, key, Duration.between(clock.instant(), at));
        }
    }

    private static Instant startOf(JsonNode pause) {
        return Metadata.instant(Json.text(pause, "startTime"), Instant.EPOCH);
    }

    private boolean isStepCompleted() {
        JsonNode step = rollout.step();
        if (rollout.isPausedByUser() || step == null) {
            return false;
        }
        if (step.has("pause")) {
            JsonNode pause = rollout.pauseCondition(STEP_PAUSE);
            if (pause == null) {
                return rollout.controllerPause();
            }
            return RolloutView.pauseDuration(step)
                    .map(duration -> clock.instant().isAfter(startOf(pause).plus(duration)))
                    .orElse(false);
        }
        return !step.has("setWeight") || isAtWantedCounts(weights);
    }

    private void syncCanaryStatus() {
        ObjectNode status = baseStatus();
        putUnlessZero(status, "availableReplicas", sum(ReplicaSetState::available));
        putUnlessZero(status, "HPAReplicas", sum(ReplicaSetState::actual));
        status.put("selector", LabelSelector.format(rollout.spec().path("selector")));
        putUnlessEmpty(status, "stableRS", rollout.stableHash());
        status.put("currentStepHash", rollout.stepHash());
        if (weights.isObject()) {
            Json.ensure(status, "canary").set("weights", weights);
        }
        int count = rollout.steps().size();
        Optional<Integer> index = rollout.stepIndex();
        if (templateOrStepsChanged()) {
            resetUpdate(status);
            index = count > 0 ? Optional.of(0) : Optional.empty();
            if (fresh != null && count > 0) {
                if (rollout.stableHash().equals(KEYS.hash(fresh))) {
                    normal("SkipSteps", "Rollback to stable ReplicaSets");
                    index = Optional.of(count);
                } else if (isRollbackWithinWindow() && fresh.replicas() > 0) {
                    normal("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow");
                    index = Optional.of(count);
                }
            }
            putIndex(status, index);
            persist(status);
            return;
        }
        if (rollout.promoteFull() || isRollbackWithinWindow()) {
            pausesCleared = true;
            abortRemoved = true;
            if (count > 0) {
                index = Optional.of(count);
            }
        }
        String reason = reasonToPromote(status, index);
        if (!reason.isEmpty()) {
            promote(status, reason);
            putIndex(status, count > 0 ? Optional.of(count) : Optional.empty());
        } else if (isAborted()) {
            boolean promoted = Json.text(status, "stableRS").equals(Json.text(status, "currentPodHash"));
            putIndex(status, count > 0 ? Optional.of(promoted ? count : 0) : index);
        } else {
            JsonNode step = rollout.step();
            if (step != null && index.isPresent() && isStepCompleted()) {
                index = Optional.of(index.get() + 1);
                normal(
                        "RolloutStepCompleted",
                        "Rollout step %d/%d completed (%s)".formatted(index.get(), count, RolloutView.describe(step)));
                removedPauses.add(STEP_PAUSE);
            }
            putIndex(status, index);
        }
        persist(status);
    }

    private static void putIndex(ObjectNode status, Optional<Integer> index) {
        index.ifPresent(value -> status.put("currentStepIndex", value));
    }

    // --- blueGreen --------------------------------------------------------------------------------------------------

    private void runBlueGreen() {
        ReplicaSetState current = required(fresh);
        String hash = KEYS.hash(current);
        String preview = Json.text(rollout.blueGreen(), "previewService");
        if (!preview.isEmpty() && !rollout.isHalted()) {
            traffic.switchService(rollout, preview, hash);
        }
        if (!templateChanged()) {
            reconcileBlueGreenReplicaSets();
            reconcileBlueGreenPause();
            reconcileActiveService();
        }
        syncBlueGreenStatus();
    }

    private void reconcileBlueGreenReplicaSets() {
        removeScaleDownDeadlines();
        if (stable != null) {
            scale(stable, rollout.replicas());
        }
        reconcileFresh(wantedBlueGreen());
        reconcileOthers();
        trimHistory();
    }

    private int wantedBlueGreen() {
        JsonNode previewCount = rollout.blueGreen().path("previewReplicaCount");
        ReplicaSetState active = byHash(Json.text(rollout.status(), "blueGreen", "activeSelector"));
        boolean past = rollout.promoteFull()
                || active == null
                || isSame(active, fresh)
                || (!rollout.isPausedByUser()
                        && !rollout.hasPauseConditions()
                        && Json.at(rollout.status(), "blueGreen", "scaleUpPreviewCheckPoint")
                                .asBoolean());
        return previewCount.isMissingNode() || past ? rollout.replicas() : previewCount.asInt();
    }

    private boolean isReadyForPause() {
        ReplicaSetState current = required(fresh);
        return current.replicas() == wantedBlueGreen() && current.available() == wantedBlueGreen();
    }

    private boolean isSaturated(ReplicaSetState set) {
        return set.replicas() == rollout.replicas()
                && set.available() == rollout.replicas()
                && set.annotation(KEYS.desiredReplicas()).equals(Integer.toString(rollout.replicas()));
    }

    private String activeSelector() {
        return traffic.selectorOf(rollout, Json.text(rollout.blueGreen(), "activeService"));
    }

    private boolean isFastTracked() {
        String active = activeSelector();
        return isFastRollback()
                || rollout.promoteFull()
                || active.isEmpty()
                || active.equals(KEYS.hash(required(fresh)));
    }

    private boolean needsBlueGreenPause() {
        return !rollout.blueGreen().path("autoPromotionEnabled").asBoolean(true)
                || Json.number(rollout.blueGreen(), 0, "autoPromotionSeconds") > 0;
    }

    private void reconcileBlueGreenPause() {
        if (rollout.abortRequested() || !isReadyForPause() || rollout.isHalted()) {
            return;
        }
        boolean passed = Json.at(rollout.status(), "blueGreen", "scaleUpPreviewCheckPoint")
                .asBoolean();
        if (isFastTracked() || passed || !needsBlueGreenPause()) {
            removedPauses.add(BLUE_GREEN_PAUSE);
            return;
        }
        JsonNode pause = rollout.pauseCondition(BLUE_GREEN_PAUSE);
        if (pause == null) {
            if (!rollout.controllerPause()) {
                addedPauses.add(BLUE_GREEN_PAUSE);
            }
        } else if (isBlueGreenPauseCompleted()) {
            removedPauses.add(BLUE_GREEN_PAUSE);
        } else {
            long seconds = Json.number(rollout.blueGreen(), 0, "autoPromotionSeconds");
            if (seconds > 0) {
                wakeAt(startOf(pause).plusSeconds(seconds));
            }
        }
    }

    private boolean isBlueGreenPauseCompleted() {
        JsonNode pause = rollout.pauseCondition(BLUE_GREEN_PAUSE);
        if (!addedPauses.isEmpty()) {
            return false;
        }
        if (Json.at(rollout.status(), "blueGreen", "scaleUpPreviewCheckPoint").asBoolean()) {
            return true;
        }
        if (rollout.blueGreen().path("autoPromotionEnabled").asBoolean(true)) {
            long seconds = Json.number(rollout.blueGreen(), 0, "autoPromotionSeconds");
            return seconds == 0
                    || (pause != null && clock.instant().isAfter(startOf(pause).plusSeconds(seconds)));
        }
        return rollout.controllerPause() && pause == null;
    }

    private void reconcileActiveService() {
        ReplicaSetState current = required(fresh);
        if (rollout.isHalted() || !isReadyForPause() || !isSaturated(current)) {
            return;
        }
        String hash = activeSelector();
        if (isFastTracked() || isBlueGreenPauseCompleted()) {
            hash = KEYS.hash(current);
        }
        if (rollout.abortRequested()) {
            hash = rollout.stableHash();
        }
        traffic.switchService(rollout, Json.text(rollout.blueGreen(), "activeService"), hash);
    }

    private void syncBlueGreenStatus() {
        ObjectNode status = baseStatus();
        putUnlessEmpty(status, "stableRS", rollout.stableHash());
        if (templateChanged()) {
            resetUpdate(status);
        }
        if (rollout.promoteFull() || isRollbackWithinWindow()) {
            pausesCleared = true;
            abortRemoved = true;
        }
        ObjectNode blueGreen = Json.ensure(status, "blueGreen");
        String preview = Json.text(rollout.blueGreen(), "previewService");
        putUnlessEmpty(blueGreen, "previewSelector", preview.isEmpty() ? "" : traffic.selectorOf(rollout, preview));
        putUnlessEmpty(blueGreen, "activeSelector", activeSelector());
        String reason = reasonToPromote(status, Optional.empty());
        if (!reason.isEmpty()) {
            promote(status, reason);
        } else if (isPastPreview()) {
            blueGreen.put("scaleUpPreviewCheckPoint", true);
        }
        ReplicaSetState active = byHash(Json.text(blueGreen, "activeSelector"));
        putUnlessZero(status, "HPAReplicas", active == null ? sum(ReplicaSetState::actual) : active.actual());
        putUnlessZero(
                status, "availableReplicas", active == null ? sum(ReplicaSetState::available) : active.available());
        if (active != null) {
            putUnlessZero(status, "readyReplicas", active.ready());
        }
        status.put(
                "selector",
                LabelSelector.format(
                        active == null ? rollout.spec().path("selector") : Json.at(active.tree(), "spec", "selector")));
        persist(status);
    }

    private boolean isPastPreview() {
        JsonNode count = rollout.blueGreen().path("previewReplicaCount");
        if (count.isMissingNode()) {
            return false;
        }
        return Json.at(rollout.status(), "blueGreen", "scaleUpPreviewCheckPoint")
                        .asBoolean()
                || (isBlueGreenPauseCompleted() && required(fresh).available() == count.asInt());
    }

    // --- promotion, abort, pause ------------------------------------------------------------------------------------

    private boolean isAborted() {
        return !abortRemoved && (abortAdded || rollout.abortRequested());
    }

    private boolean isRollback() {
        ReplicaSetState now = fresh;
        ReplicaSetState good = stable;
        return now != null
                && good != null
                && (rollout.stableHash().equals(KEYS.hash(now)) || now.created().isBefore(good.created()));
    }

    private boolean isFastRollback() {
        return isRollback()
                && (isRollbackWithinWindow()
                        || (freshWithinDelay && rollout.isBlueGreen())
                        || rollout.stableHash().equals(KEYS.hash(required(fresh))));
    }

    /** Times of creation have a resolution of a second: two sets of the same second are never a rollback. */
    private boolean isRollbackWithinWindow() {
        ReplicaSetState now = fresh;
        ReplicaSetState good = stable;
        long window = Json.number(rollout.spec(), 0, "rollbackWindow", "revisions");
        if (now == null || good == null || window <= 0 || !now.created().isBefore(good.created())) {
            return false;
        }
        long between = all.stream()
                .filter(set ->
                        set.created().isBefore(good.created()) && now.created().isBefore(set.created()))
                .count();
        return between < window;
    }

    private String reasonToPromote(JsonNode status, Optional<Integer> index) {
        if (stable == null) {
            return "Initial deploy";
        }
        if (rollout.isBlueGreen()) {
            String active = Json.text(status, "blueGreen", "activeSelector");
            if (active.isEmpty()) {
                return "Initial deploy";
            }
            if (!active.equals(Json.text(status, "currentPodHash"))) {
                return "";
            }
        } else if (isAborted() || fresh == null || fresh.available() < rollout.replicas()) {
            return "";
        }
        if (rollout.promoteFull()) {
            return "Full promotion requested";
        }
        if (isFastRollback()) {
            return isRollbackWithinWindow() ? "Rollback within window" : "Fast rollback";
        }
        if (rollout.isBlueGreen()) {
            return isAborted() ? "" : "Completed blue-green update";
        }
        int count = rollout.steps().size();
        // the index before this run: promoteFull and the window have been dealt with
        boolean done = count == 0 || rollout.stepIndex().equals(Optional.of(count));
        return done ? "Completed all " + count + " canary steps" : "";
    }

    private void promote(ObjectNode status, String reason) {
        pausesCleared = true;
        abortRemoved = true;
        status.remove("promoteFull");
        Json.ensure(status, "blueGreen").remove("scaleUpPreviewCheckPoint");
        String hash = Json.text(status, "currentPodHash");
        if (!Json.text(status, "stableRS").equals(hash)) {
            status.put("stableRS", hash);
            normal(
                    "RolloutCompleted",
                    "Rollout completed update to revision %d (%s): %s".formatted(revisionOfRollout(), hash, reason));
        }
    }

    private void resetUpdate(ObjectNode status) {
        pausesCleared = true;
        abortRemoved = true;
        status.remove("promoteFull");
    }

    /** Says in the conditions that the Rollout is paused, resumed or retried; true when that had to be written. */
    private boolean notePause() {
        JsonNode before = rollout.status();
        boolean paused = rollout.hasPauseConditions() || rollout.isPausedByUser();
        boolean notedPause = Conditions.has(before, "Progressing", "RolloutPaused");
        boolean notedAbort = Conditions.has(before, "Progressing", "RolloutAborted");
        boolean completed = !rollout.stableHash().isEmpty() && rollout.isFullyPromoted();
        ObjectNode status = statusCopy();
        if (paused != notedPause && !notedAbort && !completed) {
            String reason = paused ? "RolloutPaused" : "RolloutResumed";
            String message = paused ? "Rollout is paused" : "Rollout is resumed";
            Conditions.set(status, "Progressing", "Unknown", reason, message, registry.now());
        }
        if (!rollout.abortRequested() && notedAbort) {
            Conditions.set(
                    status, "Progressing", "Unknown", "RolloutRetry", "Retrying Rollout after abort", registry.now());
        }
        if (paused != Conditions.isTrue(before, "Paused") && !notedAbort) {
            Conditions.set(
                    status, "Paused", paused ? "True" : "False", "RolloutPaused", "Rollout is paused", registry.now());
        }
        if (status.equals(statusCopy())) {
            return false;
        }
        status.put("observedGeneration", Long.toString(Metadata.generation(rollout.tree())));
        setPhase(status);
        return write(status);
    }

    // --- status -----------------------------------------------------------------------------------------------------

    private ObjectNode statusCopy() {
        return rollout.status() instanceof ObjectNode status ? status.deepCopy() : Json.object();
    }

    private ObjectNode baseStatus() {
        ObjectNode status = Json.object();
        status.putObject("blueGreen");
        status.putObject("canary");
        status.put("currentPodHash", KEYS.hash(required(fresh)));
        putUnlessZero(status, "replicas", sum(ReplicaSetState::actual));
        putUnlessZero(status, "updatedReplicas", required(fresh).actual());
        putUnlessZero(status, "readyReplicas", sum(ReplicaSetState::ready));
        putUnlessZero(status, "collisionCount", Json.number(rollout.status(), 0, "collisionCount"));
        status.set(
                "conditions",
                rollout.status().path("conditions").isArray()
                        ? rollout.status().path("conditions").deepCopy()
                        : Json.NODES.arrayNode());
        Conditions.remove(status, "InvalidSpec");
        if (rollout.promoteFull()) {
            status.put("promoteFull", true);
        }
        return status;
    }

    private void persist(ObjectNode status) {
        status.put("observedGeneration", Long.toString(Metadata.generation(rollout.tree())));
        evaluateDeadlineAbort(status);
        putAbortAndPause(status);
        putConditions(status);
        setPhase(status);
        JsonNode before = rollout.status();
        if (!write(status)) {
            wakeAtDeadline();
            return;
        }
        boolean paused = !status.path("pauseConditions").isEmpty();
        if (paused && before.path("pauseConditions").isEmpty()) {
            normal(
                    "RolloutPaused",
                    "Rollout is paused ("
                            + Json.text(status.path("pauseConditions").get(0), "reason") + ")");
        } else if (!paused && !before.path("pauseConditions").isEmpty() && !status.has("abortedAt")) {
            normal("RolloutResumed", "Rollout is resumed");
        }
    }

    private void putAbortAndPause(ObjectNode status) {
        status.remove(List.of("abort", "abortedAt", "pauseConditions", "controllerPause"));
        if (isAborted()) {
            String at = Json.text(rollout.status(), "abortedAt");
            status.put("abort", true).put("abortedAt", at.isEmpty() ? registry.now() : at);
            return;
        }
        if (pausesCleared) {
            return;
        }
        boolean controllerPause = rollout.controllerPause();
        List<JsonNode> pauses = new ArrayList<>();
        Set<String> present = new HashSet<>();
        for (JsonNode pause : rollout.status().path("pauseConditions")) {
            String reason = Json.text(pause, "reason");
            present.add(reason);
            if (!removedPauses.contains(reason)) {
                pauses.add(pause);
            }
        }
        for (String reason : addedPauses) {
            if (!present.contains(reason)) {
                pauses.add(Json.object().put("reason", reason).put("startTime", registry.now()));
                controllerPause = true;
            }
        }
        if (!pauses.isEmpty()) {
            if (controllerPause) {
                status.put("controllerPause", true);
            }
            pauses.forEach(status.putArray("pauseConditions")::add);
        }
    }

    private void putConditions(ObjectNode status) {
        JsonNode before = rollout.status();
        String now = registry.now();
        boolean paused = !status.path("pauseConditions").isEmpty() || rollout.isPausedByUser();
        boolean healthy = isHealthy(status);
        boolean becameUnhealthy = false;
        if (!paused && healthy) {
            Conditions.set(status, "Healthy", "True", "RolloutHealthy", "Rollout is healthy", now);
        } else if (!Conditions.find(before, "Healthy").isMissingNode()) {
            becameUnhealthy =
                    Conditions.set(status, "Healthy", "False", "RolloutHealthy", "Rollout is not healthy", now);
        }
        if (isAborted()) {
            String message = "Rollout aborted update to revision " + revisionOfRollout()
                    + (abortCause.isEmpty() ? "" : ": " + abortCause);
            if (Conditions.set(status, "Progressing", "False", "RolloutAborted", message, now)) {
                events.warning(rollout.tree(), Writer.ROLLOUTS, "RolloutAborted", message);
            }
        } else {
            judgeProgress(before, status, healthy, becameUnhealthy, now);
        }
        putAvailable(status, now);
        if (isPromoted(status)) {
            Conditions.set(status, "Completed", "True", "RolloutCompleted", "RolloutCompleted", now);
        } else if (Conditions.set(status, "Completed", "False", "RolloutCompleted", "RolloutCompleted", now)) {
            normal(
                    "RolloutNotCompleted",
                    "Rollout not completed, started update to revision %d (%s)"
                            .formatted(revisionOfRollout(), Json.text(status, "currentPodHash")));
        }
    }

    private void judgeProgress(
            JsonNode before, ObjectNode status, boolean healthy, boolean becameUnhealthy, String now) {
        String subject = "ReplicaSet \"" + required(fresh).name() + "\"";
        if (healthy) {
            Conditions.set(
                    status,
                    "Progressing",
                    "True",
                    "NewReplicaSetAvailable",
                    subject + " has successfully progressed.",
                    now);
        } else if (isProgress(before, status) || becameUnhealthy) {
            boolean fellBack = isPromoted(status) && becameUnhealthy;
            Conditions.refresh(
                    status,
                    "Progressing",
                    "True",
                    fellBack ? "ReplicaSetNotAvailable" : "ReplicaSetUpdated",
                    fellBack ? "Rollout does not have minimum availability" : subject + " is progressing.",
                    now);
        } else if (!rollout.isAtIndefiniteStep() && !waitsForScaleDown() && hasTimedOut(status)) {
            Conditions.set(
                    status,
                    "Progressing",
                    "False",
                    "ProgressDeadlineExceeded",
                    subject + " has timed out progressing.",
                    now);
        }
    }

    private void putAvailable(ObjectNode status, String now) {
        boolean available;
        if (rollout.isBlueGreen()) {
            ReplicaSetState active = byHash(Json.text(status, "blueGreen", "activeSelector"));
            available = active != null && isSaturated(active);
        } else {
            available = sum(ReplicaSetState::available) >= rollout.replicas();
        }
        Conditions.set(
                status,
                "Available",
                available ? "True" : "False",
                "AvailableReason",
                available ? "Rollout has minimum availability" : "Rollout does not have minimum availability",
                now);
    }

    private static boolean isPromoted(JsonNode status) {
        String stable = Json.text(status, "stableRS");
        return !stable.isEmpty() && stable.equals(Json.text(status, "currentPodHash"));
    }

    private boolean isHealthy(JsonNode status) {
        boolean strategyDone;
        String current = Json.text(status, "currentPodHash");
        if (rollout.isBlueGreen()) {
            boolean preview = Json.text(rollout.blueGreen(), "previewService").isEmpty()
                    || Json.text(status, "blueGreen", "previewSelector").equals(current);
            strategyDone = Json.text(status, "blueGreen", "activeSelector").equals(current) && preview;
        } else {
            int count = rollout.steps().size();
            boolean allSteps = count == 0 || Json.number(status, count, "currentStepIndex") == count;
            strategyDone = allSteps && isPromoted(status) && Json.number(status, 0, "replicas") == rollout.replicas();
        }
        return strategyDone
                && Json.number(status, 0, "updatedReplicas") == rollout.replicas()
                && Json.number(status, 0, "availableReplicas") == rollout.replicas()
                && Json.text(rollout.status(), "observedGeneration")
                        .equals(Long.toString(Metadata.generation(rollout.tree())));
    }

    private boolean isProgress(JsonNode before, JsonNode status) {
        boolean strategyMoved;
        if (rollout.isBlueGreen()) {
            strategyMoved = !Json.at(before, "blueGreen", "activeSelector")
                            .equals(Json.at(status, "blueGreen", "activeSelector"))
                    || !Json.at(before, "blueGreen", "previewSelector")
                            .equals(Json.at(status, "blueGreen", "previewSelector"));
        } else {
            boolean stepMoved = before.has("currentStepIndex")
                    && status.has("currentStepIndex")
                    && !before.get("currentStepIndex").equals(status.get("currentStepIndex"));
            strategyMoved = !Json.text(before, "stableRS").equals(Json.text(status, "stableRS"))
                    || stepMoved
                    || !Json.text(before, "currentStepHash").equals(Json.text(status, "currentStepHash"));
        }
        long oldBefore = Json.number(before, 0, "replicas") - Json.number(before, 0, "updatedReplicas");
        long oldNow = Json.number(status, 0, "replicas") - Json.number(status, 0, "updatedReplicas");
        return strategyMoved
                || Json.number(status, 0, "updatedReplicas") != Json.number(before, 0, "updatedReplicas")
                || oldNow < oldBefore
                || Json.number(status, 0, "readyReplicas") > Json.number(before, 0, "readyReplicas")
                || Json.number(status, 0, "availableReplicas") > Json.number(before, 0, "availableReplicas");
    }

    private boolean waitsForScaleDown() {
        return others().stream().anyMatch(set -> Metadata.annotated(set.tree(), DEADLINE));
    }

    private boolean hasTimedOut(JsonNode status) {
        JsonNode progressing = Conditions.find(status, "Progressing");
        if (progressing.isMissingNode()) {
            return false;
        }
        return switch (Json.text(progressing, "reason")) {
            case "RolloutAborted", "RolloutPaused" -> false;
            case "ProgressDeadlineExceeded" -> true;
            default -> deadline(progressing).isBefore(clock.instant());
        };
    }

    private Instant deadline(JsonNode progressing) {
        return Metadata.instant(Json.text(progressing, "lastUpdateTime"), Instant.EPOCH)
                .plusSeconds(rollout.progressDeadlineSeconds());
    }

    private void evaluateDeadlineAbort(ObjectNode status) {
        if (rollout.spec().path("progressDeadlineAbort").asBoolean()
                && !isAborted()
                && !isPromoted(status)
                && !isProgress(rollout.status(), status)
                && !rollout.isAtIndefiniteStep()
                && !waitsForScaleDown()
                && hasTimedOut(rollout.status())) {
            abortAdded = true;
            abortCause = "ReplicaSet \"" + required(fresh).name() + "\" has timed out progressing.";
            events.warning(rollout.tree(), Writer.ROLLOUTS, "RolloutAborted", abortCause);
        }
    }

    private void wakeAtDeadline() {
        JsonNode progressing = Conditions.find(rollout.status(), "Progressing");
        if (!progressing.isMissingNode()
                && !isHealthy(rollout.status())
                && !Json.text(progressing, "reason").equals("ProgressDeadlineExceeded")
                && !rollout.hasPauseConditions()
                && !rollout.isPausedByUser()
                && !rollout.abortRequested()
                && !rollout.isAtIndefiniteStep()) {
            wakeAt(deadline(progressing).plusSeconds(1));
        }
    }

    private void setPhase(ObjectNode status) {
        RolloutPhase phase = RolloutPhase.of(rollout, status);
        status.put("phase", phase.phase());
        putUnlessEmpty(status, "message", phase.message());
    }

    /**
     * Writes what differs from what was read, as a patch between two typed values does: what others write meanwhile
     * stays, and so does a {@code false} that somebody stored, since to the controller it is the same as nothing. True
     * when anything differed.
     */
    private boolean write(ObjectNode status) {
        ObjectNode read = statusCopy();
        List<String> gone = names(read).stream()
                .filter(name -> !status.has(name) && !saysNothing(read.get(name)))
                .toList();
        List<String> changed = names(status).stream()
                .filter(name -> !status.get(name).equals(read.get(name)))
                .toList();
        if (gone.isEmpty() && changed.isEmpty()) {
            return false;
        }
        rollout = new RolloutView(registry.modify(key, "status", Writer.ROLLOUTS, tree -> {
            ObjectNode stored = Json.ensure(tree, "status");
            stored.remove(gone);
            changed.forEach(name -> stored.set(name, status.get(name)));
        }));
        return true;
    }

    /** Writes the whole status, and only over the version that was read. What says nothing is left out. */
    private void writeStatus(java.util.function.Consumer<ObjectNode> change) {
        String version = Json.text(rollout.tree(), "metadata", "resourceVersion");
        rollout = new RolloutView(registry.modify(key, "status", Writer.ROLLOUTS, tree -> {
            Metadata.of(tree).put("resourceVersion", version);
            ObjectNode status = Json.ensure(tree, "status");
            names(status).stream().filter(name -> saysNothing(status.get(name))).forEach(status::remove);
            Json.ensure(status, "blueGreen");
            Json.ensure(status, "canary");
            change.accept(status);
        }));
    }

    private static List<String> names(ObjectNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static boolean saysNothing(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.asBoolean())
                || (value.isNumber() && value.asLong() == 0)
                || (value.isTextual() && value.asText().isEmpty());
    }

    private void normal(String reason, String message) {
        events.normal(rollout.tree(), Writer.ROLLOUTS, reason, message);
    }

    private static ReplicaSetState required(@Nullable ReplicaSetState set) {
        if (set == null) {
            throw new IllegalStateException("a ReplicaSet is gone in the middle of a run");
        }
        return set;
    }

    private static void putUnlessZero(ObjectNode status, String field, long count) {
        ReplicaSetController.putUnlessZero(status, field, count);
    }

    private static void putUnlessEmpty(ObjectNode status, String field, String text) {
        if (text.isEmpty()) {
            status.remove(field);
        } else {
            status.put(field, text);
        }
    }
}
