package io.rollguard.sandbox.slack;

/** How a call goes wrong. */
public sealed interface Fault {

    /** {@code "ok": false} with this error; nothing is stored. */
    record Refused(String error) implements Fault {}

    /** This HTTP status, and nothing is stored. */
    record Status(int code) implements Fault {}

    /** This answer, from whoever stands in between; nothing is stored. */
    record Body(int status, String type, String text) implements Fault {}

    /** Not answered, and carried out only at {@link FakeSlack#deliverHeld}. */
    record Held() implements Fault {}

    /** Carried out, then the connection ends without an answer: the caller can't know. */
    record AnswerLost() implements Fault {}

    /** Carried out, then this HTTP status. */
    record StatusAfterStoring(int code) implements Fault {}

    /** Nothing is stored and nothing answered until the caller hangs up or {@link FakeSlack} closes. */
    record Silence() implements Fault {}

    /** 429 with this many seconds to wait. */
    record RateLimited(int retryAfterSeconds) implements Fault {}
}
