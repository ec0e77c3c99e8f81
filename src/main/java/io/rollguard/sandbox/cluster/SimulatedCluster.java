package io.rollguard.sandbox.cluster;

import io.rollguard.sandbox.cluster.Controllers.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A running simulated cluster: three nodes, the namespaces a new cluster has, the Rollout CRD unless left out. Drive it
 * through {@link #url()} as any cluster; the methods here are for what the API of a real one does not offer.
 */
public final class SimulatedCluster implements AutoCloseable {

    /**
     * @param port 0 for any free one
     * @param token required of every request, or "" to let everybody in
     * @param rollouts whether the CRDs of Argo Rollouts are installed from the start
     * @param historyLimit how many changes of each kind a watch can be resumed over
     */
    public record Options(int port, String token, boolean rollouts, int historyLimit) {

        public static Options defaults() {
            return new Options(0, "", true, 5_000);
        }

        public Options withPort(int port) {
            return new Options(port, token, rollouts, historyLimit);
        }

        public Options withToken(String token) {
            return new Options(port, token, rollouts, historyLimit);
        }

        /** As on a cluster where nobody installed Argo Rollouts; the CRD can be posted later. */
        public Options withoutRollouts() {
            return new Options(port, token, false, historyLimit);
        }

        public Options withHistoryLimit(int historyLimit) {
            return new Options(port, token, rollouts, historyLimit);
        }
    }

    private static final Writer BOOTSTRAP = new Writer("rollguard-sandbox");

    private final Options options;
    private final Registry registry;
    private final Controllers controllers;
    private final RolloutController rollouts;
    private final ApiServer server;

    private SimulatedCluster(
            Options options, Registry registry, Controllers controllers, RolloutController rollouts, ApiServer server) {
        this.options = options;
        this.registry = registry;
        this.controllers = controllers;
        this.rollouts = rollouts;
        this.server = server;
    }

    public static SimulatedCluster start() {
        return start(Options.defaults());
    }

    public static SimulatedCluster start(Options options) {
        return start(options, InstantSource.system());
    }

    static SimulatedCluster start(Options options, InstantSource clock) {
        Catalog catalog = new Catalog();
        ObjectStore store = new ObjectStore(options.historyLimit());
        Registry registry = new Registry(store, catalog, clock, RandomGenerator.getDefault());
        Access access = new Access();
        Controllers controllers = new Controllers(clock);
        createNamespaces(registry);
        RolloutController rollouts = startControllers(registry, catalog, controllers, clock);
        createDefinitions(registry, options);
        Api api = new Api(registry, catalog, access);
        ApiServer server = new ApiServer(api, store, access, clock, options.port(), options.token());
        return new SimulatedCluster(options, registry, controllers, rollouts, server);
    }

    private static RolloutController startControllers(
            Registry registry, Catalog catalog, Controllers controllers, InstantSource clock) {
        EventRecorder events = new EventRecorder(registry);
        RolloutController rollouts = new RolloutController(registry, catalog, controllers, events, clock);
        Nodes nodes = new Nodes(registry, controllers, clock);
        controllers.add(Part.DEPLOYMENTS, new DeploymentController(registry, controllers, events, clock));
        controllers.add(Part.REPLICA_SETS, new ReplicaSetController(registry, controllers, clock));
        controllers.add(Part.STATEFUL_SETS, new StatefulSetController(registry, events));
        controllers.add(Part.DAEMON_SETS, new DaemonSetController(registry, events));
        controllers.add(Part.ROLLOUTS, rollouts);
        controllers.add(Part.KUBELETS, new Kubelets(registry, controllers, nodes, clock));
        controllers.add(Part.NODES, nodes);
        controllers.add(Part.GARBAGE_COLLECTION, new GarbageCollector(registry, catalog));
        registry.store().listen(new Dispatch(controllers, registry.store(), catalog));
        List.of("node-a", "node-b", "node-c").forEach(nodes::addNode);
        return rollouts;
    }

    public String url() {
        return "http://127.0.0.1:" + server.port();
    }

    /** What a client needs to know, as the text of a kubeconfig file. */
    public String kubeconfig() {
        String token = options.token().isEmpty() ? "" : "token: " + options.token();
        return """
                apiVersion: v1
                kind: Config
                clusters: [{name: sandbox, cluster: {server: "%s"}}]
                users: [{name: sandbox, user: {%s}}]
                contexts: [{name: sandbox, context: {cluster: sandbox, user: sandbox, namespace: default}}]
                current-context: sandbox
                """.formatted(url(), token);
    }

    public void writeKubeconfig(Path file) throws IOException {
        Files.writeString(file, kubeconfig(), StandardCharsets.UTF_8);
    }

    ObjectStore store() {
        return registry.store();
    }

    public RequestLog requestLog() {
        return server.log();
    }

    public Faults faults() {
        return server.faults();
    }

    public Controllers controllers() {
        return controllers;
    }

    /** Stops a node's kubelet. Ready=Unknown after 40 s without a lease, or at once. */
    public void nodeDown(String node, boolean atOnce) {
        registry.modify(
                Nodes.key(node), "", BOOTSTRAP, tree -> Metadata.annotate(tree, Nodes.DOWN, atOnce ? "now" : "true"));
    }

    public void nodeUp(String node) {
        registry.modify(
                Nodes.key(node),
                "",
                BOOTSTRAP,
                tree -> Json.ensure(tree, "metadata", "annotations").remove(Nodes.DOWN));
    }

    /** The next write of this Rollout is not seen by its controller before there is another one (Argo Rollouts before 1.10). */
    public void overlookNextWrite(String namespace, String rollout) {
        rollouts.overlookNextWrite(namespace, rollout);
    }

    /** Makes a ready pod crash-loop from now on. */
    public void crashPod(String namespace, String name) {
        registry.modify(
                new ObjectKey(Catalog.PODS, namespace, name),
                "",
                BOOTSTRAP,
                tree -> Metadata.annotate(tree, Kubelets.FAIL_AFTER, "0s"));
    }

    @Override
    public void close() {
        controllers.close();
        server.close();
    }

    private static void createNamespaces(Registry registry) {
        for (String namespace : List.of("default", "kube-system", "kube-public", "kube-node-lease")) {
            var object = Json.object();
            Metadata.of(object).put("name", namespace);
            registry.create(Catalog.NAMESPACES, "", object, BOOTSTRAP, false);
        }
    }

    private static void createDefinitions(Registry registry, Options options) {
        if (options.rollouts()) {
            for (var definition : List.of(
                    Catalog.argoDefinition("Rollout", "rollouts", "ro", true),
                    Catalog.argoDefinition("AnalysisRun", "analysisruns", "ar", false),
                    Catalog.argoDefinition("AnalysisTemplate", "analysistemplates", "at", false),
                    Catalog.argoDefinition("Experiment", "experiments", "exp", false))) {
                registry.create(Catalog.CRDS, "", definition, BOOTSTRAP, false);
            }
        }
    }
}
