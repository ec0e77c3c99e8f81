package io.rollguard.wrong.alert;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.wrong.ingest.KnowsAnotherEdge;
import java.time.Instant;

/** Takes the time from the machine, knows a library and an edge. */
public final class ReadsTheClock {

    public KnowsAnotherEdge edge = new KnowsAnotherEdge();
    public JsonNode json;

    public Instant time() {
        return Instant.now();
    }
}
