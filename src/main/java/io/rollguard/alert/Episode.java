package io.rollguard.alert;

import java.time.Instant;

/** One firing of an alert. Repeats and copies from several Alertmanagers share it. */
public record Episode(Fingerprint fingerprint, Instant startsAt) {

    @Override
    public String toString() {
        return fingerprint + "@" + startsAt;
    }
}
