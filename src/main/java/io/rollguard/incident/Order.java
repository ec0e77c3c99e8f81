package io.rollguard.incident;

import io.rollguard.release.RevisionHash;
import io.rollguard.verdict.Act;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * A rollback that a person asks for. All of it is explicit, so that nothing has to be guessed when it is done: the revision
 * that is to go, the act and where it leads.
 *
 * @param revision that is current and is to go
 * @param why in the person's words
 * @param force whether what yields to a person who insists is to be passed over: a pause, the breaker, a cool-down ...
 */
public record Order(RevisionHash revision, Act act, RevisionHash target, String why, boolean force) {

    public Order {
        if (act == Act.NONE || revision.equals(target) || why.isBlank()) {
            throw new IllegalArgumentException("an order names an act, another revision and a reason");
        }
    }

    /**
     * An order that was followed.
     *
     * @param command by which it was given
     * @param by the person
     * @param from the first attempt that it lets follow
     * @param at the broker's time of the answer
     */
    public record Given(UUID command, Order order, String by, int from, Instant at) {

        /** An order is for now: later the person would be surprised. */
        static final Duration LIVES = Duration.ofMinutes(10);

        boolean isExpired(Instant now) {
            return at.plus(LIVES).isBefore(now);
        }

        boolean means(IncidentEvent intent) {
            return intent.attempt() >= from
                    && intent.act() == order.act()
                    && order.target().equals(intent.target());
        }

        Given again(UUID id, String person, int next, Instant now) {
            return new Given(id, order, person, next, now);
        }
    }
}
