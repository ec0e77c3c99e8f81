package io.rollguard.sandbox.cluster;

import static io.rollguard.sandbox.cluster.TestClient.CONFIG_MAPS;
import static io.rollguard.sandbox.cluster.TestClient.MERGE_PATCH;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Watches over chunked HTTP, as kubectl and client-go make them. */
class WatchTest {

    private SimulatedCluster cluster;
    private TestClient client;

    @BeforeEach
    void start() {
        cluster = SimulatedCluster.start(SimulatedCluster.Options.defaults().withHistoryLimit(3));
        client = new TestClient(cluster);
        client.namespace("shop");
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    @Test
    void beginsWithWhatIsThere() throws IOException {
        map("one");

        assertThat(watch(CONFIG_MAPS + "?watch=true", 1)).containsExactly("ADDED one");
    }

    @Test
    void resumesAfterTheRevisionOfAList() throws IOException {
        map("one");
        String seen = Json.text(client.get(CONFIG_MAPS).object(), "metadata", "resourceVersion");
        map("two");
        client.delete(CONFIG_MAPS + "/one").object();

        List<String> events = watch(CONFIG_MAPS + "?watch=true&resourceVersion=" + seen, 2);

        assertThat(events).containsExactly("ADDED two", "DELETED one");
    }

    @Test
    void calledDeletedWhenItLeavesTheSelectionAndAddedWhenItEnters() throws IOException {
        String seen = Json.text(client.get(CONFIG_MAPS).object(), "metadata", "resourceVersion");
        map("one");
        client.patch(CONFIG_MAPS + "/one", MERGE_PATCH, "{'metadata':{'labels':{'in':'yes'}}}")
                .object();
        client.patch(CONFIG_MAPS + "/one", MERGE_PATCH, "{'metadata':{'labels':{'in':'no'}}}")
                .object();

        List<String> events = watch(CONFIG_MAPS + "?watch=true&labelSelector=in%3Dyes&resourceVersion=" + seen, 2);

        assertThat(events).containsExactly("ADDED one", "DELETED one");
    }

    @Test
    void saysExpiredWhenHistoryDoesNotReachBackSoFar() throws IOException {
        String seen = Json.text(client.get(CONFIG_MAPS).object(), "metadata", "resourceVersion");
        for (String name : List.of("a", "b", "c", "d", "e")) {
            map(name);
        }

        assertThat(watch(CONFIG_MAPS + "?watch=true&resourceVersion=" + seen, 9))
                .containsExactly("ERROR Expired 410");
    }

    @Test
    void marksTheEndOfInitialEvents() throws IOException {
        map("one");

        List<String> events = watch(CONFIG_MAPS + "?watch=true&sendInitialEvents=true&allowWatchBookmarks=true", 2);

        assertThat(events).containsExactly("ADDED one", "BOOKMARK true");
    }

    @Test
    void endsWhenItsTimeIsUp() throws IOException {
        assertThat(watch(CONFIG_MAPS + "?watch=true&timeoutSeconds=1", 9)).isEmpty();
    }

    private void map(String name) {
        client.post(CONFIG_MAPS, "{'metadata':{'name':'" + name + "'}}").object();
    }

    private List<String> watch(String path, int atMost) throws IOException {
        var connection =
                (HttpURLConnection) URI.create(cluster.url() + path).toURL().openConnection();
        connection.setReadTimeout(10_000);
        List<String> events = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
            String line;
            while (events.size() < atMost && (line = lines.readLine()) != null) {
                JsonNode event = Json.parseObject(line);
                JsonNode object = event.path("object");
                events.add(Json.text(event, "type") + " "
                        + switch (Json.text(event, "type")) {
                            case "ERROR" -> Json.text(object, "reason") + " " + Json.text(object, "code");
                            case "BOOKMARK" -> Metadata.annotation(object, "k8s.io/initial-events-end");
                            default -> Metadata.name(object);
                        });
            }
        } finally {
            connection.disconnect();
        }
        return events;
    }
}
