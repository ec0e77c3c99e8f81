package io.rollguard.wire;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The headers of a CloudEvent 1.0 in binary mode (CloudEvents' Kafka protocol binding). */
final class CloudEvent {

    static final String TYPE = "ce_type";
    static final String CONTENT_TYPE = "content-type";
    static final String JSON = "application/json";

    private CloudEvent() {}

    /**
     * @param id deterministic, so that a consumer can drop doubles
     * @param correlation the incident; null where there is none
     */
    static Map<String, String> headers(
            UUID id,
            String type,
            String source,
            String subject,
            Instant time,
            @Nullable String correlation,
            String contentType) {
        var headers = new LinkedHashMap<String, String>();
        headers.put("ce_specversion", "1.0");
        headers.put("ce_id", id.toString());
        headers.put("ce_source", source);
        headers.put("ce_subject", subject);
        headers.put("ce_time", Times.text(time));
        EventType.dataSchema(type).ifPresent(uri -> headers.put("ce_dataschema", uri));
        if (correlation != null) {
            headers.put("ce_correlationid", correlation);
        }
        headers.put(CONTENT_TYPE, contentType);
        headers.put(TYPE, type); // last, since Kafka's headers are looked through from their end
        return headers;
    }

    /** Where an event came from: this install, and its part. */
    static String source(String cluster, String part) {
        return "//rollguard/" + cluster + "/" + part;
    }
}
