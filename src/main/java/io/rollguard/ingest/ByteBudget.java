package io.rollguard.ingest;

import java.util.concurrent.atomic.AtomicLong;

/** How many bytes of bodies may be held at once. What is over it is refused early, before it costs memory. */
final class ByteBudget {

    private final long limit;
    private final AtomicLong held = new AtomicLong();

    ByteBudget(long limit) {
        this.limit = limit;
    }

    /** The part of one request: grows as its body arrives, and is given back once, whatever happens. */
    final class Share {

        private long bytes;
        private boolean closed;

        /** @return whether there was room */
        synchronized boolean grow(long more) {
            if (closed) {
                return false;
            }
            if (held.addAndGet(more) > limit) {
                held.addAndGet(-more);
                return false;
            }
            bytes += more;
            return true;
        }

        synchronized void giveBack() {
            if (!closed) {
                closed = true;
                held.addAndGet(-bytes);
            }
        }
    }

    Share open() {
        return new Share();
    }

    long held() {
        return held.get();
    }
}
