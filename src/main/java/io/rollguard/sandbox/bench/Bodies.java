package io.rollguard.sandbox.bench;

import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Webhook.Alert;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Bodies as a kube-prometheus behind Alertmanager posts them: five alerts, ten labels each, 4.7 kB. */
final class Bodies {

    static final int ALERTS = 5;

    private static final String EXPRESSION = "http://prometheus.example:9090/graph?g0.expr=max_over_time%28"
            + "kube_pod_container_status_waiting_reason%7Breason%3D%22CrashLoopBackOff%22%2C+job%3D%22kube-state-metrics%22"
            + "%7D%5B5m%5D%29+%3E%3D+1&g0.tab=1";

    private Bodies() {}

    /** So many different bodies, no fingerprint twice. */
    static List<byte[]> crashLooping(int bodies, Instant startsAt) {
        var all = new ArrayList<byte[]>();
        for (int body = 0; body < bodies; body++) {
            var alerts = new ArrayList<Alert>();
            for (int alert = 0; alert < ALERTS; alert++) {
                alerts.add(alert(body * ALERTS + alert, startsAt));
            }
            all.add(Webhook.body(alerts).getBytes(StandardCharsets.UTF_8));
        }
        return all;
    }

    private static Alert alert(int number, Instant startsAt) {
        var name = "checkout-" + number % 40;
        var pod = "%s-7d9c5b6f4-%05x".formatted(name, number);
        var labels = new LinkedHashMap<String, String>();
        labels.put("alertname", "KubePodCrashLooping");
        labels.put("cluster", "default");
        labels.put("container", "app");
        labels.put("endpoint", "http");
        labels.put("job", "kube-state-metrics");
        labels.put("namespace", "shop");
        labels.put("pod", pod);
        labels.put("prometheus", "monitoring/k8s");
        labels.put("reason", "CrashLoopBackOff");
        labels.put("severity", "warning");
        var annotations = Map.of(
                "summary", "Pod is crash looping.",
                "description", "Pod shop/%s (app) is in waiting state (reason: \"CrashLoopBackOff\").".formatted(pod),
                "runbook_url", "https://runbooks.prometheus-operator.dev/runbooks/kubernetes/kubepodcrashlooping");
        return new Alert(labels, annotations, startsAt, null, EXPRESSION);
    }
}
