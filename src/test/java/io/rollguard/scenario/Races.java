package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.rollguard.Seed;
import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Tap;
import io.rollguard.sandbox.stage.Webhook.Alert;
import io.rollguard.sandbox.stage.Workloads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * What people and controllers do lands between verdict and request, and between request and verification: never a wrong
 * template, never a lost replica count, never a second act. Each race has a seed of its own, which a failure names;
 * {@code -Drollguard.races.seed=SEED -Drollguard.races=1} runs that one again. What happened is asked of the API server: of the
 * requests that it accepted, and of the objects.
 */
abstract class Races extends Scene {

    private static final Duration SLOWLY = Duration.ofSeconds(90);

    /** A race whose disturbance makes the act needless ends without one; it is not waited for longer. */
    private static final Duration IN_VAIN = Duration.ofSeconds(10);

    private static final int REPLICAS = 4;

    private static final List<Kind> RESTORED = List.of(Kind.DEPLOYMENT, Kind.STATEFULSET, Kind.DAEMONSET);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final int races;
    private final int atOnce;
    private final Map<String, Queue<Tap.Event>> told = new ConcurrentHashMap<>();

    /**
     * @param races how many, unless the system property {@code rollguard.races} says
     * @param atOnce how many run at the same time, each in a namespace of its own; more where there are many
     */
    Races(TestCluster cluster, int races, int atOnce) {
        super(cluster, 1);
        this.races = Integer.getInteger("rollguard.races", races);
        this.atOnce = Math.max(atOnce, this.races / 30);
    }

    /** Where a disturbance lands, on the way of the request to the cluster and back. */
    private enum Place {
        /** Before the object is read again: after the verdict. */
        READ,
        /** Before the request, which stands on what was read. */
        REQUEST,
        /** At the same time as the request: either may be first. */
        WITH_REQUEST,
        /** After it was done, before its answer is known. */
        ANSWER,
        /** After its answer: before it is verified. */
        ACCEPTED
    }

    private enum Deed {
        /** Another version is shipped. */
        EDIT,
        /** The object moves, and nothing of it that was judged. */
        ANNOTATE,
        /** A DaemonSet, which has a pod on each node, is annotated instead. */
        SCALE,
        /** Of a Rollout; others are annotated instead. */
        PROMOTE,
        DELETE,
        /** Deleted, and made anew under its name. */
        REPLACE
    }

    private record Disturbance(Place place, Deed deed, int replicas) {
        @Override
        public String toString() {
            return deed + (deed == Deed.SCALE ? " to " + replicas : "") + " at " + place;
        }
    }

    private record Plan(long seed, Kind kind, List<Disturbance> disturbances) {

        static Plan of(long seed) {
            var chance = new Random(seed * 0x9E3779B97F4A7C15L);
            var kind = chance.nextBoolean() ? Kind.ROLLOUT : RESTORED.get(chance.nextInt(RESTORED.size()));
            var disturbances = new ArrayList<Disturbance>();
            int least = kind == Kind.STATEFULSET ? REPLICAS : 2; // else the pod that alerts, its last, could go
            int howMany = 1 + chance.nextInt(2);
            for (int number = 0; number < howMany; number++) {
                disturbances.add(new Disturbance(
                        Place.values()[chance.nextInt(Place.values().length)],
                        Deed.values()[chance.nextInt(Deed.values().length)],
                        least + chance.nextInt(4)));
            }
            return new Plan(seed, kind, List.copyOf(disturbances));
        }

        boolean has(Deed... deeds) {
            return disturbances.stream().anyMatch(each -> Arrays.asList(deeds).contains(each.deed()));
        }

        /** Whether nothing in it makes the act needless or impossible. */
        boolean isHarmless() {
            return !has(Deed.EDIT, Deed.PROMOTE, Deed.DELETE, Deed.REPLACE);
        }

        @Override
        public String toString() {
            return "race %d: %s, %s".formatted(seed, kind, disturbances);
        }
    }

    @Test
    void whateverLandsInBetweenNoWrongTemplateNoLostReplicasNoSecondAct() throws Exception {
        long seed = Seed.of("rollguard.races.seed") % 1_000_000_000;
        System.out.printf("%d races, -Drollguard.races.seed=%d%n", races, seed);
        stage().tap()
                .onEvent(event -> told.computeIfAbsent(event.subject(), key -> new ConcurrentLinkedQueue<>())
                        .add(event));
        var failed = new ArrayList<Throwable>();
        var acted = new CopyOnWriteArrayList<Plan>();
        try (var players = Executors.newFixedThreadPool(atOnce)) {
            var results = LongStream.range(seed, seed + races)
                    .mapToObj(Plan::of)
                    .map(plan -> players.submit((Callable<Boolean>) () -> new Race(plan).run() && acted.add(plan)))
                    .toList();
            for (var result : results) {
                try {
                    result.get();
                } catch (ExecutionException wrong) {
                    failed.add(wrong.getCause());
                }
            }
        }
        System.out.printf("%d races, acted in %d, failed %d%n", races, acted.size(), failed.size());
        assertThat(failed).as("%d of %d races", failed.size(), races).isEmpty();
        assertThat(acted).as("most races don't make the act needless").hasSizeGreaterThan(races / 4);
    }

    /** One race, in a namespace of its own. */
    private final class Race {
        private final Plan plan;
        private final Workloads shop;
        private final String name = "cart";
        private final List<Throwable> trouble = new CopyOnWriteArrayList<>();
        private GenericKubernetesResource first;
        private volatile int replicas = REPLICAS;
        private volatile boolean edited;

        Race(Plan plan) {
            this.plan = plan;
            this.shop = new Workloads(
                    client(), "race-%d-%d".formatted(ProcessHandle.current().pid(), plan.seed()));
        }

        /** Tells whether something was done. */
        boolean run() {
            shop.createNamespace();
            try {
                return played();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("%s: %s".formatted(plan, e.getMessage()), e);
            } finally {
                shop.removeNamespace();
            }
        }

        private boolean played() {
            givenItIsComplete();
            var before = template();
            var good = shop.current(plan.kind(), name);
            var alerts = plan.kind() == Kind.ROLLOUT ? givenACanary() : givenFailingPods(good);
            var bad = shop.current(plan.kind(), name);
            var uid = uid();
            plan.disturbances().forEach(this::arm);

            alerts.forEach(alert -> whenItAlerts(alert));
            boolean verified = awaitEnd();
            alerts.forEach(alert -> whenItAlerts(alert.resolved(now())));
            Await.until("the incident is closed: " + steps(), SLOWLY, () -> steps().contains("closed"));

            assertThat(trouble).as("what disturbs was done").isEmpty();
            var acts = acts();
            assertThat(acts).as("acts").hasSizeLessThanOrEqualTo(1);
            acts.forEach(act -> thenItIsTheRightOne(act, uid, good, bad, before));
            if (plan.isHarmless()) {
                assertThat(verified).as("rolled back all the same: %s", steps()).isTrue();
                assertThat(acts).hasSize(1);
            }
            thenTheObjectIsAsPeopleWantIt(acts, uid, before);
            return !acts.isEmpty();
        }

        // --- given

        private void givenItIsComplete() {
            switch (plan.kind()) {
                case ROLLOUT -> shop.createRollout(name, REPLICAS, STEPS, BRIEF);
                case DEPLOYMENT -> shop.createDeployment(name, REPLICAS, LONG);
                case STATEFULSET -> shop.createStatefulSet(name, REPLICAS, LONG, "podManagementPolicy: Parallel");
                case DAEMONSET -> shop.createDaemonSet(name, LONG, "");
            }
            if (plan.kind() != Kind.ROLLOUT) {
                Await.until(
                        "its revision is known to be good", SLOWLY, () -> shop.goodRevisions(plan.kind(), name) > 0);
            }
            var object = shop.get(plan.kind(), name);
            first = new GenericKubernetesResourceBuilder()
                    .withApiVersion(object.getApiVersion())
                    .withKind(object.getKind())
                    .withNewMetadata()
                    .withName(name)
                    .withNamespace(shop.namespace())
                    .endMetadata()
                    .addToAdditionalProperties("spec", object.get("spec"))
                    .build();
        }

        private List<Alert> givenACanary() {
            shop.ship(Kind.ROLLOUT, name, "v2");
            return List.of(alert(
                    shop.readyPods(Kind.ROLLOUT, name, shop.awaitCanary(name)).getFirst()));
        }

        private List<Alert> givenFailingPods(String good) {
            shop.shipMisbehaving(plan.kind(), name, "v2", "sandbox.rollguard.io/fail", "NotReady");
            var bad = shop.awaitCurrentOtherThan(plan.kind(), name, good);
            int atLeast = plan.kind() == Kind.DEPLOYMENT ? 2 : 1; // the others go on one by one
            return Await.value(
                            "pods of v2",
                            SLOWLY,
                            () -> Optional.of(shop.pods(plan.kind(), name, bad)).filter(pods -> pods.size() >= atLeast))
                    .stream()
                    .map(pod -> alert(pod.getMetadata().getName()))
                    .toList();
        }

        private Alert alert(String pod) {
            return Alert.firing("CartErrors" + plan.seed(), Map.of("namespace", shop.namespace(), "pod", pod), now());
        }

        // --- when

        private void arm(Disturbance disturbance) {
            var object = "/%s/%s/%s".formatted(shop.namespace(), plan.kind().alertLabel() + "s", name);
            var request = object + (plan.kind() == Kind.ROLLOUT ? "/status" : "") + "\\?fieldManager=rollguard$";
            Runnable deed = () -> carryOut(disturbance);
            var api = instance().api();
            switch (disturbance.place()) {
                case READ -> api.onceBefore("GET", object + "$", deed);
                case REQUEST -> api.onceBefore("PATCH", request, deed);
                case WITH_REQUEST -> api.onceBefore("PATCH", request, () -> Thread.startVirtualThread(deed));
                case ANSWER -> api.onceAfter("PATCH", request, deed);
                case ACCEPTED ->
                    api.onceAfter(
                            "PATCH",
                            request,
                            () -> Thread.startVirtualThread(() -> {
                                Await.until(
                                        "the act is accepted", SLOWLY, () -> steps().contains("accepted") || isOver());
                                deed.run();
                            }));
            }
        }

        /** One after the other, so that what was done last is known. */
        private synchronized void carryOut(Disturbance disturbance) {
            try {
                switch (disturbance.deed()) {
                    case EDIT -> {
                        shop.ship(plan.kind(), name, "v3");
                        edited = true;
                    }
                    case ANNOTATE -> shop.annotate(plan.kind(), name, "owner", "somebody");
                    case SCALE -> {
                        if (plan.kind() == Kind.DAEMONSET) {
                            shop.annotate(plan.kind(), name, "scaled", "no");
                        } else {
                            shop.scale(plan.kind(), name, disturbance.replicas());
                            replicas = disturbance.replicas();
                        }
                    }
                    case PROMOTE -> {
                        if (plan.kind() == Kind.ROLLOUT) {
                            shop.promote(name);
                        } else {
                            shop.annotate(plan.kind(), name, "promoted", "yes");
                        }
                    }
                    case DELETE -> shop.delete(plan.kind(), name);
                    case REPLACE -> {
                        shop.delete(plan.kind(), name);
                        Await.until("it is gone", SLOWLY, () -> find().isEmpty());
                        replicas = REPLICAS;
                        edited = false;
                        client().resource(first).create();
                    }
                }
            } catch (RuntimeException | AssertionError e) {
                if (find().isPresent()) { // else another disturbance took it away
                    trouble.add(e);
                }
            }
        }

        /** Tells whether it was rolled back and that was verified. */
        private boolean awaitEnd() {
            var atMost = plan.isHarmless() ? SLOWLY : IN_VAIN;
            long deadline = System.nanoTime() + atMost.toNanos();
            Await.until("an end", SLOWLY, () -> isOver() || System.nanoTime() > deadline);
            return steps().contains("verified");
        }

        private boolean isOver() {
            var steps = steps();
            return steps.contains("verified") || steps.contains("closed") || steps.contains("failed for good");
        }

        private List<String> steps() {
            return told
                    .getOrDefault(
                            "test/%s/%s/%s"
                                    .formatted(shop.namespace(), plan.kind().label(), name),
                            new ConcurrentLinkedQueue<>())
                    .stream()
                    .filter(event -> event.type().startsWith("incident."))
                    .map(event -> event.type().equals("incident.failed")
                                    && !event.value().path("again").asBoolean(true)
                            ? "failed for good"
                            : event.type().substring("incident.".length()))
                    .toList();
        }

        // --- then

        /** What Rollguard did, by the API server: the aborts and the templates that it accepted. */
        private List<JsonNode> acts() {
            return instance()
                    .api()
                    .answered(
                            "PATCH",
                            "/%s/%ss/%s(/status)?\\?"
                                    .formatted(shop.namespace(), plan.kind().alertLabel(), name))
                    .filter(request -> request.status() < 300)
                    .map(request -> json(request.body()))
                    .filter(patch -> operation(patch, "add", "/status/abort")
                                    .filter(JsonNode::asBoolean)
                                    .isPresent()
                            || operation(patch, "replace", "/spec/template").isPresent())
                    .toList();
        }

        private void thenItIsTheRightOne(JsonNode act, String uid, String good, String bad, Object before) {
            assertThat(operation(act, "test", "/metadata/uid").map(JsonNode::asText))
                    .contains(uid);
            var template = operation(act, "replace", "/spec/template");
            if (template.isPresent()) {
                assertThat(JSON.convertValue(template.get(), Object.class))
                        .as("the template")
                        .isEqualTo(before);
            } else {
                assertThat(operation(act, "test", "/status/currentPodHash").map(JsonNode::asText))
                        .contains(bad);
                assertThat(operation(act, "test", "/status/stableRS").map(JsonNode::asText))
                        .contains(good);
            }
        }

        private void thenTheObjectIsAsPeopleWantIt(List<JsonNode> acts, String uid, Object before) {
            var object = find();
            if (object.isEmpty()) {
                assertThat(plan.has(Deed.DELETE, Deed.REPLACE))
                        .as("people deleted it")
                        .isTrue();
                return;
            }
            boolean restored = acts.stream()
                    .anyMatch(act -> operation(act, "replace", "/spec/template").isPresent());
            var version = shop.version(plan.kind(), name);
            if (edited) {
                assertThat(version).as("what people shipped last").isEqualTo("v3");
            } else if (!object.get().getMetadata().getUid().equals(uid)) {
                assertThat(version).as("what was made anew").isEqualTo("v1");
            } else if (restored) {
                assertThat(template()).as("the template that was restored").isEqualTo(before);
            } else {
                assertThat(version).as("what nobody restored").isEqualTo("v2");
            }
            if (plan.kind() != Kind.DAEMONSET) {
                assertThat(object.get().<Integer>get("spec", "replicas"))
                        .as("replicas")
                        .isEqualTo(replicas);
            }
        }

        private Optional<GenericKubernetesResource> find() {
            try {
                return Optional.of(shop.get(plan.kind(), name));
            } catch (IllegalStateException gone) {
                return Optional.empty();
            }
        }

        private Object template() {
            return shop.get(plan.kind(), name).get("spec", "template");
        }

        private String uid() {
            return shop.get(plan.kind(), name).getMetadata().getUid();
        }
    }

    private static Optional<JsonNode> operation(JsonNode patch, String op, String path) {
        return IntStream.range(0, patch.size())
                .mapToObj(patch::get)
                .filter(each -> each.path("op").asText().equals(op)
                        && each.path("path").asText().equals(path))
                .map(each -> each.path("value"))
                .findFirst();
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException notJson) {
            throw new AssertionError(notJson);
        }
    }
}
