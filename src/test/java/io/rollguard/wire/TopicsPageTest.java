package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** docs/topics.md, held to the code. */
class TopicsPageTest {

    private final List<String> lines = lines();

    @Test
    void thePageListsEveryTopicWithItsPartitionsAndRetention() {
        var wanted = Arrays.stream(Topic.values())
                .map(topic -> List.of(
                        "`" + topic.topicName() + "`",
                        Integer.toString(topic.partitions()),
                        topic.retention().toDays() + " d"))
                .toList();

        var listed = lines.stream()
                .filter(line -> line.startsWith("| `rollguard."))
                .map(line -> line.split(" *\\| *"))
                .map(cells -> List.of(cells[1], cells[3], cells[4]))
                .toList();

        assertThat(listed).isEqualTo(wanted);
    }

    @Test
    void thePageNamesEveryType() {
        assertThat(named())
                .containsExactlyInAnyOrderElementsOf(
                        EventType.all().stream().map(EventType::name).toList());
    }

    /** The types in the first column: written out, or after the first of a row by their last word alone. */
    private List<String> named() {
        var names = new ArrayList<String>();
        for (var line : lines) {
            if (line.startsWith("| `io.rollguard.")) {
                for (var name : line.split("\\|")[1].replace("`", "").split(",")) {
                    var word = name.strip();
                    names.add(
                            word.startsWith(".")
                                    ? names.getLast().replaceFirst("\\.[a-z]+\\.v1$", word + ".v1")
                                    : word);
                }
            }
        }
        return names;
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(Path.of("docs/topics.md"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
