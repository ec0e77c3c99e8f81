package io.rollguard.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Everything under {@code rollguard.*}. Each name can be set by environment variable too ({@code rollguard.slack.channel} is
 * {@code ROLLGUARD_SLACK_CHANNEL}).
 */
@ConfigMapping(prefix = "rollguard")
public interface RollguardConfig {

    /** Name of the cluster in keys and events. */
    @WithDefault("default")
    String cluster();

    /** {@code observe}, {@code approve} or {@code auto}, where a workload names none. */
    @WithDefault("observe")
    String mode();

    /** Namespaces watched; none means all. */
    Optional<List<String>> namespaces();

    /**
     * Rollguard's own namespace: never touched, and where the pause switch lies. Unset: in a cluster its pod's; outside none
     * is spared, and the pause switch lies in that of the current context.
     */
    Optional<String> namespace();

    /** Where what must survive a restart on one machine is kept: the embedded broker's data. */
    @WithDefault("data")
    Path dataDir();

    /** The checkout that the launcher runs from; it sets this itself. The embedded broker's programs lie below. */
    @WithDefault(".")
    Path home();

    /** How long a promoted release stays a suspect. */
    @WithDefault("PT30M")
    Duration bakeTime();

    /** How long contrary evidence is waited for where the alert does not name the new revision. */
    @WithDefault("PT30S")
    Duration settle();

    /** Quiet time of a workload after a rollback. */
    @WithDefault("PT15M")
    Duration coolDown();

    /** For how long the causing alerts must be quiet before an incident counts as cured. */
    @WithDefault("PT30S")
    Duration cureDwell();

    /** After how long without a cure a person is called: rule window, keep_firing_for and group_interval together. */
    @WithDefault("PT10M")
    Duration cureDeadline();

    /** How far back the alert table is rebuilt, and an earlier firing counts. */
    @WithDefault("PT24H")
    Duration lookback();

    /** After how long an episode not heard of is unknown. */
    @WithDefault("PT12H")
    Duration alertTtl();

    Webhook webhook();

    Api api();

    Slack slack();

    Prometheus prometheus();

    EmbeddedKafka embeddedKafka();

    Breaker breaker();

    Storm storm();

    Statefulset statefulset();

    interface Webhook {
        /** Accepted tokens, one a line; re-read when the file changes. Unset: only loopback callers. */
        Optional<Path> tokenFile();
    }

    interface Api {
        /** Accepted operator tokens, {@code name:token} a line; re-read when the file changes. Unset: only loopback callers. */
        Optional<Path> tokenFile();
    }

    interface Slack {
        /** Id of the channel (C...). */
        Optional<String> channel();

        /** Where Slack's methods are; another for a stand-in. */
        @WithDefault("https://slack.com/api/")
        String apiUrl();
    }

    interface Prometheus {
        /** Where the Prometheus that evaluates the alerts answers, e.g. {@code http://prometheus:9090}; unset: nobody is asked. */
        Optional<String> url();

        /** A bearer token for it, read anew for each question. */
        Optional<Path> tokenFile();
    }

    interface EmbeddedKafka {
        /** Port of the embedded broker on 127.0.0.1, used where KAFKA_BOOTSTRAP_SERVERS is unset. */
        @WithDefault("9092")
        int port();
    }

    interface Breaker {
        /** Rollbacks of the whole install within the window, after which none is begun. */
        @WithDefault("5")
        int max();

        @WithDefault("PT15M")
        Duration window();
    }

    interface Statefulset {
        /**
         * After a restore, delete pods of the bad release that are not ready and hold back an ordered StatefulSet, one at a time.
         * Needs the right of k8s/components/delete-stuck-pods. Otherwise people are told which ones to delete.
         */
        @WithDefault("false")
        boolean deleteStuckPod();
    }

    interface Storm {
        /** More unrelated workloads alerting within a minute than this suspend automatic acts. */
        @WithDefault("20")
        int maxWorkloads();
    }
}
