package io.rollguard.slack;

import java.util.regex.Pattern;

/**
 * Makes text from outside (values of labels, names) safe to show: it can't mention anybody, format, break out of where it
 * stands, or hide what it says. Characters that steer (controls, writing direction, zero width) are dropped; what Slack reads
 * as markup is shown by a character that looks alike.
 */
final class Foreign {

    private static final String CUT = "…";

    /** The colon that begins the name of an emoji; those of a time of day stay. */
    private static final Pattern EMOJI = Pattern.compile(":(?=[^\\s:]+:)(?!(?<=\\d:)\\d\\d:\\d)");

    private Foreign() {}

    /** Without steering characters and on one line, cut to {@code most} code points. Not yet escaped. */
    static String clean(String value, int most) {
        var clean = new StringBuilder(Math.min(value.length(), most));
        int count = 0;
        boolean space = true; // none at the start
        for (int at = 0; at < value.length(); ) {
            int point = value.codePointAt(at);
            at += Character.charCount(point);
            if (isSpace(point)) {
                if (space) {
                    continue;
                }
                point = ' ';
            } else if (isSteering(point)) {
                continue;
            }
            if (count == most) {
                return clean.toString().stripTrailing() + CUT;
            }
            space = point == ' ';
            clean.appendCodePoint(point);
            count++;
        }
        return clean.toString().stripTrailing();
    }

    private static boolean isSpace(int point) {
        return Character.isWhitespace(point) || Character.isSpaceChar(point) || point == 0x85;
    }

    private static boolean isSteering(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> true;
            default -> false;
        };
    }

    /** For a mrkdwn object. */
    static String markup(String clean) {
        var safe = new StringBuilder(clean.length());
        clean.codePoints()
                .forEach(point -> safe.appendCodePoint(
                        switch (point) {
                            case '*' -> '∗';
                            case '_' -> 'ˍ';
                            case '~' -> '∼';
                            case '`' -> 'ˋ';
                            case '@' -> '＠';
                            case '#' -> '＃';
                            default -> point;
                        }));
        if (!safe.isEmpty() && safe.charAt(0) == '>') {
            safe.setCharAt(0, '›'); // at the start of a line it would quote
        }
        return escape(EMOJI.matcher(safe).replaceAll("∶"));
    }

    /** For a command inside a code block, where little is special: it must stay fit to be copied. */
    static String code(String clean) {
        return escape(clean.replace('`', 'ˋ').replace('@', '＠'));
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** Cut by code points so that it is at most {@code longest} characters once escaped. */
    static String fit(String clean, int longest) {
        if (escape(clean).length() <= longest) {
            return clean;
        }
        int length = 0;
        int at = 0;
        while (at < clean.length()) {
            int point = clean.codePointAt(at);
            int grown = escape(Character.toString(point)).length();
            if (length + grown > longest - CUT.length()) {
                break;
            }
            length += grown;
            at += Character.charCount(point);
        }
        return clean.substring(0, at).stripTrailing() + CUT;
    }
}
