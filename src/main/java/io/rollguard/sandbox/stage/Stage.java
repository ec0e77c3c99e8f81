package io.rollguard.sandbox.stage;

import io.rollguard.sandbox.slack.FakeSlack;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Broker, Slack, a tap on every topic, and the service, one instance of it or several, on free ports of this machine. The
 * cluster is given.
 */
public final class Stage implements AutoCloseable {

    /** The channel that messages go to. */
    public static final String CHANNEL = "C0ROLLGUARD";

    private static final String SLACK_TOKEN = "xoxb-stage";
    private static final String THE_ONE = "service";

    private final Home home;
    private final Map<String, String> environment;
    private final Consumer<String> log;
    private final Path data;
    private final int brokerPort;
    private final Map<Integer, Integer> gates;
    private Broker broker;
    private final FakeSlack slack;
    private final Tap tap;
    private final Map<String, Service> instances = new LinkedHashMap<>();

    /** Starts all but the service, as below, with nothing between the service and the broker. */
    public Stage(Home home, Path data, Path kubeconfig, Map<String, String> configuration, Consumer<String> log) {
        this(home, data, kubeconfig, configuration, Map.of(), log);
    }

    /**
     * Starts all but the service.
     *
     * @param data where the broker keeps its data
     * @param kubeconfig of the cluster
     * @param configuration of the service, by environment variable
     * @param gates ports on which the broker listens as well, each with the port that it advertises there
     * @param log gets the service's log
     */
    public Stage(
            Home home,
            Path data,
            Path kubeconfig,
            Map<String, String> configuration,
            Map<Integer, Integer> gates,
            Consumer<String> log) {
        this.home = home;
        this.log = log;
        this.data = data;
        this.brokerPort = Service.freePort();
        this.gates = Map.copyOf(gates);
        this.broker = Broker.start(home, data, brokerPort, gates);
        this.slack = new FakeSlack(0, InstantSource.system(), SLACK_TOKEN);
        this.tap = new Tap(broker.bootstrapServers());
        this.environment = new HashMap<>(Map.of(
                "KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                "KUBECONFIG", kubeconfig.toString(),
                "ROLLGUARD_DATA_DIR", data.toString(),
                "SLACK_BOT_TOKEN", SLACK_TOKEN,
                "ROLLGUARD_SLACK_CHANNEL", CHANNEL,
                "ROLLGUARD_SLACK_API_URL", slack.apiUrl().toString()));
        environment.putAll(configuration);
    }

    /** Starts the service, again on the same port after it was stopped or killed, and waits until it decides. */
    public Service startService() {
        var service = start(THE_ONE, Map.of(), log);
        service.awaitDecides();
        return service;
    }

    /**
     * Starts one of several instances, again on the same port after it was stopped or killed; returns at once.
     *
     * @param own what is different in its configuration
     */
    public Service startInstance(String name, Map<String, String> own) {
        return start(name, own, line -> log.accept(name + ": " + line));
    }

    private Service start(String name, Map<String, String> own, Consumer<String> lines) {
        var all = new HashMap<>(environment);
        all.putAll(own);
        var before = instances.get(name);
        var service = Service.start(home, before == null ? Service.freePort() : before.port(), all, lines);
        instances.put(name, service);
        return service;
    }

    public Service service() {
        var service = instances.get(THE_ONE);
        if (service == null) {
            throw new IllegalStateException("the service was not started");
        }
        return service;
    }

    public Broker broker() {
        return broker;
    }

    /** The broker is gone with all its data, and another one stands in its place. */
    public void loseBroker() {
        broker.kill();
        broker = Broker.start(home, data.resolve("anew-" + broker.pid()), brokerPort, gates);
    }

    public FakeSlack slack() {
        return slack;
    }

    public Tap tap() {
        return tap;
    }

    @Override
    public void close() {
        tap.close();
        instances.values().forEach(Service::close);
        slack.close();
        broker.close();
    }
}
