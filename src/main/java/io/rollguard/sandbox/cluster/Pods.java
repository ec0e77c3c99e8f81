package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What a pod's status says, and how a kubelet writes it. */
final class Pods {

    private static final Set<String> STARTS_NOT = Set.of("ImagePullBackOff", "CreateContainerConfigError");

    private Pods() {}

    static boolean isActive(JsonNode pod) {
        String phase = Json.text(pod, "status", "phase");
        return !Metadata.deleting(pod) && !phase.equals("Failed") && !phase.equals("Succeeded");
    }

    static boolean isReady(JsonNode pod) {
        return Conditions.isTrue(pod.path("status"), "Ready");
    }

    static Instant readySince(JsonNode pod) {
        JsonNode ready = Conditions.find(pod.path("status"), "Ready");
        return !Json.text(ready, "status").equals("True")
                ? Instant.EPOCH
                : Metadata.instant(Json.text(ready, "lastTransitionTime"), Instant.EPOCH);
    }

    static void bind(ObjectNode pod, String node, String now) {
        Json.ensure(pod, "spec").put("nodeName", node);
        Json.ensure(pod, "metadata", "labels").put("topology.kubernetes.io/zone", node.replace("node", "zone"));
        setCondition(pod, "PodScheduled", true, "", now);
    }

    static void started(ObjectNode pod, String hostIp, String podIp, String now) {
        ObjectNode status = begun(pod, "Running", hostIp, podIp, now);
        setCondition(pod, "ContainersReady", true, "", now);
        setCondition(pod, "Ready", true, "", now);
        for (ObjectNode container : containers(pod, status)) {
            container.put("ready", true).put("started", true).put("restartCount", 0);
            Json.ensure(container, "state", "running").put("startedAt", now);
        }
    }

    /**
     * @param why CrashLoopBackOff, ImagePullBackOff, CreateContainerConfigError or NotReady (running, but failing its probe)
     */
    static void neverReady(ObjectNode pod, String why, String hostIp, String podIp, String now) {
        String phase = STARTS_NOT.contains(why) ? "Pending" : "Running";
        ObjectNode status = begun(pod, phase, hostIp, podIp, now);
        notReady(pod, now);
        for (ObjectNode container : containers(pod, status)) {
            container.put("ready", false).put("started", why.equals("NotReady"));
            container.put("restartCount", why.equals("CrashLoopBackOff") ? 4 : 0);
            if (why.equals("NotReady")) {
                Json.ensure(container, "state", "running").put("startedAt", now);
            } else {
                waiting(container, why);
            }
            if (why.equals("CrashLoopBackOff")) {
                terminatedBefore(container, now);
            }
        }
    }

    static void fellOver(ObjectNode pod, String now) {
        ObjectNode status = Json.ensure(pod, "status");
        notReady(pod, now);
        for (ObjectNode container : containers(pod, status)) {
            container.put("ready", false).put("started", false).put("restartCount", 3);
            waiting(container, "CrashLoopBackOff");
            terminatedBefore(container, now);
        }
    }

    static void notReady(ObjectNode pod, String now) {
        setCondition(pod, "ContainersReady", false, "ContainersNotReady", now);
        setCondition(pod, "Ready", false, "ContainersNotReady", now);
    }

    static void setCondition(ObjectNode pod, String type, boolean value, String reason, String now) {
        ArrayNode conditions = Json.ensure(pod, "status").withArray("conditions");
        String status = value ? "True" : "False";
        ObjectNode condition = null;
        for (JsonNode existing : conditions) {
            if (Json.text(existing, "type").equals(type)) {
                condition = (ObjectNode) existing;
            }
        }
        if (condition == null) {
            condition = conditions.addObject().put("type", type);
        }
        if (!Json.text(condition, "status").equals(status)) {
            condition.put("lastTransitionTime", now);
        }
        condition.put("status", status);
        if (reason.isEmpty()) {
            condition.remove("reason");
        } else {
            condition.put("reason", reason);
        }
    }

    private static ObjectNode begun(ObjectNode pod, String phase, String hostIp, String podIp, String now) {
        ObjectNode status = Json.ensure(pod, "status");
        status.put("phase", phase).put("startTime", now).put("hostIP", hostIp).put("podIP", podIp);
        status.putArray("hostIPs").addObject().put("ip", hostIp);
        status.putArray("podIPs").addObject().put("ip", podIp);
        setCondition(pod, "PodScheduled", true, "", now);
        setCondition(pod, "Initialized", true, "", now);
        Json.at(pod, "spec", "readinessGates")
                .forEach(gate -> setCondition(pod, Json.text(gate, "conditionType"), true, "", now));
        return status;
    }

    private static Iterable<ObjectNode> containers(ObjectNode pod, ObjectNode status) {
        ArrayNode statuses = status.putArray("containerStatuses");
        List<ObjectNode> written = new ArrayList<>();
        for (JsonNode container : Json.at(pod, "spec", "containers")) {
            written.add(statuses.addObject()
                    .put("name", Json.text(container, "name"))
                    .put("image", Json.text(container, "image"))
                    .put("imageID", ""));
        }
        return written;
    }

    private static void waiting(ObjectNode container, String why) {
        Json.ensure(container, "state", "waiting").put("reason", why).put("message", "simulated");
    }

    private static void terminatedBefore(ObjectNode container, String now) {
        Json.ensure(container, "lastState", "terminated")
                .put("exitCode", 1)
                .put("reason", "Error")
                .put("startedAt", now)
                .put("finishedAt", now);
    }
}
