package io.rollguard.prometheus;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.rollguard.config.RollguardConfig;
import io.rollguard.reactor.Rules;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Asks a Prometheus for the rules of the names that are wanted, at most one question a name at a time and one every two seconds. What
 * was answered counts for {@link #FRESH}; an answer that does not come, comes late or is too large is none.
 */
@ApplicationScoped
class PrometheusRules implements Rules {

    private static final Logger LOG = Logger.getLogger(PrometheusRules.class);

    private static final Duration AGAIN = Duration.ofSeconds(2);
    private static final Duration FRESH = Duration.ofSeconds(15);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Duration UNWANTED = Duration.ofMinutes(10);

    /** A Prometheus before 2.44 answers with all rules there are. */
    private static final int MAX_BODY = 16 * 1024 * 1024;

    private static final int MAX_NAMES = 500;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final @Nullable String url;
    private final @Nullable Path tokenFile;
    private final Clock clock;
    private final Map<String, Known> known = new ConcurrentHashMap<>();
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    private volatile String trouble = "";

    /** What is known of one name. Only the thread that asks changes more than {@code wantedAt}. */
    private static final class Known {
        volatile Instant wantedAt;
        volatile Instant askedAt = Instant.EPOCH;
        volatile Instant answeredAt = Instant.EPOCH;
        volatile @Nullable Evaluation evaluation;
        volatile boolean asking;

        Known(Instant wantedAt) {
            this.wantedAt = wantedAt;
        }
    }

    @Inject
    PrometheusRules(RollguardConfig config) {
        this(
                config.prometheus().url().orElse(null),
                config.prometheus().tokenFile().orElse(null),
                Clock.systemUTC());
    }

    PrometheusRules(@Nullable String url, @Nullable Path tokenFile, Clock clock) {
        this.url = url;
        this.tokenFile = tokenFile;
        this.clock = clock;
    }

    @Override
    public Optional<Evaluation> of(String alertname) {
        if (url == null) {
            return Optional.empty();
        }
        var now = clock.instant();
        if (known.size() >= MAX_NAMES) {
            known.values().removeIf(each -> each.wantedAt.plus(UNWANTED).isBefore(now));
        }
        if (known.size() >= MAX_NAMES && !known.containsKey(alertname)) {
            return Optional.empty();
        }
        var state = known.computeIfAbsent(alertname, name -> new Known(now));
        state.wantedAt = now;
        askInBackground(alertname, state, now);
        return state.answeredAt.plus(FRESH).isBefore(now) ? Optional.empty() : Optional.ofNullable(state.evaluation);
    }

    private void askInBackground(String alertname, Known state, Instant now) {
        synchronized (state) {
            if (state.asking || state.askedAt.plus(AGAIN).isAfter(now)) {
                return;
            }
            state.asking = true;
            state.askedAt = now;
        }
        Thread.ofVirtual().name("prometheus").start(() -> {
            try {
                state.evaluation = ask(alertname).orElse(null);
                state.answeredAt = clock.instant();
                trouble("");
            } catch (IOException | IllegalArgumentException e) {
                trouble(e.getClass().getSimpleName() + (e instanceof NoAnswer ? " " + e.getMessage() : ""));
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            } finally {
                state.asking = false;
            }
        });
    }

    private Optional<Evaluation> ask(String alertname) throws IOException, InterruptedException {
        var name = URLEncoder.encode(alertname, StandardCharsets.UTF_8);
        var request = HttpRequest.newBuilder(URI.create(url + "/api/v1/rules?type=alert&rule_name%5B%5D=" + name))
                .timeout(TIMEOUT)
                .header("Accept", "application/json");
        if (tokenFile != null) {
            request.header(
                    "Authorization", "Bearer " + Files.readString(tokenFile).strip());
        }
        var answer = http.send(request.build(), BodyHandlers.ofInputStream());
        try (var body = answer.body()) {
            if (answer.statusCode() != 200) {
                throw new NoAnswer("HTTP " + answer.statusCode());
            }
            var bytes = body.readNBytes(MAX_BODY + 1);
            if (bytes.length > MAX_BODY) {
                throw new NoAnswer("more than 16 MiB");
            }
            return RuleState.of(alertname, JSON.readTree(bytes), clock.instant());
        }
    }

    /** Only when it changes, and without what was sent or answered. */
    private void trouble(String now) {
        var before = trouble;
        trouble = now;
        if (!now.equals(before)) {
            if (now.isEmpty()) {
                LOG.info("Prometheus answers again");
            } else {
                LOG.warnf("Prometheus can't be asked (%s): only Alertmanager's word counts", now);
            }
        }
    }

    private static final class NoAnswer extends IOException {
        private static final long serialVersionUID = 1;

        NoAnswer(String why) {
            super(why);
        }
    }
}
