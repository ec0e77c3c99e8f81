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
        try {
            while (System.in.read() >= 0) {
                // whatever the parent says, only its end matters
            }
        } catch (IOException e) {
            // no parent any more
        }
        Runtime.getRuntime().halt(143);
    }
}
