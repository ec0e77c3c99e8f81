package io.rollguard.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.rollguard.incident.Incident;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The description of the API, held to what the API shows. */
class OpenApiTest {

    private static final Path DESCRIPTION = Path.of("src/main/resources/META-INF/openapi.yaml");
    private static final Path SHEET = Path.of("src/test/resources/api/out-incident.json");

    @Test
    void theEvidenceSheetIsDescribedFieldByField() throws IOException {
        var described = incident().path("properties");

        var shown = new ObjectMapper().readTree(SHEET.toFile());

        assertThat(names(described)).containsExactlyInAnyOrderElementsOf(names(shown));
    }

    @Test
    void everyStateIsDescribed() throws IOException {
        var described = new ArrayList<String>();
        incident().at("/properties/state/enum").forEach(state -> described.add(state.asText()));

        assertThat(described)
                .isEqualTo(Arrays.stream(Incident.State.values())
                        .map(Incident.State::label)
                        .toList());
    }

    @Test
    void onlyTheContractsNeedNoToken() throws IOException {
        var open = new ArrayList<String>();
        var paths = new YAMLMapper().readTree(DESCRIPTION.toFile()).path("paths");
        paths.properties()
                .forEach(path -> path.getValue().forEach(operation -> {
                    if (operation.has("security") && operation.path("security").isEmpty()) {
                        open.add(path.getKey());
                    }
                }));

        assertThat(open).containsExactly("/api/v1/schemas", "/api/v1/schemas/{type}.json", "/api/v1/asyncapi.yaml");
    }

    private static JsonNode incident() throws IOException {
        return new YAMLMapper().readTree(DESCRIPTION.toFile()).at("/components/schemas/Incident");
    }

    private static List<String> names(JsonNode object) {
        var names = new ArrayList<String>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
