package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.release.Reference;
import io.rollguard.sandbox.cluster.Controllers.Part;
import io.rollguard.wire.PodReferences;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler and the simulated kubelets. A pod becomes Ready by itself; annotations, of its template or put on it
 * later, change that, the same as on a control plane with KWOK:
 *
 * <ul>
 *   <li>{@code sandbox.rollguard.io/ready-after: 5s} Ready after so long (300 ms)
 *   <li>{@code sandbox.rollguard.io/fail: CrashLoopBackOff | ImagePullBackOff | NotReady} never Ready
 *   <li>{@code sandbox.rollguard.io/fail-after: 20s} becomes Ready, then crash-loops after so long
 *   <li>{@code sandbox.rollguard.io/terminates-after: 5s} takes so long to end once deleted (100 ms)
 * </ul>
 *
 * A pod that needs a ConfigMap or Secret which is not there waits for it, as it does for a real kubelet (and not for KWOK).
 */
final class Kubelets implements Controllers.Reconciler {

    static final String READY_AFTER = "sandbox.rollguard.io/ready-after";
    static final String FAIL = "sandbox.rollguard.io/fail";
    static final String FAIL_AFTER = "sandbox.rollguard.io/fail-after";
    static final String TERMINATES_AFTER = "sandbox.rollguard.io/terminates-after";

    private static final Duration STARTS_IN = Duration.ofMillis(300);
    private static final Duration FALLS_IN = Duration.ofSeconds(10);
    private static final Duration ENDS_IN = Duration.ofMillis(100);
    private static final Duration LOOKS_AGAIN = Duration.ofSeconds(1);
    private static final String NOT_THERE = "CreateContainerConfigError";

    private enum Step {
        START,
        WAIT,
        FAIL,
        FALL,
        END
    }

    private record Plan(String uid, Step step, Instant at) {}

    private final Registry registry;
    private final Controllers controllers;
    private final Nodes nodes;
    private final InstantSource clock;
    private final Map<ObjectKey, Plan> plans = new HashMap<>();
    private int addresses;

    Kubelets(Registry registry, Controllers controllers, Nodes nodes, InstantSource clock) {
        this.registry = registry;
        this.controllers = controllers;
        this.nodes = nodes;
        this.clock = clock;
    }

    @Override
    public void reconcile(ObjectKey key) {
        ObjectStore.Stored found = registry.store().find(key).orElse(null);
        if (found == null) {
            plans.remove(key);
            return;
        }
        ObjectNode pod = found.tree();
        String node = Json.text(pod, "spec", "nodeName");
        if (node.isEmpty()) {
            schedule(key, pod);
            return;
        }
        boolean waits = !isProvidedFor(key.namespace(), pod);
        Step step = nodes.isUp(node) ? next(pod, waits) : null;
        if (step == null) {
            plans.remove(key);
            if (waits && !Metadata.deleting(pod)) {
                controllers.enqueueAfter(Part.KUBELETS, key, LOOKS_AGAIN);
            }
            return;
        }
        Instant now = clock.instant();
        Plan plan = plans.get(key);
        if (plan == null || plan.step() != step || !plan.uid().equals(Metadata.uid(pod))) {
            plan = new Plan(Metadata.uid(pod), step, now.plus(delay(step, pod)));
            plans.put(key, plan);
        }
        if (plan.at().isAfter(now)) {
            controllers.enqueueAfter(Part.KUBELETS, key, Duration.between(now, plan.at()));
        } else {
            plans.remove(key);
            carryOut(step, key, pod, node);
        }
    }

    private void schedule(ObjectKey key, ObjectNode pod) {
        if (Metadata.deleting(pod)) {
            return;
        }
        Optional<String> node = nodes.next();
        if (node.isEmpty()) {
            registry.modify(
                    key,
                    "status",
                    Writer.SCHEDULER,
                    changed -> Pods.setCondition(changed, "PodScheduled", false, "Unschedulable", registry.now()));
            controllers.enqueueAfter(Part.KUBELETS, key, Duration.ofSeconds(1));
            return;
        }
        registry.modify(key, "", Writer.SCHEDULER, changed -> Pods.bind(changed, node.get(), registry.now()));
        registry.modify(
                key,
                "status",
                Writer.SCHEDULER,
                changed -> Pods.setCondition(changed, "PodScheduled", true, "", registry.now()));
    }

    private boolean isProvidedFor(String namespace, ObjectNode pod) {
        return Pods.isReady(pod)
                || PodReferences.of(pod).stream().filter(Reference::needed).allMatch(each -> switch (each.kind()) {
                    case CONFIG_MAP -> isThere(Catalog.CONFIG_MAPS, namespace, each.name());
                    case SECRET -> isThere(Catalog.SECRETS, namespace, each.name());
                    case SERVICE_ACCOUNT, CLAIM -> true; // not a kubelet's to look at
                });
    }

    private boolean isThere(ResourceType type, String namespace, String name) {
        return registry.store().find(new ObjectKey(type, namespace, name)).isPresent();
    }

    @Nullable
    private static Step next(ObjectNode pod, boolean waits) {
        if (Metadata.deleting(pod)) {
            return Step.END;
        }
        boolean begun = Json.at(pod, "status").has("containerStatuses");
        if (Metadata.annotated(pod, FAIL)) {
            return begun ? null : Step.FAIL;
        }
        if (Json.text(pod, "status", "phase").equals("Pending")) {
            return !waits ? Step.START : begun ? null : Step.WAIT;
        }
        return Metadata.annotated(pod, FAIL_AFTER) && Pods.isReady(pod) ? Step.FALL : null;
    }

    private static Duration delay(Step step, JsonNode pod) {
        return switch (step) {
            case START -> Durations.parse(Metadata.annotation(pod, READY_AFTER), STARTS_IN);
            case FAIL, WAIT -> STARTS_IN;
            case FALL -> Durations.parse(Metadata.annotation(pod, FAIL_AFTER), FALLS_IN);
            case END -> Durations.parse(Metadata.annotation(pod, TERMINATES_AFTER), ENDS_IN);
        };
    }

    private void carryOut(Step step, ObjectKey key, ObjectNode pod, String node) {
        String now = registry.now();
        switch (step) {
            case START -> {
                String ip = nextAddress();
                registry.modify(
                        key, "status", Writer.KUBELETS, changed -> Pods.started(changed, Nodes.address(node), ip, now));
            }
            case FAIL, WAIT -> {
                String ip = nextAddress();
                String why = step == Step.WAIT ? NOT_THERE : Metadata.annotation(pod, FAIL);
                registry.modify(
                        key,
                        "status",
                        Writer.KUBELETS,
                        changed -> Pods.neverReady(changed, why, Nodes.address(node), ip, now));
            }
            case FALL -> registry.modify(key, "status", Writer.KUBELETS, changed -> Pods.fellOver(changed, now));
            case END -> {
                if (!Metadata.finalizers(pod).isEmpty()) {
                    registry.modify(key, "", Writer.KUBELETS, changed -> Metadata.setFinalizers(changed, List.of()));
                }
                registry.erase(key);
            }
        }
    }

    private String nextAddress() {
        addresses++;
        return "10." + (200 + addresses / 65_536 % 50) + "." + addresses / 256 % 256 + "." + addresses % 256;
    }
}
