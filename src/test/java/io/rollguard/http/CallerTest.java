package io.rollguard.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.http.Door.Access;
import io.rollguard.http.Door.Caller;
import io.rollguard.http.TokenFile.Form;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CallerTest {

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void whoCallsThisMachineByItsLocalNameIsLocalInEveryVersionOfHttp(HttpClient.Version version) throws Exception {
        var door = Door.of("rollguard.webhook.token-file", Optional.empty(), Form.TOKEN, false);
        var vertx = Vertx.vertx();
        try {
            var server = vertx.createHttpServer()
                    .requestHandler(
                            request -> request.response().end(door.open(Caller.of(request)) + " " + request.version()))
                    .listen(0, "127.0.0.1")
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
            var uri = URI.create("http://127.0.0.1:" + server.actualPort() + "/");

            String answer;
            try (var client = HttpClient.newBuilder().version(version).build()) {
                answer = client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                        .body();
            }

            var expected = version == HttpClient.Version.HTTP_2 ? "HTTP_2" : "HTTP_1_1";
            assertThat(answer).isEqualTo(new Access.Granted(Door.LOCAL) + " " + expected);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
    }
}
