package io.rollguard.sandbox.cluster;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How many pods the canary and the stable ReplicaSet of a canary Rollout shall have. Without traffic routing the weight is
 * approximated by pods and every step stays within maxSurge and maxUnavailable; with it, the weight is the router's and
 * the stable side stays whole.
 */
record CanaryReplicas(int canary, int stable) {

    /**
     * @param fresh of the Rollout's present template
     * @param stable null where there is none or it is the fresh one
     */
    static CanaryReplicas byPods(
            int replicas,
            int weight,
            Bounds bounds,
            @Nullable ReplicaSetState fresh,
            @Nullable ReplicaSetState stable,
            List<ReplicaSetState> others) {
        CanaryReplicas wanted =
                stable == null ? new CanaryReplicas(replicas, 0) : approximate(replicas, weight, bounds);
        int most = replicas + bounds.maxSurge();
        int othersReplicas = ReplicaSetState.sum(others, ReplicaSetState::replicas);
        int freshNow = fresh == null ? 0 : fresh.replicas();
        int stableNow = stable == null ? 0 : stable.replicas();
        int room = most - othersReplicas - freshNow - stableNow;
        int canary = freshNow;
        int stay = stableNow;
        if (stable != null && stableNow < wanted.stable && room > 0) {
            stay = Math.min(wanted.stable, stableNow + room);
            room -= stay - stableNow;
        }
        if (fresh != null && freshNow < wanted.canary && room > 0) {
            canary = Math.min(wanted.canary, freshNow + room);
        }
        if (othersReplicas > 0) {
            return new CanaryReplicas(canary, stay);
        }
        int minAvailable = replicas - bounds.maxUnavailable();
        boolean growing = fresh == null || wanted.canary >= freshNow;
        int counted = countedForScaleDown(fresh, !growing) + countedForScaleDown(stable, growing);
        if (counted <= minAvailable) {
            return new CanaryReplicas(canary, stay);
        }
        int spare = counted - minAvailable;
        if (!growing) {
            canary = drained(fresh, wanted.canary, spare, canary);
            int[] both = withinLimits(fresh, stable, canary, stay, most, minAvailable);
            return new CanaryReplicas(both[0], both[1]);
        }
        if (stable != null) {
            stay = drained(stable, wanted.stable, spare, stay);
            int[] both = withinLimits(stable, fresh, stay, canary, most, minAvailable);
            return new CanaryReplicas(both[1], both[0]);
        }
        return new CanaryReplicas(canary, stay);
    }

    /** Rounded up where it does not come out even. */
    static int ofWeight(int replicas, int weight) {
        return (int) Math.ceil(weight * (double) replicas / 100);
    }

    private record Option(int canary, int total) {
        double distance(int weight) {
            return Math.abs(canary * 100.0 / total - weight);
        }
    }

    private static CanaryReplicas approximate(int replicas, int weight, Bounds bounds) {
        if (replicas == 0) {
            return new CanaryReplicas(0, 0);
        }
        int ceiling = (int) Math.ceil(replicas * weight / 100.0);
        int floor = (int) Math.floor(replicas * weight / 100.0);
        boolean zeroAllowed = weight == 100 || weight == 0 || (replicas == 1 && bounds.maxSurge() == 0);
        List<Option> options = new ArrayList<>();
        if (ceiling < replicas || zeroAllowed) {
            options.add(new Option(ceiling, replicas));
        }
        if (!tied(weight, replicas) && (floor != 0 || zeroAllowed)) {
            options.add(new Option(floor, replicas));
        }
        if (bounds.maxSurge() > 0) {
            options.add(new Option(ceiling, replicas + 1));
            if (!tied(weight, replicas + 1) && (floor != 0 || zeroAllowed)) {
                options.add(new Option(floor, replicas + 1));
            }
        }
        if (options.isEmpty()) {
            return new CanaryReplicas(0, replicas);
        }
        Option best = options.getFirst();
        for (Option option : options) {
            if (option.distance(weight) < best.distance(weight)) {
                best = option;
            }
        }
        return new CanaryReplicas(best.canary, best.total - best.canary);
    }

    private static boolean tied(int weight, int total) {
        return total * (weight / 100.0) % 1 == 0.5;
    }

    /** Pods that are to go anyway are not counted on, nor, unless told to, are those that are not available. */
    private static int countedForScaleDown(@Nullable ReplicaSetState set, boolean ignoreAvailability) {
        if (set == null) {
            return 0;
        }
        return set.replicas() < set.available() || ignoreAvailability ? set.replicas() : set.available();
    }

    private static int drained(@Nullable ReplicaSetState set, int wanted, int spare, int otherwise) {
        return set != null && set.replicas() > wanted ? Math.max(wanted, set.replicas() - spare) : otherwise;
    }

    private static int[] withinLimits(
            @Nullable ReplicaSetState drain,
            @Nullable ReplicaSetState keep,
            int drainTo,
            int keepAt,
            int most,
            int minAvailable) {
        if (keep == null) {
            return new int[] {drainTo, keepAt};
        }
        int available = drain == null ? 0 : Math.min(drain.available(), drainTo);
        int kept = keepAt - Math.max(0, keepAt + drainTo - most);
        available += Math.min(keep.available(), kept);
        int lost = Math.max(0, keep.available() - kept);
        kept += Math.min(lost, Math.max(0, minAvailable - available));
        return new int[] {drainTo - Math.max(0, kept + drainTo - most), kept};
    }
}
