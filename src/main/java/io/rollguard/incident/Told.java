package io.rollguard.incident;

import io.rollguard.incident.IncidentEvent.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The messages about one incident that stand in a channel, as the log tells. The same one may stand there twice: an answer
 * got lost, or two instances each posted it. Then all instances agree which one stays, whatever the order they were noted
 * in: the one with the least id, which in Slack is the earliest; and of answers, one to the root that stays. The others are
 * {@link #surplus} until the log tells that they were deleted.
 *
 * @param messages by id
 */
public record Told(List<Step.Told> messages) {

    /** The kind of the message that the others answer to. */
    public static final String ROOT = "root";

    static final Told NOTHING = new Told(List.of());

    public Told {
        messages = List.copyOf(messages);
    }

    public Told with(Step.Told step) {
        var next = new ArrayList<>(messages);
        next.removeIf(step::isAboutTheSame);
        if (!step.isDeleted()) {
            next.add(step);
            next.sort(Comparator.comparing(Step.Told::messageId));
        }
        return new Told(next);
    }

    /** The message of this kind that stays. */
    public Optional<Step.Told> standing(String kind) {
        var root = first(ROOT);
        return kind.equals(ROOT)
                ? root
                : messages.stream()
                        .filter(each -> each.kind().equals(kind))
                        .filter(each -> root.isEmpty() || each.answers(root.get()))
                        .findFirst();
    }

    /** The messages that stay, by kind. */
    public List<Step.Told> standing() {
        return messages.stream()
                .filter(this::stays)
                .sorted(Comparator.comparing(Step.Told::kind))
                .toList();
    }

    private boolean stays(Step.Told message) {
        return standing(message.kind()).equals(Optional.of(message));
    }

    /** Those that are to be deleted. While no root stands, nothing is: which answers stay is not known. */
    public List<Step.Told> surplus() {
        return first(ROOT).isEmpty()
                ? List.of()
                : messages.stream().filter(each -> !stays(each)).toList();
    }

    private Optional<Step.Told> first(String kind) {
        return messages.stream().filter(each -> each.kind().equals(kind)).findFirst();
    }
}
