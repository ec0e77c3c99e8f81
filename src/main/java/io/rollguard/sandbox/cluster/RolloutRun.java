package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.sandbox.cluster.Controllers.Part;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What one look at one Rollout has read and decided so far. ReplicaSets are read again after each write to one; the
 * Rollout itself is not, so that the whole run judges one version of it.
 */
final class RolloutRun {

    static final RevisionKeys KEYS = RevisionKeys.ROLLOUT;
    static final String DEADLINE = "scale-down-deadline";

    final Registry registry;
    final Controllers controllers;
    final EventRecorder events;
    final InstantSource clock;
    final ObjectKey key;

    RolloutView rollout;
    List<ReplicaSetState> all;
    /** Of the present template; null before there is one. */
    @Nullable
    ReplicaSetState fresh;

    @Nullable
    ReplicaSetState stable;

    boolean freshWithinDelay;
    JsonNode weights;

    final Set<String> addedPauses = new HashSet<>();
    final Set<String> removedPauses = new HashSet<>();
    boolean pausesCleared;
    boolean abortAdded;
    boolean abortRemoved;
    String abortCause = "";

    RolloutRun(
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
        this.rollout = view(tree);
        this.all = owned();
        this.weights = Json.at(rollout.status(), "canary", "weights");
        find();
    }

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

    String hash() {
        ObjectNode template = rollout.template().deepCopy();
        PodTemplates.normalize(template);
        return PodTemplates.hash(template, Json.number(rollout.status(), 0, "collisionCount"));
    }

    @Nullable
    ReplicaSetState byHash(String hash) {
        return hash.isEmpty()
                ? null
                : all.stream()
                        .filter(set -> KEYS.hash(set).equals(hash))
                        .findFirst()
                        .orElse(null);
    }

    boolean isSame(@Nullable ReplicaSetState one, @Nullable ReplicaSetState other) {
        return one != null && other != null && one.name().equals(other.name());
    }

    List<ReplicaSetState> others() {
        return all.stream()
                .filter(set -> !isSame(set, fresh) && !isSame(set, stable))
                .toList();
    }

    void reload() {
        all = owned();
        fresh = fresh == null ? null : again(fresh);
        stable = stable == null ? null : again(stable);
    }

    private @Nullable ReplicaSetState again(ReplicaSetState set) {
        return all.stream().filter(other -> isSame(set, other)).findFirst().orElse(null);
    }

    int sum(ToIntFunction<ReplicaSetState> count) {
        return ReplicaSetState.sum(all, count);
    }

    private RolloutView view(ObjectNode tree) {
        return new RolloutView(WorkloadReference.resolve(registry.store(), tree));
    }

    /** Goes on with the Rollout as it was just written. */
    void written(ObjectNode tree) {
        rollout = view(tree);
    }

    /** Makes a write fail as stale where somebody else has written since. */
    void onlyOverWhatWasRead(ObjectNode tree) {
        Metadata.of(tree).set("resourceVersion", Json.at(rollout.tree(), "metadata", "resourceVersion"));
    }

    static ReplicaSetState required(@Nullable ReplicaSetState set) {
        if (set == null) {
            throw new IllegalStateException("a ReplicaSet is gone in the middle of a run");
        }
        return set;
    }

    boolean isAborted() {
        return !abortRemoved && (abortAdded || rollout.abortRequested());
    }

    void wakeAt(Instant at) {
        if (at.isAfter(clock.instant())) {
            controllers.enqueueAfter(Part.ROLLOUTS, key, Duration.between(clock.instant(), at));
        }
    }

    static Instant startOf(JsonNode pause) {
        return Metadata.instant(Json.text(pause, "startTime"), Instant.EPOCH);
    }

    void normal(String reason, String message) {
        events.normal(rollout.tree(), Writer.ROLLOUTS, reason, message);
    }

    Optional<Duration> timeLeft(ReplicaSetState set) {
        String deadline = set.annotation(DEADLINE);
        Instant at = Metadata.instant(deadline, Instant.EPOCH);
        return at.isAfter(clock.instant()) ? Optional.of(Duration.between(clock.instant(), at)) : Optional.empty();
    }

    ObjectNode statusCopy() {
        return rollout.status() instanceof ObjectNode status ? status.deepCopy() : Json.object();
    }

    static void putUnlessZero(ObjectNode status, String field, long count) {
        ReplicaSetController.putUnlessZero(status, field, count);
    }

    static void putUnlessEmpty(ObjectNode status, String field, String text) {
        if (text.isEmpty()) {
            status.remove(field);
        } else {
            status.put(field, text);
        }
    }

    static boolean isPromoted(JsonNode status) {
        String stable = Json.text(status, "stableRS");
        return !stable.isEmpty() && stable.equals(Json.text(status, "currentPodHash"));
    }

    long revisionOfRollout() {
        String text = Metadata.annotation(rollout.tree(), KEYS.revision());
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
    }

    boolean isSaturated(ReplicaSetState set) {
        return set.replicas() == rollout.replicas()
                && set.available() == rollout.replicas()
                && set.annotation(KEYS.desiredReplicas()).equals(Integer.toString(rollout.replicas()));
    }

    boolean waitsForScaleDown() {
        return others().stream().anyMatch(set -> Metadata.annotated(set.tree(), DEADLINE));
    }
}
