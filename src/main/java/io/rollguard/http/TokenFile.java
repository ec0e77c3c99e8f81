package io.rollguard.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one door, a line each; blank lines and lines that begin with {@code #} are passed over. Looked at once a
 * second while somebody asks, and read again when it changed, so that tokens rotate without a restart; a file that can't be read or holds no token leaves the last good
 * ones in force. Keeps digests only. Safe for many threads.
 */
public final class TokenFile {

    private static final Logger LOG = Logger.getLogger(TokenFile.class);

    /** A token that was added or taken away counts so much later at most, not each request for a look at the disk. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    /** What a line holds. */
    public enum Form {
        /** The token. */
        TOKEN,
        /** {@code name:token}; the name ends up in the log of what was done. */
        NAMED
    }

    private record Entry(String name, byte[] digest) {}

    private record Stamp(Object fileKey, long modified, long size) {}

    private final Path path;
    private final Form form;
    private volatile List<Entry> entries;
    private final LongSupplier nanoTime;
    private final AtomicLong looked;
    private @Nullable Stamp stamp;
    private String trouble = "";

    /**
     * @param nanoTime as {@link System#nanoTime}
     * @throws IllegalArgumentException where the file can't be read, holds no token, or a line has the wrong form
     */
    public TokenFile(Path path, Form form, LongSupplier nanoTime) {
        this.path = path;
        this.form = form;
        this.nanoTime = nanoTime;
        this.looked = new AtomicLong(nanoTime.getAsLong());
        try {
            this.stamp = stamp();
            this.entries = read();
        } catch (IOException | UncheckedIOException e) {
            throw new IllegalArgumentException("the token file %s can't be read".formatted(path), e);
        }
    }

    /** The name that belongs to a token; empty where nobody has it. Takes as long for a wrong token as for a right one. */
    public Optional<String> nameOf(String token) {
        refresh();
        var digest = digest(token);
        String found = null;
        for (var entry : entries) {
            boolean same = MessageDigest.isEqual(entry.digest(), digest);
            found = same ? entry.name() : found;
        }
        return Optional.ofNullable(found);
    }

    /** By one caller a second, whom the others do not wait for. */
    private void refresh() {
        long last = looked.get();
        long now = nanoTime.getAsLong();
        if (now - last >= LOOK_EVERY.toNanos() && looked.compareAndSet(last, now)) {
            look();
        }
    }

    private synchronized void look() {
        try {
            var now = stamp();
            if (now.equals(stamp)) {
                return;
            }
            entries = read();
            stamp = now;
            trouble = "";
            LOG.infof("read %s again: %d tokens", path, entries.size());
        } catch (IOException | IllegalArgumentException e) {
            var text = e.getClass().getSimpleName();
            if (!text.equals(trouble)) {
                trouble = text;
                LOG.warnf("%s changed and can't be used (%s): the tokens read before stay in force", path, text);
            }
        }
    }

    /** A mounted Secret is replaced by moving a link, so the file behind it is what is looked at. */
    private Stamp stamp() throws IOException {
        var attributes = Files.readAttributes(path.toRealPath(), BasicFileAttributes.class);
        return new Stamp(
                String.valueOf(attributes.fileKey()),
                attributes.lastModifiedTime().toMillis(),
                attributes.size());
    }

    private List<Entry> read() throws IOException {
        var read = new ArrayList<Entry>();
        var names = new HashSet<String>();
        int number = 0;
        for (var line : Files.readAllLines(path, UTF_8)) {
            number++;
            var text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            var entry = entry(text, number);
            if (form == Form.NAMED && !names.add(entry.name())) {
                throw new IllegalArgumentException("line %d of %s: its name is used twice".formatted(number, path));
            }
            read.add(entry);
        }
        if (read.isEmpty()) {
            throw new IllegalArgumentException("%s holds no token".formatted(path));
        }
        return List.copyOf(read);
    }

    private Entry entry(String line, int number) {
        if (form == Form.TOKEN) {
            return new Entry("line " + number, digest(line));
        }
        int colon = line.indexOf(':');
        if (colon < 1 || colon == line.length() - 1) {
            throw new IllegalArgumentException("line %d of %s is not name:token".formatted(number, path));
        }
        return new Entry(
                line.substring(0, colon).strip(),
                digest(line.substring(colon + 1).strip()));
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "TokenFile[" + path + "]";
    }
}
