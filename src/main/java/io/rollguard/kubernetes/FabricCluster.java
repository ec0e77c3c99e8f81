package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.rollguard.config.RollguardConfig;
import io.rollguard.config.Surroundings;
import io.rollguard.policy.Rights;
import io.rollguard.reactor.Cluster;
import io.rollguard.reactor.FollowUp;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.wire.KubernetesObjects;
import io.rollguard.wire.Reduced;
import io.rollguard.wire.StoredTemplate;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The cluster behind fabric8's client. Its objects are watched and reduced on arrival ({@link ObjectWatch},
 * {@link Mirror}); whatever an act rests on is read anew. Where no cluster is configured it stays empty and never whole.
 */
@Singleton
class FabricCluster implements Cluster {

    private static final Logger LOG = Logger.getLogger(FabricCluster.class);

    private static final String NOT_CONFIGURED = "https://kubernetes.default.svc";
    private static final String PAUSE_SWITCH = "rollguard-automation";
    private static final int MAX_LEASES = 50;
    private static final Duration LEASES_AT_MOST = Duration.ofSeconds(3);

    /** A watch that told nothing for so long, bookmarks included, has left the picture behind. */
    private static final Duration STALE = Duration.ofMinutes(3);

    /** Everybody who may call at all may read this. */
    private static final String ANY = "/version";

    private static final Duration ASK = Duration.ofSeconds(2);

    /** With {@link #ASK} twice, so that one lost answer is nothing. */
    private static final Duration SILENT = Duration.ofSeconds(6);

    private final ApiServer api;
    private final Acts acts;
    private final AccessReviews reviews;
    private final Mirror mirror;
    private final Clock clock;
    private final Optional<String> ownNamespace;
    /** Where the pause switch lies. */
    private final String switches;

    private final boolean isConfigured;
    private volatile Instant answeredAt;
    private final List<ObjectWatch> watches = new ArrayList<>();
    private final ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("kubernetes-watchdog").factory());
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("kubernetes-", 0).factory());

    @Inject
    FabricCluster(KubernetesClient client, RollguardConfig config) {
        this(
                client,
                config.cluster(),
                config.namespaces().orElse(List.of()),
                config.namespace(),
                Surroundings.inCluster(),
                ObjectWatch.Pace.DEFAULT,
                Clock.systemUTC());
    }

    /**
     * @param namespaces those watched; none: all
     * @param configured Rollguard's own, where it is configured
     */
    FabricCluster(
            KubernetesClient client,
            String cluster,
            List<String> namespaces,
            Optional<String> configured,
            boolean inCluster,
            ObjectWatch.Pace pace,
            Clock clock) {
        this.api = new ApiServer(client);
        this.reviews = new AccessReviews(api, namespaces, clock);
        this.acts = new Acts(api, new PreflightChecks(api, reviews));
        this.mirror = new Mirror(cluster);
        this.clock = clock;
        this.answeredAt = clock.instant();
        var context = Optional.ofNullable(client.getNamespace());
        this.ownNamespace = configured.or(() -> inCluster ? context : Optional.empty());
        this.switches = "/api/v1/namespaces/%s/configmaps"
                .formatted(ownNamespace.or(() -> context).orElse("default"));
        this.isConfigured = inCluster || !client.getMasterUrl().toString().startsWith(NOT_CONFIGURED);
        for (var resource : Resource.values()) {
            var where = namespaces.isEmpty() || !resource.isNamespaced() ? Stream.of("") : namespaces.stream();
            where.forEach(namespace -> watches.add(new ObjectWatch(
                    api, resource, namespace.isEmpty() ? null : namespace, mirror, pace, clock, watchdog)));
        }
    }

    void start(@Observes StartupEvent event) {
        start();
    }

    void start() {
        if (isConfigured) {
            watches.forEach(threads::execute);
            threads.execute(this::askForEver);
            threads.execute(reviews::askForEver);
        } else {
            LOG.warn("No cluster is configured: alerts are taken in, and nothing else is done.");
        }
    }

    void stop(@Observes ShutdownEvent event) {
        stop();
    }

    void stop() {
        threads.shutdownNow();
        watchdog.shutdownNow();
    }

    /** A watch that was cut off without a word is silent as one is to which nothing happens. */
    private void askForEver() {
        try {
            while (true) {
                if (api.get(ANY, ASK) instanceof Reply.Got) {
                    answeredAt = clock.instant();
                }
                Thread.sleep(ASK);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean answers() {
        return !isConfigured || answeredAt.plus(SILENT).isAfter(clock.instant());
    }

    // --- the rights

    AccessReviews reviews() {
        return reviews;
    }

    @Override
    public Optional<Rights> rights(String namespace) {
        return reviews.in(namespace);
    }

    @Override
    public Map<String, Rights> rights() {
        return reviews.rights();
    }

    // --- the picture

    @Override
    public Optional<String> ownNamespace() {
        return ownNamespace;
    }

    @Override
    public ClusterObjects objects() {
        return mirror.objects();
    }

    @Override
    public boolean isWhole() {
        return isConfigured && watches.stream().allMatch(this::isCurrent);
    }

    private boolean isCurrent(ObjectWatch watch) {
        var heardAt = watch.heardAt();
        return heardAt != null && heardAt.plus(STALE).isAfter(clock.instant());
    }

    boolean isConfigured() {
        return isConfigured;
    }

    /** What keeps the picture from being whole, by kind. */
    Map<String, String> gaps() {
        var gaps = new ConcurrentHashMap<String, String>();
        watches.stream()
                .filter(watch -> !isCurrent(watch))
                .forEach(watch ->
                        gaps.put(watch.resource().plural(), watch.state().label()));
        return gaps;
    }

    int unreadable() {
        return mirror.unreadable();
    }

    @Override
    public void onChange(Consumer<WorkloadRef> listener) {
        mirror.onChange(listener);
    }

    // --- fresh reads

    @Override
    public Map<String, Instant> leases(Collection<String> nodes) {
        return leasesAsked(nodes).get();
    }

    @Override
    public Supplier<Checks> ask(Collection<String> nodes) {
        var leases = leasesAsked(nodes);
        var pause = new FutureTask<>(this::pause);
        threads.execute(pause);
        return () -> new Checks(leases.get(), answered(pause));
    }

    private static Pause answered(Future<Pause> pause) {
        try {
            return pause.get();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return new Pause(true, "rollguard", "the pause switch was not read");
        } catch (ExecutionException failed) {
            throw new IllegalStateException("the pause switch was not read", failed);
        }
    }

    /** Asks for the leases; what is returned waits for them. */
    private Supplier<Map<String, Instant>> leasesAsked(Collection<String> nodes) {
        var renewed = new ConcurrentHashMap<String, Instant>();
        var reads = nodes.stream()
                .distinct()
                .filter(WorkloadRef::isName)
                .limit(MAX_LEASES)
                .map(node -> threads.submit(() -> lease(node).ifPresent(lease -> renewed.put(node, lease.renewedAt()))))
                .toList();
        long deadline = System.nanoTime() + LEASES_AT_MOST.toNanos();
        return () -> {
            await(reads, deadline);
            return Map.copyOf(renewed);
        };
    }

    private static void await(List<? extends Future<?>> reads, long deadline) {
        for (var read : reads) {
            try {
                read.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                break;
            } catch (ExecutionException | TimeoutException left) {
                LOG.debugf(left, "a lease was not read");
            }
        }
    }

    private Optional<Reduced.Lease> lease(String node) {
        var path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/" + node;
        return api.get(path, LEASES_AT_MOST) instanceof Reply.Got got
                        && got.isSuccess()
                        && KubernetesObjects.reduce(objects().cluster(), "coordination.k8s.io/v1", "Lease", got.body())
                                instanceof Reduced.Lease lease
                ? Optional.of(lease)
                : Optional.empty();
    }

    @Override
    public Pause pause() {
        return switch (api.get(switches + "/" + PAUSE_SWITCH)) {
            case Reply.Got got
            when got.isSuccess() -> {
                var data = got.body().path("data");
                var paused = data.path("paused").asText("false").strip().toLowerCase(Locale.ROOT);
                yield paused.isEmpty() || paused.equals("false")
                        ? Pause.NONE
                        : new Pause(
                                true,
                                data.path("by").asText(""),
                                data.path("reason").asText(""));
            }
            case Reply.Got got when got.code() == 404 -> Pause.NONE;
            case Reply other -> new Pause(true, "rollguard", "the pause switch can't be read: " + other);
        };
    }

    @Override
    public Reading read(WorkloadRef workload) {
        if (!WorkloadRef.isName(workload.namespace()) || !WorkloadRef.isName(workload.name())) {
            return new Reading.Gone(); // nothing can have that name
        }
        return switch (api.get(Resource.path(workload))) {
            case Reply.Got got
            when got.isSuccess() && got.body() instanceof ObjectNode object -> found(workload, object);
            case Reply.Got got when got.code() == 404 -> new Reading.Gone();
            case Reply.Got got ->
                new Reading.Failed(got.code() == 429 || got.code() >= 500, Answers.describe(got.code(), got.body()));
            case Reply.NotSent(var why) -> new Reading.Failed(true, "not sent: " + why);
            case Reply.Lost(var why) -> new Reading.Failed(true, "the answer was lost: " + why);
        };
    }

    private Reading found(WorkloadRef ref, ObjectNode object) {
        var resource = Resource.of(ref.kind());
        var reduced = KubernetesObjects.reduce(ref.cluster(), resource.apiVersion(), resource.kind(), object);
        if (!(reduced instanceof Reduced.Workload(var facts, var links))) {
            return new Reading.Failed(false, "the object can't be understood");
        }
        var namesItsRevisions = ref.kind() == Kind.ROLLOUT && facts.blueGreen() == null;
        var revisions = namesItsRevisions ? Optional.of(List.<RevisionFacts>of()) : revisions(facts, object);
        if (revisions.isEmpty()) {
            return new Reading.Failed(true, "its revisions can't be read");
        }
        var from = links.templateFrom();
        var template = from == null ? null : template(ref, from).orElse(null);
        if (from != null && template == null) {
            return new Reading.Failed(true, "the Deployment %s that its template is in can't be read".formatted(from));
        }
        var joined = objects().join(facts, links, revisions.get(), template == null ? null : template.reduced());
        return new Reading.Found(
                joined, Patches.version(joined, object), new Raw(object, template == null ? null : template.object()));
    }

    private record TemplateRead(ObjectNode object, ClusterObjects.Template reduced) {}

    /** The Deployment from which a Rollout takes its template, as it is now. */
    private Optional<TemplateRead> template(WorkloadRef rollout, String name) {
        var deployments = Resource.DEPLOYMENTS;
        return WorkloadRef.isName(name)
                        && api.get(deployments.path(rollout.namespace()) + "/" + name) instanceof Reply.Got got
                        && got.isSuccess()
                        && got.body() instanceof ObjectNode object
                        && KubernetesObjects.reduce(
                                        rollout.cluster(), deployments.apiVersion(), deployments.kind(), object)
                                instanceof Reduced.Workload(var facts, var links)
                ? Optional.of(new TemplateRead(object, new ClusterObjects.Template(facts, links)))
                : Optional.empty();
    }

    /** The revisions of a workload as they are now; empty where they can't be read. */
    private Optional<List<RevisionFacts>> revisions(WorkloadFacts facts, ObjectNode workload) {
        var resource = switch (facts.ref().kind()) {
            case ROLLOUT, DEPLOYMENT -> Resource.REPLICA_SETS;
            case STATEFULSET, DAEMONSET -> Resource.CONTROLLER_REVISIONS;
        };
        var selector = Selectors.text(workload.path("spec").path("selector"));
        var reply = api.get(resource.path(facts.ref().namespace()) + "?labelSelector=" + selector);
        if (!(reply instanceof Reply.Got got) || !got.isSuccess()) {
            return Optional.empty();
        }
        var found = new ArrayList<RevisionFacts>();
        for (var item : got.body().path("items")) {
            var reduced = KubernetesObjects.reduce(facts.ref().cluster(), resource.apiVersion(), resource.kind(), item);
            if (reduced instanceof Reduced.Revision(var revision)
                    && revision.workloadUid().equals(facts.uid())) {
                found.add(revision);
            }
        }
        return Optional.of(found);
    }

    // --- writes

    @Override
    public Answer pause(Pause pause) {
        var data = ApiServer.JSON
                .createObjectNode()
                .put("paused", Boolean.toString(pause.paused()))
                .put("by", pause.by())
                .put("reason", pause.reason());
        var patch = ApiServer.JSON.createArrayNode();
        patch.addObject().put("op", "add").put("path", "/data").set("value", data);
        var reply = api.patch(switches + "/" + PAUSE_SWITCH, "", patch);
        if (reply instanceof Reply.Got got && got.code() == 404) {
            var object =
                    ApiServer.JSON.createObjectNode().put("apiVersion", "v1").put("kind", "ConfigMap");
            object.putObject("metadata").put("name", PAUSE_SWITCH);
            object.set("data", data);
            reply = api.create(switches, object);
        }
        return Answers.of(reply, now -> new Answer.Done(pause.paused() ? "paused" : "resumed"));
    }

    @Override
    public Answer abort(Reading.Found as, RevisionHash bad, RevisionHash stable) {
        return acts.abort(as, bad, stable);
    }

    @Override
    public Answer restore(Reading.Found as, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
        return acts.restore(as, bad, target, stillOurs);
    }

    @Override
    public Answer rehearse(Act act, Reading.Found as, RevisionHash bad, RevisionHash target) {
        return switch (act) {
            case ABORT -> acts.rehearseAbort(as, bad, target);
            case RESTORE -> acts.rehearseRestore(as, bad, target);
            case NONE -> throw new IllegalArgumentException("nothing is to be done");
        };
    }

    @Override
    public Answer finish(
            Reading.Found as, FollowUp what, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs) {
        return acts.finish(as, what, bad, target, stillOurs);
    }

    @Override
    public Answer keepGood(Reading.Found as, GoodRevision revision) {
        return acts.keepGood(as, revision);
    }

    // --- for people

    @Override
    public Optional<Write> lastWrite(Reading.Found reading) {
        var raw = Raw.of(reading);
        return Stream.of(raw.object(), raw.templated())
                .flatMap(object -> KubernetesObjects.lastWrite(object).stream())
                .max(Comparator.comparing(Write::at));
    }

    @Override
    public String snapshotOf(WorkloadRef workload, RevisionHash revision) {
        return StoredTemplate.nameOfSnapshot(workload, revision);
    }

    @Override
    public String manualCommand(WorkloadRef workload, Act act, @Nullable RevisionHash target) {
        return new ManualCommands(objects()).of(workload, act, target);
    }

    @Override
    public String forwardCommand(WorkloadRef workload, Act act, RevisionHash revision) {
        return new ManualCommands(objects()).forward(workload, act, revision);
    }

    @Override
    public String manualCommand(WorkloadRef workload, FollowUp what) {
        return new ManualCommands(objects()).of(workload, what);
    }
}
