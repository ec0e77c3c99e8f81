package io.rollguard.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.quarkus.kubernetes.client.KubernetesConfigCustomizer;
import jakarta.inject.Singleton;

/**
 * How the client talks to the API server. It never repeats a request by itself: a write that was sent and not answered may
 * have been done. HTTP/1.1, because a dead connection is then dropped with the request that ran into it, while HTTP/2
 * keeps all requests on one until the kernel gives it up.
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
    }
}
