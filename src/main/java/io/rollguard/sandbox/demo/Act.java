package io.rollguard.sandbox.demo;

/**
 * One act of the story.
 *
 * @param play what happens; returns what came of it, or throws {@link AssertionError} with the difference to what was
 *     expected
 */
record Act(String title, Play play) {

    interface Play {
        String run();
    }
}
