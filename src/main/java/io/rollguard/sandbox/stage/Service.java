package io.rollguard.sandbox.stage;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The real service as a process of its own. */
public final class Service implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    private final Child child;
    private final int port;

    private Service(Child child, int port) {
        this.child = child;
        this.port = port;
    }

    /** Small and quick to start. */
    private static final List<String> FLAGS = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m");

    /**
     * Starts it; returns at once.
     *
     * @param environment its configuration, beside the port
     * @param lines gets its log
     */
    public static Service start(Home home, int port, Map<String, String> environment, Consumer<String> lines) {
        return start(home, FLAGS, port, environment, lines);
    }

    /** As above, with other flags for its JVM. */
    public static Service start(
            Home home, List<String> flags, int port, Map<String, String> environment, Consumer<String> lines) {
        var command = new ArrayList<>(List.of(Home.java()));
        command.addAll(flags);
        command.add("-Djava.util.logging.manager=org.jboss.logmanager.LogManager");
        if (Runtime.version().feature() >= 23) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED", // as the manifest of quarkus-run.jar says
                "-Drollguard.home=" + home.root(),
                "-cp",
                home.serviceClassPath(),
                Leash.class.getName(),
                "io.quarkus.bootstrap.runner.AotQuarkusEntryPoint"));
        var builder = new ProcessBuilder(command);
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("ROLLGUARD_") || name.startsWith("KUBERNETES_"));
        builder.environment().putAll(environment);
        builder.environment().put("QUARKUS_HTTP_PORT", Integer.toString(port));
        return new Service(Child.start(builder, lines), port);
    }

    /** A port that was free a moment ago. */
    public static int freePort() {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException("no free port", e);
        }
    }

    public int port() {
        return port;
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Whether its picture is whole, so that it decides. */
    public boolean decides() {
        return status("/q/health/group/reactor") == 200;
    }

    /** Whether it takes alerts. */
    public boolean ingests() {
        return status("/q/health/ready") == 200;
    }

    public void awaitDecides() {
        awaitDecides(Duration.ofSeconds(90));
    }

    /** As above, where it has more to read back. */
    public void awaitDecides(Duration atMost) {
        Await.until("the service decides", atMost, () -> {
            if (!child.isAlive()) {
                throw new IllegalStateException("the service has ended; its log tells why");
            }
            return decides();
        });
    }

    private int status(String path) {
        try {
            return get(path).statusCode();
        } catch (IllegalStateException e) {
            return 0;
        }
    }

    /** @throws IllegalStateException where it does not answer */
    public HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(URI.create(url() + path)).timeout(Duration.ofSeconds(5)));
    }

    /** @throws IllegalStateException where it does not answer */
    public HttpResponse<String> post(String path, String body) {
        return send(HttpRequest.newBuilder(URI.create(url() + path))
                .timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IllegalStateException("the service does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    public boolean isAlive() {
        return child.isAlive();
    }

    public long pid() {
        return child.pid();
    }

    public void kill() {
        child.kill();
    }

    /** Stops it where it stands (STOP), until {@link #thaw}. */
    public void freeze() {
        child.signal("STOP");
    }

    /** Lets it go on (CONT), without a notion of what it missed. */
    public void thaw() {
        child.signal("CONT");
    }

    @Override
    public void close() {
        child.close();
    }
}
