package io.rollguard.sandbox.demo;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Service;
import io.rollguard.sandbox.stage.Tap;
import io.rollguard.sandbox.stage.Webhook;
import io.rollguard.sandbox.stage.Workloads;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The five acts. Each drives cluster and webhook as people and Alertmanager do, and reads the topics as other teams do. */
final class Story {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String STEPS = "[{setWeight: 20}, {pause: {}}]";
    private static final String BRIEF = "PT1S";
    private static final String LONG = "PT10M";

    private final Workloads workloads;
    private final Service service;
    private final Tap tap;
    private final Narrator narrator;

    Story(Workloads workloads, Service service, Tap tap, Narrator narrator) {
        this.workloads = workloads;
        this.service = service;
        this.tap = tap;
        this.narrator = narrator;
    }

    List<Act> acts() {
        return List.of(
                new Act("A healthy canary is promoted: nothing is done", this::healthyCanary),
                new Act("A bad canary alerts: it is aborted at once", this::badCanary),
                new Act(
                        "A promoted Deployment alerts while it bakes: its good template is restored",
                        this::bakingDeployment),
                new Act("An alert began before the release: not held against it", this::firedBefore),
                new Act("The stable pods fire as much: the release is not the cause", this::stableFiresToo));
    }

    private String healthyCanary() {
        create("cart");
        ship("cart");
        workloads.awaitCanary("cart");
        narrator.people("no alert fires, so the canary is promoted");
        workloads.promote("cart");
        workloads.awaitComplete(Kind.ROLLOUT, "cart");
        tap.await("release.completed about cart", SOON, event -> isRelease(event, "cart", "release.completed"));
        expect(tap.incidents(namespace(), "cart").isEmpty(), "an incident was opened about a healthy release");
        expect(workloads.version(Kind.ROLLOUT, "cart").equals("v2"), "cart does not run v2");
        return "v2 runs everywhere, no incident";
    }

    private String badCanary() {
        create("checkout");
        ship("checkout");
        var bad = workloads.awaitCanary("checkout");
        var pod = workloads.readyPods(Kind.ROLLOUT, "checkout", bad).getFirst();
        var alert = firing("CheckoutErrors", Map.of("pod", pod));
        post("CheckoutErrors fires on the canary's pod " + pod, alert);
        var accepted = tap.awaitStep(namespace(), "checkout", "accepted", SOON);
        narrator.cluster("checkout is aborted, %d ms after the alert was posted"
                .formatted(Duration.between(alert.startsAt(), accepted.appendedAt())
                        .toMillis()));
        tap.awaitStep(namespace(), "checkout", "verified", SOON);
        expect(workloads.isAborted("checkout"), "checkout is not aborted");
        expect(workloads.readyPods(Kind.ROLLOUT, "checkout", bad).isEmpty(), "pods of the bad canary still serve");
        cure("checkout", alert);
        return "aborted, verified and cured";
    }

    private String bakingDeployment() {
        narrator.people("search runs v1");
        workloads.createDeployment("search", 4, LONG);
        var good = workloads.current(Kind.DEPLOYMENT, "search");
        Await.until("v1 of search is known to be good", SOON, () -> isKnownGood("search"));
        ship(Kind.DEPLOYMENT, "search");
        workloads.awaitCurrentOtherThan(Kind.DEPLOYMENT, "search", good);
        workloads.awaitComplete(Kind.DEPLOYMENT, "search");
        tap.await("release.completed about search", SOON, event -> isRelease(event, "search", "release.completed"));
        narrator.cluster("v2 of search runs everywhere; rollout tools stop looking here");
        var alert = firing("SearchSlow", Map.of("deployment", "search"));
        post("SearchSlow fires on the Deployment", alert);
        tap.awaitStep(namespace(), "search", "verified", SOON);
        expect(
                workloads.version(Kind.DEPLOYMENT, "search").equals("v1"),
                "search runs " + workloads.version(Kind.DEPLOYMENT, "search"));
        cure("search", alert);
        return "v1 is back, verified and cured";
    }

    private String firedBefore() {
        create("basket");
        var alert = new Webhook.Alert(
                firing("BasketErrors", Map.of("service", "basket")).labels(),
                Map.of("summary", "BasketErrors fires", "rollguard_for", "0s"),
                now().minusSeconds(120),
                null);
        post("BasketErrors has been firing on the Service for two minutes", alert);
        ship("basket");
        workloads.awaitCanary("basket");
        expectInnocent("basket", "fired-before");
        return "judged innocent: the alert is older than the release";
    }

    private String stableFiresToo() {
        create("profile");
        var stable = workloads.current(Kind.ROLLOUT, "profile");
        ship("profile");
        var canary = workloads.awaitCanary("profile");
        var pods = workloads.readyPods(Kind.ROLLOUT, "profile", stable);
        var alerts = pods.stream()
                .map(pod -> firing("ProfileErrors", Map.of("pod", pod)))
                .toList();
        post("ProfileErrors fires on all %d stable pods (their database is down)".formatted(pods.size()), alerts);
        tap.awaitStep(namespace(), "profile", "judged", SOON);
        var ours = workloads.readyPods(Kind.ROLLOUT, "profile", canary).getFirst();
        post("and on the canary's pod", firing("ProfileErrors", Map.of("pod", ours)));
        expectInnocent("profile", "fires-on-stable");
        return "judged innocent: stable pods fire as much";
    }

    // --- verbs

    private void create(String name) {
        narrator.people(name + " runs v1, 5 pods");
        workloads.createRollout(name, 5, STEPS, BRIEF);
    }

    private void ship(String name) {
        ship(Kind.ROLLOUT, name);
    }

    private void ship(Kind kind, String name) {
        narrator.people("v2 of %s is shipped%s".formatted(name, kind == Kind.ROLLOUT ? ", as a canary at 20 %" : ""));
        workloads.ship(kind, name, "v2");
    }

    private Webhook.Alert firing(String name, Map<String, String> labels) {
        var all = new HashMap<>(labels);
        all.put("namespace", namespace());
        return Webhook.Alert.firing(name, all, now());
    }

    private void post(String what, Webhook.Alert alert) {
        post(what, List.of(alert));
    }

    private void post(String what, List<Webhook.Alert> alerts) {
        var answer = service.post("/api/v1/alertmanager", Webhook.body(alerts));
        narrator.people("Alertmanager posts: %s -> %d".formatted(what, answer.statusCode()));
        expect(answer.statusCode() == 200, "the webhook answered " + answer.statusCode() + " " + answer.body());
    }

    private void cure(String name, Webhook.Alert alert) {
        post(alert.labels().get("alertname") + " is resolved", alert.resolved(now()));
        tap.awaitStep(namespace(), name, "cured", SOON);
        tap.awaitStep(namespace(), name, "closed", SOON);
    }

    private void expectInnocent(String name, String reason) {
        var judged = tap.await(
                "a verdict about %s for %s".formatted(name, reason),
                SOON,
                event -> event.type().equals("incident.judged")
                        && event.isAbout(namespace(), name)
                        && event.value().path("reason").path("code").asText().equals(reason));
        expect(judged.value().path("verdict").asText().equals("INNOCENT"), name + " was not judged innocent");
        expect(
                tap.incidents(namespace(), name).stream()
                        .noneMatch(event -> event.type().equals("incident.intended")),
                "a rollback of " + name + " was intended");
        expect(!workloads.isAborted(name), name + " was aborted");
    }

    private boolean isRelease(Tap.Event event, String name, String type) {
        return event.type().equals(type) && event.isAbout(namespace(), name);
    }

    private boolean isKnownGood(String name) {
        return workloads.goodRevisions(Kind.DEPLOYMENT, name) > 0;
    }

    private String namespace() {
        return workloads.namespace();
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    private static void expect(boolean holds, String difference) {
        if (!holds) {
            throw new AssertionError(difference);
        }
    }
}
