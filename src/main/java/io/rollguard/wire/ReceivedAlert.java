package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.alert.Alert;
import io.rollguard.incident.Uuid5;
import java.util.Map;
import java.util.UUID;

/**
 * An alert of a delivery, as understood and as received.
 *
 * @param endKnown whether the sender told when it ended; if not, {@code endsAt} of a resolved alert is the time it was received
 * @param more fields beyond those of Alertmanager, passed on as they came
 */
public record ReceivedAlert(Alert alert, boolean endKnown, Map<String, JsonNode> more) {

    public ReceivedAlert {
        more = Map.copyOf(more);
    }

    /** The same for repeats of a state and for copies from several Alertmanagers. */
    UUID id() {
        var end = alert.endsAt();
        return Uuid5.of(
                "alert",
                alert.cluster(),
                alert.fingerprint().value(),
                Times.text(alert.startsAt()),
                alert.status().label(),
                endKnown && end != null ? Times.text(end) : "");
    }

    @Override
    public String toString() {
        return alert.toString();
    }
}
