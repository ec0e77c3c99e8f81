package io.rollguard.incident;

import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What people decided about an incident, as its log tells it.
 *
 * @param given the newest answers, oldest first, at most {@link #MAX}
 * @param approval null unless an act is approved
 * @param granted the attempt that a person let follow; 0 for none
 * @param dismissedBy who dismissed it; null where nobody did
 * @param ordered the rollback that a person ordered last; null where nobody did
 */
public record Answers(
        List<Answer> given,
        @Nullable Approval approval,
        int granted,
        @Nullable String dismissedBy,
        Order.@Nullable Given ordered) {

    static final Answers NONE = new Answers(List.of(), null, 0, null, null);

    /** So many presses are remembered; an older command has expired long before. */
    static final int MAX = 50;

    /**
     * What became of a command.
     *
     * @param refusal null where it was followed
     */
    public record Answer(
            UUID command,
            Command.Kind kind,
            String by,
            @Nullable Reason refusal) {}

    /** Of this act, and of no other that may be asked for later. */
    public record Approval(Act act, String by) {}

    public Answers {
        given = List.copyOf(given);
    }

    public Optional<Answer> to(UUID command) {
        return given.stream().filter(answer -> answer.command().equals(command)).findFirst();
    }

    Answers with(Answer answer) {
        var all = new ArrayList<>(given);
        all.add(answer);
        return new Answers(
                all.subList(Math.max(0, all.size() - MAX), all.size()), approval, granted, dismissedBy, ordered);
    }

    Answers approved(Approval by) {
        return new Answers(given, by, granted, dismissedBy, ordered);
    }

    Answers withoutApproval() {
        return new Answers(given, null, granted, dismissedBy, ordered);
    }

    Answers granting(int attempt) {
        return new Answers(given, approval, attempt, dismissedBy, ordered);
    }

    Answers dismissed(String by) {
        return new Answers(given, null, granted, by, ordered);
    }

    /** Who orders a rollback does not want the release left alone any more. */
    Answers ordering(Order.Given order) {
        return new Answers(given, approval, granted, null, order);
    }
}
