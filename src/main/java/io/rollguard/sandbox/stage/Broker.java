package io.rollguard.sandbox.stage;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A real broker as a process of its own, with its own class path; it ends with us. */
public final class Broker implements AutoCloseable {

    /** Small and quick to start. */
    private static final List<String> FLAGS = List.of("-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    private static final Duration START = Duration.ofSeconds(60);

    private final Child child;
    private final int port;

    private Broker(Child child, int port) {
        this.child = child;
        this.port = port;
    }

    /** Starts it, as below, with one listener. */
    public static Broker start(Home home, Path data, int port) {
        return start(home, FLAGS, data, port, Map.of());
    }

    /**
     * Starts it and waits until it serves. Data that were there before are its own.
     *
     * @param gates further listeners: the port of each, and the one that it advertises
     */
    public static Broker start(Home home, Path data, int port, Map<Integer, Integer> gates) {
        return start(home, FLAGS, data, port, gates);
    }

    /** As above, with other flags for its JVM, and one listener. */
    public static Broker start(Home home, List<String> flags, Path data, int port) {
        return start(home, flags, data, port, Map.of());
    }

    private static Broker start(Home home, List<String> flags, Path data, int port, Map<Integer, Integer> gates) {
        var sandbox = home.root().resolve("target/sandbox");
        var path = Stream.of("rollguard-sandbox.jar", "lib/*", "log/*")
                .map(part -> sandbox + File.separator + part)
                .collect(Collectors.joining(File.pathSeparator));
        var ready = new CountDownLatch(1);
        var command = new ArrayList<>(List.of(Home.java()));
        command.addAll(flags);
        command.addAll(List.of(
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                path,
                "io.rollguard.sandbox.broker.BrokerMain",
                Integer.toString(port),
                data.resolve("kafka").toString()));
        gates.forEach((listener, advertised) -> command.add(listener + ":" + advertised));
        var child = Child.start(new ProcessBuilder(command), line -> {
            if (line.startsWith("READY ")) {
                ready.countDown();
            }
        });
        try {
            if (!ready.await(START.toSeconds(), TimeUnit.SECONDS)) {
                child.kill();
                throw new IllegalStateException("the broker did not start within " + START.toSeconds() + " s");
            }
        } catch (InterruptedException e) {
            child.kill();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        return new Broker(child, port);
    }

    public long pid() {
        return child.pid();
    }

    /** Ends it without a chance to clean up (kill -9), and waits. */
    public void kill() {
        child.kill();
    }

    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    @Override
    public void close() {
        child.close();
    }
}
