package io.rollguard.scenario;

import io.rollguard.sandbox.stage.Service;
import io.rollguard.sandbox.stage.Stage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** One instance of the service, with what stands between it and the cluster and between it and Kafka. */
final class Instance implements AutoCloseable {

    private final String name;
    private final ApiGate api;
    private final KafkaGate kafka;
    private final Path kubeconfig;
    private Service service;

    Instance(String name, ApiGate api, KafkaGate kafka, Path kubeconfig) {
        this.name = name;
        this.api = api;
        this.kafka = kafka;
        this.kubeconfig = kubeconfig;
    }

    void start(Stage stage, Map<String, String> own) {
        var all = new HashMap<>(own);
        all.put("KUBECONFIG", kubeconfig.toString());
        all.put("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:" + kafka.port());
        service = stage.startInstance(name, all);
    }

    boolean isAlive() {
        return service != null && service.isAlive();
    }

    Service service() {
        return service;
    }

    ApiGate api() {
        return api;
    }

    KafkaGate kafka() {
        return kafka;
    }

    Path kubeconfig() {
        return kubeconfig;
    }

    /** Ends it at once (kill -9), and with it whatever it had under way. */
    void kill() {
        service.kill();
        open();
    }

    /** Nothing is held any more. */
    void open() {
        api.open();
        kafka.open();
    }

    @Override
    public void close() throws IOException {
        api.close();
        kafka.close();
    }

    @Override
    public String toString() {
        return name;
    }
}
