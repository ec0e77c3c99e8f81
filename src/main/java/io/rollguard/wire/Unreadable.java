package io.rollguard.wire;

/**
 * Something from outside that can't be understood.
 *
 * <p>The message names the field and what is wrong with it, never its content.
 */
final class Unreadable extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String field;
    private final String problem;

    Unreadable(String field, String problem) {
        super(field + ": " + problem, null, false, false);
        this.field = field;
        this.problem = problem;
    }

    String field() {
        return field;
    }

    String problem() {
        return problem;
    }
}
