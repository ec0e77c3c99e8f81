package io.rollguard.cli;

/** An input that a command can't work with. The message is one line: which file, where in it, and what to do. */
final class UnreadableInput extends Exception {

    private static final long serialVersionUID = 1L;

    UnreadableInput(String message) {
        super(message);
    }
}
