package io.rollguard.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.quarkus.kubernetes.client.KubernetesConfigCustomizer;
import jakarta.inject.Singleton;

/**
 * How the client talks to the API server. It never repeats a request by itself: a write that was sent and not answered may
 * have been done. HTTP/1.1, because a dead connection is then dropped with the request that ran into it, while HTTP/2
 * keeps all requests on one until the kernel gives it up.
 *
 * <p>Before each request fabric8 sees to a token that may have expired. Where there is none, since a certificate tells who
 * calls, it would read the kubeconfig anew each time, at the cost of the request itself.
 */
@Singleton
class ClientSettings implements KubernetesConfigCustomizer {

    private static final int CONNECT_MILLIS = 2_000;
    private static final int REQUEST_MILLIS = 10_000;

    @Override
    public void customize(Config config) {
        config.setConnectionTimeout(CONNECT_MILLIS);
        config.setRequestTimeout(REQUEST_MILLIS);
        config.setRequestRetryBackoffLimit(0);
        config.setHttp2Disable(true);
        config.setUserAgent("rollguard");
        if (hasCertificateOnly(config)) {
            config.setOauthTokenProvider(() -> null);
        }
    }

    private static boolean hasCertificateOnly(Config config) {
        boolean hasCertificate = config.getClientCertFile() != null || config.getClientCertData() != null;
        return hasCertificate && config.getAutoOAuthToken() == null && config.getAuthProvider() == null;
    }
}
