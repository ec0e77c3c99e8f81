package io.rollguard.slack;

/**
 * What Slack accepts at most, in characters or elements (Block Kit reference, and the types of its own SDK). Over the limit
 * a message is refused as a whole, so everything is cut before.
 */
final class BlockKitLimits {

    static final int BLOCKS = 50;
    static final int HEADER = 150;
    static final int SECTION_TEXT = 3000;
    static final int SECTION_FIELDS = 10;
    static final int SECTION_FIELD = 2000;
    static final int CONTEXT_ELEMENTS = 10;
    static final int CONTEXT_TEXT = 3000;

    /** Of the text beside the blocks; Slack advises no more. */
    static final int TEXT = 4000;

    private BlockKitLimits() {}
}
