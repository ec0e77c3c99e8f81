package io.rollguard;

/** Where what tests draw by chance begins. */
public final class Seed {

    private Seed() {}

    /**
     * That of the system property; else that of the environment's {@code TEST_SEED}, which CI takes from the commit, so that
     * one that passed passes again; else a new one.
     */
    public static long of(String property) {
        var given = System.getProperty(property, System.getenv("TEST_SEED"));
        return given == null ? System.nanoTime() : Long.parseLong(given);
    }
}
