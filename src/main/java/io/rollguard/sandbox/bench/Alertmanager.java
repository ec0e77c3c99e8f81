package io.rollguard.sandbox.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends as Alertmanager does: what is answered 5xx, or not at all, is sent again, at first soon and then every second, until it
 * is answered otherwise. A 4xx ends it, and is counted: nothing that this sends deserves one.
 */
final class Alertmanager implements AutoCloseable {

    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(1);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final URI url;
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong again = new AtomicLong();

    Alertmanager(URI url) {
        this.url = url;
    }

    /** @return whether it was accepted; waits for as long as it takes */
    boolean send(byte[] body) throws InterruptedException {
        var request = HttpRequest.newBuilder(url)
                .timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(body))
                .build();
        for (var pause = FIRST; ; pause = longer(pause)) {
            int status = status(request);
            if (status / 100 == 2) {
                return true;
            }
            if (status / 100 == 4) {
                refused.incrementAndGet();
                return false;
            }
            again.incrementAndGet();
            Thread.sleep(pause);
        }
    }

    private int status(HttpRequest request) throws InterruptedException {
        try {
            return http.send(request, BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    private static Duration longer(Duration pause) {
        var twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
    }

    /** Requests answered 4xx. */
    long refused() {
        return refused.get();
    }

    /** How often something was sent again. */
    long again() {
        return again.get();
    }

    @Override
    public void close() {
        http.close();
    }
}
