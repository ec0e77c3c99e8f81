package io.rollguard.sandbox.stage;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a built checkout keeps what runs; the layout is the launcher's. */
public record Home(Path root) {

    /** The checkout that system property {@code rollguard.home} names. */
    public static Home current() {
        var home = System.getProperty("rollguard.home");
        if (home == null) {
            throw new IllegalStateException("system property rollguard.home is unset: start this through ./rollguard");
        }
        return new Home(Path.of(home));
    }

    /** The service's class path, and behind it, so that a cache of its classes fits, the end of its leash. */
    String serviceClassPath() {
        var service = root.resolve("target/quarkus-app/quarkus-run.jar");
        if (!Files.exists(service)) {
            throw new IllegalStateException(
                    "there is no " + service + ": build first, ./mvnw -Dquick -DskipTests package");
        }
        return service + File.pathSeparator + root.resolve("target/sandbox/rollguard-sandbox.jar");
    }

    /** The Java that runs this process. */
    static String java() {
        return ProcessHandle.current()
                .info()
                .command()
                .orElseGet(() ->
                        Path.of(System.getProperty("java.home"), "bin", "java").toString());
    }
}
