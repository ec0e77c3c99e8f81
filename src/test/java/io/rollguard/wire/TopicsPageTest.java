package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.reactor.ReleaseEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
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
    void thePageNamesEveryStepOfAReleaseAndOfAnIncident() {
        var releases = Arrays.stream(ReleaseEvents.Step.values())
                .map(ReleaseEvents.Step::label)
                .toList();
        var incidents = Arrays.stream(Step.class.getPermittedSubclasses())
                .filter(kind -> kind != Step.Unknown.class)
                .map(kind -> kind.getSimpleName().toLowerCase(Locale.ROOT))
                .toList();

        assertThat(named("io.rollguard.release.")).containsExactlyInAnyOrderElementsOf(releases);
        assertThat(named("io.rollguard.incident.")).containsExactlyInAnyOrderElementsOf(incidents);
    }

    /** The steps in the first column of the rows whose types begin so: written out, or the step alone after a dot. */
    private List<String> named(String prefix) {
        return lines.stream()
                .filter(line -> line.startsWith("| `" + prefix))
                .map(line -> line.split("\\|")[1])
                .flatMap(cell -> Arrays.stream(cell.split(",")))
                .map(name -> name.strip().replace("`", "").replace(prefix, ".").replace(".v1", ""))
                .map(name -> name.substring(1))
                .toList();
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(Path.of("docs/topics.md"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
