package io.rollguard.alert;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/** Durations as Prometheus writes them: {@code 1h30m}, {@code 90s}, {@code 500ms}, {@code 0s}; units in descending order. */
public final class PrometheusDuration {

    private static final Pattern FORM =
            Pattern.compile("(?:(\\d+)y)?(?:(\\d+)w)?(?:(\\d+)d)?(?:(\\d+)h)?(?:(\\d+)m)?(?:(\\d+)s)?(?:(\\d+)ms)?");
    private static final long[] MILLIS = {365L * 86_400_000, 7L * 86_400_000, 86_400_000, 3_600_000, 60_000, 1_000, 1};

    private PrometheusDuration() {}

    /** Empty where the text is no such duration, or one longer than a year. */
    public static Optional<Duration> parse(String text) {
        if (text.equals("0")) {
            return Optional.of(Duration.ZERO);
        }
        var matcher = FORM.matcher(text);
        if (text.isEmpty() || text.length() > 40 || !matcher.matches()) {
            return Optional.empty();
        }
        long total = 0;
        for (int unit = 0; unit < MILLIS.length; unit++) {
            String digits = matcher.group(unit + 1);
            if (digits != null) {
                if (digits.length() > 11 || Long.parseLong(digits) > MILLIS[0] / MILLIS[unit]) {
                    return Optional.empty();
                }
                total += Long.parseLong(digits) * MILLIS[unit];
            }
            if (total > MILLIS[0]) {
                return Optional.empty();
            }
        }
        return Optional.of(Duration.ofMillis(total));
    }
}
