package io.rollguard.cli;

import io.rollguard.policy.Allowed;
import io.rollguard.policy.Mode;
import io.rollguard.release.Release;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Evidence;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Help.Ansi;

/** Verdicts for a person at three in the morning: one block a release, the most suspect first. */
final class VerdictText {

    private final Ansi ansi;

    VerdictText(Ansi ansi) {
        this.ansi = ansi;
    }

    String of(List<Judged> judged, Instant at) {
        var text = new StringBuilder();
        var touched = judged.stream()
                .filter(each -> each.verdict().reason() != Reason.NO_ALERT)
                .toList();
        touched.forEach(each -> block(text, each));
        int quiet = judged.size() - touched.size();
        if (quiet > 0) {
            text.append("%d %srelease%s: no alert is about %s\n"
                    .formatted(
                            quiet,
                            touched.isEmpty() ? "" : "other ",
                            quiet == 1 ? "" : "s",
                            quiet == 1 ? "it" : "them"));
        }
        if (judged.isEmpty()) {
            text.append("No release is active.\n");
        }
        return text.append("As of %s\n".formatted(at)).toString();
    }

    private void block(StringBuilder text, Judged judged) {
        var release = judged.release();
        var verdict = judged.verdict();
        text.append("%s  %s  %s %s\n"
                .formatted(
                        coloured(verdict.outcome()),
                        score(verdict.score()),
                        release.workload().kind(),
                        release.workload().shortName()));
        line(text, "release", release(release));
        line(text, "because", verdict.reason().text());
        verdict.evidence().forEach(each -> line(text, each.kind().label(), evidence(each)));
        line(text, "would do", act(judged.allowed(), release));
        if (judged.command() != null) {
            var label = "by hand";
            for (var command : judged.command().lines().toList()) {
                line(text, label, command);
                label = "";
            }
        }
        text.append('\n');
    }

    private static void line(StringBuilder text, String label, String content) {
        text.append("  %-10s%s\n".formatted(label, printable(content)));
    }

    private static String release(Release release) {
        var completed = release.completedAt() == null ? "" : " since " + release.completedAt();
        return "revision %s, %s, %s%s, began %s"
                .formatted(
                        release.revision(),
                        release.strategy().label(),
                        release.stage().label().replace('-', ' '),
                        completed,
                        release.startedAt());
    }

    private static String evidence(Evidence evidence) {
        var alert = evidence.alert() == null ? "" : "  [" + evidence.alert() + "]";
        var weight = evidence.kind() == Evidence.Kind.VOTE ? score(evidence.weight()) : "  --";
        return "%s  %-20s%s%s".formatted(weight, evidence.name(), evidence.text(), alert);
    }

    private static String act(Allowed allowed, Release release) {
        if (allowed.act() == Act.NONE) {
            return allowed.reason() == null
                    ? "nothing"
                    : "nothing: " + allowed.reason().text();
        }
        var target = release.target();
        var back = target == null
                ? ""
                : ", back to " + target.revision() + " (" + target.basis().label() + " good)";
        var mode = allowed.mode() == Mode.OBSERVE
                ? "observe: it would only be said"
                : allowed.mode().label();
        return allowed.act().label() + back + "; mode " + mode;
    }

    private static String score(double score) {
        return String.format(Locale.ROOT, "%.2f", score);
    }

    private String coloured(Outcome outcome) {
        var colour = switch (outcome) {
            case GUILTY -> "bold,red";
            case SUSPECT -> "yellow";
            case INCONCLUSIVE -> "cyan";
            case INNOCENT -> "green";
        };
        return ansi.string("@|" + colour + " " + "%-12s".formatted(outcome) + "|@");
    }

    /** Label values are foreign text: nothing in them may steer a terminal. */
    static String printable(String text) {
        return text.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
