package io.rollguard.slack;

import io.rollguard.incident.Attempt;
import io.rollguard.incident.Attempt.Failure;
import io.rollguard.incident.Incident;
import io.rollguard.incident.Incident.Judgement;
import io.rollguard.release.Release;
import io.rollguard.release.Release.Target;
import io.rollguard.slack.Conversation.Reply;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Evidence;
import io.rollguard.verdict.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is said about an incident: a pure function of the incident, and the same whatever was told before, so that telling
 * never causes more telling.
 */
final class Messages {

    /** Answers to one incident at most; the rest is in its record. */
    static final int MAX_REPLIES = 10;

    /** Of these answers, those about single attempts: room stays for evidence, escalation, uncured, cured and closed. */
    private static final int MAX_ATTEMPT_REPLIES = 5;

    /** The kind of the answer that shows the evidence. */
    static final String EVIDENCE = "evidence";

    private static final int MAX_EVIDENCE_LINES = 16;
    private static final int MAX_ALERT_LINES = 8;

    /** The step of a {@code told} event; it changes nothing that is worth telling. */
    private static final String TOLD = "told";

    private Messages() {}

    static Conversation render(Incident incident) {
        var phase = Phase.of(incident);
        var changes = attemptReplies(incident);
        var kept = changes.subList(0, Math.min(changes.size(), MAX_ATTEMPT_REPLIES));
        var replies = new ArrayList<Reply>();
        evidence(incident).ifPresent(replies::add);
        replies.addAll(kept);
        ends(incident).forEach(replies::add);
        return new Conversation(phase, root(incident, phase, changes.size() - kept.size()), replies);
    }

    // --- the root

    private static Message root(Incident incident, Phase phase, int untold) {
        var headline = new Words().ours(phase.headline(workload(incident), incident.isWithoutAlerts()));
        var why = why(incident, phase);
        var blocks = new ArrayList<Block>();
        blocks.add(new Block.Header(headline.plain(BlockKitLimits.HEADER)));
        blocks.add(new Block.Section(why.plain(BlockKitLimits.SECTION_TEXT)));
        command(incident, phase).ifPresent(blocks::add);
        blocks.add(new Block.Fields(fields(incident)));
        blocks.add(new Block.Context(List.of(footer(incident, untold).markup())));
        return new Message(fallback(headline, why), blocks);
    }

    /** What a notification shows. The headline holds a name from outside, so all of it is treated as foreign. */
    private static Text fallback(Words headline, Words why) {
        return new Words()
                .foreign(headline.shown())
                .ours(" - ")
                .foreign(why.shown())
                .markup();
    }

    private static String workload(Incident incident) {
        return Foreign.clean(incident.workload().shortName(), 80);
    }

    private static Words why(Incident incident, Phase phase) {
        var judged = incident.judged();
        var words = new Words();
        var ordered = ordered(incident);
        if (ordered.isPresent()) {
            return ordered.get();
        }
        return switch (phase) {
            case WEIGHING -> judged == null ? words.ours("The first evidence is being weighed.") : verdict(judged);
            case NO_ROLLBACK -> {
                var sentence = verdict(Objects.requireNonNull(judged));
                var refusal = judged.allowed().reason();
                yield refusal == null ? sentence : sentence.ours(" No rollback: " + refusal.text() + ".");
            }
            case HELD -> {
                var held = Objects.requireNonNull(judged);
                var forbids = forbids(incident, held);
                var sentence = verdict(held);
                yield forbids == null ? sentence : sentence.ours(" No automatic rollback: " + forbids.text() + ".");
            }
            case WOULD_ACT ->
                verdict(Objects.requireNonNull(judged))
                        .ours(" In mode auto Rollguard would now "
                                + deed(incident, judged.allowed().act()) + ".");
            case ASKING ->
                verdict(Objects.requireNonNull(judged))
                        .ours(" Once approved, Rollguard will "
                                + deed(incident, judged.allowed().act()) + ".");
            case ACTING, ACCEPTED, RETRYING, VERIFIED, CURED, CLOSED_CURED ->
                judged == null ? words.ours("The release was found guilty.") : verdict(judged);
            case UNCURED, CLOSED_UNCURED ->
                words.ours(
                        incident.isWithoutAlerts()
                                ? "The release was rolled back, and pods of the revision before it fail as well."
                                : "The release was rolled back, and the alerts go on: it was not their cause, or not"
                                        + " the only one.");
            case ESCALATED -> failure(incident);
            case RETURNED ->
                returned(Objects.requireNonNull(incident.aftermath().returned()));
            case CLOSED_RETURNED, CLOSED_FAILED, CLOSED -> {
                var reason = incident.closedFor();
                yield reason == null ? words.ours("Nothing more is expected.") : words.ours(sentence(reason.text()));
            }
        };
    }

    /** Where a person ordered it, what they say is the reason; but what went wrong is told as ever. */
    private static Optional<Words> ordered(Incident incident) {
        var given = incident.answers().ordered();
        boolean isAbout = given != null
                && switch (Phase.of(incident)) {
                    case ACTING, ACCEPTED, RETRYING, VERIFIED, CURED, CLOSED_CURED -> true;
                    case WEIGHING,
                            NO_ROLLBACK,
                            HELD,
                            WOULD_ACT,
                            ASKING,
                            UNCURED,
                            ESCALATED,
                            RETURNED,
                            CLOSED_UNCURED,
                            CLOSED_RETURNED,
                            CLOSED_FAILED,
                            CLOSED -> false;
                };
        return Optional.ofNullable(isAbout ? given : null)
                .map(order -> new Words()
                        .foreign(order.by())
                        .ours(" asked for it" + (order.order().force() ? ", and insisted: " : ": "))
                        .foreign(order.order().why())
                        .ours("."));
    }

    private static @Nullable Reason forbids(Incident incident, Judgement judged) {
        var refusal = judged.allowed().reason();
        return refusal == null ? incident.lastAttempt().map(Attempt::voided).orElse(null) : refusal;
    }

    /** The reason in its own words, then the evidence that decided. */
    private static Words verdict(Judgement judged) {
        var verdict = judged.verdict();
        var words = new Words().ours(sentence(verdict.reason().text()));
        decisive(judged)
                .ifPresent(evidence -> words.ours(" ").foreign(evidence.text()).ours("."));
        return words;
    }

    private static Optional<Evidence> decisive(Judgement judged) {
        var evidence = judged.verdict().evidence();
        return evidence.stream()
                .filter(each -> each.name().equals(judged.verdict().reason().code()))
                .findFirst()
                .or(() -> evidence.stream()
                        .filter(each -> each.kind() == Evidence.Kind.VOTE)
                        .max(Comparator.comparingDouble(Evidence::weight)));
    }

    private static String deed(Incident incident, Act act) {
        return switch (act) {
            case ABORT -> "abort the canary";
            case RESTORE ->
                target(incident)
                        .map(target -> "restore revision " + Foreign.clean(target, 60))
                        .orElse("restore the good revision");
            case NONE -> "do nothing";
        };
    }

    private static Words failure(Incident incident) {
        var failure = incident.lastAttempt().map(Attempt::failure).orElse(null);
        if (failure == null) {
            return new Words().ours("No attempt is left. Nothing more is done automatically.");
        }
        return new Words()
                .ours(sentence(failure.reason().text()) + " ")
                .foreign(failure.detail())
                .ours(". Nothing more is done automatically.");
    }

    private static Words returned(Incident.Return how) {
        var words = new Words().ours("Put back by ");
        return (how.who() == null
                        ? words.ours("somebody whom the object does not name")
                        : words.foreign(how.who().toString()))
                .ours(". Rollguard does not take it away again: whoever put it back would win, or knows something.");
    }

    /** What a person types. */
    private static Optional<Block> command(Incident incident, Phase phase) {
        if (phase == Phase.ASKING) {
            return Optional.of(new Block.Section(new Words()
                    .bold("To approve it")
                    .line()
                    .command("./rollguard incidents approve " + incident.id())
                    .line()
                    .bold("To leave the release alone")
                    .line()
                    .command("./rollguard incidents dismiss " + incident.id())
                    .markup()));
        }
        if (phase == Phase.UNCURED && incident.aftermath().forward() != null) {
            return Optional.of(new Block.Section(new Words()
                    .bold("To let the release go on after all")
                    .line()
                    .command(incident.aftermath().forward())
                    .markup()));
        }
        var judged = incident.judged();
        var command = switch (phase) {
            case HELD -> Optional.ofNullable(judged).map(Judgement::command);
            case ESCALATED -> incident.lastAttempt().map(Attempt::failure).map(Failure::command);
            case RETURNED ->
                Optional.ofNullable(incident.aftermath().returned()).map(Incident.Return::command);
            default -> Optional.<String>empty();
        };
        return command.filter(typed -> !typed.isBlank())
                .map(typed -> new Block.Section(new Words()
                        .bold("To roll back by hand")
                        .line()
                        .command(typed)
                        .markup()));
    }

    private static List<Text> fields(Incident incident) {
        var fields = new ArrayList<Text>();
        fields.add(field("Cluster").foreign(incident.workload().cluster()).markup());
        fields.add(field("Workload")
                .ours(incident.workload().kind().label() + " ")
                .foreign(incident.workload().shortName())
                .markup());
        fields.add(revisions(incident).markup());
        release(incident).ifPresent(words -> fields.add(words.markup()));
        var judged = incident.judged();
        if (judged != null) {
            fields.add(field("Verdict")
                    .ours("%s, score %.2f"
                            .formatted(outcome(judged), judged.verdict().score()))
                    .markup());
            fields.add(field("Allowed")
                    .ours("%s, mode %s"
                            .formatted(
                                    judged.allowed().act().label(),
                                    judged.allowed().mode().label()))
                    .markup());
        }
        incident.lastAttempt()
                .ifPresent(last -> fields.add(field("Attempt")
                        .ours("%d: %s".formatted(last.number(), state(last)))
                        .markup()));
        decided(incident).ifPresent(words -> fields.add(words.markup()));
        reaction(incident)
                .ifPresent(time -> fields.add(field("Reaction")
                        .ours("%s from the alert to the request".formatted(time))
                        .markup()));
        return fields;
    }

    private static Words field(String name) {
        return new Words().bold(name).line();
    }

    private static Words revisions(Incident incident) {
        var words = field("Revision").name(incident.revision().value());
        target(incident).ifPresent(target -> words.ours(" back to ").name(target));
        var release = incident.release();
        if (release != null && release.target() != null && isReleaseTarget(incident, release.target())) {
            words.ours(" (" + release.target().basis().label() + " good)");
        }
        return words;
    }

    private static boolean isReleaseTarget(Incident incident, Target target) {
        return target(incident).filter(target.revision().value()::equals).isPresent();
    }

    /** Where an attempt goes, else where one would. */
    private static Optional<String> target(Incident incident) {
        var attempted = incident.lastAttempt().map(Attempt::target);
        var release = incident.release();
        return attempted
                .or(() -> Optional.ofNullable(release).map(Release::target).map(Target::revision))
                .map(hash -> hash.value());
    }

    private static Optional<Words> release(Incident incident) {
        var release = incident.release();
        if (release == null) {
            return Optional.empty();
        }
        return Optional.of(field("Release")
                .ours("%s, %s, began "
                        .formatted(
                                release.strategy().label(),
                                release.stage().label().replace('-', ' ')))
                .time(release.startedAt()));
    }

    /** What a person decided last. */
    private static Optional<Words> decided(Incident incident) {
        return incident.answers().given().reversed().stream()
                .filter(answer -> answer.refusal() == null)
                .findFirst()
                .map(answer -> field("Decided")
                        .ours(
                                switch (answer.kind()) {
                                    case APPROVE -> "approved by ";
                                    case DISMISS -> "dismissed by ";
                                    case RETRY -> "one more attempt, by ";
                                    case ROLLBACK -> "rolled back by hand, by ";
                                })
                        .foreign(answer.by()));
    }

    private static String state(Attempt attempt) {
        if (attempt.voided() != null) {
            return "held, " + attempt.voided().text();
        }
        if (attempt.failure() != null) {
            return attempt.failure().reason().text();
        }
        if (attempt.verifiedAt() != null) {
            return "on the target";
        }
        return attempt.acceptedAt() == null ? "begun" : "accepted, on its way";
    }

    /** From the first word of the alerts that caused it to the cluster's acceptance. */
    private static Optional<String> reaction(Incident incident) {
        return incident.attempts().stream()
                .map(Attempt::acceptedAt)
                .filter(Objects::nonNull)
                .findFirst()
                .flatMap(accepted -> incident.causesHeard().map(heard -> Duration.between(heard, accepted)))
                .filter(time -> !time.isNegative())
                .map(Messages::shown);
    }

    private static Words footer(Incident incident, int untold) {
        var words = new Words()
                .ours(incident.state().label() + ", updated ")
                .time(changedAt(incident))
                .ours(", incident " + incident.id());
        return untold == 0 ? words : words.ours(", %d more changes in its record".formatted(untold));
    }

    /** The last change other than a message. */
    private static Instant changedAt(Incident incident) {
        return incident.timeline().reversed().stream()
                .filter(entry -> !entry.step().equals(TOLD))
                .findFirst()
                .map(Incident.Entry::at)
                .orElse(incident.openedAt());
    }

    // --- the answers

    private static Optional<Reply> evidence(Incident incident) {
        var judged = incident.judged();
        if (judged == null
                || (judged.forgotten() != null
                        && incident.told().standing(EVIDENCE).isPresent())) {
            return Optional.empty(); // what stands there says more
        }
        var title = new Words()
                .bold("Evidence")
                .ours(": %s, score %.2f: %s"
                        .formatted(
                                outcome(judged),
                                judged.verdict().score(),
                                judged.verdict().reason().text()));
        var blocks = new ArrayList<Block>();
        blocks.add(new Block.Section(title.markup()));
        var lines = evidenceLines(judged);
        if (!lines.isEmpty()) {
            blocks.add(new Block.Section(lines.plain(BlockKitLimits.SECTION_TEXT)));
        }
        var input = judged.input();
        if (input != null) {
            Stream.of(alertLines(input), findingLines(input))
                    .filter(shown -> !shown.isEmpty())
                    .forEach(shown -> blocks.add(new Block.Section(shown.plain(BlockKitLimits.SECTION_TEXT))));
            blocks.add(new Block.Section(surroundings(input).plain(BlockKitLimits.SECTION_TEXT)));
        }
        judged.whyNoInput()
                .ifPresent(why -> blocks.add(new Block.Section(new Words()
                        .ours("What the verdict stands on is not shown: " + why + ".")
                        .plain(BlockKitLimits.SECTION_TEXT))));
        blocks.add(new Block.Context(
                List.of(new Words().ours("judged ").time(judged.at()).markup())));
        return Optional.of(new Reply(EVIDENCE, new Message(title.markup(), blocks), null));
    }

    private static Words evidenceLines(Judgement judged) {
        var words = new Words();
        var evidence = judged.verdict().evidence();
        evidence.stream().limit(MAX_EVIDENCE_LINES).forEach(each -> {
            if (!words.isEmpty()) {
                words.line();
            }
            words.ours(
                            switch (each.kind()) {
                                case VOTE -> "+%.2f  ".formatted(each.weight());
                                case VETO -> "veto  ";
                            })
                    .foreign(each.text());
        });
        return more(words, evidence.size() - MAX_EVIDENCE_LINES);
    }

    private static Words alertLines(Case input) {
        var words = new Words();
        input.hits().stream().limit(MAX_ALERT_LINES).forEach(hit -> {
            if (!words.isEmpty()) {
                words.line();
            }
            words.ours("alert  ")
                    .foreign(hit.name())
                    .ours(hit.severity().isEmpty() ? "" : ", severity ")
                    .foreign(Foreign.clean(hit.severity(), 30))
                    .ours(", %s since ".formatted(hit.state().label()))
                    .time(hit.spans().getLast().startsAt())
                    .ours(", by " + hit.relation().label() + (hit.trigger() ? "" : ", context only"));
        });
        return more(words, input.hits().size() - MAX_ALERT_LINES);
    }

    private static Words findingLines(Case input) {
        var words = new Words();
        input.findings().stream().limit(MAX_ALERT_LINES).forEach(finding -> {
            if (!words.isEmpty()) {
                words.line();
            }
            words.ours("found  " + finding.kind().label() + " of " + (finding.isNew() ? "the new" : "another")
                    + " revision");
            if (finding.pod() != null) {
                words.ours(", pod ").foreign(Foreign.clean(finding.pod(), 80));
            }
            words.ours(", since ").time(finding.since());
        });
        return more(words, input.findings().size() - MAX_ALERT_LINES);
    }

    private static Words more(Words words, int left) {
        return left > 0 ? words.line().ours("and %d more in the incident's record".formatted(left)) : words;
    }

    private static Words surroundings(Case input) {
        var words = new Words()
                .ours("%d new pods, %d ready stable pods".formatted(input.newPods(), input.stablePods()))
                .ours(", settle time %s".formatted(shown(input.settle())));
        input.otherReleases().stream()
                .limit(3)
                .forEach(other -> words.ours(", also released: ").foreign(Foreign.clean(other.shortName(), 80)));
        return input.storm() ? words.ours(", an alert storm") : words;
    }

    /** One answer for each thing that an attempt led to, except for the failure that ends them. */
    private static List<Reply> attemptReplies(Incident incident) {
        var replies = new ArrayList<Reply>();
        for (var attempt : incident.attempts()) {
            if (!attempt.isEffective()) {
                continue;
            }
            var name =
                    "Attempt %d, %s".formatted(attempt.number(), attempt.act().label());
            var target = target(incident).orElse("");
            if (attempt.acceptedAt() != null) {
                replies.add(reply(
                        "accepted-" + attempt.number(),
                        next(
                                new Words()
                                        .bold(name)
                                        .ours(": the cluster accepted it ")
                                        .time(attempt.acceptedAt()),
                                attempt)));
            }
            if (attempt.verifiedAt() != null) {
                replies.add(reply(
                        "verified-" + attempt.number(),
                        new Words()
                                .bold(name)
                                .ours(": pods and traffic are on revision ")
                                .name(target)
                                .ours(" ")
                                .time(attempt.verifiedAt())));
            }
            if (attempt.failure() != null && !isLastWord(incident, attempt)) {
                replies.add(reply(
                        "failed-" + attempt.number(),
                        new Words()
                                .bold(name)
                                .ours(": " + attempt.failure().reason().text() + ": ")
                                .foreign(attempt.failure().detail())));
            }
        }
        return replies;
    }

    /** What people have to know for their next deployment. */
    private static Words next(Words words, Attempt attempt) {
        var next = attempt.left().next();
        return next == null ? words : words.line().foreign(next);
    }

    /** Where the template is that was replaced. */
    private static Words snapshot(Words words, Optional<Attempt> attempt) {
        return attempt.map(Attempt::left)
                .map(Attempt.Left::snapshot)
                .map(name -> words.line()
                        .ours("The template that was replaced is kept in ControllerRevision ")
                        .name(name))
                .orElse(words);
    }

    /** Whether no attempt follows this failure. It stays so once the incident is closed. */
    private static boolean isLastWord(Incident incident, Attempt attempt) {
        return incident.lastAttempt().filter(attempt::equals).isPresent()
                && !incident.isRolledBack()
                && incident.nextAttempt().isEmpty();
    }

    private static List<Reply> ends(Incident incident) {
        var replies = new ArrayList<Reply>();
        incident.lastAttempt()
                .filter(last -> last.failure() != null && isLastWord(incident, last))
                .ifPresent(last -> replies.add(escalation(last, Objects.requireNonNull(last.failure()))));
        if (Phase.of(incident) == Phase.HELD) {
            var held = Objects.requireNonNull(incident.judged());
            var forbids = forbids(incident, held);
            replies.add(new Reply(
                    "held",
                    message(new Words()
                            .bold("A person is needed")
                            .ours(": the release is guilty, but "
                                    + (forbids == null ? "nothing may be done" : forbids.text())
                                    + ".")),
                    Phase.HELD));
        }
        if (Phase.of(incident) == Phase.ASKING) {
            replies.add(new Reply(
                    "asking",
                    message(new Words()
                            .bold("A person is needed")
                            .ours(": the release is guilty, and the mode is approve. Nothing is done until"
                                    + " somebody approves it.")),
                    Phase.ASKING));
        }
        if (incident.uncuredAt() != null) {
            replies.add(new Reply(
                    "uncured",
                    message(snapshot(
                            new Words()
                                    .bold("A person is needed")
                                    .ours(": %s after the rollback "
                                            .formatted(
                                                    incident.isWithoutAlerts()
                                                            ? "pods go on failing"
                                                            : "the alerts go on"))
                                    .time(incident.uncuredAt()),
                            incident.lastAttempt())),
                    Phase.UNCURED));
        }
        if (incident.curedAt() != null) {
            replies.add(reply(
                    "cured",
                    new Words()
                            .bold("Cured")
                            .ours(
                                    incident.isWithoutAlerts()
                                            ? ": no pod fails any more "
                                            : ": all causing alerts are quiet ")
                            .time(incident.curedAt())));
        }
        if (!incident.isOpen() && incident.closedFor() != null) {
            replies.add(reply(
                    "closed",
                    new Words().bold("Closed").ours(": " + incident.closedFor().text())));
        }
        var returned = incident.aftermath().returned();
        if (returned != null) {
            replies.add(new Reply(
                    "returned-" + incident.returns(),
                    message(new Words()
                            .bold("A person is needed")
                            .ours(": the revision is back ")
                            .time(returned.at())
                            .ours(". ")
                            .foreign(returned(returned).shown())),
                    Phase.RETURNED));
        }
        return replies;
    }

    private static Reply escalation(Attempt attempt, Failure failure) {
        var words = new Words()
                .bold("Act now")
                .ours(": attempt %d failed: %s: "
                        .formatted(attempt.number(), failure.reason().text()))
                .foreign(failure.detail());
        if (!failure.command().isBlank()) {
            words.line().command(failure.command());
        }
        snapshot(words, Optional.of(attempt));
        return new Reply("escalated", message(words), Phase.ESCALATED);
    }

    private static Reply reply(String kind, Words words) {
        return new Reply(kind, message(words), null);
    }

    private static Message message(Words words) {
        var text = words.markup();
        return new Message(text, List.of(new Block.Section(text)));
    }

    // --- words

    private static String outcome(Judgement judged) {
        return judged.verdict().outcome().name().toLowerCase(Locale.ROOT);
    }

    private static String sentence(String text) {
        return text.isEmpty() ? "" : Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".";
    }

    private static String shown(Duration duration) {
        long seconds = duration.toSeconds();
        return seconds < 120 ? seconds + " s" : seconds / 60 + " min";
    }
}
