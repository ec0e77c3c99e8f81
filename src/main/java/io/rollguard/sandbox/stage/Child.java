package io.rollguard.sandbox.stage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A child process whose output is read line by line and whose input stays open as long as we live. */
public final class Child implements AutoCloseable {

    private final Process process;
    private final Thread reader;

    private Child(Process process, Consumer<String> lines) {
        this.process = process;
        // not a virtual one: reading a pipe would keep its carrier from all others
        this.reader =
                Thread.ofPlatform().daemon().name("output-of-" + process.pid()).start(() -> read(lines));
    }

    /** @param lines gets what it prints, stdout and stderr together */
    public static Child start(ProcessBuilder builder, Consumer<String> lines) {
        try {
            return new Child(builder.redirectErrorStream(true).start(), lines);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "could not start " + builder.command().getFirst(), e);
        }
    }

    private void read(Consumer<String> lines) {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (var line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.accept(line);
            }
        } catch (IOException e) {
            // the process has ended
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /** @param name without the SIG */
    void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException("no kill command", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it without a chance to clean up (kill -9), and waits. */
    public void kill() {
        process.destroyForcibly();
        await();
    }

    /** Asks it to end (TERM) and waits; after 20 s it is killed. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        await();
    }

    private void await() {
        try {
            process.waitFor();
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
