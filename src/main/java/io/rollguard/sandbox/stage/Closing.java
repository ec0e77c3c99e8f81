package io.rollguard.sandbox.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What is to be closed, the last opened first; once, whether the play ends or is interrupted (Ctrl-C, TERM). */
public final class Closing implements AutoCloseable {

    private final List<AutoCloseable> open = new ArrayList<>();
    private boolean closed;

    public Closing() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "curtain"));
    }

    public synchronized <T extends AutoCloseable> T add(T part) {
        open.add(part);
        return part;
    }

    /** A directory that is removed after everything else was closed. */
    public synchronized Path temporaryDirectory(String prefix) {
        try {
            var directory = Files.createTempDirectory(prefix);
            open.addFirst(() -> delete(directory));
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                if (!file.toFile().delete()) {
                    file.toFile().deleteOnExit();
                }
            });
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (var part : open.reversed()) {
            try {
                part.close();
            } catch (Exception e) {
                // the others are to be closed all the same
            }
        }
    }
}
