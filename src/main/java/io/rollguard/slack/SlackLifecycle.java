package io.rollguard.slack;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.rollguard.config.RollguardConfig;
import io.rollguard.config.Surroundings;
import io.rollguard.metrics.RollguardMeters;
import io.rollguard.reactor.Journal;
import io.rollguard.reactor.Ownership;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Clock;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Starts telling people with the service and ends it with it: in Slack where it is configured, else in the log. */
@ApplicationScoped
class SlackLifecycle {

    private static final Logger LOG = Logger.getLogger(SlackLifecycle.class);

    private final RollguardConfig config;
    private final Optional<String> token;
    private final Journal journal;
    private final Ownership ownership;
    private final RollguardMeters meters;
    private final SlackState state;
    private @Nullable Notifier notifier;

    SlackLifecycle(
            RollguardConfig config,
            @ConfigProperty(name = "SLACK_BOT_TOKEN") Optional<String> token,
            Journal journal,
            Ownership ownership,
            RollguardMeters meters,
            SlackState state) {
        this.config = config;
        this.token = token.map(String::strip).filter(each -> !each.isEmpty());
        this.journal = journal;
        this.ownership = ownership;
        this.meters = meters;
        this.state = state;
    }

    void start(@Observes StartupEvent event) {
        notifier = new Notifier(journal, ownership, gateway(), config.settle(), by(), meters, state, Clock.systemUTC());
        notifier.start();
    }

    void stop(@Observes ShutdownEvent event) {
        if (notifier != null) {
            notifier.close();
        }
    }

    private Gateway gateway() {
        if (token.isEmpty()) {
            LOG.info("SLACK_BOT_TOKEN is not set: messages to people go to the log");
            return new LogGateway();
        }
        var channel = config.slack().channel().map(String::strip).filter(each -> !each.isEmpty());
        if (channel.isEmpty()) {
            throw new ConfigurationException(
                    "SLACK_BOT_TOKEN is set and rollguard.slack.channel is not: name the channel by its id (C...)");
        }
        if (!channel.get().matches("[CGD][A-Z0-9]+")) {
            throw new ConfigurationException(
                    "rollguard.slack.channel is '%s': it must be a channel's id (C...), as its details show it"
                            .formatted(Foreign.clean(channel.get(), 80)));
        }
        return new SlackGateway(apiUrl(config.slack().apiUrl()), token.get(), channel.get());
    }

    private static URI apiUrl(String setting) {
        try {
            var url = new URI(setting.endsWith("/") ? setting : setting + "/");
            if (("https".equals(url.getScheme()) || "http".equals(url.getScheme())) && url.getHost() != null) {
                return url;
            }
        } catch (URISyntaxException e) {
            throw new ConfigurationException("rollguard.slack.api-url is no URL", e);
        }
        throw new ConfigurationException("rollguard.slack.api-url is no http(s) URL");
    }

    private static String by() {
        return "notifier@" + Surroundings.host();
    }
}
