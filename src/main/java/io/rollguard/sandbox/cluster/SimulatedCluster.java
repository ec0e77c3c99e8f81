package io.rollguard.sandbox.cluster;

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
            return new Options(0, "", true, 10_000);
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
    private final ApiServer server;

    private SimulatedCluster(Options options, ApiServer server) {
        this.options = options;
        this.server = server;
    }

    public static SimulatedCluster start() {
        return start(Options.defaults());
    }

    public static SimulatedCluster start(Options options) {
        InstantSource clock = InstantSource.system();
        Catalog catalog = new Catalog();
        ObjectStore store = new ObjectStore(options.historyLimit());
        Registry registry = new Registry(store, catalog, clock, RandomGenerator.getDefault());
        Access access = new Access();
        populate(registry, options);
        Api api = new Api(registry, catalog, access);
        return new SimulatedCluster(options, new ApiServer(api, store, access, clock, options.port(), options.token()));
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

    public RequestLog requestLog() {
        return server.log();
    }

    public Faults faults() {
        return server.faults();
    }

    @Override
    public void close() {
        server.close();
    }

    private static void populate(Registry registry, Options options) {
        for (String namespace : List.of("default", "kube-system", "kube-public", "kube-node-lease")) {
            var object = Json.object();
            Metadata.of(object).put("name", namespace);
            registry.create(Catalog.NAMESPACES, "", object, BOOTSTRAP, false);
        }
        if (options.rollouts()) {
            registry.create(
                    Catalog.CRDS, "", Catalog.argoDefinition("Rollout", "rollouts", "ro", true), BOOTSTRAP, false);
            registry.create(
                    Catalog.CRDS,
                    "",
                    Catalog.argoDefinition("AnalysisRun", "analysisruns", "ar", false),
                    BOOTSTRAP,
                    false);
            registry.create(
                    Catalog.CRDS,
                    "",
                    Catalog.argoDefinition("Experiment", "experiments", "exp", false),
                    BOOTSTRAP,
                    false);
        }
    }
}
