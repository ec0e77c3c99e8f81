package io.rollguard.kafka;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A real broker in a JVM of its own, from the tests' class path; can be killed and started again on its data. */
public final class TestBroker implements AutoCloseable {

    private static @Nullable TestBroker shared;

    private final Path data;
    private final int port;
    private Process process;

    private TestBroker(Path data, int port) {
        this.data = data;
        this.port = port;
        this.process = launch();
    }

    /** The one that tests share which do not harm it; it ends with the tests' JVM. */
    public static synchronized TestBroker shared() {
        if (shared == null) {
            shared = start();
        }
        return shared;
    }

    public static TestBroker start() {
        try (var socket = new ServerSocket(0)) {
            int port = socket.getLocalPort();
            socket.close();
            return new TestBroker(Files.createTempDirectory(Path.of("target"), "broker"), port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    /** As when the machine loses power. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    public void startAgain() {
        process = launch();
    }

    private Process launch() {
        // without a logging backend it is silent
        var classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("slf4j-jboss-logmanager"))
                .collect(Collectors.joining(File.pathSeparator));
        try {
            var started = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx192m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            classPath,
                            "io.rollguard.sandbox.broker.BrokerMain",
                            Integer.toString(port),
                            data.toAbsolutePath().toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            BufferedReader lines = started.inputReader(StandardCharsets.UTF_8);
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("READY ")) {
                    return started;
                }
            }
            throw new IllegalStateException("the broker ended before it was ready");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            kill();
        }
        process.onExit().join();
    }
}
