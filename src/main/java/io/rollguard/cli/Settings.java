package io.rollguard.cli;

import io.rollguard.policy.Mode;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The part of the service's configuration that judging needs, from the same environment variables and with the same
 * defaults.
 *
 * @param cluster empty where it is not named
 */
record Settings(
        Optional<String> cluster,
        Mode mode,
        Duration bakeTime,
        Duration lookback,
        int stormMaxWorkloads,
        Set<String> ownNamespaces) {

    static Settings of(Map<String, String> environment) throws UnreadableInput {
        return new Settings(
                value(environment, "ROLLGUARD_CLUSTER"),
                mode(value(environment, "ROLLGUARD_MODE").orElse("observe")),
                duration(environment, "ROLLGUARD_BAKE_TIME", "PT30M"),
                duration(environment, "ROLLGUARD_LOOKBACK", "PT24H"),
                whole(environment, "ROLLGUARD_STORM_MAX_WORKLOADS", "20"),
                value(environment, "ROLLGUARD_NAMESPACE").map(Set::of).orElse(Set.of()));
    }

    private static Optional<String> value(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(value -> !value.isEmpty());
    }

    private static Mode mode(String text) throws UnreadableInput {
        return Mode.named(text)
                .orElseThrow(() -> new UnreadableInput("ROLLGUARD_MODE must be observe, approve or auto"));
    }

    /** As the service reads durations: ISO 8601 without the leading PT too, or a number of seconds. */
    private static Duration duration(Map<String, String> environment, String name, String unset)
            throws UnreadableInput {
        var text = value(environment, name).orElse(unset);
        try {
            var iso = text.matches("\\d+") ? "PT" + text + "S" : text.matches("\\d.*") ? "PT" + text : text;
            var duration = Duration.parse(iso);
            if (!duration.isNegative()) {
                return duration;
            }
        } catch (DateTimeException e) {
            // told below
        }
        throw new UnreadableInput(name + " must be a duration such as " + unset);
    }

    private static int whole(Map<String, String> environment, String name, String unset) throws UnreadableInput {
        var text = value(environment, name).orElse(unset);
        if (!text.matches("\\d{1,9}")) {
            throw new UnreadableInput(name + " must be a whole number");
        }
        return Integer.parseInt(text);
    }
}
