package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Workloads for tests, as JSON with single quotes, whose pods come and go fast; and what is asked of them. */
final class Workloads {

    private Workloads() {}

    static String template(String app, String version, String annotations) {
        return "{'metadata':{'labels':{'app':'" + app + "'},'annotations':{'sandbox.rollguard.io/ready-after':'20ms',"
                + "'sandbox.rollguard.io/terminates-after':'10ms'" + (annotations.isEmpty() ? "" : "," + annotations)
                + "}},'spec':{'containers':[{'name':'app','image':'" + app + ":" + version + "'}]}}";
    }

    static String newTemplate(String app, String version) {
        return "[{'op':'replace','path':'/spec/template','value':" + template(app, version, "") + "}]";
    }

    static String crashingTemplate(String app, String version) {
        return "[{'op':'replace','path':'/spec/template','value':"
                + template(app, version, "'sandbox.rollguard.io/fail':'CrashLoopBackOff'") + "}]";
    }

    static String deployment(String name, String more) {
        return "{'metadata':{'name':'" + name + "'},'spec':{'replicas':4,'selector':{'matchLabels':{'app':'" + name
                + "'}}," + more + "'template':" + template(name, "v1", "") + "}}";
    }

    static String rollout(String name, String strategy, String more) {
        return "{'apiVersion':'argoproj.io/v1alpha1','kind':'Rollout','metadata':{'name':'" + name
                + "'},'spec':{'replicas':4,'selector':{'matchLabels':{'app':'" + name + "'}},'strategy':" + strategy
                + "," + more + "'template':" + template(name, "v1", "") + "}}";
    }

    static String service(String name) {
        return "{'metadata':{'name':'" + name + "'},'spec':{'selector':{'app':'cart'},'ports':[{'port':80}]}}";
    }

    /** What {@code kubectl rollout status} calls done. */
    static boolean isRolledOut(JsonNode deployment) {
        JsonNode status = deployment.path("status");
        long replicas = Json.number(deployment, 1, "spec", "replicas");
        return Json.number(status, 0, "observedGeneration") >= Metadata.generation(deployment)
                && Json.number(status, 0, "updatedReplicas") == replicas
                && Json.number(status, 0, "replicas") == replicas
                && Json.number(status, 0, "availableReplicas") == replicas;
    }

    static boolean isPhase(JsonNode rollout, String phase) {
        return Json.text(rollout, "status", "phase").equals(phase)
                && Json.text(rollout, "status", "observedGeneration")
                        .equals(Long.toString(Metadata.generation(rollout)));
    }

    static String reason(JsonNode workload, String condition) {
        return Json.text(Conditions.find(workload.path("status"), condition), "reason");
    }

    static String status(ObjectNode rollout, String field) {
        return Json.text(rollout, "status", field);
    }
}
