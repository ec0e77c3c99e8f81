package io.rollguard.sandbox.stage;

import io.rollguard.sandbox.slack.FakeSlack;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Broker, Slack, a tap on every topic, and the service, on free ports of this machine. The cluster is given. */
public final class Stage implements AutoCloseable {

    /** The channel that messages go to. */
    public static final String CHANNEL = "C0ROLLGUARD";

    private static final String SLACK_TOKEN = "xoxb-stage";

    private final Home home;
    private final Map<String, String> environment;
    private final Consumer<String> log;
    private final int port;
    private final Broker broker;
    private final FakeSlack slack;
    private final Tap tap;
    private @Nullable Service service;

    /**
     * Starts all but the service.
     *
     * @param data where the broker keeps its data
     * @param kubeconfig of the cluster
     * @param configuration of the service, by environment variable
     * @param log gets the service's log
     */
    public Stage(Home home, Path data, Path kubeconfig, Map<String, String> configuration, Consumer<String> log) {
        this.home = home;
        this.log = log;
        this.port = Service.freePort();
        this.broker = Broker.start(home, data, Service.freePort());
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
        service = Service.start(home, port, environment, log);
        service.awaitDecides();
        return service;
    }

    public Service service() {
        if (service == null) {
            throw new IllegalStateException("the service was not started");
        }
        return service;
    }

    public Broker broker() {
        return broker;
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
        if (service != null) {
            service.close();
        }
        slack.close();
        broker.close();
    }
}
