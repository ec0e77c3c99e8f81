package io.rollguard.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReasonTest {

    private static final Pattern ROW = Pattern.compile("\\| `([a-z-]+)` \\| ([^|]+) \\|.*");

    @Test
    void thePageForPeopleListsExactlyTheseReasonsInTheirWords() throws IOException {
        var written = new LinkedHashMap<String, String>();
        for (var line : Files.readAllLines(Path.of("docs/reasons.md"))) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                written.put(row.group(1), row.group(2).strip());
            }
        }

        var real = new LinkedHashMap<String, String>();
        Arrays.stream(Reason.values()).forEach(reason -> real.put(reason.code(), reason.text()));
        assertThat(written).containsExactlyEntriesOf(real);
    }

    @Test
    void aCodeCanBeATagAndIsUsedOnce() {
        assertThat(Reason.values())
                .allMatch(reason -> reason.code().matches("[a-z]+(-[a-z]+)*"))
                .extracting(Reason::code)
                .doesNotHaveDuplicates();
    }
}
