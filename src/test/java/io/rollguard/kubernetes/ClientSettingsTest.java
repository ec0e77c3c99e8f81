package io.rollguard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.http.StandardHttpRequest;
import io.fabric8.kubernetes.client.utils.TokenRefreshInterceptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientSettingsTest {

    @TempDir
    Path directory;

    /** The file holds another token by now, so a request that bears it has read the file. */
    @Test
    void whoHasACertificateReadsNoKubeconfigForEachRequest() throws IOException {
        assertThat(headerOnceTheFileHolds("token: second", "client-certificate-data: aGVsbG8="))
                .isNull();
    }

    @Test
    void aTokenIsReadAnewOnceItMayHaveExpired() throws IOException {
        assertThat(headerOnceTheFileHolds("token: second", "token: first")).isEqualTo("Bearer second");
        assertThat(headerOnceTheFileHolds("token: second", "client-certificate-data: aGVsbG8=, token: first"))
                .isEqualTo("Bearer second");
    }

    private String headerOnceTheFileHolds(String now, String before) throws IOException {
        var kubeconfig = write(before);
        var config = Config.fromKubeconfig(kubeconfig.toFile());
        new ClientSettings().customize(config);
        write(now);
        var request = new StandardHttpRequest.Builder().uri("http://127.0.0.1/api");
        new TokenRefreshInterceptor(config, Instant.EPOCH, oidc -> CompletableFuture.completedFuture(null))
                .before(request, request.build(), null);
        return request.build().header("Authorization");
    }

    private Path write(String user) throws IOException {
        return Files.writeString(directory.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: test, cluster: {server: "https://127.0.0.1:1"}}]
                users: [{name: test, user: {%s}}]
                contexts: [{name: test, context: {cluster: test, user: test}}]
                current-context: test
                """.formatted(user));
    }
}
