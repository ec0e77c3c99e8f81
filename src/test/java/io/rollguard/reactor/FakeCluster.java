package io.rollguard.reactor;

import io.rollguard.policy.Rights;
import io.rollguard.policy.Tier;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.PodFacts;
import io.rollguard.release.PodTrouble;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.Trouble;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Settings;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A cluster with one Rollout, shop/cart, and maybe a Deployment, shop/search, that does what its verbs say. */
final class FakeCluster implements Cluster {

    static final WorkloadRef CART = new WorkloadRef("test", "shop", Kind.ROLLOUT, "cart");
    static final WorkloadRef SEARCH = new WorkloadRef("test", "shop", Kind.DEPLOYMENT, "search");
    static final RevisionHash STABLE = new RevisionHash("stable1");
    static final RevisionHash CANARY = new RevisionHash("canary1");
    private static final String UID = "uid-cart";
    private static final String UID_OF_SEARCH = "uid-search";

    final List<String> writes = new ArrayList<>();
    final Deque<Answer> answers = new ArrayDeque<>();
    Pause pause = Pause.NONE;
    int pauseReads;
    Answer rehearsal = new Answer.Done("200");
    final Deque<Answer> rehearsals = new ArrayDeque<>(); // before that one
    boolean whole = true;

    @Nullable
    Tier rights;

    boolean deletesPods;

    int kept;
    Answer keeping = new Answer.Done("201");

    @Nullable
    Reading reading;

    @Nullable
    Runnable beforeWrite;

    @Nullable
    Write lastWrite;

    private final ClusterObjects objects = new ClusterObjects("test");

    /** Half an hour old v1, and a canary of v2 that began at {@code start}. */
    void canary(Instant start) {
        objects.put(new NodeFacts("node-a", true, null));
        revision(STABLE, 1, start.minusSeconds(7200), 4);
        revision(CANARY, 2, start, 1);
        for (int pod = 0; pod < 4; pod++) {
            pod(STABLE, pod, start.minusSeconds(7200));
        }
        pod(CANARY, 0, start);
        rollout(CANARY, STABLE, false, null, Settings.NONE);
    }

    void annotated(Settings settings) {
        rollout(CANARY, STABLE, false, null, settings);
    }

    /** As the controller leaves it after an abort. */
    void aborted(Instant at) {
        rollout(CANARY, STABLE, true, at, Settings.NONE);
        objects.removePod("shop", "cart-canary1-0");
    }

    /** Somebody takes the abort back. */
    void retried() {
        rollout(CANARY, STABLE, false, null, Settings.NONE);
    }

    /** Somebody went to the stable revision, and ships the canary's again, which gets this number. */
    void shippedAgain(long number) {
        revision(STABLE, number - 1, Instant.EPOCH, 4);
        var made = objects.revision("shop", "cart-" + CANARY).orElseThrow().createdAt();
        revision(CANARY, number, made, 1);
        pod(CANARY, 7, made.plusSeconds(60));
        rollout(CANARY, STABLE, false, null, Settings.NONE);
    }

    /** A person paused it before the abort, which its controller has acknowledged, or not yet. */
    void abortedWhilePaused(@Nullable Instant acknowledged) {
        with(CANARY, STABLE, true, acknowledged, Set.of(Trait.PAUSED));
    }

    /** The restored template is current, and the canary has still all the traffic. */
    void restored(boolean abortedByItsAnalysis, boolean promoting) {
        var traits = EnumSet.noneOf(Trait.class);
        if (abortedByItsAnalysis) {
            traits.add(Trait.ABORTED_BY_CONTROLLER);
        }
        if (promoting) {
            traits.add(Trait.PROMOTE_FULL);
        }
        with(STABLE, CANARY, abortedByItsAnalysis, null, traits);
    }

    /** The watch of its revisions is behind that of the workload. */
    void hidesItsRevision() {
        runs(null);
    }

    void showsItsRevision() {
        runs(CANARY);
    }

    /** The watch of the workload itself is behind. */
    void hidesItsAbort(boolean acknowledgementOnly) {
        var rollout = objects.workload(CART).orElseThrow();
        objects.put(rollout.with().aborted(acknowledgementOnly, null).build());
    }

    private void runs(@Nullable RevisionHash current) {
        var rollout = objects.workload(CART).orElseThrow();
        objects.put(rollout.with().revisions(current, rollout.stable()).build());
    }

    private void with(
            RevisionHash current,
            RevisionHash stable,
            boolean aborted,
            @Nullable Instant abortedAt,
            Set<Trait> traits) {
        objects.put(WorkloadFacts.of(CART, UID, Strategy.CANARY)
                .pods(4, 1, 4, 5)
                .revisions(current, stable)
                .aborted(aborted, abortedAt)
                .traits(traits)
                .build());
    }

    /** Somebody else aborts it, and its pods are still there. */
    void abortedByOthers(Instant at) {
        rollout(CANARY, STABLE, true, at, Settings.NONE);
    }

    void knownGood(RevisionHash hash, Instant since) {
        objects.put(new GoodRevision(UID, hash, "template-" + hash, since, false));
    }

    /** A newer revision replaces the canary. */
    void ship(RevisionHash newer, Instant at) {
        shipOnTopOf(STABLE, newer, at);
    }

    /** A newer revision comes beside the one that people made stable. */
    void shipOnTopOf(RevisionHash stable, RevisionHash newer, Instant at) {
        revision(newer, 3, at, 1);
        pod(newer, 0, at);
        rollout(newer, stable, false, null, Settings.NONE);
    }

    /** The canary takes all, as the watches show it. */
    void promoted(Instant at) {
        promoted(at, Set.of());
    }

    void promoted(Instant at, Set<Trait> traits) {
        var canary = objects.workload(CART).orElseThrow();
        objects.put(WorkloadFacts.of(CART, canary.uid(), canary.strategy())
                .pods(4, 4, 4, 4)
                .revisions(CANARY, CANARY)
                .complete(true, at)
                .traits(traits)
                .build());
    }

    void gone() {
        objects.remove(CART);
    }

    /** Deleted and made anew from the same template. */
    void madeAnew() {
        workload(CART, "another-uid", Strategy.CANARY, CANARY, CANARY, false, null, Settings.NONE);
    }

    /** The Deployment moves to a new revision, of which one pod is there; {@code number} counts its revisions from 1. */
    void deploys(RevisionHash hash, int number, Instant at) {
        revision(SEARCH, UID_OF_SEARCH, hash, number, at, 1);
        objects.put(new PodFacts("shop", "search-" + hash + "-0", "search-" + hash, "node-a", true, false, at));
        workload(SEARCH, UID_OF_SEARCH, Strategy.ROLLING, hash, null, false, null, Settings.NONE);
    }

    /** The Deployment is on this revision with all its pods, for as long. */
    void serves(RevisionHash hash, Instant since, Settings settings) {
        serves(hash, since, settings, null, Set.of());
    }

    /** The same for a Deployment that is nothing but the template of a Rollout. */
    void isTemplateOf(String owner, RevisionHash hash, Instant since) {
        serves(hash, since, Settings.NONE, owner, Set.of(Trait.TEMPLATE_ONLY));
    }

    private void serves(
            RevisionHash hash, Instant since, Settings settings, @Nullable String owner, Set<Trait> traits) {
        objects.put(WorkloadFacts.of(SEARCH, UID_OF_SEARCH, Strategy.ROLLING)
                .pods(1, 1, 1, 1)
                .revisions(hash, null)
                .complete(true, since)
                .owner(owner)
                .traits(traits)
                .settings(settings)
                .build());
    }

    /** The Deployment goes back to a revision that it had. */
    void goesBack(RevisionHash hash, int number, Instant firstMade, Instant now, RevisionHash from) {
        objects.put(new RevisionFacts(
                "shop",
                "search-" + hash,
                UID_OF_SEARCH,
                hash,
                number,
                true,
                firstMade,
                1,
                1,
                Map.of("app", "search"),
                "template-" + hash,
                "config-" + hash));
        serves(hash, now, new Settings(null, null, null, from.value()));
    }

    private void rollout(
            RevisionHash current,
            RevisionHash stable,
            boolean aborted,
            @Nullable Instant abortedAt,
            Settings settings) {
        workload(CART, UID, Strategy.CANARY, current, stable, aborted, abortedAt, settings);
    }

    /** One of 4 pods is updated, and one more than these 4 is there. */
    private void workload(
            WorkloadRef ref,
            String uid,
            Strategy strategy,
            RevisionHash current,
            @Nullable RevisionHash stable,
            boolean aborted,
            @Nullable Instant abortedAt,
            Settings settings) {
        objects.put(WorkloadFacts.of(ref, uid, strategy)
                .pods(4, 1, 4, 5)
                .revisions(current, stable)
                .aborted(aborted, abortedAt)
                .settings(settings)
                .build());
    }

    private void revision(RevisionHash hash, long number, Instant createdAt, int replicas) {
        revision(CART, UID, hash, number, createdAt, replicas);
    }

    private void revision(
            WorkloadRef workload, String uid, RevisionHash hash, long number, Instant createdAt, int replicas) {
        objects.put(new RevisionFacts(
                "shop",
                workload.name() + "-" + hash,
                uid,
                hash,
                number,
                false,
                createdAt,
                replicas,
                replicas,
                Map.of("app", workload.name()),
                "template-" + hash,
                "config-" + hash));
    }

    private void pod(RevisionHash hash, int number, Instant createdAt) {
        objects.put(
                new PodFacts("shop", "cart-" + hash + "-" + number, "cart-" + hash, "node-a", true, false, createdAt));
    }

    /** A pod of the Rollout crashes again and again since then, and is not ready. */
    void crashes(RevisionHash hash, int number, Instant since) {
        var pod = objects.pod("shop", "cart-" + hash + "-" + number).orElseThrow();
        objects.put(new PodFacts(
                "shop",
                pod.name(),
                pod.revision(),
                pod.node(),
                false,
                false,
                pod.createdAt(),
                new PodTrouble(Trouble.CRASH_LOOP, since, null)));
    }

    /** It runs as if nothing had been. */
    void recovers(RevisionHash hash, int number) {
        var pod = objects.pod("shop", "cart-" + hash + "-" + number).orElseThrow();
        pod(hash, number, pod.createdAt());
    }

    @Override
    public Optional<String> ownNamespace() {
        return Optional.of("rollguard");
    }

    @Override
    public ClusterObjects objects() {
        return objects;
    }

    @Override
    public boolean isWhole() {
        return whole;
    }

    @Override
    public boolean answers() {
        return true;
    }

    @Override
    public void onChange(Consumer<WorkloadRef> listener) {}

    @Override
    public Optional<Rights> rights(String namespace) {
        return Optional.ofNullable(rights().get(namespace));
    }

    @Override
    public Map<String, Rights> rights() {
        return rights == null ? Map.of() : Map.of("shop", new Rights(rights, List.of(), deletesPods));
    }

    @Override
    public Map<String, Instant> leases(Collection<String> nodes) {
        return Map.of();
    }

    @Override
    public Answer pause(Pause pause) {
        this.pause = pause;
        return new Answer.Done("switched");
    }

    @Override
    public Pause pause() {
        pauseReads++;
        return pause;
    }

    @Override
    public Reading read(WorkloadRef workload) {
        if (reading != null) {
            return reading;
        }
        return objects.workload(workload)
                .<Reading>map(facts -> new Reading.Found(facts, "1", "raw"))
                .orElseGet(Reading.Gone::new);
    }

    @Override
    public Answer abort(Reading.Found as, RevisionHash bad, RevisionHash stable) {
        return write("abort " + bad + " to " + stable);
    }

    @Override
    public Answer restore(Reading.Found as, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
        return write("restore " + bad + " to " + target);
    }

    @Override
    public Answer rehearse(Act act, Reading.Found as, RevisionHash bad, RevisionHash target) {
        return rehearsals.isEmpty() ? rehearsal : rehearsals.removeFirst();
    }

    @Override
    public Answer finish(
            Reading.Found as, FollowUp what, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
        return write(what.label() + " " + as.facts().ref().name());
    }

    @Override
    public String manualCommand(WorkloadRef workload, FollowUp what) {
        return "kubectl to " + what.label();
    }

    private Answer write(String what) {
        if (beforeWrite != null) {
            beforeWrite.run();
        }
        writes.add(what);
        return answers.isEmpty() ? new Answer.Done("200") : answers.removeFirst();
    }

    @Override
    public Answer keepGood(Reading.Found as, GoodRevision revision) {
        kept++;
        return keeping;
    }

    @Override
    public Optional<Write> lastWrite(Reading.Found reading) {
        return Optional.ofNullable(lastWrite);
    }

    @Override
    public String snapshotOf(WorkloadRef workload, RevisionHash revision) {
        return workload.name() + "-replaced-" + revision;
    }

    @Override
    public String forwardCommand(WorkloadRef workload, Act act, RevisionHash revision) {
        return "forward to " + revision;
    }

    @Override
    public String manualCommand(WorkloadRef workload, Act act, @Nullable RevisionHash target) {
        return "kubectl argo rollouts abort cart -n shop";
    }
}
