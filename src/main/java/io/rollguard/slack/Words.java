package io.rollguard.slack;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * A text under construction, that knows which of its parts are ours and which come from outside. Only what is ours can
 * format.
 */
final class Words {

    /** How long a part from outside may be, in characters once escaped; two and a command fit into a section. */
    private static final int FOREIGN = 500;

    private static final int NAME = 100;
    private static final int COMMAND = 1800;

    private sealed interface Part {
        record Ours(String text) implements Part {}

        record Bold(String text) implements Part {}

        record FromOutside(String clean) implements Part {}

        record Name(String clean) implements Part {}

        record Command(String clean) implements Part {}

        record Time(Instant at) implements Part {}
    }

    private final List<Part> parts = new ArrayList<>();

    /** Our own words; they hold no character that Slack reads as markup. */
    Words ours(String text) {
        parts.add(new Part.Ours(text));
        return this;
    }

    Words bold(String text) {
        parts.add(new Part.Bold(text));
        return this;
    }

    Words foreign(String value) {
        parts.add(new Part.FromOutside(Foreign.fit(Foreign.clean(value, FOREIGN), FOREIGN)));
        return this;
    }

    /** A short foreign value that is shown as code where markup is read. */
    Words name(String value) {
        var clean = Foreign.fit(Foreign.clean(value, NAME), NAME);
        parts.add(new Part.Name(clean.isEmpty() ? "?" : clean));
        return this;
    }

    Words command(String value) {
        parts.add(new Part.Command(Foreign.fit(Foreign.clean(value, COMMAND), COMMAND)));
        return this;
    }

    Words time(Instant at) {
        parts.add(new Part.Time(at.truncatedTo(ChronoUnit.SECONDS)));
        return this;
    }

    Words line() {
        return ours("\n");
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    /** What a person reads, without any markup. */
    String shown() {
        var shown = new StringBuilder();
        for (var part : parts) {
            shown.append(
                    switch (part) {
                        case Part.Ours ours -> ours.text();
                        case Part.Bold bold -> bold.text();
                        case Part.FromOutside foreign -> foreign.clean();
                        case Part.Name name -> name.clean();
                        case Part.Command command -> command.clean();
                        case Part.Time time -> time.at().toString();
                    });
        }
        return shown.toString();
    }

    /** As plain_text, in which Slack reads no markup at all; a name after @ should still alarm nobody. */
    Text plain(int longest) {
        var shown = Foreign.fit(shown().replace('@', '＠'), longest);
        return new Text(true, Foreign.escape(shown), shown);
    }

    /** As mrkdwn. Its parts are bounded so that it can't be too long for where it is used. */
    Text markup() {
        var slack = new StringBuilder();
        for (var part : parts) {
            slack.append(
                    switch (part) {
                        case Part.Ours ours -> Foreign.escape(ours.text());
                        case Part.Bold bold -> "*" + Foreign.escape(bold.text()) + "*";
                        case Part.FromOutside foreign -> Foreign.markup(foreign.clean());
                        case Part.Name name -> "`" + Foreign.code(name.clean()) + "`";
                        case Part.Command command -> "```" + Foreign.code(command.clean()) + "```";
                        case Part.Time time ->
                            "<!date^%d^{date_short_pretty} {time_secs}|%s>"
                                    .formatted(time.at().getEpochSecond(), time.at());
                    });
        }
        return new Text(false, slack.toString(), shown());
    }
}
