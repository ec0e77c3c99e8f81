package io.rollguard.reactor;

import io.rollguard.release.ClusterObjects;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.Links;
import io.rollguard.release.PodFacts;
import io.rollguard.release.PodTrouble;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.Trouble;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Settings;
import io.rollguard.release.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A workload as the API server of a {@link History} holds it: one replica, a canary that has one pod beside it, a Deployment
 * that moves over when its controller works. Every change moves the resourceVersion.
 */
final class HistoryWorkload {

    /** Its pod template, and what is known of it by whoever made it: whether it is bad, and whether an alert ever said so. */
    static final class Revision {
        final RevisionHash hash;
        final boolean bad;
        final Instant createdAt;
        long number;
        boolean reused;
        boolean accused;

        @Nullable
        Instant podSince;

        /** Since when its pods crash again and again; null while they run. */
        @Nullable
        Instant crashesSince;

        Revision(RevisionHash hash, boolean bad, long number, Instant createdAt) {
            this.hash = hash;
            this.bad = bad;
            this.number = number;
            this.createdAt = createdAt;
        }
    }

    final WorkloadRef ref;
    private final int index;
    private int incarnation;
    private int shipped;

    String uid = "";
    long resourceVersion = 1;
    List<Revision> revisions = new ArrayList<>();
    final List<String> formerRevisions = new ArrayList<>();
    final List<GoodRevision> kept = new ArrayList<>();

    /** What was rolled back from, by a request that landed. */
    final Set<RevisionHash> rolledBackFrom = new HashSet<>();

    Revision current;
    Revision stable;
    boolean observed = true;
    boolean aborted;
    boolean complete = true;

    @Nullable
    Instant abortedAt;

    @Nullable
    Instant completedAt;

    @Nullable
    Instant changedAt;

    /** When its template was last written, as managedFields say. */
    Instant templateSetAt;

    /** Since when what all its pods need is away, so that they crash, whatever they are of. */
    @Nullable
    Instant downSince;

    @Nullable
    String noRollback;

    @Nullable
    String mode;

    @Nullable
    RevisionHash marked;

    HistoryWorkload(int index, Kind kind, String namespace, Instant start) {
        this.index = index;
        this.ref = new WorkloadRef("test", namespace, kind, "w" + index);
        this.current = make(start);
        this.stable = current;
    }

    /** Made anew under the same name: another uid, nothing of before is left. */
    void recreate(Instant now) {
        revisions.forEach(each -> formerRevisions.add(name(each)));
        revisions = new ArrayList<>();
        kept.clear();
        rolledBackFrom.clear();
        incarnation++;
        current = make(now);
        stable = current;
        observed = true;
        aborted = false;
        complete = true;
        abortedAt = null;
        changedAt = null;
        downSince = null;
        marked = null;
        resourceVersion++;
    }

    private Revision make(Instant since) {
        uid = "uid-" + index + "-" + incarnation;
        shipped = 0;
        var first = revision(false, since);
        first.podSince = since;
        completedAt = since;
        templateSetAt = since;
        return first;
    }

    private Revision revision(boolean bad, Instant now) {
        var hash = new RevisionHash("w" + index + "i" + incarnation + "r" + ++shipped);
        var made = new Revision(hash, bad, newest() + 1, now);
        revisions.add(made);
        return made;
    }

    private long newest() {
        return revisions.stream().mapToLong(each -> each.number).max().orElse(0);
    }

    boolean isRollout() {
        return ref.kind() == Kind.ROLLOUT;
    }

    // --- what people do

    void ship(boolean bad, Instant now) {
        become(revision(bad, now), now);
    }

    /** An old revision is shipped again, or gone back to. */
    void become(Revision revision, Instant now) {
        if (revision == current) {
            return;
        }
        if (complete) {
            changedAt = now;
        }
        if (revision.number < newest()) {
            revision.number = newest() + 1;
            revision.reused = true;
        }
        if (current != stable && isRollout()) {
            current.podSince = null;
        }
        current = revision;
        templateSetAt = now;
        downSince = null;
        aborted = false;
        abortedAt = null;
        observed = false;
        complete = isRollout() && current == stable;
        completedAt = complete ? now : null;
        resourceVersion++;
    }

    void promote(Instant now) {
        if (isRollout() && !aborted && !complete) {
            stable.podSince = null;
            stable = current;
            complete = true;
            completedAt = now;
            downSince = null;
            resourceVersion++;
        }
    }

    void undoAbort(Instant now) {
        if (isRollout() && aborted && abortedAt != null) {
            aborted = false;
            abortedAt = null;
            current.podSince = now;
            resourceVersion++;
        }
    }

    void touch() {
        resourceVersion++;
    }

    void optOut(@Nullable String reason) {
        noRollback = reason;
        resourceVersion++;
    }

    void inMode(@Nullable String asked) {
        mode = asked;
        resourceVersion++;
    }

    // --- what its controller does

    void control(Instant now) {
        if (!observed) {
            observed = true;
            resourceVersion++;
        }
        if (isRollout()) {
            if (aborted && abortedAt == null) {
                abortedAt = now;
                current.podSince = null;
                resourceVersion++;
            } else if (!aborted && current.podSince == null) {
                current.podSince = now;
                resourceVersion++;
            }
        } else if (current.podSince == null) {
            current.podSince = now;
            resourceVersion++;
        } else if (!complete) {
            revisions.stream().filter(each -> each != current).forEach(each -> each.podSince = null);
            stable = current;
            complete = true;
            completedAt = now;
            downSince = null;
            resourceVersion++;
        }
    }

    // --- what Rollguard's requests do

    void abort() {
        aborted = true;
        rolledBackFrom.add(current.hash);
        resourceVersion++;
    }

    void restore(Revision target, Instant now) {
        var bad = current.hash;
        become(target, now);
        marked = bad;
        rolledBackFrom.add(bad);
    }

    @Nullable
    Revision find(RevisionHash hash) {
        return revisions.stream()
                .filter(each -> each.hash.equals(hash))
                .findFirst()
                .orElse(null);
    }

    // --- what is seen of it

    WorkloadFacts facts() {
        var settings = new Settings(mode, null, noRollback, marked == null ? null : marked.value());
        return WorkloadFacts.of(ref, uid, isRollout() ? Strategy.CANARY : Strategy.ROLLING)
                .observed(observed)
                .pods(1, current.podSince == null ? 0 : 1, 1, 2)
                .revisions(current.hash, isRollout() ? stable.hash : null)
                .aborted(aborted, abortedAt)
                .changedAt(isRollout() && !complete ? changedAt : null)
                .complete(complete, completedAt)
                .templateSetAt(templateSetAt)
                .settings(settings)
                .build();
    }

    Links links() {
        return new Links(current.number, null, 0, 0);
    }

    List<RevisionFacts> revisionFacts() {
        return revisions.stream()
                .map(each -> new RevisionFacts(
                        ref.namespace(),
                        name(each),
                        uid,
                        each.hash,
                        each.number,
                        each.reused,
                        each.createdAt,
                        each.podSince == null ? 0 : 1,
                        each.podSince == null ? 0 : 1,
                        Map.of("app", ref.name(), "tier", "web"),
                        "template-" + each.hash,
                        "config-" + each.hash))
                .toList();
    }

    String pod(Revision revision) {
        return name(revision) + "-pod";
    }

    private String name(Revision revision) {
        return ref.name() + "-" + revision.hash;
    }

    /** Watches of different kinds are independent, so each part of a picture may be as old as it likes. */
    enum Part {
        WORKLOAD,
        REVISIONS,
        PODS,
        KEPT
    }

    void show(Part part, ClusterObjects objects) {
        switch (part) {
            case WORKLOAD -> objects.put(facts(), links());
            case REVISIONS -> {
                formerRevisions.forEach(name -> objects.removeRevision(ref.namespace(), name));
                revisionFacts().forEach(objects::put);
            }
            case PODS -> {
                formerRevisions.forEach(name -> objects.removePod(ref.namespace(), name + "-pod"));
                for (var each : revisions) {
                    if (each.podSince == null) {
                        objects.removePod(ref.namespace(), pod(each));
                    } else {
                        var trouble = trouble(each);
                        objects.put(new PodFacts(
                                ref.namespace(),
                                pod(each),
                                name(each),
                                "node-a",
                                trouble == null,
                                false,
                                each.podSince,
                                trouble));
                    }
                }
            }
            case KEPT -> kept.forEach(objects::put);
        }
    }

    private @Nullable PodTrouble trouble(Revision revision) {
        var since = revision.crashesSince == null ? downSince : revision.crashesSince;
        return since == null ? null : new PodTrouble(Trouble.CRASH_LOOP, since, null);
    }

    /** All runs. */
    void recover() {
        downSince = null;
        revisions.forEach(each -> each.crashesSince = null);
    }

    /** Its first revision has been good for long. */
    void keepFirst(Instant start) {
        var first = revisions.getFirst().hash;
        kept.add(new GoodRevision(uid, first, "template-" + first, start.plus(Duration.ofMinutes(30)), false));
    }
}
