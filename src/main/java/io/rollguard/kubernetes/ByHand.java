package io.rollguard.kubernetes;

import static java.util.stream.Collectors.joining;

import io.rollguard.release.ClusterObjects;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Strategy;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadFacts.Trait;
import io.rollguard.wire.StoredTemplate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a person types, into a shell with kubectl, to bring a Deployment, StatefulSet or DaemonSet back to a revision: all that
 * is left to do, the part that Rollguard leaves to people included, and never "the previous one", which may be as bad.
 */
final class ByHand {

    /** So many pods are named; more are told by their labels, so that the command fits into a message. */
    private static final int PODS = 15;

    private final ClusterObjects objects;
    private final WorkloadFacts workload;
    private final RevisionHash target;

    private ByHand(ClusterObjects objects, WorkloadFacts workload, RevisionHash target) {
        this.objects = objects;
        this.workload = workload;
        this.target = target;
    }

    /** Empty where no template of the target is left. */
    static Optional<String> restore(ClusterObjects objects, WorkloadFacts workload, RevisionHash target) {
        return new ByHand(objects, workload, target).restore();
    }

    private Optional<String> restore() {
        var back = undo().or(this::patch);
        if (back.isEmpty()) {
            return Optional.empty();
        }
        var steps = new ArrayList<String>();
        if (workload.is(Trait.PAUSED)) {
            steps.add("kubectl rollout resume " + name("/") + where()); // kubectl undoes nothing that is paused
        }
        if (!target.equals(workload.current())) {
            steps.add(back.get());
        }
        if (workload.is(Trait.PARTITIONED) && !target.equals(workload.stable())) {
            steps.add("kubectl patch " + name(" ") + where()
                    + " --type=merge -p '{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}'");
        }
        steps.addAll(deletions());
        return Optional.of(steps.isEmpty() ? back.get() : String.join(" && ", steps));
    }

    private Optional<String> undo() {
        return number(objects, workload, target)
                .map(number -> "kubectl rollout undo " + name("/") + where() + " --to-revision=" + number);
    }

    /** The number by which an undo names the revision; empty where the workload's own history has lost it. */
    static Optional<Long> number(ClusterObjects objects, WorkloadFacts workload, @Nullable RevisionHash target) {
        return objects.revisionsOf(workload).stream()
                .filter(revision -> revision.hash().equals(target) && revision.number() > 0)
                .map(RevisionFacts::number)
                .findFirst();
    }

    /** From what is kept, where the workload's own history has lost the revision. */
    private Optional<String> patch() {
        return objects.goodRevisions(workload.uid()).stream()
                .filter(good -> good.hash().equals(target))
                .map(good -> "kubectl patch " + name(" ") + where()
                        + " --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/template\",\"value\":'\"$(kubectl get"
                        + " controllerrevision " + StoredTemplate.nameOf(workload.ref(), good) + where()
                        + " -o jsonpath={.data.template} | base64 -d | gunzip)\"'}]'")
                .findFirst();
    }

    private List<String> deletions() {
        var left = objects.revisionsOf(workload).stream()
                .filter(revision -> !revision.hash().equals(target))
                .toList();
        var pods = left.stream()
                .flatMap(revision -> objects.podsOf(revision).stream())
                .filter(pod -> !pod.terminating() && waitsForDeletion(pod))
                .sorted(Comparator.comparingInt(PodFacts::ordinal).thenComparing(PodFacts::name))
                .map(PodFacts::name)
                .toList();
        if (pods.isEmpty()) {
            return List.of();
        }
        if (pods.size() <= PODS) {
            return List.of("kubectl delete pod" + where() + " " + String.join(" ", pods));
        }
        return left.stream()
                .filter(revision -> !objects.podsOf(revision).isEmpty())
                .map(revision -> "kubectl delete pod" + where() + " -l " + labels(revision))
                .toList();
    }

    private boolean waitsForDeletion(PodFacts pod) {
        boolean heldByPartition =
                workload.is(Trait.PARTITIONED) && target.equals(workload.current()) && target.equals(workload.stable());
        return workload.strategy() == Strategy.ON_DELETE
                || heldByPartition
                || (workload.is(Trait.ORDERED) && !pod.ready());
    }

    private static String labels(RevisionFacts revision) {
        return revision.podLabels().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(label -> label.getKey() + "=" + label.getValue())
                .collect(joining(","));
    }

    private String name(String between) {
        return workload.ref().kind().alertLabel() + between + workload.ref().name();
    }

    private String where() {
        return " -n " + workload.ref().namespace();
    }
}
