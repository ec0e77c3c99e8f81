package io.rollguard.kafka;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * A broker for a machine that has none: a child process with a class path of its own, its data on disk. It ends with this
 * process, even when that is killed.
 */
final class EmbeddedBroker implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(EmbeddedBroker.class);

    /** Named only: the sandbox is no part of the service. */
    private static final String MAIN = "io.rollguard.sandbox.broker.BrokerMain";

    private static final int START_SECONDS = 60;

    private final Process process;

    private EmbeddedBroker(Process process) {
        this.process = process;
    }

    /** Starts it and waits until it serves. */
    static EmbeddedBroker start(Path sandbox, Path data, int port) {
        if (!Files.isDirectory(sandbox.resolve("lib"))) {
            throw new ConfigurationException(
                    ("KAFKA_BOOTSTRAP_SERVERS is unset, and the embedded broker is not at %s: set "
                                    + "KAFKA_BOOTSTRAP_SERVERS, or start the service by ./rollguard serve")
                            .formatted(sandbox));
        }
        var classPath = Stream.of("rollguard-sandbox.jar", "lib/*", "log/*")
                .map(part -> sandbox + File.separator + part)
                .collect(Collectors.joining(File.pathSeparator));
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command = List.of(
                java,
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                classPath,
                MAIN,
                Integer.toString(port),
                data.toString());
        try {
            LOG.infof("starting the embedded broker on 127.0.0.1:%d, data in %s", port, data);
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            var ready = new CountDownLatch(1);
            // not a virtual one: reading a pipe would keep its carrier from those that decide
            Thread.ofPlatform().daemon().name("embedded-broker").start(() -> follow(process, ready));
            if (!ready.await(START_SECONDS, TimeUnit.SECONDS) || !process.isAlive()) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        "the embedded broker did not start on port %d with data in %s; its output is above"
                                .formatted(port, data));
            }
            return new EmbeddedBroker(process);
        } catch (IOException e) {
            throw new UncheckedIOException("the embedded broker could not be started", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the embedded broker started", e);
        }
    }

    private static void follow(Process process, CountDownLatch ready) {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (var line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith("READY ")) {
                    ready.countDown();
                } else if (line.contains("ERROR") || line.contains("Exception") || !process.isAlive()) {
                    LOG.warnf("embedded broker: %s", line);
                } else {
                    LOG.debugf("embedded broker: %s", line);
                }
            }
        } catch (IOException e) {
            LOG.debug("the embedded broker's output ended", e);
        }
        ready.countDown();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
