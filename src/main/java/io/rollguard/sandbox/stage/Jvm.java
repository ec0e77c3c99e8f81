package io.rollguard.sandbox.stage;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A main class of the sandbox in a JVM of its own with this one's class path. It prints {@code READY <where>} once it
 * serves, and ends with us.
 */
public final class Jvm implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(60);

    private final Child child;
    private final String where;

    private Jvm(Child child, String where) {
        this.child = child;
        this.where = where;
    }

    /**
     * Starts it and waits until it serves.
     *
     * @param lines gets whatever else it prints
     */
    public static Jvm start(List<String> flags, Class<?> main, List<String> arguments, Consumer<String> lines) {
        var command = new ArrayList<>(List.of(Home.java()));
        command.addAll(flags);
        command.add("-Djava.util.logging.manager=org.jboss.logmanager.LogManager");
        if (Runtime.version().feature() >= 23) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Leash.class.getName(), main.getName()));
        command.addAll(arguments);
        var ready = new CompletableFuture<String>();
        var child = Child.start(new ProcessBuilder(command), line -> {
            if (line.startsWith("READY ")) {
                ready.complete(line.substring("READY ".length()));
            } else {
                lines.accept(line);
            }
        });
        try {
            return new Jvm(child, ready.get(START.toSeconds(), TimeUnit.SECONDS));
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            child.kill();
            throw new IllegalStateException(
                    "%s was not ready within %d s".formatted(main.getSimpleName(), START.toSeconds()), e);
        }
    }

    /** What it said of where it serves. */
    public String where() {
        return where;
    }

    public long pid() {
        return child.pid();
    }

    @Override
    public void close() {
        child.close();
    }
}
