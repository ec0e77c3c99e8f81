package io.rollguard.ingest;

/** What became of a request to the webhook: the metric's tag. One for each request. */
enum Outcome {
    /** Every alert is kept, or its dead letter is. */
    KEPT("kept"),
    /** JSON, but no delivery of alerts: kept as a dead letter and answered 200, since a 4xx would be sent again for ever. */
    WRONG_SHAPE("wrong-shape"),
    NOT_JSON("not-json"),
    UNAUTHORIZED("unauthorized"),
    METHOD("method-not-allowed"),
    MEDIA_TYPE("media-type"),
    TOO_LARGE("too-large"),
    /** Too many bytes in flight already. */
    OVERLOAD("overload"),
    /** Kafka did not take all of it. */
    KAFKA("kafka"),
    /** Not kept within the budget. */
    TIMEOUT("timeout"),
    /** The sender went away before it had an answer. */
    ABANDONED("abandoned"),
    /** A mistake of ours. */
    ERROR("error");

    private final String label;

    Outcome(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
