package io.rollguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.rollguard.incident.IncidentLog;
import io.rollguard.incident.IncidentStory;
import io.rollguard.incident.Room;
import io.rollguard.verdict.Reason;
import io.rollguard.wire.ApiJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of an operator, against a stand-in that shows real incidents. */
class IncidentsCommandTest {

    private static final String TOKEN = "an-operators-token";

    private final IncidentLog log =
            new IncidentLog(new IncidentLog.Limits(50, Duration.ofMinutes(15), Duration.ofMinutes(15)));
    private final IncidentStory cart = new IncidentStory(log).suspected().guiltyInApprove();
    private final IncidentStory search =
            new IncidentStory(log).about("shop", "search\u001b[31m").suspected().guiltyBut(Reason.NO_GOOD_REVISION);
    private final IncidentStory old =
            new IncidentStory(log).about("shop", "old").suspected().closed(Reason.RESOLVED);
    private final List<String> posted = new ArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private int status = 202;
    private String answer = "{\"by\": \"ann\", \"followed\": true}";
    private HttpServer server;

    @TempDir
    Path dir;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            int code = 200;
            var path = exchange.getRequestURI().getPath();
            var body = "{}";
            if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                code = 401;
                body = "{\"detail\": \"a valid token is needed\"}";
            } else if (exchange.getRequestMethod().equals("POST")) {
                posted.add(path + " " + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                code = status;
                body = answer;
            } else if (path.equals("/api/v1/incidents")) {
                body = Stream.of(cart, search, old)
                        .map(story -> ApiJson.summary(story.incident()).toString())
                        .collect(Collectors.joining(",", "{\"items\":[", "]}"));
            } else {
                body = Stream.of(cart, search, old)
                        .filter(story -> path.endsWith(story.id().toString()))
                        .map(story -> ApiJson.sheet(story.incident()).toString())
                        .findFirst()
                        .orElse("{}");
            }
            var bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(code, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void close() {
        server.stop(0);
    }

    @Test
    void theOpenOnesAreListed() throws IOException {
        assertThat(run("incidents", "list")).isZero();

        assertThat(out.toString())
                .contains("shop/cart")
                .contains("guilty: waits for an approval")
                .contains("shop/search?[31m")
                .contains("guilty: no revision is known to be good")
                .doesNotContain("shop/old")
                .doesNotContain("\u001b");
    }

    @Test
    void anInputThatIsNotHeldIsSaidWithThePlaceWhereItStands() throws IOException {
        var forgetful = new IncidentLog(
                new IncidentLog.Limits(50, Duration.ofMinutes(15), Duration.ofMinutes(15)), new Room(0, 1));
        var story = new IncidentStory(forgetful).suspected().guiltyInApprove();

        assertThat(IncidentText.sheet(ApiJson.sheet(story.incident())))
                .contains("verdict", "guilty")
                .contains("input      it is no longer held here; the incident log has it at offset 1\n")
                .contains("recorded   topic rollguard.incident.v1, partition 0, offset 1\n");
        assertThat(IncidentText.sheet(ApiJson.sheet(cart.incident()))).doesNotContain("no longer held");
    }

    @Test
    void theClosedOnesAreListedOnDemand() throws IOException {
        assertThat(run("incidents", "list", "--all", "--output", "json")).isZero();

        assertThat(out.toString()).startsWith("[").contains("\"old\"");
        assertThat(run("incidents", "list", "--all")).isZero();
        assertThat(out.toString()).contains(Reason.RESOLVED.text());
    }

    @Test
    void oneIsShownWithItsEvidence() throws IOException {
        assertThat(run("incidents", "show", "shop/cart")).isZero();

        assertThat(out.toString())
                .contains(cart.id().toString())
                .contains("CanaryErrorRateHigh names revision")
                .contains("abort, mode approve");
    }

    @Test
    void whatIsApprovedIsTheVersionThatIsShown() throws IOException {
        assertThat(run("incidents", "approve", cart.id().toString().substring(0, 6)))
                .isZero();

        assertThat(posted).containsExactly("/api/v1/incidents/%s/approve {\"version\":2}".formatted(cart.id()));
        assertThat(out.toString()).contains("abort back to 5c4b3a291").contains("Followed: approve, by ann.");
    }

    @Test
    void whatHasMovedOnIsNotFollowed() throws IOException {
        status = 409;
        answer = "{\"detail\": \"moved-on: the incident has changed since it was looked at\"}";

        assertThat(run("incidents", "dismiss", "shop/cart", "--seen", "1")).isEqualTo(1);

        assertThat(posted).singleElement().asString().endsWith("dismiss {\"version\":1}");
        assertThat(err.toString()).contains("not followed: moved-on");
    }

    @Test
    void aNameThatFitsNoneOrSeveralIsRefused() throws IOException {
        assertThat(run("incidents", "show", "shop/nothing")).isEqualTo(2);
        assertThat(run("incidents", "approve", "")).isEqualTo(2);

        assertThat(err.toString())
                .contains("no incident is named 'shop/nothing'")
                .contains("names 3 incidents");
        assertThat(posted).isEmpty();
    }

    @Test
    void withoutATokenItIsSaidHowToGiveOne() {
        assertThat(execute("incidents", "list", "--url", url())).isEqualTo(2);

        assertThat(err.toString()).contains("ROLLGUARD_API_TOKEN").doesNotContain(TOKEN);
    }

    @Test
    void whereNoServiceAnswersThatIsSaid() {
        server.stop(0);

        assertThat(execute("incidents", "list", "--url", url())).isEqualTo(2);
        assertThat(execute("pause", "--reason", "x", "--url", "nonsense:")).isEqualTo(2);

        assertThat(err.toString()).contains("no service answers at").contains("is no URL");
    }

    @Test
    void everythingIsHeldAndLetGo() throws IOException {
        status = 200;
        answer = "{\"paused\": true, \"by\": \"ann\", \"reason\": \"maintenance\"}";

        assertThat(run("pause", "--reason", "maintenance")).isZero();
        assertThat(run("resume")).isZero();

        assertThat(posted)
                .containsExactly(
                        "/api/v1/automation/pause {\"reason\":\"maintenance\"}", "/api/v1/automation/resume {}");
        assertThat(out.toString()).contains("Held by ann: maintenance").contains("may act again");
        assertThat(execute("pause", "--url", url()))
                .as("nobody is held without a reason")
                .isEqualTo(2);
    }

    private int run(String... words) throws IOException {
        var file = Files.writeString(dir.resolve("token"), TOKEN + "\n");
        var all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--url", url() + "/", "--token-file", file.toString()));
        return execute(all.toArray(String[]::new));
    }

    private int execute(String... words) {
        return Main.commandLine(Map.of())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(words);
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }
}
