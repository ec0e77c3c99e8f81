package io.rollguard.service;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.rollguard.kafka.TestBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A broker of its own for the service under test, which may be killed, and a file of tokens, which may be changed. */
public final class BrokerAndTokens implements QuarkusTestResourceLifecycleManager {

    static final String TOKEN = "first-token";

    private @Nullable TestBroker broker;
    private @Nullable Path tokens;

    @Override
    public Map<String, String> start() {
        broker = TestBroker.start();
        try {
            tokens = Files.createTempFile(Path.of("target"), "tokens", "");
            Files.writeString(tokens, TOKEN + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Map.of(
                "KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                "rollguard.webhook.token-file", tokens.toString(),
                "quarkus.http.test-port", "0");
    }

    @Override
    public void inject(TestInjector injector) {
        injector.injectIntoFields(Objects.requireNonNull(broker), new TestInjector.MatchesType(TestBroker.class));
        injector.injectIntoFields(Objects.requireNonNull(tokens), new TestInjector.MatchesType(Path.class));
    }

    @Override
    public void stop() {
        if (broker != null) {
            broker.close();
        }
    }
}
