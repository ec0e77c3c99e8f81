package io.rollguard.sandbox.stage;

import java.io.IOException;
import java.util.Arrays;

/**
 * Runs another main class and ends the process when its standard input does, so that a child never outlives a parent that
 * was killed. Usage: {@code Leash <main class> [arguments]}.
 */
public final class Leash {

    private Leash() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        Thread.ofPlatform().daemon().name("leash").start(Leash::endWithParent);
        Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                Arrays.copyOfRange(args, 1, args.length));
    }

    private static void endWithParent() {
        awaitParentsEnd();
        Runtime.getRuntime().halt(143);
    }

    /** Returns when standard input ends, and with it the process that started this one; what it says is passed over. */
    public static void awaitParentsEnd() {
        try {
            while (System.in.read() >= 0) {
                // only the end matters
            }
        } catch (IOException e) {
            // no parent any more
        }
    }
}
