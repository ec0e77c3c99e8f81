package io.rollguard.sandbox.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Bodies that nobody should send: real ones of Alertmanager with something wrong in them. They know the structure, so most of
 * them come past the first brace: types, nulls, depth, doubled and strange keys, numbers, dates, halves of characters; or
 * bytes: encodings, truncation, noise. Seed and number decide each; about one in ten is left as it was.
 */
public final class FuzzBodies {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_GOLDEN = 16 * 1024;

    /** Well below what the webhook reads: what is over its limit is another test's. */
    private static final int LONGEST = 2 * 1024 * 1024;

    /** What stands for a value, as JSON text; some of it is none. */
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "0",
            "-0",
            "-1",
            "1e400",
            "1e-400",
            "1.0000000000000000000000000000000001",
            "123456789012345678901234567890",
            "9223372036854775808",
            "NaN",
            "01",
            "+1",
            "0x1F",
            "\"firing\"",
            "\"resolved\"",
            "\"FIRING\"",
            "\"0001-01-01T00:00:00Z\"",
            "\"2026-02-30T00:00:00Z\"",
            "\"2026-01-01T00:00:00+25:00\"",
            "\"+999999999-12-31T23:59:59Z\"",
            "\"-999999999-01-01T00:00:00Z\"",
            "\"9999-12-31T23:59:60.999999999Z\"",
            "\"2026-01-01 00:00:00\"",
            "\"2026-01-01T00:00:00.123456789123Z\"",
            "\"\\ud800\"",
            "\"\\udc00x\"",
            "\"\\u0000\"",
            "\"\\ud83d\\ude00\"",
            "\"\u00e9\u4e16\ud83d\ude80\"",
            "\"\\x\"",
            "'single'",
            "[null]",
            "[[[]]]",
            "{\"alerts\": []}",
            "{\"\": \"\"}",
            "\"0000000000000000\"",
            "\"ffffffffffffffffff\"",
            "\"../../etc/passwd\"",
            "\"a\\r\\nb: c\"");

    private static final List<String> KEYS = List.of(
            "alerts",
            "labels",
            "annotations",
            "status",
            "startsAt",
            "endsAt",
            "fingerprint",
            "generatorURL",
            "truncatedAlerts",
            "version",
            "cluster",
            "",
            "\\u0000",
            "\\ud800",
            "__proto__",
            "key with space",
            "\u00fc");

    private final List<byte[]> goldens;
    private final long seed;

    /** @param goldens a folder with real bodies, below it too */
    public FuzzBodies(Path goldens, long seed) throws IOException {
        try (var files = Files.walk(goldens)) {
            this.goldens = files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .map(FuzzBodies::read)
                    .filter(body -> body.length <= LONGEST_GOLDEN)
                    .toList();
        }
        if (this.goldens.isEmpty()) {
            throw new IOException("no bodies below " + goldens);
        }
        this.seed = seed;
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public byte[] body(long number) {
        var random = new SplittableRandom(seed ^ (number * 0x9E3779B97F4A7C15L));
        return new Mutation(random).of(goldens.get(random.nextInt(goldens.size())));
    }

    /** One body on its way. */
    private record Mutation(SplittableRandom random) {

        byte[] of(byte[] golden) {
            int dice = random.nextInt(10);
            if (dice == 0) {
                return golden;
            }
            var changed = dice <= 7 ? structure(golden) : golden;
            var body = changed.length <= LONGEST ? changed : golden;
            return dice >= 7 ? bytes(body) : body;
        }

        private byte[] structure(byte[] golden) {
            try {
                var root = JSON.readTree(golden);
                for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                    change(root);
                }
                return JSON.writeValueAsBytes(root);
            } catch (IOException e) {
                throw new IllegalStateException("a golden body is no JSON", e);
            }
        }

        private void change(JsonNode root) {
            var containers = new ArrayList<JsonNode>();
            collect(root, containers);
            var at = containers.get(random.nextInt(containers.size()));
            if (at instanceof ObjectNode object) {
                change(object);
            } else if (at instanceof ArrayNode array) {
                change(array);
            }
        }

        private static void collect(JsonNode node, List<JsonNode> containers) {
            if (node.isContainerNode()) {
                containers.add(node);
                node.forEach(each -> collect(each, containers));
            }
        }

        private void change(ObjectNode object) {
            var names = new ArrayList<String>();
            object.fieldNames().forEachRemaining(names::add);
            var name = names.isEmpty() ? "x" : names.get(random.nextInt(names.size()));
            switch (random.nextInt(7)) {
                case 0 -> object.remove(name);
                case 1 -> object.putRawValue(name, new RawValue(value()));
                case 2 -> object.putRawValue(any(KEYS), new RawValue(value()));
                case 3 -> doubled(object, name);
                case 4 -> object.put(name, lengthy());
                case 5 -> object.putRawValue(name, new RawValue(deep()));
                default -> {
                    for (int more = random.nextInt(200); more > 0; more--) {
                        object.put("l" + more, "v");
                    }
                }
            }
        }

        /** A key that is there twice: what JSON allows and no tree can hold. */
        private void doubled(ObjectNode object, String name) {
            if (object.get(name) instanceof ObjectNode child && !child.isEmpty()) {
                var first = random.nextBoolean() ? child.fieldNames().next() : any(KEYS);
                var rest = child.toString().substring(1);
                object.putRawValue(name, new RawValue("{\"%s\":%s,%s".formatted(first, value(), rest)));
            } else {
                object.putRawValue(name, new RawValue("{\"a\":1,\"a\":%s}".formatted(value())));
            }
        }

        private void change(ArrayNode array) {
            switch (random.nextInt(5)) {
                case 0 -> array.addRawValue(new RawValue(value()));
                case 1 -> array.removeAll();
                case 2 -> array.insertRawValue(0, new RawValue(value()));
                case 3 -> array.insertRawValue(array.size() / 2, new RawValue(deep()));
                default -> {
                    if (!array.isEmpty()) {
                        var one = array.get(random.nextInt(array.size()));
                        for (int more = random.nextInt(60); more > 0; more--) {
                            array.add(one.deepCopy());
                        }
                    }
                }
            }
        }

        private String value() {
            return any(VALUES);
        }

        /** A few lengths only, lest every body be an alert of its own; now and then longer than a record may be. */
        private String lengthy() {
            int length = random.nextInt(100) == 0 ? 1_100_000 : any(List.of(0, 1, 255, 4_096, 65_536));
            return (random.nextBoolean() ? "x" : "\u00e4").repeat(length);
        }

        private String deep() {
            int depth = List.of(3, 60, 600, 3_000).get(random.nextInt(4));
            return random.nextBoolean()
                    ? "[".repeat(depth) + "]".repeat(depth)
                    : "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
        }

        private byte[] bytes(byte[] body) {
            return switch (random.nextInt(10)) {
                case 0 -> Arrays.copyOf(body, random.nextInt(body.length + 1));
                case 1 -> flipped(body);
                case 2 -> encoded(body, StandardCharsets.UTF_16);
                case 3 -> encoded(body, Charset.forName("UTF-32"));
                case 4 -> encoded(body, StandardCharsets.ISO_8859_1);
                case 5 -> joined(new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF}, body);
                case 6 -> joined(body, body);
                case 7 -> joined("{\"alerts\":[],\"status\":1,".getBytes(StandardCharsets.UTF_8), tail(body));
                case 8 -> joined(body, "/* a comment */ ,".getBytes(StandardCharsets.UTF_8));
                default -> joined(" \t\r\n".repeat(1 + random.nextInt(500)).getBytes(StandardCharsets.UTF_8), body);
            };
        }

        private static byte[] tail(byte[] body) {
            return Arrays.copyOfRange(body, Math.min(1, body.length), body.length);
        }

        private byte[] flipped(byte[] body) {
            var bytes = body.clone();
            for (int flips = 1 + random.nextInt(8); flips > 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            return bytes;
        }

        private static byte[] encoded(byte[] body, Charset charset) {
            return new String(body, StandardCharsets.UTF_8).getBytes(charset);
        }

        private static byte[] joined(byte[] one, byte[] other) {
            var all = Arrays.copyOf(one, one.length + other.length);
            System.arraycopy(other, 0, all, one.length, other.length);
            return all;
        }

        private <T> T any(List<T> of) {
            return of.get(random.nextInt(of.size()));
        }
    }
}
