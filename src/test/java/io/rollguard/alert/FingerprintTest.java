package io.rollguard.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FingerprintTest {

    @Test
    void isAlertmanagersForEveryCapturedAlert() throws IOException {
        var json = new ObjectMapper();
        int seen = 0;
        try (var files = Files.walk(Path.of("src/test/resources/payloads"))) {
            for (var file : files.filter(each -> each.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                for (var alert : json.readTree(file.toFile()).path("alerts")) {
                    var labels = new HashMap<String, String>();
                    alert.path("labels")
                            .properties()
                            .forEach(label ->
                                    labels.put(label.getKey(), label.getValue().asText()));

                    assertThat(Fingerprint.of(Labels.of(labels)))
                            .as(file + " " + labels)
                            .hasToString(alert.path("fingerprint").asText());
                    seen++;
                }
            }
        }
        assertThat(seen).isGreaterThan(500);
    }

    @Test
    void aLabelWithoutValueIsNoLabel() {
        assertThat(Fingerprint.of(Labels.of(Map.of("a", "1", "b", ""))))
                .isEqualTo(Fingerprint.of(Labels.of(Map.of("a", "1"))));
    }

    @Test
    void namesAreSortedByTheirBytesAsGoDoes() {
        var beyondBmp = new String(Character.toChars(0x1F600)); // sorts before U+FFFD in Java, after it in Go
        var labels = Labels.of(Map.of(beyondBmp, "1", "\uFFFD", "2"));

        // FNV-1a over U+FFFD first
        assertThat(Fingerprint.of(labels)).isEqualTo(new Fingerprint(fnv("\uFFFD", "2", beyondBmp, "1")));
    }

    @Test
    void refusesWhatIsNone() {
        assertThatThrownBy(() -> new Fingerprint("ABCDEF0123456789")).isInstanceOf(IllegalArgumentException.class);
        assertThat(Fingerprint.isValid("0123456789abcde")).isFalse();
    }

    private static String fnv(String... parts) {
        long hash = 0xcbf29ce484222325L;
        for (var part : parts) {
            for (byte b : part.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
                hash = (hash ^ (b & 0xFF)) * 0x100000001b3L;
            }
            hash = (hash ^ 0xFF) * 0x100000001b3L;
        }
        return "%016x".formatted(hash);
    }
}
